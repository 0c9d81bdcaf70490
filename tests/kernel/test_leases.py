"""Who is seen to drive a session: across threads, forks and processes."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from strands.journal.drivers import MOST_IDLE, Drivers
from strands_cli.errors import LeaseHeldError
from strands_cli.kernel.drive import DriveOptions
from strands_cli.kernel.drive import drive as drive_to_rest
from strands_cli.kernel.run import Run
from strands_cli.kernel.types import Draft, Entry, Kind, Outcome
from strands_cli.session.conformance import opening
from strands_cli.session.repository import FileSessionRepository
from strands_cli.types import Json
from support.driving import Echo

SEEN = """
import asyncio, sys
from strands_cli.session.repository import FileSessionRepository
async def main():
    journal = await FileSessionRepository(sys.argv[1]).open("s")
    print(*[int(await journal.alive(driver)) for driver in sys.argv[2:]])
asyncio.run(main())
"""


def seen_alive(root: Path, *drivers: str) -> list[int]:
    """What another process says of the drivers."""
    done = subprocess.run(
        [sys.executable, "-c", SEEN, str(root), *drivers], capture_output=True, text=True, check=True, timeout=60
    )
    return [int(word) for word in done.stdout.split()]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    asyncio.run(FileSessionRepository(tmp_path / "w").create("s", opening()))
    return tmp_path / "w"


async def drive(repository: FileSessionRepository, begun: Callable[[str], None], until: Callable[[], object]) -> None:
    journal = await repository.open("s")
    async with journal.lease() as driver:
        begun(driver)
        await asyncio.to_thread(until)


def test_the_first_drives_of_a_process_in_many_threads_are_all_alive(root: Path) -> None:
    drivers: list[str] = []
    end, together = threading.Event(), threading.Barrier(8)

    def one() -> None:
        repository = FileSessionRepository(root)
        together.wait()
        asyncio.run(drive(repository, drivers.append, end.wait))

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    try:
        while len(drivers) < 8:
            time.sleep(0.01)
        assert seen_alive(root, *drivers) == [1] * 8
    finally:
        end.set()
        for thread in threads:
            thread.join()
    assert not any(asyncio.run(alive(root, driver)) for driver in drivers)


async def alive(root: Path, driver: str) -> bool:
    return await (await FileSessionRepository(root).open("s")).alive(driver)


def test_many_who_look_at_once_never_take_each_other_for_the_driver(root: Path) -> None:
    script = """
import asyncio, sys
from strands_cli.session.repository import FileSessionRepository
async def main():
    journal = await FileSessionRepository(sys.argv[1]).open("s")
    print(sum([await journal.alive(sys.argv[2]) for _ in range(400)]))
asyncio.run(main())
"""
    token = "0" * 32
    folder = root / "drivers"
    folder.mkdir(mode=0o700, exist_ok=True)
    (folder / f"{token}.lock").write_text("")
    both = [
        subprocess.Popen([sys.executable, "-c", script, str(root), f"{token}.dead"], stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    assert [process.communicate(timeout=60)[0].strip() for process in both] == ["0"] * 3


@contextlib.contextmanager
def forked(work: Callable[[int], None]) -> Iterator[tuple[int, int]]:
    """A forked child that does `work` with the writing end of a pipe; yields its id and the reading end."""
    if not hasattr(os, "fork"):
        pytest.skip("no fork on this platform")
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(reading)
            work(writing)
        finally:
            os._exit(0)
    os.close(writing)
    try:
        yield child, reading
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(reading)


def read_line(file: int) -> str:
    line = b""
    while not line.endswith(b"\n"):
        line += os.read(file, 1) or b"\n"
    return line.decode().strip()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_repository_carried_over_a_fork_drives_as_the_child_and_leaves_the_parent_alive(root: Path) -> None:
    repository = FileSessionRepository(root)

    async def main() -> None:
        journal = await repository.open("s")
        async with journal.lease() as mine:

            def work(pipe: int) -> None:
                async def child() -> None:
                    own = await repository.open("s")
                    async with own.lease() as driver, journal.lease() as other:
                        told = [driver, other, str(await own.alive(mine)), str(await journal.alive(mine))]
                        os.write(pipe, (" ".join(told) + "\n").encode())
                        await asyncio.sleep(60)

                asyncio.run(child())

            def child_drives() -> None:
                with forked(lambda pipe: run_in_thread(lambda: work(pipe))) as (_, pipe):
                    driver, other, *sees = read_line(pipe).split()
                    assert len({each.split(".")[0] for each in (mine, driver)}) == 2
                    assert sees == ["True", "True"]
                    assert seen_alive(root, mine, driver, other) == [1, 1, 1]
                assert seen_alive(root, mine, driver, other) == [1, 0, 0], "the child's end is not the parent's"

            await asyncio.to_thread(child_drives)
        assert not await journal.alive(mine)

    asyncio.run(main())


def run_in_thread(work: Callable[[], None]) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


PARENT = """
import asyncio, os, sys, time
from strands_cli.session.repository import FileSessionRepository
repository = FileSessionRepository(sys.argv[1])
async def main():
    journal = await repository.open("s")
    async with journal.lease() as driver:
        child = os.fork()
        if child == 0:
            time.sleep(60)
            os._exit(0)
        print(driver, child, flush=True)
        await asyncio.sleep(60)
