"""Both repositories follow the same rules; files have some of their own."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from strands import SessionManager
from strands_cli.errors import SessionDamagedError, SessionExistsError, StorageError
from strands_cli.kernel.types import Entry
from strands_cli.session.conformance import RepositoryConformance, draft, opening
from strands_cli.session.memory import MemorySessionRepository
from strands_cli.session.repository import FileSessionRepository


class TestMemory(RepositoryConformance):
    @pytest.fixture(autouse=True)
    def store(self) -> None:
        self.repository = MemorySessionRepository()

    def make_repository(self) -> MemorySessionRepository:
        return self.repository


class TestFiles(RepositoryConformance):
    @pytest.fixture(autouse=True)
    def store(self, tmp_path: Path) -> None:
        self.root = tmp_path / "workflows"

    def make_repository(self) -> FileSessionRepository:
        return FileSessionRepository(self.root)


def begun(root: Path, notes: int = 3) -> Path:
    """A session `s` with its opening and some notes; returns its journal."""

    async def write() -> Path:
        journal = await FileSessionRepository(root).create("s", opening())
        for number in range(notes):
            await journal.append((draft("noted", f"n{number}"),), expect=number + 1)
        return journal.path

    return asyncio.run(write())


def load(root: Path, name: str = "s") -> list[Entry]:
    async def read() -> list[Entry]:
        return await (await FileSessionRepository(root).open(name)).load()

    return asyncio.run(read())


def test_case_4_every_truncation_opens_at_the_last_whole_entry(tmp_path: Path) -> None:
    path = begun(tmp_path)
    content = path.read_bytes()
    first = content.index(b"\n") + 1
    for cut in range(first, len(content)):
        path.write_bytes(content[:cut])
        assert len(load(tmp_path)) == content[: cut + 1].count(b"\n"), "a line is whole without its newline"
        assert path.read_bytes() == content[:cut], "reading changes nothing"


def test_case_4_a_flipped_bit_is_named_and_the_file_left_alone(tmp_path: Path) -> None:
    path = begun(tmp_path)
    content = path.read_bytes()
    for position in range(0, len(content), 7):
        if content[position] == 10:
            continue
        damaged = bytearray(content)
        damaged[position] ^= 1
        path.write_bytes(damaged)
        if damaged[position] == 10:
            continue
        with pytest.raises(SessionDamagedError, match=r"journal\.jsonl, line \d+: "):
            load(tmp_path)
        assert path.read_bytes() == damaged


def test_case_4_a_dropped_or_swapped_line_is_named(tmp_path: Path) -> None:
    path = begun(tmp_path)
    lines = path.read_bytes().splitlines(keepends=True)
    for changed in ([*lines[:1], *lines[2:]], [lines[0], lines[2], lines[1], lines[3]]):
        path.write_bytes(b"".join(changed))
        with pytest.raises(SessionDamagedError, match="line 2"):
            load(tmp_path)


def test_case_2_lost_blocks_behind_the_last_sync_are_a_torn_end(tmp_path: Path) -> None:
    path = begun(tmp_path)
    content = path.read_bytes()
    line = content.splitlines(keepends=True)
    path.write_bytes(line[0] + line[1] + b"\0" * len(line[2]) + line[3])
    assert len(load(tmp_path)) == 2


def test_case_2_a_hole_before_something_promised_is_damage(tmp_path: Path) -> None:
    async def write() -> Path:
        journal = await FileSessionRepository(tmp_path).create("s", opening())
        await journal.append((draft("noted", "n"), draft("asked", "q", prompt="?")), expect=1, durable=True)
        return journal.path

    path = asyncio.run(write())
    line = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(line[0] + b"\0" * len(line[1]) + line[2])
    with pytest.raises(SessionDamagedError):
        load(tmp_path)


def test_case_2_a_hole_before_what_was_not_yet_promised_is_a_torn_end(tmp_path: Path) -> None:
    """The power fails during the sync: of an append the disk may have any blocks."""
    path = begun(tmp_path)

    async def write() -> None:
        journal = await FileSessionRepository(tmp_path).open("s")
        await journal.load()
        await journal.append((draft("asked", "q", prompt="?"), draft("asked", "r", prompt="?")), expect=4)

    asyncio.run(write())
    line = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(line[:4]) + b"\0" * len(line[4]) + line[5])
    assert len(load(tmp_path)) == 4


def test_case_2_a_later_line_tells_what_was_promised_before_it(tmp_path: Path) -> None:
    async def write() -> Path:
        journal = await FileSessionRepository(tmp_path).create("s", opening())
        await journal.append((draft("noted", "n"), draft("noted", "m")), expect=1, durable=True)
        await journal.append((draft("noted", "o"),), expect=3)
        return journal.path

    path = asyncio.run(write())
    (path.parent / "journal.head").unlink()
    line = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(line[0] + line[1] + b"\0" * len(line[2]) + line[3])
    with pytest.raises(SessionDamagedError, match="line 3: bytes of it are zero"):
        load(tmp_path)


def test_case_3_a_half_created_session_leaves_its_id_usable(tmp_path: Path) -> None:
    for half in (b"", b'{"seq":0,"kind":"ope'):
        directory = tmp_path / "session_half"
        directory.mkdir(exist_ok=True)
        (directory / "journal.jsonl").write_bytes(half)
        asyncio.run(FileSessionRepository(tmp_path).create("half", opening()))
        assert len(load(tmp_path, "half")) == 1
        with pytest.raises(SessionExistsError):
            asyncio.run(FileSessionRepository(tmp_path).create("half", opening()))
        (directory / "journal.jsonl").unlink()


FAILING = """
import asyncio, os, resource, sys
from strands_cli.errors import StorageError
from strands_cli.session.conformance import draft, opening
from strands_cli.session.repository import FileSessionRepository
fsync = os.fsync
def refused(file):
    raise OSError(5, "Input/output error")
