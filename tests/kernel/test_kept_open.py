"""A driven session's files stay open: that shows in nothing but the time it takes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from strands import Workflow
from strands.journal.file_journal import FileJournal
from strands.models.scripted import ScriptedModel
from strands_cli.errors import InvalidAnswerError, SessionNotFoundError, StorageError, StrandsError
from strands_cli.kernel.journal import Conflict, kept_open
from strands_cli.session.conformance import draft, opening
from strands_cli.session.repository import FileSessionRepository


def away(directory: Path) -> None:
    directory.rename(directory.with_name("elsewhere"))


def other(directory: Path) -> None:
    shutil.rmtree(directory)
    asyncio.run(begun(directory.parent, at=2.5))


def others(directory: Path) -> None:
    (directory / "journal.jsonl").chmod(0o666)


def link(directory: Path) -> None:
    journal = directory / "journal.jsonl"
    shutil.copy(journal, directory / "copy")
    journal.unlink()
    journal.symlink_to("copy")


async def begun(root: Path, at: float) -> FileJournal:
    repository = FileSessionRepository(root)
    return await repository.create("s", opening()._replace(at=at))


@pytest.mark.skipif(sys.platform == "win32", reason="open files cannot be renamed on this platform")
@pytest.mark.parametrize(
    ("happens", "error"),
    [
        (away, SessionNotFoundError),
        (shutil.rmtree, SessionNotFoundError),
        (other, SessionNotFoundError),
        (others, StorageError),
        (link, StorageError),
    ],
)
@pytest.mark.parametrize("driven", [True, False])
def test_what_happens_to_the_name_is_noticed(
    happens: Callable[[Path], None], error: type[StrandsError], driven: bool, tmp_path: Path
) -> None:
    async def check() -> None:
        journal = await begun(tmp_path, at=1.5)
        async with contextlib.AsyncExitStack() as stack:
            if driven:
                await stack.enter_async_context(journal.lease())
            else:
                stack.enter_context(kept_open(journal))
            await journal.append((draft("noted", "n"),), expect=1, durable=True)
            kept = journal.path.read_bytes()
            await asyncio.to_thread(happens, journal.path.parent)
            left = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
            with pytest.raises(error):
                await journal.append((draft("noted", "x"),), expect=2, durable=True)
            assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == left
            assert kept.count(b"\n") == 2

    asyncio.run(check())


GATE = {
    "version": 0,
    "name": "gate",
    "runtime": {"provider": "scripted"},
    "agents": {"clerk": {"prompt": "Answer."}},
    "pattern": {
        "type": "chain",
        "config": {"steps": [{"type": "hitl", "prompt": "Go on?", "choices": ["yes", "no"]}, {"agent": "clerk"}]},
    },
}


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="open files are not listed on this platform")
def test_a_resume_leaves_no_file_open_whatever_it_comes_to(tmp_path: Path) -> None:
    async def check() -> None:
        workflow = Workflow.from_dict(GATE, model=ScriptedModel("done"), repository=FileSessionRepository(tmp_path))
        paused = await workflow.run_async()
        assert paused.session_id is not None
        with pytest.raises(InvalidAnswerError):
            await workflow.resume_async(paused.session_id, "maybe")
        await closed(tmp_path)
        assert (await workflow.resume_async(paused.session_id, "yes")).last_response == "done"
        await closed(tmp_path)

    asyncio.run(check())


async def closed(directory: Path) -> None:
    """Wait until this process has no journal of the directory open: the thread of a sync may be the last to let go."""
    for _ in range(1_000):
        if not any(name.startswith(f"{directory}{os.sep}session_") for name in open_files()):
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"open: {open_files()}")


def open_files() -> list[str]:
    found = []
    for number in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            found.append(os.readlink(f"/proc/self/fd/{number}"))
    return found


MANY = """
import asyncio, contextlib, os, resource, sys
from strands_cli.session.conformance import draft, opening
from strands_cli.session.repository import FileSessionRepository
resource.setrlimit(resource.RLIMIT_NOFILE, (256, 256))

async def main():
    repository = FileSessionRepository(sys.argv[1])
    async with contextlib.AsyncExitStack() as stack:
        journals = [await repository.create(f"s{n}", opening()) for n in range(400)]
        for journal in journals:
            await stack.enter_async_context(journal.lease())
        more = (draft("noted", "n"),)
        for count in (1, 2):
            await asyncio.gather(*(each.append(more, expect=count, durable=True) for each in journals))
    assert {len(await each.load()) for each in journals} == {3}
    journals.clear()

before = len(os.listdir("/dev/fd"))
asyncio.run(main())
print(len(os.listdir("/dev/fd")) - before)
"""


@pytest.mark.skipif(not os.path.isdir("/dev/fd"), reason="open files are not listed on this platform")
def test_more_sessions_than_files_can_be_open_are_driven_at_once_and_none_stays_open(tmp_path: Path) -> None:
    command = [sys.executable, "-c", MANY, str(tmp_path / "w")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) <= 2, "the lock of this process, and no journal"


FORKED = """
import asyncio, os, sys, threading
from strands_cli.kernel.journal import Conflict
from strands_cli.session.conformance import draft, opening
from strands_cli.session.repository import FileSessionRepository

async def write(journal, who):
    for number in range(200):
        while True:
            try:
                await journal.append((draft("noted", f"{who}{number}"),), expect=len(await journal.load()))
                break
            except Conflict:
                await asyncio.sleep(0)

async def main():
    journal = await FileSessionRepository(sys.argv[1]).create("s", opening())
    async with journal.lease():
        await journal.append((draft("noted", "n"),), expect=1)
        child = os.fork()
        if child == 0:
            names = [os.readlink(f"/proc/self/fd/{n}") for n in range(99) if os.path.lexists(f"/proc/self/fd/{n}")]
            assert not [name for name in names if "journal" in name], "a lock on it would be the parent's too"
            thread = threading.Thread(target=lambda: asyncio.run(write(journal, "c")))
            thread.start()
            thread.join()
            os._exit(0)
        await write(journal, "p")
        assert os.waitpid(child, 0)[1] == 0
    found = await (await FileSessionRepository(sys.argv[1]).open("s")).load()
    print(len(found), len({entry.key for entry in found}))

asyncio.run(main())
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this platform")
def test_a_forked_child_and_its_parent_take_turns(tmp_path: Path) -> None:
    command = [sys.executable, "-W", "ignore", "-c", FORKED, str(tmp_path / "w")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout.split()) == (0, ["402", "402"]), done.stderr


def test_threads_that_share_a_driven_journal_take_turns(tmp_path: Path) -> None:
    async def write(journal: FileJournal, who: int) -> None:
        expect = 1
        for number in range(100):
            while True:
                try:
                    await journal.append((draft("noted", f"{who}/{number}"),), expect=expect)
                    break
                except Conflict as conflict:
                    expect += len(conflict.entries)
            expect += 1

    async def check() -> None:
        journal = await begun(tmp_path, at=1.5)
        async with journal.lease():
            await asyncio.gather(*(asyncio.to_thread(asyncio.run, write(journal, who)) for who in range(4)))
        found = await (await FileSessionRepository(tmp_path).open("s")).load()
        assert len({entry.key for entry in found}) == len(found) == 401

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        asyncio.run(check())
    finally:
        sys.setswitchinterval(interval)
