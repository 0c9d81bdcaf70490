"""Encryption at rest: a database says nothing to who lacks the key, and everything to who has it."""

from __future__ import annotations

import asyncio
import hashlib
import re
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from strands import Agent, SessionManager
from strands.journal.sql import SqlRepository
from strands.models.scripted import ScriptedModel
from strands.session import SQLSessionManager
from strands.types.exceptions import SessionException
from strands_cli.errors import SessionDamagedError, StorageError
from strands_cli.session.conformance import draft, opening
from strands_cli.session.repository import store_at
from support.blob_promises import BlobPromises
from support.console import Console
from support.sql_promises import SqlPromises


class Keys:
    """A codec that is good enough to be told apart: it encodes with the first key, and decodes with any."""

    def __init__(self, *keys: bytes) -> None:
        self._keys = keys

    def encode(self, line: bytes) -> bytes:
        return b"1" + hashlib.sha256(line).digest()[:8] + _mixed(self._keys[0], line)

    def decode(self, stored: bytes) -> bytes:
        for key in self._keys:
            line = _mixed(key, stored[9:])
            if hashlib.sha256(line).digest()[:8] == stored[1:9]:
                return line
        raise ValueError("no key fits")


def _mixed(key: bytes, text: bytes) -> bytes:
    stream = hashlib.shake_256(key).digest(len(text))
    return (int.from_bytes(text, "big") ^ int.from_bytes(stream, "big")).to_bytes(len(text), "big")


@pytest.fixture(autouse=True)
def vault(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("vault")
    module.old, module.new = Keys(b"old"), Keys(b"new", b"old")  # type: ignore[attr-defined]
    module.other, module.nothing = Keys(b"other"), object()  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "vault", module)


class TestCoded(SqlPromises, BlobPromises):
    very_large = 2_000_000

    @pytest.fixture(autouse=True)
    def store(self, tmp_path: Path, vault: None) -> None:
        self.path = tmp_path / "runs.db"

    def make_repository(self, namespace: str = "") -> SqlRepository:
        store = store_at(f"sqlite:///{self.path}?namespace={namespace}&codec=vault:old")
        assert isinstance(store, SqlRepository)
        return store

    # The codec is in no module that another process can import.
    test_a_forked_child_has_a_connection_and_a_lease_of_its_own = None  # type: ignore[assignment]
    # These change lines as somebody does who has no key.
    test_one_damaged_session_hides_no_other = None  # type: ignore[assignment]
    test_a_database_that_went_back_in_time_is_named_and_nothing_is_written = None  # type: ignore[assignment]


def begun(url: str, name: str, text: str) -> None:
    async def begin() -> None:
        await store_at(url).create(name, opening(), [draft("asked", "q", prompt=text), draft("paused")])

    asyncio.run(begin())


