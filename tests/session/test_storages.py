"""Storages: views below a prefix, and what is found in them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from strands import Agent
from strands.models import ScriptedModel
from strands.session import SnapshotSessionManager
from strands.storage import InMemoryStorage, LocalFileStorage, S3Storage, Storage, StorageSearchResult
from strands.storage.search import Bm25SearchStrategy, Bm25SearchStrategyConfig
from strands.types.exceptions import StorageError

pytestmark = pytest.mark.anyio


class Plain(Storage):
    """A storage that somebody brought, with no more than a storage has to have."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    async def write(self, key: str, data: bytes) -> None:
        self.kept[key] = data

    async def read(self, key: str) -> bytes | None:
        return self.kept.get(key)

    async def delete(self, key: str) -> None:
        self.kept.pop(key, None)

    async def list(self, query: str = "") -> list[str]:
        return sorted(key for key in self.kept if key.startswith(query))


@pytest.fixture(params=["memory", "files", "s3", "brought"])
def storage(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    if request.param == "s3":
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "testing")
        with mock_aws():
            session = boto3.Session(region_name="us-east-1")
            session.client("s3").create_bucket(Bucket="bucket")
            yield S3Storage("bucket", prefix="all", boto_session=session)
        return
    made: dict[str, Callable[[], Storage]] = {
        "memory": InMemoryStorage,
        "files": lambda: LocalFileStorage(tmp_path / "base"),
        "brought": Plain,
    }
    yield made[request.param]()


async def test_a_namespace_is_what_lies_below_a_prefix(storage: Storage) -> None:
    await storage.write("other/secret", b"not below")
    below = storage.namespace("team/").namespace("ada")
    await below.write("note", b"below")

    assert below.namespaced and not storage.namespaced
    assert await storage.read("team/ada/note") == await below.read("note") == b"below"
    assert await below.list() == ["note"]
    with pytest.raises(StorageError, match=r"'\.\.'"):
        await below.read("../../other/secret")
    with pytest.raises(StorageError, match=r"'\.\.'"):
        storage.namespace("..")
    await below.delete("note")
    assert await storage.list() == ["other/secret"]


async def test_words_are_found_in_keys_and_texts_and_more_of_them_is_better(storage: Storage) -> None:
    await storage.write("notes/theme.md", b"The dark mode of the settings")
    await storage.write("notes/dark.md", b"candles")
    await storage.write("notes/deploy.md", b"what is the way to production")

    found = await storage.search("What is the dark mode?")
    assert [(each.key, each.score) for each in found] == [("notes/theme.md", 2), ("notes/dark.md", 1)]
    assert await storage.search("what is the md") == []
    assert await storage.namespace("notes").search("notes") == []  # the prefix is no part of the keys below it


async def test_a_view_of_a_subclass_is_one_too() -> None:
    class Tagged(InMemoryStorage):
        async def search(self, query: str) -> list[StorageSearchResult]:
            return [StorageSearchResult(f"tagged:{query}", 1.0)]

    parent = Tagged()
    below = parent.namespace("a")
    await parent.write("keep", b"1")
    await below.write("gone", b"2")
    below.clear()
    assert [each.key for each in await below.search("q")] == ["tagged:q"]
    assert await parent.list() == ["keep"]


async def test_what_is_written_is_not_changed_by_its_writer_later() -> None:
    storage, data = InMemoryStorage(), bytearray(b"one")
    await storage.write("key", data)  # type: ignore[arg-type]
    data[0] = 0
    assert await storage.read("key") == b"one"


async def test_a_backslash_is_no_part_of_a_key(storage: Storage) -> None:
    if isinstance(storage, Plain):
        storage = storage.namespace("below")
    with pytest.raises(StorageError, match="backslash"):
        await storage.write("..\\outside", b"")


async def test_an_index_finds_beginnings_of_words_and_what_was_written_last(tmp_path: Path) -> None:
    strategy = Bm25SearchStrategy()
    storage = LocalFileStorage(str(tmp_path / "base"), search_strategy=strategy)
    ada, bob = storage.namespace("ada"), storage.namespace("bob")
    await ada.write("note.md", b"OAuth authentication of users")
    await ada.write(".hidden", b"authentication")
    await bob.write("note.md", b"deployment")

    found = await ada.search("the authentic users")
    assert [each.key for each in found] == ["note.md"] and 0 < found[0].score < 1
    assert await bob.search("authentication") == await ada.search("authentication deployment") == []
    assert await ada.search("the and a") == []

    await ada.write("note.md", b"nothing of the kind")
    assert await ada.search("authentication") == []
    await strategy.close()
    assert [each.key for each in await bob.search('deploy"')] == ["note.md"]  # opened anew
    await strategy.close()


async def test_an_index_with_a_path_of_its_own_is_of_one_directory(tmp_path: Path) -> None:
    strategy = Bm25SearchStrategy(Bm25SearchStrategyConfig(db_path=str(tmp_path / "index.sqlite")))
    await strategy.index(LocalFileStorage(str(tmp_path / "a")), "key", b"word")
    with pytest.raises(ValueError, match="leave out db_path"):
        await strategy.search(LocalFileStorage(str(tmp_path / "b")), "word")
    await strategy.close()


def _agent(storage: Storage, **settings: Any) -> Agent:
    manager = SnapshotSessionManager("ada", storage=storage, **settings)
    return Agent(model=ScriptedModel(["Hi."]), agent_id="a", session_manager=manager, callback_handler=None)


def test_a_session_in_a_namespace_has_the_place_that_was_chosen(storage: Storage) -> None:
    below = storage.namespace("mine")
    _agent(below)("hello")
    assert asyncio.run(storage.list()) == ["mine/ada/scopes/agent/a/snapshots/snapshot_latest.json"]
    assert len(_agent(below).messages) == 2


@pytest.mark.parametrize("when", ["invocation", "trigger"])
def test_a_trigger_that_fails_loses_nothing(when: str, caplog: pytest.LogCaptureFixture) -> None:
    def fail(**_: Any) -> bool:
        raise RuntimeError("no disk")

    storage = InMemoryStorage()
    _agent(storage, snapshot_trigger=fail, save_latest_on=when)("hello")
    assert "snapshot_trigger of session 'ada' failed" in caplog.text
    assert len(_agent(storage).messages) == 2


def test_messages_that_a_session_replaces_are_said(caplog: pytest.LogCaptureFixture) -> None:
    storage = InMemoryStorage()
    _agent(storage)("hello")
    with caplog.at_level(logging.WARNING):
        manager = SnapshotSessionManager("ada", storage=storage)
        given: Any = [{"role": "user", "content": [{"text": "lost"}]}]
        Agent(model=ScriptedModel(["Hi."]), agent_id="a", session_manager=manager, messages=given)
    assert "made with 1 messages; those of session 'ada' take their place" in caplog.text


@pytest.mark.parametrize("id", ["", "  ", ".", ".."])
def test_an_id_that_names_no_place_is_refused(id: str) -> None:
    with pytest.raises(ValueError, match="session_id"):
        SnapshotSessionManager(id, storage=InMemoryStorage())
