"""The one HTTP client of all tools: looks a host up once, checks the address, and connects to exactly that address."""

from __future__ import annotations

import http.client
import io
import ipaddress
import socket
import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar, cast

from strands_cli.net.address import literal, plain_host, why_not, why_not_address
from strands_cli.net.url import URL, URLError, parse, redirected

MAX_BODY = 5_000_000
MAX_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)
_SAFE = ("GET", "HEAD")
_HARMLESS = ("accept", "accept-language", "user-agent")
_MOST_WORDS = 200

T = TypeVar("T")
Resolve = Callable[[str, int], Iterable[str]]


class NetworkError(Exception):
    """A request could not be made, or must not be."""


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request. `headers` go to this URL's origin only; `timeout` in seconds is for all of it, redirects included."""

    method: str
    url: URL
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    timeout: float = 30.0


@dataclass(frozen=True, slots=True)
class Response:
    """What came back; `truncated` when there was more than `MAX_BODY` bytes."""

    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes
    url: URL
    truncated: bool = False

    def text(self) -> str:
        """Return the body as text, in the character set that it declares."""
        charset = "utf-8"
        for part in self.headers.get("content-type", "").split(";")[1:]:
            name, _, value = part.strip().partition("=")
            if name.lower() == "charset":
                charset = value.strip("\"'") or charset
        try:
            return self.body.decode(charset, "replace")
        except LookupError:
            return self.body.decode("utf-8", "replace")


