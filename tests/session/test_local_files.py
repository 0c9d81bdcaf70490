"""Bytes in files: below their directory, and nowhere else."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from strands.storage import LocalFileStorage
from strands.types.exceptions import StorageError

pytestmark = pytest.mark.skipif(os.name == "nt", reason="links need a privilege there")


@pytest.fixture
def storage(tmp_path: Path) -> LocalFileStorage:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/secret").write_bytes(b"secret")
    storage = LocalFileStorage(str(tmp_path / "base"))
    asyncio.run(storage.write("a/b/c", b"mine"))
    return storage


@pytest.mark.parametrize(
    ("link", "target", "key"),
    [
        ("a/link", "../../outside", "a/link/secret"),
        ("a/link", "../../outside/secret", "a/link"),
        ("link", "../outside", "link/secret"),
        ("a/b/link", "c", "a/b/link"),
        ("a/dangling", "../../outside/new", "a/dangling"),
    ],
)
def test_no_link_is_followed(storage: LocalFileStorage, tmp_path: Path, link: str, target: str, key: str) -> None:
    (tmp_path / "base" / link).symlink_to(target)
    with pytest.raises(StorageError, match="symbolic link"):
        asyncio.run(storage.read(key))
    if "/" in key.removeprefix(link):
        with pytest.raises(StorageError, match="symbolic link"):
            asyncio.run(storage.write(key, b"changed"))
        with pytest.raises(StorageError, match="symbolic link"):
            asyncio.run(storage.delete(key))
    else:
        asyncio.run(storage.write(key, b"changed"))  # in place of the link, not through it
        assert asyncio.run(storage.read(key)) == b"changed"
    assert (tmp_path / "outside/secret").read_bytes() == b"secret"
    assert not (tmp_path / "outside/new").exists()
    assert asyncio.run(storage.read("a/b/c")) == b"mine"


def test_a_link_is_no_key_and_only_the_link_is_deleted(storage: LocalFileStorage, tmp_path: Path) -> None:
    (tmp_path / "base/link").symlink_to("../outside/secret")
    assert asyncio.run(storage.list("")) == ["a/b/c"]
    asyncio.run(storage.delete("link"))
    assert (tmp_path / "outside/secret").exists() and not (tmp_path / "base/link").is_symlink()


def test_the_directory_itself_may_be_a_link(storage: LocalFileStorage, tmp_path: Path) -> None:
    (tmp_path / "other").symlink_to("base")
    assert asyncio.run(LocalFileStorage(str(tmp_path / "other")).read("a/b/c")) == b"mine"


def test_a_pipe_and_a_directory_hold_nothing(storage: LocalFileStorage, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "base/pipe", 0o600)
    assert asyncio.run(storage.read("pipe")) is None
    assert asyncio.run(storage.read("a/b")) is None
    assert asyncio.run(storage.read("a/b/c/d")) is None
    asyncio.run(storage.delete("a/b"))
    assert asyncio.run(storage.read("a/b/c")) == b"mine"


@pytest.mark.parametrize("name", ["a", "a/b/c"])
def test_what_others_may_write_to_is_refused(storage: LocalFileStorage, tmp_path: Path, name: str) -> None:
    (tmp_path / "base" / name).chmod(0o722)
    with pytest.raises(StorageError, match="has mode 0722"):
        asyncio.run(storage.read("a/b/c"))