asyncio.run(main())
"""


def test_a_child_that_outlives_a_killed_driver_does_not_keep_it_alive(root: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", PARENT, str(root)], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    driver, child = parent.stdout.readline().split()
    try:
        assert seen_alive(root, driver) == [1]
        parent.kill()
        parent.wait()
        assert seen_alive(root, driver) == [0]
    finally:
        os.kill(int(child), signal.SIGKILL)
        parent.stdout.close()


def test_a_repository_can_be_sent_to_another_process(root: Path) -> None:
    repository = FileSessionRepository(root)

    async def main() -> None:
        journal = await repository.open("s")
        async with journal.lease() as driver:
            sent = pickle.dumps(repository)
            assert driver.split(".")[0].encode() not in sent
            assert await (await pickle.loads(sent).open("s")).alive(driver)

    asyncio.run(main())


def test_a_process_that_works_in_many_directories_keeps_few_locks(tmp_path: Path) -> None:
    every = [Drivers.of(tmp_path / str(number)) for number in range(3 * MOST_IDLE)]
    driven = [drivers.enter() for drivers in every]
    assert all(drivers.alive(driver) for drivers, driver in zip(every, driven, strict=True))
    assert len(list(tmp_path.rglob("*.lock"))) == len(every)
    for drivers, driver in zip(every, driven, strict=True):
        drivers.leave(driver)
        assert not drivers.alive(driver)
    assert len(list(tmp_path.rglob("*.lock"))) == MOST_IDLE
    again = every[0].enter()
    assert every[0].alive(again) and not every[0].alive(driven[0])
    every[0].leave(again)


class Beside:
    """Drives the same session as another process would, and is quicker."""

    def __init__(self, repository: FileSessionRepository) -> None:
        self._repository = repository

    async def append(self, *drafts: tuple[Kind, str, dict[str, Json]]) -> None:
        journal = await self._repository.open("s")
        count = len(await journal.load())
        await journal.append([Draft(kind, key, data, 0.0) for kind, key, data in drafts], expect=count)


def test_who_was_quicker_keeps_the_session_and_the_other_writes_nothing(root: Path) -> None:
    """The other notices at its first append; that it has left is no news of the first one's lease."""
    other = Beside(FileSessionRepository(root))
    reply = {"message": {"role": "assistant", "content": [{"text": "done"}]}}

    async def body(run: Run) -> Outcome:
        await other.append(
            ("leased", "", {"driver": "other"}), ("started", "a", {"agent": "a", "lane": "", "prompt": "go"})
        )
        try:
            await run.agent("b", "b", "go")
        finally:
            await other.append(("done", "a", reply))
        raise AssertionError("unreachable")

    async def main() -> list[Entry]:
        journal = await FileSessionRepository(root).open("s")
        with pytest.raises(LeaseHeldError):
            await drive_to_rest(journal, body, Echo(), DriveOptions())
        return await journal.load()

    kinds = [(entry.kind, entry.data.get("driver")) for entry in asyncio.run(main())]
    assert kinds[1:] == [("leased", "other"), ("started", None), ("done", None)]


class Slow:
    """A journal that is read a while after it was asked for the second time: `meanwhile` comes before."""

    def __init__(self, journal: Any, meanwhile: Callable[[], Awaitable[None]]) -> None:
        self._journal = journal
        self._meanwhile = meanwhile
        self._loads = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)

    async def load(self) -> list[Entry]:
        self._loads += 1
        if self._loads == 2:
            await self._meanwhile()
        entries: list[Entry] = await self._journal.load()
        return entries


def test_who_comes_first_is_seen_however_the_other_learns_of_it(root: Path) -> None:
    other = Beside(FileSessionRepository(root))

    async def lease() -> None:
        await other.append(("leased", "", {"driver": "other"}))

    async def body(run: Run) -> Outcome:
        await other.append(("noted", "n", {"value": 1}))  # at which the lease of this run is written behind it
        await run.agent("b", "b", "go")
        raise AssertionError("unreachable")

    async def main() -> list[Entry]:
        journal = Slow(await FileSessionRepository(root).open("s"), lease)
        with pytest.raises(LeaseHeldError):
            await drive_to_rest(journal, body, Echo(), DriveOptions())
        return await (await FileSessionRepository(root).open("s")).load()

    kinds = [(entry.kind, entry.data.get("driver")) for entry in asyncio.run(main())]
    assert kinds[1:] == [("noted", None), ("leased", "other")]