def break_disk():
    if sys.argv[2] == "sync":
        os.fsync = refused
    else:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
async def main():
    repository = FileSessionRepository(sys.argv[1])
    await repository.create("other", opening())
    break_disk()
    try:
        await repository.create("s", opening(), [draft("noted", "n", text="x" * 1000)])
    except StorageError as error:
        assert "journal.jsonl" in error.message and error.hint, error
    else:
        raise SystemExit("it was begun")
    assert sorted(os.listdir(sys.argv[1])) == ["session_other"], os.listdir(sys.argv[1])
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    os.fsync = fsync
    await repository.create("s", opening())
asyncio.run(main())
"""


@pytest.mark.parametrize("what", ["write", "sync"])
def test_a_session_whose_opening_does_not_get_to_the_disk_is_not_there(what: str, tmp_path: Path) -> None:
    pytest.importorskip("resource")
    done = subprocess.run([sys.executable, "-c", FAILING, str(tmp_path), what], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


RACING = """
import asyncio, sys
from strands_cli.errors import SessionExistsError
from strands_cli.session.conformance import draft, opening
from strands_cli.session.repository import FileSessionRepository
async def main():
    repository, mine = FileSessionRepository(sys.argv[1]), 0
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(100):
        try:
            journal = await repository.create(f"s{number}", opening())
        except SessionExistsError:
            continue
        await journal.append((draft("noted", sys.argv[2]),), expect=1, durable=True)
        mine += 1
    print(mine)
asyncio.run(main())
"""


def test_of_processes_that_begin_one_session_at_once_one_does(tmp_path: Path) -> None:
    def started(who: int) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", RACING, str(tmp_path / "w"), str(who)]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    racing = [started(who) for who in range(3)]
    for process in racing:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
    for process in racing:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    assert sum(int(process.communicate(timeout=60)[0]) for process in racing) == 100
    assert all(len(load(tmp_path / "w", f"s{number}")) == 2 for number in range(100))


def test_a_session_that_was_begun_by_half_is_not_listed(tmp_path: Path) -> None:
    begun(tmp_path)
    (tmp_path / "session_half").mkdir(mode=0o700)
    (tmp_path / "session_half" / "journal.jsonl").touch(mode=0o600)
    assert [session.id for session in SessionManager(tmp_path).list_sessions()] == ["s"]


def test_case_8_a_newer_format_is_refused_untouched(tmp_path: Path) -> None:
    async def write() -> Path:
        newer = opening()._replace(data={**opening().data, "format": 99})
        return (await FileSessionRepository(tmp_path).create("s", newer)).path

    path = asyncio.run(write())
    before = path.read_bytes()
    with pytest.raises(SessionDamagedError, match="Upgrade"):
        load(tmp_path)
    assert path.read_bytes() == before


def test_files_are_private_whatever_the_umask(tmp_path: Path) -> None:
    script = f"""
import asyncio, os
os.umask(0)
from strands_cli.session.conformance import opening
from strands_cli.session.repository import FileSessionRepository
async def main():
    journal = await FileSessionRepository({str(tmp_path / "w")!r}).create("s", opening())
    async with journal.lease():
        pass
