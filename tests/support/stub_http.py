"""A real HTTP server that answers from a script: the ground that the stubs of the providers stand on."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, TypeAlias


@dataclass
class Use:
    """A tool use of the model. `raw` is sent in place of `input`: arguments that are not valid JSON."""

    name: str
    input: Mapping[str, Any] = field(default_factory=dict)
    id: str | None = None
    raw: str | None = None

    @property
    def arguments(self) -> str:
        return self.raw if self.raw is not None else json.dumps(self.input)


@dataclass
class Say:
    """A reply, in no provider's own words; each stub translates it.

    Attributes:
        text: What the model says.
        tools: The tools it uses.
        reasoning: What it thinks first.
        usage: Tokens in and out, or None for a server that does not report them.
        stop: end_turn, tool_use, max_tokens, stop_sequence, content_filtered; None for what fits.
        delay: Seconds before the response begins.
        chunk_delay: Seconds between pieces.
        pieces: Pieces that the text is streamed in.
        cut: Break the connection off before the end.
        early: End the response properly, and before the reply's end.
        extra: For what only one protocol has.
    """

    text: str = ""
    tools: Sequence[Use] = ()
    reasoning: str = ""
    usage: tuple[int, int] | None = (11, 7)
    stop: str | None = None
    delay: float = 0.0
    chunk_delay: float = 0.0
    pieces: int = 2
    cut: bool = False
    early: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)

    @property
    def reason(self) -> str:
        return self.stop or ("tool_use" if self.tools else "end_turn")

    @property
    def unfinished(self) -> bool:
        return self.cut or self.early

    def chunks(self) -> list[str]:
        size = max(1, -(-len(self.text) // self.pieces))
        return [self.text[start : start + size] for start in range(0, len(self.text), size)]


@dataclass
class Fault:
    """An error response. `drop` closes the connection without one. `delay` in seconds."""

    status: int = 500
    message: str = "scripted fault"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    kind: str = ""
    delay: float = 0.0
    drop: bool = False


@dataclass
class Request:
    """A request as it came in: `headers` by their names in lower case, `at` in Unix seconds, `peer` its connection."""

    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]
    at: float
    index: int
    peer: int = 0

    @property
    def prompt(self) -> str:
        """The text of the newest message, whatever the protocol calls it."""
        messages = self.body.get("messages") or self.body.get("contents") or self.body.get("input") or []
        return messages if isinstance(messages, str) else _text_in(messages[-1]) if messages else ""


Scripted: TypeAlias = str | Use | Sequence[Use] | Say | Fault
Script: TypeAlias = str | Iterable[Scripted] | Callable[[Request], Scripted]


class StubServer:
    """Serves one protocol on a free port of the loopback interface.

    Args:
        script: The replies in order, a text for every reply, or a function of the `Request`; None answers
            "Reply to: <prompt>".
        log: A file that gets a JSON line for each request before it is answered.
        port: 0 for a free one.

    Attributes:
        requests: Every `Request`, in the order they came in.
        delay: Seconds before each response, besides a reply's own.

    A list that is used up answers 400. Use it as a context manager.
    """

    base: ClassVar[str] = ""

    def __init__(self, script: Script | None = None, *, log: str | Path | None = None, port: int = 0) -> None:
        self.requests: list[Request] = []
        self._function = script if callable(script) else None
        self._text = script if isinstance(script, str) else None
        self._replies = [] if script is None or isinstance(script, str) or callable(script) else list(script)
        self._echo = script is None
        self._log = Path(log) if log else None
        self.delay = 0.0
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        handler = type("Handler", (_Handler,), {"stub": self})
        self._server = _Server(("127.0.0.1", port), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """What a client takes as its base URL."""
        return f"http://127.0.0.1:{self.port}{self.base}"

    @property
    def prompts(self) -> list[str]:
        return [request.prompt for request in self.requests]

    def wait_for(self, count: int, timeout: float = 10.0) -> None:
        """Wait until `count` requests have come in."""
        end = time.monotonic() + timeout
        while len(self.requests) < count:
            if time.monotonic() > end:
                raise TimeoutError(f"{len(self.requests)} of {count} requests came in")
            time.sleep(0.005)

    def add(self, *replies: Scripted) -> None:
        """Add replies to the end of the script."""
        self._echo = False
        self._replies.extend(replies)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        if self._thread.is_alive():
            self._server.shutdown()
        self._server.server_close()
        for connection in list(self._open):
            _break(connection)

    def __enter__(self) -> Any:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def take(
        self, path: str, headers: Mapping[str, str], body: dict[str, Any], peer: int = 0
    ) -> tuple[Request, Say | Fault]:
        """Record a request and choose its reply."""
        with self._lock:
            request = Request(path, headers, body, time.time(), len(self.requests), peer)
            self.requests.append(request)
            if self._log:
                with self._log.open("a", encoding="utf-8") as file:
                    line = {"path": path, "prompt": request.prompt, "at": request.at, "body": body}
                    file.write(json.dumps(line) + "\n")
            scripted = None if self._function else self._next(request)
        return request, as_say(self._function(request) if self._function else scripted)

    def _next(self, request: Request) -> Scripted:
        if self._echo:
            return f"Reply to: {request.prompt[:200]}"
        if self._text is not None:
            return self._text
        if not self._replies:
            return Fault(400, f"the stub has no reply left for request {request.index + 1}: {request.prompt[:80]!r}")
        return self._replies.pop(0)

    def write(self, http: _Handler, request: Request, say: Say) -> None:
        """Send a reply in the protocol's own words."""
        raise NotImplementedError

    def fail(self, http: _Handler, request: Request, fault: Fault) -> None:
        """Send an error in the protocol's own words."""
        http.send_json({"error": {"message": fault.message, "type": fault.kind}}, fault)

    def answer_get(self, http: _Handler) -> None:
        http.send_json({})