def test_nothing_that_anybody_said_is_in_the_file(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/runs.db?codec=vault:old"
    begun(url, "s", "canary?")
    SessionManager(store=url).get_session("s").answer("q", "canary!")
    agent = Agent(model=ScriptedModel(["canary."]), session_manager=SQLSessionManager("a", url), callback_handler=None)
    agent("canary")
    database = sqlite3.connect(tmp_path / "runs.db")
    dump = "".join(database.iterdump())
    database.close()
    assert "strands_entries" in dump and "canary" not in dump
    assert "63616E617279" not in dump.upper(), "as a dump writes bytes"
    assert [each.status for each in SessionManager(store=url).list_sessions()] == ["answered"]


def test_a_key_is_changed_and_a_wrong_one_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    url = f"sqlite:///{tmp_path}/runs.db"
    begun(url, "plain", "?")
    begun(f"{url}?codec=vault:old", "old", "?")
    begun(f"{url}?codec=vault:new", "new", "?")
    manager = SessionManager(store=f"{url}?codec=vault:new")
    assert sorted(each.id for each in manager.list_sessions()) == ["new", "old", "plain"]
    for place, said in (("?codec=vault:other", "no key fits"), ("", "was stored by a codec")):
        with pytest.raises(SessionDamagedError, match=said) as refused:
            SessionManager(store=f"{url}{place}").get_session("old")
        assert "Nothing was changed" in refused.value.hint
        caplog.clear()
        assert "old" not in [each.id for each in SessionManager(store=f"{url}{place}").list_waiting_sessions()]
        assert re.search(f"session 'old': a line .*{said}", caplog.text)
    with pytest.raises(SessionException, match="no key fits"):
        SQLSessionManager("a", f"{url}?codec=vault:old")
        SQLSessionManager("a", f"{url}?codec=vault:other")


class Marked(Keys):
    """A codec whose text begins with what is asked for, as one that begins with chance does sooner or later."""

    def __init__(self, mark: bytes) -> None:
        super().__init__(b"key")
        self.mark = mark

    def encode(self, line: bytes) -> bytes:
        return self.mark + super().encode(line)

    def decode(self, stored: bytes) -> bytes:
        assert stored.startswith(self.mark)
        return super().decode(stored[len(self.mark) :])


@pytest.mark.parametrize("mark", [b"{", b"\0", b"\0{", b"{}\n", b""])
def test_what_a_codec_makes_of_a_line_may_begin_with_anything(
    mark: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules["vault"], "marked", Marked(mark), raising=False)
    url = f"sqlite:///{tmp_path}/runs.db?codec=vault:marked"
    begun(url, "s", "?")
    SessionManager(store=url).get_session("s").answer("q", "!")
    assert [each.status for each in SessionManager(store=url).list_sessions()] == ["answered"]
    with pytest.raises(SessionDamagedError, match="the store was opened without one"):
        SessionManager(store=f"sqlite:///{tmp_path}/runs.db").get_session("s")


class Failing:
    """A codec that does what it is told to, once it is known."""

    def __init__(self, encoded: Callable[[bytes], Any], decoded: Callable[[bytes], Any]) -> None:
        self.fails = False
        self._made = encoded, decoded

    def encode(self, line: bytes) -> Any:
        return self._made[0](line) if self.fails else b"-" + line

    def decode(self, stored: bytes) -> Any:
        return self._made[1](stored) if self.fails else stored[1:]


FAULTS: list[Callable[[bytes], Any]] = [
    lambda text: 1 / 0,
    lambda text: None,
    lambda text: "text",
    lambda text: b"junk",
]


@pytest.mark.parametrize("fault", FAULTS[:3])
def test_a_codec_that_fails_to_encode_is_named_and_nothing_is_written(
    fault: Callable[[bytes], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    codec = Failing(fault, lambda text: text[1:])
    monkeypatch.setattr(sys.modules["vault"], "failing", codec, raising=False)
    url = f"sqlite:///{tmp_path}/runs.db?codec=vault:failing"
    begun(url, "s", "?")
    agent = Agent(model=ScriptedModel(["hello"]), session_manager=SQLSessionManager("a", url), callback_handler=None)
    codec.fails = True
    with pytest.raises(StorageError, match=r"cannot be encoded by the store's codec: .*Error") as refused:
        SessionManager(store=url).get_session("s").answer("q", "!")
    assert "Nothing was written" in refused.value.hint
    with pytest.raises(SessionException, match=r"cannot be encoded by the store's codec: .*Error"):
        agent("hello")
    codec.fails = False
    assert [each.status for each in SessionManager(store=url).list_sessions()] == ["paused"]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_codec_that_decodes_to_no_line_is_named(
    fault: Callable[[bytes], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    codec = Failing(lambda line: line, fault)
    monkeypatch.setattr(sys.modules["vault"], "failing", codec, raising=False)
    url = f"sqlite:///{tmp_path}/runs.db?codec=vault:failing"
    begun(url, "s", "?")
    codec.fails = True
    with pytest.raises(SessionDamagedError, match=r"cannot be decoded by the store's codec: .*Error") as refused:
        SessionManager(store=url).get_session("s")
    assert "the key that it was written with" in refused.value.hint


@pytest.mark.parametrize("fault", FAULTS)
def test_a_codec_that_does_not_give_back_what_it_was_given_is_refused_before_anything_is_written(
    fault: Callable[[bytes], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    codec = Failing(lambda line: line, fault)
    codec.fails = True
    monkeypatch.setattr(sys.modules["vault"], "failing", codec, raising=False)
    with pytest.raises(StorageError, match="codec=vault:failing names no codec: "):
        SessionManager(store=f"sqlite:///{tmp_path}/runs.db?codec=vault:failing")
    assert not (tmp_path / "runs.db").exists()


@pytest.mark.parametrize("name", ["vault:missing", "nowhere:codec", "vault:nothing", "vault"])
def test_what_is_no_codec_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match=f"codec={name} names no codec") as refused:
        SessionManager(store=f"sqlite:///{tmp_path}/runs.db?codec={name}")
    assert "?codec=MODULE:NAME" in refused.value.hint


def test_a_codec_whose_module_fails_is_told_what_failed(tmp_path: Path) -> None:
    console = Console(tmp_path, {"NO_COLOR": "1"})
    console.write("keyless.py", "import os\ncodec = os.environ['NO_SUCH_KEYS']\n")
    said = console.run("--store", "sqlite:///runs.db?codec=keyless:codec", "sessions", "list", code=2).stderr
    assert "codec=keyless:codec names no codec: KeyError: 'NO_SUCH_KEYS'" in said


def test_a_store_is_encoded_by_a_copy(tmp_path: Path) -> None:
    console = Console(tmp_path, {"NO_COLOR": "1"})
    console.write(
        "bits.py", "class codec:\n    encode = decode = staticmethod(lambda text: bytes(255 - x for x in text))\n"
    )
    begun(str(tmp_path / "files"), "s", "canary")
    console.run("store", "copy", "files", "sqlite:///runs.db?codec=bits:codec")
    assert b"canary" not in (tmp_path / "runs.db").read_bytes()
    console.run("store", "copy", "sqlite:///runs.db?codec=bits:codec", "back")
    journal = Path("session_s") / "journal.jsonl"
    assert (tmp_path / "back" / journal).read_bytes() == (tmp_path / "files" / journal).read_bytes()
