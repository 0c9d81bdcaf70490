"""A real HTTP server that keeps objects as S3 does: conditional writes, listings, a clock of its own, and faults."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal, TypeAlias
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

Fate: TypeAlias = Literal["", "unheard", "unanswered"] | int
"""What becomes of a request: "" is served, "unheard" is cut off before it is done, "unanswered" after it is done, a
number is an error's status."""

_CODES = {
    403: "AccessDenied",
    404: "NoSuchKey",
    409: "ConditionalRequestConflict",
    412: "PreconditionFailed",
    501: "NotImplemented",
}


@dataclass(frozen=True)
class Request:
    """A request as it came in.

    Attributes:
        method: PUT, GET, HEAD, DELETE, POST (several are deleted) or LIST.
        key: The object; the prefix of a listing.
        index: Its number, from 1.
        body: What came with it.
    """

    method: str
    key: str
    index: int
    body: bytes = b""


@dataclass
class Stored:
    """An object: its bytes, and when it was written by the server's clock, in Unix seconds."""

    body: bytes
    at: float

    @property
    def etag(self) -> str:
        return f'"{hashlib.md5(self.body, usedforsecurity=False).hexdigest()}"'


@dataclass
class StubS3:
    """Serves one bucket, whatever it is called, on a free port of the loopback interface, while it is entered.

    Attributes:
        fate: Says what becomes of each request.
        ahead: Seconds by which the server's clock is ahead of this machine's.
        page: How many keys a listing holds at most.
        objects: Key to object.
        requests: All of them, in the order they came in.
    """

    fate: Callable[[Request], Fate] = lambda request: ""
    ahead: float = 0.0
    page: int = 1000
    objects: dict[str, Stored] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    lock: Any = field(default_factory=threading.Lock)

    def __enter__(self) -> StubS3:
        handler = type("Handler", (_Handler,), {"stub": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        """What a client takes as its endpoint."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def now(self) -> float:
        """The server's time, in Unix seconds."""
        return time.time() + self.ahead

    def counts(self) -> dict[str, int]:
        """How many requests there were of each method."""
        methods = [request.method for request in self.requests]
        return {method: methods.count(method) for method in dict.fromkeys(methods)}

    def noted(self, method: str, key: str, body: bytes) -> tuple[Request, Fate]:
        with self.lock:
            request = Request(method, key, len(self.requests) + 1, body)
            self.requests.append(request)
        return request, self.fate(request)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    stub: StubS3

    def log_message(self, format: str, *args: object) -> None:
        pass

    def date_time_string(self, timestamp: float | None = None) -> str:
        return formatdate(self.stub.now() if timestamp is None else timestamp, usegmt=True)

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def do_PUT(self) -> None:
        self._serve("PUT")

    def do_GET(self) -> None:
        self._serve("LIST" if "list-type" in parse_qs(urlsplit(self.path).query) else "GET")

    def do_HEAD(self) -> None:
        self._serve("HEAD")

    def do_DELETE(self) -> None:
        self._serve("DELETE")

    def do_POST(self) -> None:
        self._serve("POST")

    def _serve(self, method: str) -> None:
        where = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(where.query, keep_blank_values=True).items()}
        key = query.get("prefix", "") if method == "LIST" else unquote(where.path).lstrip("/").partition("/")[2]
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if "aws-chunked" in (self.headers.get("Content-Encoding") or ""):
            body = _unchunked(body)
        request, fate = self.stub.noted(method, key, body)
        if fate == "unheard":
            self._hang_up()
        elif isinstance(fate, int):
            self._error(fate)
        else:
            with self.stub.lock:
                status, headers, content = getattr(self, f"_{method.lower()}")(request, query)
            self._hang_up() if fate == "unanswered" else self._answer(status, headers, content)

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(2)

    def _error(self, status: int) -> None:
        self._answer(*_refusal(status))

    def _answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if "Content-Length" not in headers:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def _put(self, request: Request, query: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        there = self.stub.objects.get(request.key)
        if self.headers.get("If-None-Match") == "*" and there is not None:
            return _refusal(412)
        wanted = self.headers.get("If-Match")
        if wanted is not None and there is None:
            return _refusal(404)
        if wanted is not None and there is not None and there.etag != wanted:
            return _refusal(412)
        made = self.stub.objects[request.key] = Stored(request.body, self.stub.now())
        return 200, {"ETag": made.etag}, b""

    def _get(self, request: Request, query: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        there = self.stub.objects.get(request.key)
        if there is None:
            return _refusal(404)
        return 200, {"ETag": there.etag, "Last-Modified": formatdate(there.at, usegmt=True)}, there.body

    def _head(self, request: Request, query: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        status, headers, content = self._get(request, query)
        return status, {**headers, "Content-Length": str(len(content))}, b""

    def _delete(self, request: Request, query: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        self.stub.objects.pop(request.key, None)
        return 204, {}, b""

    def _post(self, request: Request, query: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        for key in re.findall(r"<Key>(.*?)</Key>", request.body.decode()):
            self.stub.objects.pop(key, None)
        return 200, {"Content-Type": "application/xml"}, b"<DeleteResult></DeleteResult>"

    def _list(self, request: Request, query: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        after = query.get("continuation-token", query.get("start-after", ""))
        found = sorted(key for key in self.stub.objects if key.startswith(request.key) and key > after)
        page = found[: self.stub.page]
        items = "".join(_listed(key, self.stub.objects[key]) for key in page)
        more = len(found) > len(page)
        token = f"<NextContinuationToken>{escape(page[-1])}</NextContinuationToken>" if more else ""
        text = (
            f"<ListBucketResult><Prefix>{escape(request.key)}</Prefix><KeyCount>{len(page)}</KeyCount>"
            f"<IsTruncated>{'true' if more else 'false'}</IsTruncated>{token}{items}</ListBucketResult>"
        )
        return 200, {"Content-Type": "application/xml"}, text.encode()


def _listed(key: str, stored: Stored) -> str:
    at = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(stored.at))
    return (
        f"<Contents><Key>{escape(key)}</Key><LastModified>{at}</LastModified>"
        f"<ETag>{escape(stored.etag)}</ETag><Size>{len(stored.body)}</Size></Contents>"
    )


def _refusal(status: int) -> tuple[int, dict[str, str], bytes]:
    code = _CODES.get(status, "InternalError")
    text = f"<Error><Code>{code}</Code><Message>refused by the stub</Message></Error>"
    return status, {"Content-Type": "application/xml"}, text.encode()


def _unchunked(body: bytes) -> bytes:
    """Return what a body holds that came in pieces, each behind a line with its size in hex digits."""
    whole, rest = b"", body
    while rest:
        line, _, rest = rest.partition(b"\r\n")
        size = int(line.partition(b";")[0], 16)
        if not size:
            break
        whole, rest = whole + rest[:size], rest[size + 2 :]
    return whole
