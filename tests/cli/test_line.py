"""Editing a line: what each key does."""

import pytest

from strands_cli.terminal.line import Line


@pytest.mark.parametrize(
    ("keys", "text"),
    [
        (b"hello\r", "hello"),
        (b"helo\x1b[Dl\r", "hello"),
        (b"hello\x7f\x7fp\r", "help"),
        (b"world\x01hello \r", "hello world"),
        (b"b\x1b[Ha\x1b[Fc\r", "abc"),
        (b"one two\x17three\r", "one three"),
        (b"one two\x1b[1;5D\x0b\r", "one "),
        (b"gone\x15kept\r", "kept"),
        (b"abc\x01\x04\r", "bc"),
        (b"abc\x1b[D\x1b[D\x1b[3~\r", "ac"),
        (b"a\x1b[Ab\x1b[24~c\td\r", "abcd"),
        (b"one\x1b\rtwo\r", "one\ntwo"),
        ("naïve 中 👩\x7f\r".encode(), "naïve 中 "),
        ("cafe\u0301\x7f\r".encode(), "caf"),
        ("a👩‍👩‍👧b\x1b[D\x1b[D\x1b[3~\r".encode(), "ab"),
        ("🇨🇭🇨🇦\x01\x1b[C!\r".encode(), "🇨🇭!🇨🇦"),
        ("👍🏽x\x01\x04\r".encode(), "x"),
        (b"\x1b[200~pasted\r\nin two\x1b[201~ and typed\r", "pasted\nin two and typed"),
        (b"\x1b[200~with \x1b[31m colour\x1b[201~\r", "with \x1b[31m colour"),
        (b"\xff\xfe\r", "\ufffd\ufffd"),
        (b"\x08\x7f\x1b[D\x1b[3~\r", ""),
    ],
)
def test_keys(keys: bytes, text: str) -> None:
    whole = Line()
    whole.feed(keys)
    assert (whole.text, whole.done) == (text, True)
    parts = Line()
    for index in range(len(keys)):
        parts.feed(keys[index : index + 1])
    assert (parts.text, parts.done) == (text, True)


def test_control_d_ends_an_empty_line_only() -> None:
    line = Line()
    line.feed(b"a\x04")
    assert not line.ended
    line.feed(b"\x7f\x04")
    assert line.ended


def test_what_follows_enter_answers_nothing() -> None:
    line = Line()
    line.feed(b"one\rtwo\r")
    assert line.text == "one"
