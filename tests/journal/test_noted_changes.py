"""Who lists the sessions of a directory sees what every writer has written, without looking at every journal."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from strands.journal import changes, files
from strands.journal.entries import Draft
from strands.journal.file_index import NAME
from strands.journal.file_lists import FEW
from strands.journal.find import due, find, next_timer, open_questions, timed
from strands_cli.session import answers
from strands_cli.session.conformance import draft, opening
from strands_cli.session.repository import FileSessionRepository, store_at

NEVER = 3600.0
"""Seconds after which a list of these tests looks at all journals again."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A directory with sessions enough for an index, of which a list was made; all wait for an answer."""

    async def begin() -> None:
        repository = FileSessionRepository(tmp_path)
        for number in range(FEW + 3):
            await repository.create(f"s{number:03}", opening(), [draft("asked", "q", prompt="?"), draft("paused")])

    asyncio.run(begin())
    listed(tmp_path)
    return tmp_path


def listed(root: Path, recheck: float = NEVER) -> dict[str, tuple[str, int, bool, bool]]:
    """What lists say of each session: what it came to, its open questions, if it is due, and if one of them is late."""

    async def tell() -> dict[str, tuple[str, int, bool, bool]]:
        repository = FileSessionRepository(root, recheck=recheck)
        found = (await find(repository, limit=1000)).items
        inbox = [each.session_id for each in (await open_questions(repository, limit=1000)).items]
        waking = {each.session_id for each in await due(repository, limit=1000)}
        late = await timed(repository, limit=1000)
        next_at = await next_timer(repository)
        assert (next_at is not None and next_at <= time.time()) == bool(late)
        return {each.id: (each.rest, inbox.count(each.id), each.id in waking, each.id in late) for each in found}

    return asyncio.run(tell())


def truth(root: Path) -> dict[str, tuple[str, int, bool, bool]]:
    """What is said where all journals are read."""
    copy = root.parent / f"{root.name}-copy"
    shutil.copytree(root, copy, ignore=shutil.ignore_patterns(NAME, changes.NAME, "drivers"))
    try:
        return listed(copy)
    finally:
        shutil.rmtree(copy)


async def append(root: Path, session_id: str, *drafts: Draft) -> None:
    journal = await FileSessionRepository(root).open(session_id)
    await journal.append(drafts, expect=len(await journal.load()))


async def answered(root: Path) -> None:
    await answers.give(await FileSessionRepository(root).open("s001"), "q", "yes", by="ann")


async def appended(root: Path) -> None:
    await append(root, "s002", draft("failed", error="x"))


async def asked(root: Path) -> None:
    await append(root, "s009", draft("asked", "r", prompt="?", deadline=1.0), draft("paused"))


async def created(root: Path) -> None:
    await FileSessionRepository(root).create("new", opening())


async def created_in_a_directory(root: Path) -> None:
    (root / "session_other").mkdir(mode=0o700)
    await FileSessionRepository(root).create("other", opening())


async def deleted(root: Path) -> None:
    await FileSessionRepository(root).delete("s003")


async def replaced(root: Path) -> None:
    await FileSessionRepository(root).delete("s006")
    await FileSessionRepository(root).create("s006", opening())


async def rewritten(root: Path) -> None:
    journal = await FileSessionRepository(root).open("s004")
    count = len(await journal.load())
    await journal.rewrite(lambda entry: entry.data, [draft("redacted"), draft("cancelled")], expect=count)


async def restored(root: Path) -> None:
    repository = FileSessionRepository(root)
    await repository.restore("copy", await repository.export("s005"))


WRITERS = [answered, appended, asked, created, created_in_a_directory, deleted, replaced, rewritten, restored]


@pytest.mark.parametrize("write", WRITERS)
def test_what_is_written_is_in_the_next_list(root: Path, write: Callable[[Path], object]) -> None:
    before = truth(root)
    asyncio.run(write(root))  # type: ignore[arg-type]
    assert listed(root) == truth(root) != before


def test_a_writer_is_seen_each_time_however_lists_come_between(root: Path) -> None:
    async def write() -> None:
        journal = await FileSessionRepository(root).open("s000")
        with journal.kept_open():
            for number in range(6):
                kind = "leased" if number % 2 else "paused"
                data = {"driver": "gone"} if number % 2 else {}
                await journal.append([draft(kind, **data)], expect=len(await journal.load()))
                said = await asyncio.to_thread(listed, root)
                assert said["s000"][0] == ("interrupted" if number % 2 else "paused")

    asyncio.run(write())