def look_up(host: str, port: int) -> list[str]:
    """Return the addresses of a host name."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(each[4][0]) for each in found))


class Network:
    """What tools may reach.

    Args:
        denied: Why nothing may be reached, or "".
        allowed: Hosts, or host:port, that may be reached whatever their address.
        resolve: Looks a host up.
    """

    def __init__(self, denied: str = "", allowed: Iterable[str] = (), resolve: Resolve = look_up) -> None:
        self.denied = denied
        self._allowed = frozenset(_entry(each) for each in allowed)
        self._resolve = resolve
        self._context: ssl.SSLContext | None = None

    def allowing(self, url: URL) -> Network:
        """Return this network with one more origin that may be reached."""
        other = Network(self.denied, (), self._resolve)
        other._allowed = self._allowed | {(url.host, url.port)}
        return other

    def check_allowed(self) -> None:
        """Raise NetworkError when nothing may be contacted; for clients that connect by themselves."""
        if self.denied:
            raise NetworkError(self.denied)

    def send(self, request: HttpRequest) -> Response:
        """Make a request and follow its redirects; each hop is checked like the first.

        Raises:
            NetworkError: It must not be made, or it failed.
        """
        deadline = time.monotonic() + request.timeout
        for _ in range(MAX_REDIRECTS + 1):
            response = self._once(request, deadline)
            following = _following(request, response)
            if following is None:
                return response
            request = following
        raise NetworkError(f"{request.url} was redirected more than {MAX_REDIRECTS} times")

    def send_once(self, request: HttpRequest) -> Response:
        """Make a request and return what comes back, a redirect too.

        Raises:
            NetworkError: It must not be made, or it failed.
        """
        return self._once(request, time.monotonic() + request.timeout)

    def addresses(self, url: URL, seconds: float = 30.0) -> list[str]:
        """Return the addresses to connect to, looked up within so many seconds.

        Raises:
            NetworkError: The host must not be reached, or has no address.
        """
        if self.denied:
            raise NetworkError(f"{url.netloc!r} was not contacted: {self.denied}")
        if (url.host, url.port) in self._allowed or (url.host, 0) in self._allowed:
            return self._look_up(url, seconds)
        problem = why_not(url.host)
        if problem:
            raise _refusal(url, problem)
        found = self._look_up(url, seconds)
        for each in found:
            problem = why_not_address(ipaddress.ip_address(each.partition("%")[0]))
            if problem:
                raise _refusal(url, problem)
        return found

    def _look_up(self, url: URL, seconds: float = 30.0) -> list[str]:
        if literal(url.host) is not None:
            return [url.host]
        try:
            found = within(seconds, lambda: list(self._resolve(url.host, url.port)))
        except (OSError, UnicodeError) as error:
            raise NetworkError(f"the host {url.host!r} could not be looked up: {error}") from error
        if not found:
            raise NetworkError(f"the host {url.host!r} has no address")
        return found

    def _once(self, request: HttpRequest, deadline: float) -> Response:
        addresses = self.addresses(request.url, max(deadline - time.monotonic(), 0.001))
        problem: Exception | None = None
        for address in addresses[:3]:
            if time.monotonic() >= deadline:
                break
            connection = self._connection(request.url, address, deadline)
            try:
                connection.connect()
                return _exchange(connection, request, deadline)
            except OSError as error:
                problem = error
            finally:
                connection.end()
        cause = str(problem) if problem is not None else f"it took longer than {request.timeout:g} s"
        raise NetworkError(f"{request.url.netloc!r} could not be reached: {cause}")

    def _connection(self, url: URL, address: str, deadline: float) -> _Connection:
        if url.scheme == "http":
            return _Connection(url, address, deadline, None)
        if self._context is None:
            self._context = ssl.create_default_context()
        return _Connection(url, address, deadline, self._context)


class _Connection(http.client.HTTPConnection):
    """A connection to one address; the certificate is checked against the host of the URL."""

    def __init__(self, url: URL, address: str, deadline: float, context: ssl.SSLContext | None) -> None:
        super().__init__(address, url.port)
        self._url = url
        self._deadline = deadline
        self._context = context
        self._plain: socket.socket | None = None

    def connect(self) -> None:
        found = socket.create_connection((self.host, self.port), _left(self._deadline))
        try:
            if self._context is not None:
                found.settimeout(_left(self._deadline))
                found = self._context.wrap_socket(found, server_hostname=self._url.host)
        except BaseException:
            found.close()
            raise
        self._plain = found
        self.sock = cast("socket.socket", _TimedSocket(found, self._deadline))

    def end(self) -> None:
        """Close the socket itself; `close` leaves it to a response that is still to be read."""
        self.close()
        if self._plain is not None:
            self._plain.close()


class _TimedSocket:
    """A socket as far as an HTTP connection needs one: everything that is read or sent is in time, or nothing more is.

    A time-out of a socket is for one piece, and a server that drips piece after piece would never reach it.
    """

    def __init__(self, plain: socket.socket, deadline: float) -> None:
        self._plain = plain
        self._deadline = deadline

    def sendall(self, data: Any) -> None:
        self._plain.settimeout(_left(self._deadline))
        self._plain.sendall(data)

    def makefile(self, mode: str, buffering: int | None = None) -> io.BufferedReader:
        return io.BufferedReader(_TimedReader(self._plain, self._deadline))

    def close(self) -> None:
        """Do nothing: what was received may still be read."""


class _TimedReader(io.RawIOBase):
    def __init__(self, plain: socket.socket, deadline: float) -> None:
        self._plain = plain
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._plain.settimeout(_left(self._deadline))
        return self._plain.recv_into(buffer)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def within(seconds: float, work: Callable[[], T]) -> T:
    """Return what `work` returns; what cannot be given a time-out goes on in a thread that nobody waits for.

    Raises:
        TimeoutError: It took longer.
    """
    done: list[tuple[T | None, BaseException | None]] = []

    def run() -> None:
        try:
            done.append((work(), None))
        except BaseException as error:  # raised where it is waited for
            done.append((None, error))

    thread = threading.Thread(target=run, daemon=True, name="strands-lookup")
    thread.start()
    thread.join(seconds)
    if not done:
        raise TimeoutError(f"it took longer than {seconds:.0f} s")
    result, error = done[0]
    if error is not None:
        raise error
    return cast(T, result)


def _exchange(connection: _Connection, request: HttpRequest, deadline: float) -> Response:
    headers = {"Host": request.url.netloc, "User-Agent": "strands-cli", "Accept": "*/*", "Accept-Encoding": "identity"}
    headers.update({name.title(): value for name, value in request.headers.items()})
    try:
        connection.request(request.method, request.url.target, body=request.body, headers=headers)
        answer = connection.getresponse()
        body, truncated = _read(answer, deadline)
    except (OSError, http.client.HTTPException, ValueError) as error:
        kind = "took too long" if isinstance(error, TimeoutError) else f"failed: {_words(error)}"
        raise NetworkError(f"{request.method} {request.url.netloc!r} {kind}") from error
    received = {name.lower(): value for name, value in answer.getheaders()}
    body = _unpacked(body, received.get("content-encoding", ""))
    return Response(answer.status, answer.reason, received, body, request.url, truncated)


def _words(error: Exception) -> str:
    """Return what an error says; what a server sent stands in it, so it is short and can be seen."""
    text = str(error) or type(error).__name__
    return text if text.isprintable() and len(text) <= _MOST_WORDS else ascii(text)[1:-1][:_MOST_WORDS]


def _read(answer: http.client.HTTPResponse, deadline: float) -> tuple[bytes, bool]:
    parts: list[bytes] = []
    size = 0
    while size <= MAX_BODY:
        _left(deadline)
        part = answer.read1(65536)
        if not part:
            return b"".join(parts), False
        parts.append(part)
        size += len(part)
    return b"".join(parts)[:MAX_BODY], True


def _unpacked(body: bytes, encoding: str) -> bytes:
    """A server may compress though it was asked not to; a bomb is cut off at the limit."""
    if encoding.lower() not in ("gzip", "x-gzip", "deflate"):
        return body
    try:
        return zlib.decompressobj(wbits=47).decompress(body, MAX_BODY)
    except zlib.error:
        return body


def _following(request: HttpRequest, response: Response) -> HttpRequest | None:
    """Return the request that a redirect asks for, or None when the response stands as it is."""
    location = response.headers.get("location")
    if response.status not in _REDIRECTS or not location:
        return None
    try:
        url = redirected(request.url, location)
    except URLError as error:
        raise NetworkError(f"{request.url.netloc!r} redirects to what is not a URL: {error}") from error
    to_get = response.status == 303 or (response.status in (301, 302) and request.method == "POST")
    method = "GET" if to_get and request.method != "HEAD" else request.method
    following = replace(request, url=url, method=method, body=None if to_get else request.body)
    if url.origin == request.url.origin:
        return following
    if method not in _SAFE:
        return None
    kept = {name: value for name, value in request.headers.items() if name.lower() in _HARMLESS}
    return replace(following, headers=kept, body=None)


def _refusal(url: URL, problem: str) -> NetworkError:
    return NetworkError(
        f"{url.netloc!r} was not contacted: {problem}; security.guardrails.allow_hosts of the spec can allow it"
    )


def _entry(text: str) -> tuple[str, int]:
    """Return an allowed host and its port; 0 for every port."""
    if "://" in text:
        url = parse(text)
        return url.host, url.port
    if text.startswith("["):
        host, _, rest = text.partition("]")
        return plain_host(host + "]"), int(rest.removeprefix(":") or 0)
    if text.count(":") == 1:
        host, _, port = text.partition(":")
        return plain_host(host), int(port)
    return plain_host(text), 0
