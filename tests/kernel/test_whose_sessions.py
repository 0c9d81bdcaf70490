"""Sessions that others could have written are refused by name, and what is made is its owner's alone."""

from __future__ import annotations

import asyncio
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from strands import SessionManager
from strands_cli.errors import StorageError
from strands_cli.session.conformance import draft, opening
from strands_cli.session.repository import FileSessionRepository

pytestmark = pytest.mark.skipif(os.name == "nt", reason="no owners and modes of this kind")
PLACES = {
    "root": lambda root: root,
    "session": lambda root: root / "session_s",
    "journal": lambda root: root / "session_s" / "journal.jsonl",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    asyncio.run(FileSessionRepository(tmp_path / "w").create("s", opening()))
    return tmp_path / "w"


async def use(root: Path) -> None:
    journal = await FileSessionRepository(root).open("s")
    known = await journal.load()
    await journal.append((draft("noted", "n"),), expect=len(known))


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("mode", [0o020, 0o002])
def test_what_others_may_write_to_is_refused(place: str, mode: int, root: Path) -> None:
    path = PLACES[place](root)
    was = stat.S_IMODE(path.stat().st_mode)
    before = (root / "session_s" / "journal.jsonl").read_bytes()
    path.chmod(was | mode)
    with pytest.raises(StorageError, match=f"{path}.* has mode 0.*: other users may write to it") as caught:
        asyncio.run(use(root))
    assert "chmod -R go-w" in caught.value.hint
    assert (root / "session_s" / "journal.jsonl").read_bytes() == before
    path.chmod(was)
    asyncio.run(use(root))


@pytest.mark.parametrize("place", PLACES)
def test_what_belongs_to_another_user_is_refused(place: str, root: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    path = PLACES[place](root)
    os.chown(path, 65534, -1)
    with pytest.raises(StorageError, match=f"{path}.* belongs to user"):
        asyncio.run(use(root))


def test_a_journal_that_is_opened_already_is_looked_at_again(root: Path) -> None:
    async def check() -> None:
        journal = await FileSessionRepository(root).open("s")
        await journal.load()
        journal.path.chmod(0o606)
        with pytest.raises(StorageError, match="other users may write to it"):
            await journal.append((draft("noted", "n"),), expect=1)

    asyncio.run(check())


MASKED = """
import asyncio, os, sys
os.umask(int(sys.argv[2], 8))
from strands_cli.session.conformance import draft, opening
from strands_cli.session.repository import FileSessionRepository
async def main():
    journal = await FileSessionRepository(sys.argv[1]).create("s", opening())
    async with journal.lease():
        await journal.append((draft("noted", "n"),), expect=1, durable=True)
asyncio.run(main())
"""


@pytest.mark.parametrize("mask", ["0", "002", "277"])
def test_every_directory_that_is_made_is_private_whatever_the_umask(mask: str, tmp_path: Path) -> None:
    top = tmp_path / "a"
    subprocess.run([sys.executable, "-c", MASKED, str(top / "b" / "c"), mask], check=True, timeout=60)
    found = [top, *top.rglob("*")]
    assert {path.name for path in found} >= {"a", "b", "c", "session_s", "drivers", "journal.jsonl", "journal.head"}
    for path in found:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_a_list_of_what_others_may_write_to_is_refused(root: Path) -> None:
    root.chmod(0o777)
    with pytest.raises(StorageError, match="other users may write to it"):
        asyncio.run(FileSessionRepository(root).ids())


def test_one_session_that_others_may_write_to_hides_no_other(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    asyncio.run(FileSessionRepository(root).create("mine", opening()))
    journal = root / "session_s" / "journal.jsonl"
    journal.chmod(0o666)
    assert [each.id for each in SessionManager(storage_dir=root).list_sessions()] == ["mine"]
    assert f"{journal}' has mode 0666" in caplog.text