def as_say(scripted: Any) -> Say | Fault:
    if isinstance(scripted, (Say, Fault)):
        return scripted
    if isinstance(scripted, str):
        return Say(scripted)
    if isinstance(scripted, Use):
        return Say(tools=[scripted])
    if isinstance(scripted, Mapping):
        tools = [Use(**use) for use in scripted.get("tools", ())]
        known = {**scripted, "tools": tools}
        return Fault(**scripted) if "status" in scripted or "drop" in scripted else Say(**known)
    return Say(tools=list(scripted))


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1024


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    stub: ClassVar[StubServer]

    def setup(self) -> None:
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, True)
        self.stub._open.add(self.connection)

    def finish(self) -> None:
        self.stub._open.discard(self.connection)
        try:
            super().finish()
        except OSError:
            self.rfile.close()

    def handle(self) -> None:
        try:
            super().handle()
        except (OSError, ValueError):
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        return

    def do_GET(self) -> None:
        self.stub.answer_get(self)

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        sent = self.rfile.read(length)
        if len(sent) < length:  # whoever asked died in the middle of its request
            self.close_connection = True
            return
        body = json.loads(sent or b"{}")
        headers = {name.lower(): value for name, value in self.headers.items()}
        request, reply = self.stub.take(self.path, headers, body, self.client_address[1])
        time.sleep(self.stub.delay + reply.delay)
        if isinstance(reply, Say):
            self.stub.write(self, request, reply)
        elif reply.drop:
            self.break_off()
        else:
            self.stub.fail(self, request, reply)

    def send_json(self, body: Mapping[str, Any], fault: Fault | None = None) -> None:
        data = json.dumps(fault.body if fault and fault.body is not None else body).encode()
        self.send_response(fault.status if fault else 200)
        headers = {"Content-Type": "application/json", **(fault.headers if fault else {})}
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def stream(self, content_type: str, parts: Iterable[bytes], *, pause: float = 0.0, cut: bool = False) -> None:
        """Send `parts` one by one; `cut` breaks the connection off after the last."""
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for number, part in enumerate(parts):
            if number and pause:
                time.sleep(pause)
            self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
            self.wfile.flush()
        if cut:
            self.break_off()
        else:
            self.wfile.write(b"0\r\n\r\n")

    def break_off(self) -> None:
        self.close_connection = True
        _break(self.connection)


def _break(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


def _text_in(value: Any) -> str:
    """Return the texts inside a message of any protocol, newest part last."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "\n".join(filter(None, map(_text_in, value)))
    if isinstance(value, dict):
        return _text_in(value.get("text") or value.get("content") or value.get("parts") or "")
    return ""