asyncio.run(main())
"""
    subprocess.run([sys.executable, "-c", script], check=True)
    for path in [tmp_path / "w", *(tmp_path / "w").rglob("*")]:
        expected = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == expected, path


def test_case_7_an_unusable_directory_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="file"):
        asyncio.run(FileSessionRepository(tmp_path / "file" / "w").create("s", opening()))


def test_case_26_stray_files_and_links_are_not_sessions(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    begun(tmp_path)
    (tmp_path / "session_stray").write_text("not a directory")
    (tmp_path / "session_link").symlink_to(tmp_path / "session_s")
    (tmp_path / "session_empty").mkdir()
    assert asyncio.run(FileSessionRepository(tmp_path).ids()) == ["s"]
    assert "session_link" in caplog.text


def test_every_line_is_json(tmp_path: Path) -> None:
    lines = begun(tmp_path).read_text("utf-8").splitlines()
    assert [json.loads(line)["seq"] for line in lines] == [0, 1, 2, 3]


DRIVER = """
import asyncio, sys
from strands_cli.session.repository import FileSessionRepository
async def main():
    journal = await FileSessionRepository(sys.argv[1]).open("s")
    async with journal.lease() as driver:
        print(driver, flush=True)
        sys.stdin.read()
asyncio.run(main())
"""


def test_a_driver_of_a_killed_process_is_dead(tmp_path: Path) -> None:
    begun(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-c", DRIVER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdin is not None
    driver = process.stdout.readline().strip()
    journal = asyncio.run(FileSessionRepository(tmp_path).open("s"))
    assert asyncio.run(journal.alive(driver))
    process.kill()
    process.wait()
    process.stdout.close()
    process.stdin.close()
    assert not asyncio.run(journal.alive(driver))
    assert not [path for path in (tmp_path / "drivers").iterdir() if path.name.startswith(driver.split(".")[0])]


def test_a_forked_child_is_another_driver(tmp_path: Path) -> None:
    if not hasattr(os, "fork"):
        pytest.skip("no fork on this platform")
    begun(tmp_path)
    script = f"""
import asyncio, os, sys
from strands_cli.session.repository import FileSessionRepository
async def driver():
    journal = await FileSessionRepository({str(tmp_path)!r}).open("s")
    async with journal.lease() as driver:
        return driver
mine = asyncio.run(driver())
child = os.fork()
if child == 0:
    other = asyncio.run(driver())
    os._exit(0 if other.split(".")[0] != mine.split(".")[0] else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert subprocess.run([sys.executable, "-W", "ignore", "-c", script]).returncode == 0


LIMITED = """
import asyncio, resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from strands_cli.errors import StorageError
from strands_cli.session.conformance import draft
from strands_cli.session.repository import FileSessionRepository
async def main():
    journal = await FileSessionRepository(sys.argv[1]).open("s")
    before = len(await journal.load())
    resource.setrlimit(resource.RLIMIT_FSIZE, (journal.path.stat().st_size + 50, resource.RLIM_INFINITY))
    try:
        await journal.append((draft("noted", "big", text="x" * 1000),), expect=before)
    except StorageError as error:
        assert "journal.jsonl" in error.message and error.hint, error
    else:
        raise SystemExit("the write went through")
    assert len(await journal.load()) == before
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await journal.append((draft("noted", "again"),), expect=before)
asyncio.run(main())
"""


def test_case_6_a_write_that_does_not_fit_leaves_the_journal_as_it_was(tmp_path: Path) -> None:
    pytest.importorskip("resource")
    path = begun(tmp_path)
    done = subprocess.run([sys.executable, "-c", LIMITED, str(tmp_path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert [entry.key for entry in load(tmp_path)][-1] == "again"
    assert path.read_bytes().endswith(b"\n")


def test_a_process_that_ends_leaves_no_lock_behind(tmp_path: Path) -> None:
    begun(tmp_path)
    done = subprocess.run([sys.executable, "-c", DRIVER, str(tmp_path)], stdin=subprocess.DEVNULL, capture_output=True)
    assert done.returncode == 0
    assert not list((tmp_path / "drivers").glob(f"{done.stdout.decode().split('.')[0]}*"))


def test_who_stops_waiting_for_the_disk_stops_nobody_else(tmp_path: Path) -> None:
    async def check() -> None:
        journal = await FileSessionRepository(tmp_path).create("s", opening())
        for cancelled in range(4):
            await journal.append((draft("noted", "n"),), expect=1 + cancelled)
            tasks = [asyncio.ensure_future(journal.sync()) for _ in range(4)]
            await asyncio.sleep(0)
            tasks[cancelled].cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            assert [type(each) for each in ended if each is not None] == [asyncio.CancelledError]
            await journal.sync()

    asyncio.run(check())
