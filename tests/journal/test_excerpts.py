"""An answer reads what it needs of a journal, and no more: the journal stays the truth."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from strands.journal import head, question_index
from strands.journal.entries import Draft, Entry
from strands.journal.excerpt import Excerpt, answer_in, excerpt
from strands.journal.file_journal import FileJournal
from strands.journal.protocol import Journal
from strands_cli.errors import AlreadyAnsweredError, AnswerError, SessionDamagedError, SessionFinishedError
from strands_cli.kernel.state import State
from strands_cli.session import answers
from strands_cli.session.conformance import draft, opening
from strands_cli.session.repository import FileSessionRepository

LONG = 2000
"""Entries of a long session."""


def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
    return asyncio.run(coroutine)


async def asked(root: Path, entries: int = 5, name: str = "s") -> FileJournal:
    """A session that has asked `q` in its middle, closed `old` at its beginning, and paused."""
    journal = await FileSessionRepository(root).create(name, opening())
    notes = [draft("noted", f"n{number}", text="x" * 100) for number in range(entries)]
    before = [draft("asked", "old", prompt="?"), draft("answered", "old", value="yes", by="ann"), *notes]
    await journal.append(before, expect=1, durable=True)
    count = len(await journal.load())
    await journal.append([draft("asked", "q", prompt="?", choices=["yes", "no"]), *notes], expect=count, durable=True)
    count = len(await journal.load())
    await journal.append([draft("paused", "", questions=["q"])], expect=count, durable=True)
    return journal


def read_bytes() -> int:
    """How many bytes this process has read so far."""
    with open("/proc/self/io", encoding="ascii") as told:
        return int(told.read().split()[1])


async def give(root: Path, value: str = "yes", key: str = "q") -> None:
    await answers.give(await FileSessionRepository(root).open("s"), key, value, by="ann")


def loaded(root: Path) -> list[Entry]:
    async def load() -> list[Entry]:
        return await (await FileSessionRepository(root).open("s")).load()

    return list(run(load()))


@pytest.mark.skipif(not Path("/proc/self/io").exists(), reason="the system does not tell how much is read")
def test_an_answer_reads_as_much_of_a_long_journal_as_of_a_short_one(tmp_path: Path) -> None:
    read: dict[int, int] = {}
    for entries in (5, LONG):
        root = tmp_path / str(entries)
        run(asked(root, entries))
        before = read_bytes()
        run(give(root))
        read[entries] = read_bytes() - before
        assert [entry.kind for entry in loaded(root)][-1] == "answered"
    assert read[LONG] <= 2 * read[5]


def test_what_does_not_agree_with_the_journal_is_as_good_as_not_there(tmp_path: Path) -> None:
    run(asked(tmp_path))
    beside = tmp_path / "session_s" / "journal.head"
    journal = tmp_path / "session_s" / "journal.jsonl"
    told, lines = beside.read_bytes(), journal.read_bytes()
    assert question_index.read(str(beside)) is not None
    broken = [told[: head.WIDTH], told[: len(told) // 2], told + b"more", b""]
    broken += [told[:at] + bytes([told[at] ^ 1]) + told[at + 1 :] for at in range(head.WIDTH, len(told), 7)]
    for content in broken:
        beside.write_bytes(content)
        journal.write_bytes(lines)
        run(give(tmp_path))
        assert State(loaded(tmp_path)).answered.keys() == {"old", "q"}


def test_marks_of_another_journal_are_not_followed(tmp_path: Path) -> None:
    run(asked(tmp_path))
    run(asked(tmp_path / "other", 7))
    beside = tmp_path / "session_s" / "journal.head"
    told = beside.read_bytes()
    other = (tmp_path / "other" / "session_s" / "journal.head").read_bytes()
    beside.write_bytes(told[: head.WIDTH] + other[head.WIDTH :])
    run(give(tmp_path))
    assert State(loaded(tmp_path)).answered.keys() == {"old", "q"}


def test_damage_before_a_question_is_found_by_who_reads_all(tmp_path: Path) -> None:
    run(asked(tmp_path))
    journal = tmp_path / "session_s" / "journal.jsonl"
    content = journal.read_bytes()
    journal.write_bytes(content.replace(b"xxx", b"xyx", 1))
    run(give(tmp_path))
    with pytest.raises(SessionDamagedError, match="line 4"):
        loaded(tmp_path)


def test_damage_of_the_question_itself_is_found_before_it_is_answered(tmp_path: Path) -> None:
    run(asked(tmp_path))
    journal = tmp_path / "session_s" / "journal.jsonl"
    before = journal.read_bytes().replace(b'["yes","no"]', b'["yes","on"]')
    journal.write_bytes(before)
    with pytest.raises(SessionDamagedError):
        run(give(tmp_path))
    assert journal.read_bytes() == before


def test_what_a_dead_writer_left_torn_makes_room(tmp_path: Path) -> None:
    run(asked(tmp_path))
    journal = tmp_path / "session_s" / "journal.jsonl"
    with journal.open("ab") as file:
        file.write(b'{"seq":15,"kind":"noted","key":"torn')
    run(give(tmp_path))
    assert loaded(tmp_path)[-1].kind == "answered"
    assert [each.read_bytes()[:8] for each in journal.parent.glob("*.torn-*")] == [b'{"seq":1']


def test_who_knows_the_journal_that_was_answered_goes_on_in_it(tmp_path: Path) -> None:
    async def check() -> None:
        driver = await asked(tmp_path)
        await give(tmp_path)
        (entry,) = await driver.tail(15)
        assert (entry.seq, entry.kind, entry.key) == (15, "answered", "q")
        await driver.append([draft("noted", "on")], expect=16, durable=True)
        with pytest.raises(AlreadyAnsweredError, match="by ann at"):
            await answers.give(await FileSessionRepository(tmp_path).open("s"), "q", "no", by="bob")
        await give(tmp_path)
        assert [entry.seq for entry in await driver.load()] == list(range(17))

    run(check())


def test_what_was_redacted_meanwhile_is_not_in_the_way(tmp_path: Path) -> None:
    async def check() -> None:
        driver = await asked(tmp_path)
        beside = tmp_path / "session_s" / "journal.head"
        before = beside.read_bytes()
        await driver.rewrite(lambda entry: {**entry.data, "text": "."}, [draft("redacted", "n0")], expect=15)
        after = beside.read_bytes()
        for told in (before, after):
            beside.write_bytes(told)
            there = await excerpt(await FileSessionRepository(tmp_path).open("s"), ["q"])
            assert [entry.kind for entry in there.entries if entry.key == "q"] == ["asked"]
            assert there.is_whole is (told == before)
        await give(tmp_path)

    run(check())


def drafts() -> Iterator[tuple[str, list[Draft]]]:
    """Sessions in which answering the question "q" has different ends."""
    yield "asked", [draft("asked", "q", prompt="?")]
    yield "answered", [draft("asked", "q", prompt="?"), draft("answered", "q", value="no", by="bob")]
    yield "answered by me", [draft("asked", "q", prompt="?"), draft("answered", "q", value="yes", by="ann")]
    yield "expired", [draft("asked", "q", prompt="?", deadline=1.0), draft("expired", "q", by="timeout")]
    yield "late", [draft("asked", "q", prompt="?", deadline=1.0)]
    yield "late, with a default", [draft("asked", "q", prompt="?", deadline=1.0, default="no")]
    yield "another is late", [draft("asked", "q", prompt="?"), draft("asked", "r", prompt="?", deadline=1.0)]
    yield "no such choice", [draft("asked", "q", prompt="?", choices=["no"])]
    yield "not asked", [draft("asked", "r", prompt="?")]
    yield "nothing asked", [draft("noted", "n")]
    yield "over", [draft("asked", "q", prompt="?"), draft("cancelled", by="bob"), draft("noted", "n")]
    left = draft("leased", driver="d", changed={"left": ["q"]})
    yield "left", [draft("asked", "q", prompt="?"), left, draft("asked", "r", prompt="?")]
    yield (
        "asked again",
        [draft("asked", "q", prompt="?"), draft("answered", "q", value="no"), left, draft("asked", "q", prompt="Now?")],
    )
    yield (
        "many closed",
        [
            each
            for number in range(40)
            for each in (draft("asked", f"q{number}" if number else "q", prompt="?"), draft("noted", "n"))
        ]
        + [draft("answered", f"q{number}" if number else "q", value="no", by="bob") for number in range(40)],
    )


STORIES = dict(drafts())


class Whole:
    """A journal of a store that has none but the methods of `Journal`."""

    def __init__(self, journal: Journal) -> None:
        self.session_id = journal.session_id
        self.load, self.append, self.sync, self.tail = journal.load, journal.append, journal.sync, journal.tail


@pytest.mark.parametrize("name", STORIES)
def test_an_answer_is_judged_as_if_all_had_been_read(name: str, tmp_path: Path) -> None:
    async def judged(root: Path, wrapped: Callable[[Journal], Any]) -> tuple[str, list[tuple[str, str, Any]]]:
        journal = await FileSessionRepository(root).create("s", opening())
        await journal.append(STORIES[name], expect=1, durable=True)
        told = "taken"
        try:
            await answers.give(wrapped(await FileSessionRepository(root).open("s")), "q", "yes", by="ann")
        except (AnswerError, SessionFinishedError) as error:
            told = f"{type(error).__name__}: {error.message} {error.hint}"
        entries = await (await FileSessionRepository(root).open("s")).load()
        return told, [(entry.kind, entry.key, entry.data) for entry in entries]

    async def check() -> None:
        by_part = await judged(tmp_path / "part", lambda journal: journal)
        by_all = await judged(tmp_path / "all", Whole)
        strip = str.maketrans("", "", "0123456789")
        assert (by_part[0].translate(strip), by_part[1]) == (by_all[0].translate(strip), by_all[1])

    run(check())


def test_what_is_decided_is_decided_on_what_is_there_while_nobody_else_writes(tmp_path: Path) -> None:
    async def check() -> None:
        await asked(tmp_path)

        def decide(number: int) -> Callable[[Excerpt], list[Draft]]:
            def drafts(there: Excerpt) -> list[Draft]:
                said = [entry for entry in there.entries if entry.kind == "answered" and entry.key == "q"]
                return [] if said else [draft("answered", "q", value=number)]

            return drafts

        repository = FileSessionRepository(tmp_path)
        given = await asyncio.gather(*(answer_in(repository, "s", ["q"], decide(number)) for number in range(8)))
        assert sorted(map(len, given)) == [0] * 7 + [1]

    run(check())
