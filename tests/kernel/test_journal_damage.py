"""What disks and powers failing do to a journal: nothing that was promised is lost without being named."""

from __future__ import annotations

import asyncio
import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from strands import SessionManager
from strands.journal.file_journal import FileJournal
from strands_cli.errors import SessionDamagedError, SessionNotFoundError
from strands_cli.kernel.journal import Conflict
from strands_cli.kernel.types import Entry
from strands_cli.session.conformance import draft, opening
from strands_cli.session.repository import FileSessionRepository

BLOCK = 512


async def written(root: Path) -> FileJournal:
    """A session with entries of every kind that matters: synced, not synced, several in one append."""
    journal = await FileSessionRepository(root).create("s", opening())
    await journal.append((draft("leased", driver="d.e"),), expect=1)
    await journal.append((draft("started", "steps/0", agent="a", lane="", prompt="pay @ 5 ü"),), expect=2)
    await journal.append((draft("noted", "x", value=1), draft("noted", "y", value="\0")), expect=3)
    await journal.append((draft("asked", "q", prompt="Pay?"),), expect=5, durable=True)
    await journal.append((draft("answered", "q", value="yes", by="Ann"),), expect=6, durable=True)
    await journal.append((draft("noted", "z", value=[1, 2]),), expect=7)
    return journal


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return asyncio.run(written(tmp_path / "w")).path


def load(path: Path) -> list[Entry]:
    async def read() -> list[Entry]:
        return await (await FileSessionRepository(path.parent.parent).open("s")).load()

    return asyncio.run(read())


def append(path: Path) -> list[Entry]:
    """What the journal holds after one more entry."""

    async def write() -> list[Entry]:
        journal = await FileSessionRepository(path.parent.parent).open("s")
        known = await journal.load()
        await journal.append((draft("noted", "more", value=True),), expect=len(known))
        return await (await FileSessionRepository(path.parent.parent).open("s")).load()

    return asyncio.run(write())


def tree(directory: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def flips(content: bytes, every: int) -> Iterator[bytes]:
    for position in range(0, len(content) * 8, every):
        flipped = bytearray(content)
        flipped[position // 8] ^= 1 << position % 8
        yield bytes(flipped)


EVERY = [pytest.param(29, id="some"), pytest.param(1, id="all", marks=pytest.mark.slow)]


@pytest.mark.parametrize("every", EVERY)
@pytest.mark.parametrize("head", [True, False])
def test_a_flipped_bit_anywhere_is_named_and_nothing_is_cut(path: Path, head: bool, every: int) -> None:
    if not head:
        (path.parent / "journal.head").unlink()
    for flipped in flips(path.read_bytes(), every):
        path.write_bytes(flipped)
        before = tree(path.parent)
        with pytest.raises(SessionDamagedError, match=r"line \d+: .*\n.*strands sessions delete s --force"):
            load(path)
        with pytest.raises(SessionDamagedError):
            append(path)
        assert SessionManager(path.parent.parent).list_sessions() == []
        assert tree(path.parent) == before


@pytest.mark.parametrize("every", EVERY)
def test_a_byte_that_became_zero_is_named_too(path: Path, every: int) -> None:
    content = path.read_bytes()
    synced = content.index(b'{"seq":7')
    for position in range(0, synced - 1, every):
        path.write_bytes(content[:position] + b"\0" + content[position + 1 :])
        with pytest.raises(SessionDamagedError):
            append(path)


@pytest.mark.parametrize("every", EVERY)
def test_a_flipped_bit_of_the_head_breaks_nothing(path: Path, every: int) -> None:
    head = path.parent / "journal.head"
    for flipped in flips(head.read_bytes(), every):
        head.write_bytes(flipped)
        assert len(load(path)) == 8


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
def test_a_head_that_nobody_writes_to_holds_nothing_up(path: Path) -> None:
    head = path.parent / "journal.head"
    head.unlink()
    os.mkfifo(head, 0o600)
    assert len(load(path)) == 8
    assert len(append(path)) == 9


def test_every_cut_into_what_was_on_disk_is_named(path: Path) -> None:
    content = path.read_bytes()
    synced = content.index(b'{"seq":7') - 1  # without its newline a line is whole
    for cut in range(synced):
        path.write_bytes(content[:cut])
        before = tree(path.parent)
        with pytest.raises((SessionDamagedError, SessionNotFoundError)) as caught:
            append(path)
        assert cut < content.index(b"\n") or isinstance(caught.value, SessionDamagedError)
        assert tree(path.parent) == before


def test_every_cut_behind_it_is_a_torn_end_that_the_next_writer_keeps_beside(path: Path) -> None:
    content = path.read_bytes()
    synced = content.index(b'{"seq":7')
    for number, cut in enumerate(range(synced - 1, len(content) - 1), start=-1):
        path.write_bytes(content[:cut])
        before = tree(path.parent)
        assert len(load(path)) == 7 and tree(path.parent) == before
        assert [entry.key for entry in append(path)][6:] == ["q", "more"]
        if number > 0:
            assert (path.parent / f"journal.jsonl.torn-{number}").read_bytes() == content[synced:cut]


def test_without_a_head_every_cut_opens_at_the_last_whole_append(path: Path) -> None:
    (path.parent / "journal.head").unlink()
    content = path.read_bytes()
    together = content.index(b'"more":1')
    for cut in range(content.index(b"\n") + 1, len(content), 5):
        path.write_bytes(content[:cut])
        whole = content[: cut + 1].count(b"\n")
        expected = 3 if whole == 4 and cut > together else whole
        assert len(load(path)) == expected
        assert append(path)[-1].key == "more"
        (path.parent / "journal.head").unlink(missing_ok=True)


def test_a_line_lost_at_the_end_is_named_and_can_be_given_up(path: Path) -> None:
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:6]))
    with pytest.raises(SessionDamagedError, match=r"line 7: 1 entry that was on disk is missing") as caught:
        load(path)
    assert "remove journal.head" in caught.value.hint
    (path.parent / "journal.head").unlink()
    assert len(load(path)) == 6