@pytest.mark.parametrize("lost", [NAME, changes.NAME])
def test_what_is_noted_may_be_lost(root: Path, lost: str) -> None:
    (root / lost).unlink()
    for write in WRITERS:
        asyncio.run(write(root))
        assert listed(root) == truth(root)


def test_notes_do_not_grow_for_ever(root: Path) -> None:
    with (root / changes.NAME).open("ab") as notes:
        notes.write(b"s001\n" * 300_000)

    async def write() -> None:
        journal = await FileSessionRepository(root).open("s002")
        with journal.kept_open():
            for kind in ("cancelled", "paused", "cancelled"):  # who noted it in the old file does so in the new one
                await journal.append([draft(kind)], expect=len(await journal.load()))
                assert (await asyncio.to_thread(listed, root))["s002"][0] == kind

    asyncio.run(write())
    assert (root / changes.NAME).stat().st_size < 1000
    assert listed(root) == truth(root)


class Slow:
    """File operations that wait before they write, with the lock of the journal in their hands."""

    def __init__(self) -> None:
        self.is_writing = threading.Event()
        self.go_on = threading.Event()

    def __getattr__(self, name: str) -> object:
        return getattr(files, name)

    def write_all(self, file: int, content: bytes) -> None:
        self.is_writing.set()
        assert self.go_on.wait(30)
        files.write_all(file, content)


def test_a_list_that_is_made_while_somebody_writes_is_no_reason_to_miss_it(root: Path) -> None:
    disk = Slow()

    async def write() -> None:
        journal = await FileSessionRepository(root, disk=disk).open("s000")  # type: ignore[arg-type]
        await journal.append([draft("cancelled")], expect=len(await journal.load()))

    writer = threading.Thread(target=asyncio.run, args=[write()])
    writer.start()
    assert disk.is_writing.wait(30)
    for _ in range(2):
        assert listed(root)["s000"][0] == "paused"
    disk.go_on.set()
    writer.join(30)
    assert listed(root)["s000"] == ("cancelled", 0, False, False)


WRITING = """
import asyncio, sys
from strands_cli.session.conformance import draft, opening
from strands_cli.session.repository import FileSessionRepository

async def write(root, mine):
    for turn in range(30):
        repository = FileSessionRepository(root)
        journal = await repository.open(mine)
        count = len(await journal.load())
        await journal.append([draft("leased", driver=f"d{turn}"), draft("paused")], expect=count)
        await repository.create(f"{mine}-{turn}", opening())
        if turn % 3 == 0:
            await repository.delete(f"{mine}-{turn}")

asyncio.run(write(*sys.argv[1:]))
"""


def test_lists_that_are_made_while_many_write_say_at_last_what_the_journals_do(root: Path) -> None:
    calls = [[sys.executable, "-c", WRITING, str(root), f"s{number:03}"] for number in range(3)]
    writers = [subprocess.Popen(call) for call in calls]
    while any(each.poll() is None for each in writers):
        listed(root)
    assert [each.returncode for each in writers] == [0, 0, 0]
    assert listed(root) == truth(root) and len(listed(root)) == FEW + 3 + 60


def test_a_session_that_was_put_there_or_taken_away_by_hand_is_seen_at_once(root: Path) -> None:
    shutil.copytree(root / "session_s001", root / "session_by-hand")
    assert "by-hand" in listed(root)
    shutil.rmtree(root / "session_s002")
    assert "s002" not in listed(root)


def test_what_others_have_written_is_seen_when_all_are_looked_at(root: Path) -> None:
    before = (root / "session_s001" / "journal.jsonl").read_bytes()
    asyncio.run(append(root, "s001", draft("cancelled")))
    assert listed(root)["s001"] == ("cancelled", 0, False, False)
    (root / "session_s001" / "journal.head").unlink()
    (root / "session_s001" / "journal.jsonl").write_bytes(before)  # from a backup
    store, until = store_at(root), time.monotonic() + 30
    while asyncio.run(find(store, rests=["cancelled"])).items:
        assert time.monotonic() < until
        time.sleep(0.1)
    assert listed(root, recheck=0) == truth(root)


def test_where_nothing_can_be_kept_a_list_says_the_same(root: Path) -> None:
    (root / NAME).unlink()
    (root / NAME).mkdir()  # nobody can write to that
    for write in (answered, appended, rewritten):
        asyncio.run(write(root))
        assert listed(root) == truth(root)
