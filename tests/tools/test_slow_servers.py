"""Servers that never end: a request ends at its time-out, whatever they send and however slowly."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from strands_cli.builtin import ToolAccess, make
from strands_cli.builtin.confined import Confined
from strands_cli.builtin.html_text import readable
from strands_cli.net.client import HttpRequest, Network, NetworkError
from strands_cli.net.url import parse
from support.small_server import Answer, serving

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
SLOW = {
    "says nothing": (b"", b""),
    "drips its status": (b"", b"H"),
    "drips a header": (OK, b"a"),
    "drips headers": (OK, b"a: b\r\n"),
    "continues for ever": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "drips what follows a continue": (b"HTTP/1.1 100 Continue\r\n", b"a: b\r\n"),
    "drips the size of a chunk": (CHUNKED, b"0"),
    "drips an extension of a chunk": (CHUNKED + b"1;", b"x"),
    "drips chunks": (CHUNKED, b"1\r\na\r\n"),
    "drips trailers": (CHUNKED + b"0\r\n", b"a: b\r\n"),
    "drips a body": (OK + b"Content-Length: 1000000\r\n\r\n", b"x"),
    "drips a body without end": (OK + b"\r\n", b"x"),
}


@contextmanager
def dripping(first: bytes, drop: bytes, every: float = 0.05) -> Iterator[str]:
    """A server that sends `first` at once and then `drop` again and again, until the client leaves."""
    over = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(0.05)

    def serve(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.sendall(first)
            while not over.wait(every):
                connection.sendall(drop)

    def accept() -> None:
        while not over.is_set():
            with suppress(TimeoutError):
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield f"127.0.0.1:{listener.getsockname()[1]}"
    finally:
        over.set()
        thread.join()
        listener.close()


def ended(work: Callable[[], Any], seconds: float) -> None:
    """Assert that `work` gives up, and long before a server that never ends."""
    started = time.monotonic()
    with pytest.raises(NetworkError):
        work()
    assert time.monotonic() - started < seconds


@pytest.mark.parametrize(("first", "drop"), SLOW.values(), ids=SLOW)
def test_a_request_ends_at_its_time_out(first: bytes, drop: bytes) -> None:
    with dripping(first, drop) as host:
        request = HttpRequest("GET", parse(f"http://{host}/"), timeout=0.4)
        ended(lambda: Network(allowed=[host]).send(request), 10)


def test_a_handshake_ends_at_the_time_out() -> None:
    with dripping(b"\x16", b"\x03") as host:
        ended(lambda: Network(allowed=[host]).send(HttpRequest("GET", parse(f"https://{host}/"), timeout=0.4)), 10)


def test_redirects_share_one_time_out() -> None:
    def answer(request: Any) -> Answer:
        time.sleep(0.15)
        return 302, {"Location": request.path + "x"}, b""

    with serving(answer) as server:
        network = Network(allowed=[server.url.removeprefix("http://")])
        ended(lambda: network.send(HttpRequest("GET", parse(server.url), timeout=0.4)), 10)


def test_looking_a_name_up_ends_at_the_time_out() -> None:
    over = threading.Event()

    def resolve(host: str, port: int) -> list[str]:
        over.wait(30)
        return ["93.184.216.34"]

    try:
        ended(lambda: Network(resolve=resolve).send(HttpRequest("GET", parse("http://example.com/"), timeout=0.3)), 10)
    finally:
        over.set()


def test_an_upload_that_nobody_reads_ends_at_the_time_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host = f"127.0.0.1:{listener.getsockname()[1]}"
        request = HttpRequest("POST", parse(f"http://{host}/"), body=b"x" * 50_000_000, timeout=0.4)
        ended(lambda: Network(allowed=[host]).send(request), 10)


PAGES = {
    "tags that do not end": "<a " * 100_000,
    "quotes that do not end": "<a \"'" * 100_000,
    "declarations that do not end": "<!" * 200_000,
    "comments that do not end": "<!--" * 200_000,
    "one attribute": '<a href="' + "x" * 1_000_000,
    "scripts that do not end": "<script>" * 100_000,
    "blanks between tags": "<b> </b>" * 50_000,
    "a number of many digits": f"&#{'9' * 100_000};",
    "nothing but brackets": "<" * 500_000,
    "ends without beginnings": "</a>" * 100_000,
}


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_a_page_is_read_in_time_that_grows_with_its_length(page: str) -> None:
    started = time.monotonic()
    readable(page, seconds=60)
    assert time.monotonic() - started < 20  # a second or so on a machine at rest; by the square of it, minutes


def test_a_page_that_takes_too_long_is_cut_off() -> None:
    assert readable("<p>x" * 100_000, seconds=0).endswith("[cut off: the page takes too long to read]")


def test_a_page_reads_as_before() -> None:
    page = (
        "<html><head><title>All &amp; more</title><style>p{}</style></head><body><h1>Hello</h1><p>a <b>bold</b> "
        '<a href="https://x.example/?a=1&amp;b=2" title=">">link</a><ul><li>one<li>two</ul>'
        '<script>if (a<b) say("</p>")</script><!-- <p>no</p> --> 1 < 2 &lt; 3<svg><text>no</text></svg>'
    )
    assert readable(page) == (
        "# All & more\n\n# Hello\n\na bold link (https://x.example/?a=1&b=2)\n\n- one\n- two\n1 < 2 < 3"
    )


def test_grep_limits_the_whole_and_says_where_it_stopped(tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / f"{number:02}.txt").write_text("needle\n" + ("a" * 24 + "!\n") * 20_000)
    grep = make("grep", ToolAccess(Confined(tmp_path), Network(), seconds=0.3))
    found = grep(pattern=r"needle|(a?){12}a{12}b")
    assert ":1: needle" in found
    assert "[stopped after 0.3 s at" in found
    with pytest.raises(ValueError, match="may have"):
        grep(pattern="a" * 5_000)


def test_the_end_of_a_long_file_is_its_end(tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("".join(f"line {number}\n" for number in range(900_000)))
    tail = make("tail", ToolAccess(Confined(tmp_path), Network()))
    assert tail(path="long.txt", lines=2) == "line 899998\nline 899999"


def test_what_was_not_looked_at_is_told(tmp_path: Path) -> None:
    with (tmp_path / "long.txt").open("w") as file:
        file.write("needle\n")
        for _ in range(60):
            file.write(("x" * 999 + "\n") * 1_000)
    search = make("search", ToolAccess(Confined(tmp_path), Network()))
    found = search(query="needle", path="long.txt")
    assert found == "long.txt:1: needle\n[of long.txt only the first 50,000,000 bytes were looked at]"