def test_another_journal_of_the_same_length_is_named(path: Path) -> None:
    """A copy of before, on which something went on elsewhere, is not the journal that was on disk."""
    content = path.read_bytes()
    other = path.parent.parent / "other"
    shutil.copytree(path.parent, other / "session_s")
    copy = other / "session_s" / "journal.jsonl"
    (other / "session_s" / "journal.head").unlink()
    copy.write_bytes(b"".join(content.splitlines(keepends=True)[:6]))
    for directory in (other, other / "session_s"):
        directory.chmod(0o700)
    append(copy)
    append(copy)
    path.write_bytes(copy.read_bytes())
    with pytest.raises(SessionDamagedError, match="it is not the line that was on disk"):
        load(path)


def test_what_reads_while_another_writes_sees_only_whole_appends(path: Path) -> None:
    async def check() -> None:
        reader = await FileSessionRepository(path.parent.parent).open("s")
        content = path.read_bytes()
        for cut in range(content.index(b"\n") + 1, len(content), 3):
            path.write_bytes(content[:cut])
            reader = await FileSessionRepository(path.parent.parent).open("s")
            first = len(await reader.load())
            path.write_bytes(content)
            assert [entry.seq for entry in await reader.tail(first)] == list(range(first, 8))

    (path.parent / "journal.head").unlink()
    asyncio.run(check())


def left_of(content: bytes, synced: int, chance: random.Random) -> bytes:
    """What a disk may hold of a file of which so many bytes were synced: absolute blocks are there or zeros."""
    size = chance.choice([synced, len(content), chance.randrange(synced, len(content) + 1)])
    kept = bytearray(content[:size])
    for begin in range(synced // BLOCK * BLOCK, size, BLOCK):
        if chance.random() < 0.5:
            for at in range(max(begin, synced), min(begin + BLOCK, size)):
                kept[at] = 0
    return bytes(kept)


@pytest.mark.parametrize("seed", range(40))
def test_after_a_power_loss_all_that_was_synced_is_there_and_the_rest_is_no_damage(seed: int, tmp_path: Path) -> None:
    chance = random.Random(seed)

    async def write() -> tuple[FileJournal, int, int, list[bytes | None]]:
        journal = await FileSessionRepository(tmp_path).create("s", opening())
        head = journal.path.with_name("journal.head")
        heads: list[bytes | None] = [None]
        entries, synced, size = 1, 1, journal.path.stat().st_size
        for number in range(chance.randrange(2, 12)):
            several = [
                draft("noted", f"{number}/{each}", text="x" * chance.choice([3, 300, 3000])) for each in range(3)
            ]
            drafts = several[: chance.choice([1, 1, 2, 3])]
            durable = chance.random() < 0.4
            await journal.append(drafts, expect=entries, durable=durable)
            entries += len(drafts)
            if durable:
                synced, size = entries, journal.path.stat().st_size
                heads.append(head.read_bytes())
        return journal, synced, size, heads

    journal, synced, size, heads = asyncio.run(write())
    content, whole = journal.path.read_bytes(), load(journal.path)
    for _ in range(20):
        journal.path.write_bytes(left_of(content, size, chance))
        told = chance.choice(heads)
        head = journal.path.with_name("journal.head")
        head.unlink(missing_ok=True) if told is None else head.write_bytes(told)
        found = load(journal.path)
        assert synced <= len(found) and found == whole[: len(found)]
        assert append(journal.path)[:-1] == found


def test_a_stale_writer_never_writes_over_what_was_changed_under_it(path: Path) -> None:
    async def check() -> None:
        journal = await FileSessionRepository(path.parent.parent).open("s")
        await journal.load()
        content = path.read_bytes()
        path.write_bytes(content[:-20] + b"x" * 20)
        with pytest.raises(SessionDamagedError, match="was changed by something else"):
            await journal.append((draft("noted", "n"),), expect=8)
        path.write_bytes(content[:-20])
        with pytest.raises(SessionDamagedError, match="became shorter"):
            await journal.append((draft("noted", "n"),), expect=8)
        path.write_bytes(content)
        with pytest.raises(Conflict):
            await journal.append((draft("noted", "n"),), expect=7)

    asyncio.run(check())
