"""The log in S3, request by request: deaths, lost answers and races while its lines move and are put together."""

from __future__ import annotations

import contextlib
import random
import threading
from collections.abc import Callable
from typing import Any

import pytest

from strands.journal.entries import Draft
from strands.journal.protocol import Conflict
from strands.session.s3_log import FULL, MOST, S3Log
from strands.types.exceptions import SessionException
from support.s3_sessions import Shortcut
from support.stub_s3 import StubS3


class Died(BaseException):
    """The process dies here."""


class Troubled(Shortcut):
    """Each write is told to `trouble`, before and after it; what that raises is what the writer sees of it."""

    def __init__(self, s3: StubS3, trouble: Callable[[str], None]) -> None:
        super().__init__(s3)
        self._trouble = trouble

    def put(self, key: str, content: bytes, version: str) -> str | None:
        self._trouble("before")
        written = super().put(key, content, version)
        self._trouble("after")
        return written

    def write_bytes(self, key: str, content: bytes) -> None:
        self._trouble("before")
        super().write_bytes(key, content)
        self._trouble("after")

    def delete(self, keys: Any) -> None:
        self._trouble("before")
        super().delete(keys)
        self._trouble("after")


def opened(store: Shortcut) -> S3Log:
    log = S3Log(store, "p/", "s")
    log.news()
    return log


def begun(s3: StubS3, count: int, size: int = FULL) -> S3Log:
    """Begin a log, and let it have so many entries."""
    log = S3Log(Shortcut(s3), "p/", "s")
    log.begin([Draft("opened", "", {"format": 1}, 1.0)])
    for number in range(1, count):
        log.write([note(str(number), size)], expect=number)
    return log


def note(key: str, size: int = 0) -> Draft:
    return Draft("noted", key, {"text": "x" * size}, 1.0)


def keys(s3: StubS3) -> list[str]:
    return [entry.key for entry in S3Log(Shortcut(s3), "p/", "s").news()]


def test_a_writer_that_dies_at_any_request_has_written_all_or_nothing() -> None:
    """Its lines are to move, and the objects with older lines are to become one, in the same append."""
    seen = set()
    for number in range(1, 20):
        s3 = StubS3()
        begun(s3, MOST + 1)
        before, events = keys(s3), 0

        def trouble(when: str, at: int = number) -> None:
            nonlocal events
            events += 1
            if events == at:
                raise Died

        with contextlib.suppress(Died):
            opened(Troubled(s3, trouble)).write([note("a"), note("b")], expect=MOST + 1)
        after = keys(s3)
        assert after in (before, [*before, "a", "b"])
        seen.add(len(after))
        opened(Shortcut(s3)).write([note("c")], expect=len(after))
        assert keys(s3) == [*after, "c"]
        if events < number:
            break
    assert number > 6 and len(seen) == 2


@pytest.mark.parametrize("seed", range(20))
def test_what_is_written_while_answers_are_lost_is_there_once(seed: int) -> None:
    chance, s3 = random.Random(seed), StubS3()
    begun(s3, 1)

    def trouble(when: str) -> None:
        if chance.random() < 0.2:
            raise SessionException("the network is bad")

    log, told = opened(Troubled(s3, trouble)), ["opened"]
    for number in range(60):
        drafts = [note(f"{number}", FULL // 4)]
        while drafts:
            try:
                log.write(drafts, expect=log.count)
                break
            except SessionException:
                drafts = [*drafts, note(f"{number}+{len(drafts)}")]  # more has come meanwhile
        told += [draft.key for draft in drafts]
    assert keys(s3) == ["", *told[1:]]


def test_of_writers_at_once_each_entry_is_there_once() -> None:
    s3 = StubS3()
    begun(s3, 1)

    def write(who: int) -> None:
        log = opened(Shortcut(s3))
        for number in range(100):
            while True:
                try:
                    log.write([note(f"{who}/{number}", FULL // 4)], expect=log.count)
                    break
                except Conflict:
                    continue

    writers = [threading.Thread(target=write, args=(who,)) for who in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    found = keys(s3)[1:]
    assert sorted(found) == sorted(f"{who}/{number}" for who in range(4) for number in range(100))
    for who in range(4):
        assert [key for key in found if key.startswith(f"{who}/")] == [f"{who}/{number}" for number in range(100)]
