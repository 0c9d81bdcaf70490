"""Session files that a person edits: the edit counts, or is refused with the file, what was expected, and a remedy."""

from __future__ import annotations

import json
import os
import shutil
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from strands import Agent, tool
from strands.hooks import BeforeToolCallEvent
from strands.models.scripted import ScriptedModel, ToolCall
from strands.session import Disk, FileSessionManager
from strands.types.exceptions import SessionException
from support.agents import answer

HOME = "session_s/agents/agent_default"
JOURNAL = f"{HOME}/journal.jsonl"


@tool
def pay(amount: int) -> str:
    """Pay."""
    return f"paid {amount}"


def ask(event: BeforeToolCallEvent) -> None:
    if event.interrupt("ok", reason=event.tool_use["input"]) != "y":
        event.cancel_tool = "no"


def agent_in(storage: Path, *replies: Any, disk: Disk | None = None) -> Agent:
    manager = FileSessionManager(session_id="s", storage_dir=storage, disk=disk)
    model = ScriptedModel(list(replies))
    return Agent(model=model, tools=[pay], hooks=[ask], session_manager=manager, callback_handler=None)


def yes(agent: Agent) -> Any:
    return [answer(interrupt, "y") for interrupt in agent.pending_interrupts]


def texts(agent: Agent) -> list[str]:
    return [block["text"] for message in agent.messages for block in message["content"] if "text" in block]


@pytest.fixture(scope="module")
def paused(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A session whose second call waits for an answer."""
    storage = tmp_path_factory.mktemp("store")
    agent = agent_in(storage, ToolCall("pay", {"amount": 1}, id="t0"), "one", ToolCall("pay", {"amount": 2}, id="t1"))
    agent("a")
    agent(yes(agent))
    agent("b")
    return storage


@pytest.fixture
def store(paused: Path, tmp_path: Path) -> Path:
    """A copy of it, with the dates of its files."""
    return Path(shutil.copytree(paused, tmp_path / "store"))


def edit(path: Path, change: Callable[[Any], Any]) -> None:
    path.write_text(json.dumps(change(json.loads(path.read_bytes()))))


def test_an_edit_of_the_same_length_counts(store: Path) -> None:
    path = store / HOME / "messages/message_3.json"
    before = path.stat().st_size
    path.write_bytes(path.read_bytes().replace(b'"one"', b'"two"'))
    assert path.stat().st_size == before
    assert texts(agent_in(store)) == ["a", "two", "b"]
    agent = agent_in(store, "done")
    agent(yes(agent))
    assert texts(agent_in(store)) == ["a", "two", "b", "done"]


def test_an_edit_of_the_agents_state_counts_and_its_answers_stay(store: Path) -> None:
    """Its own `updated_at` stays as it was, as editors leave it."""
    edit(store / HOME / "agent.json", lambda data: {**data, "state": {"limit": 7}})
    agent = agent_in(store, "done")
    assert agent.state.get() == {"limit": 7}
    (interrupt,) = agent.pending_interrupts
    assert interrupt.reason == {"amount": 2}
    agent(yes(agent))
    assert agent_in(store).state.get() == {"limit": 7}
    assert texts(agent_in(store)) == ["a", "one", "b", "done"]


def test_what_nobody_edited_is_read_from_the_journal_alone(store: Path) -> None:
    read: list[str] = []

    class Watched(Disk):
        def read(self, path: Path) -> bytes | None:
            read.append(path.name)
            return super().read(path)

    agent_in(store, disk=Watched())
    assert "agent.json" in read
    assert not [name for name in read if name.startswith("message_")]


@pytest.mark.parametrize("has_journal", [True, False], ids=["with a journal", "of another program"])
@pytest.mark.parametrize(
    ("name", "place", "wrong", "told"),
    [
        ("session_s/session.json", (), [1, 2], "the whole must be an object, not a list"),
        ("session_s/session.json", ("session_type",), "x", "session_type must be 'AGENT', not a text, 'x'"),
        (f"{HOME}/agent.json", (), 7, "the whole must be an object"),
        (f"{HOME}/agent.json", ("state",), "x", "state must be an object, not a text"),
        (f"{HOME}/agent.json", ("conversation_manager_state", "removed_message_count"), {}, "a whole number"),
        (f"{HOME}/agent.json", ("_internal_state", "interrupt_state"), None, "interrupt_state must be an object"),
        (f"{HOME}/agent.json", ("_internal_state", "interrupt_state", "interrupts"), [1], "must be an object"),
        (f"{HOME}/agent.json", ("_internal_state", "brought", "hooks"), [None], "hooks[0] must be a text, not null"),
        (f"{HOME}/agent.json", ("_internal_state", "model_state"), [1], "model_state must be an object"),
        (f"{HOME}/messages/message_0.json", ("message",), "hello", "message must be an object, not a text, 'hello'"),
        (f"{HOME}/messages/message_0.json", ("message", "content"), "hello", "message.content must be a list"),
        (f"{HOME}/messages/message_0.json", ("message", "role"), "robot", "message.role must be 'user' or 'assistant'"),
        (f"{HOME}/messages/message_0.json", ("message_id",), 5, "message_id must be 0, the number in the file's name"),
        (f"{HOME}/messages/message_1.json", ("message", "content", 0, "toolUse"), {}, "an object with 'toolUseId' in"),
        (f"{HOME}/messages/message_2.json", ("message", "content", 0, "toolResult", "content"), 1, "must be a list"),
    ],
)
def test_json_of_the_wrong_shape_is_refused_by_name(
    store: Path, name: str, place: tuple[str | int, ...], wrong: Any, told: str, has_journal: bool
) -> None:
    def change(data: Any) -> Any:
        inner = data
        for key in place[:-1]:
            inner = inner[key]
        if not place:
            return wrong
        inner[place[-1]] = wrong
        return data

    if not has_journal:
        for path in (store / HOME).glob("journal.*"):
            path.unlink()
    edit(store / name, change)
    bad = (store / name).read_bytes()
    with pytest.raises(SessionException) as caught:
        agent_in(store)
    assert repr(str(store / name)) in str(caught.value) and told in str(caught.value)
    assert "Put that right" in str(caught.value)
    assert (store / name).read_bytes() == bad  # and it is there to be put right


def test_a_file_of_the_wrong_shape_that_is_moved_away_is_mended(store: Path) -> None:
    path = store / HOME / "messages/message_0.json"
    edit(path, lambda data: {**data, "message": 1})
    with pytest.raises(SessionException, match="move the file away"):
        agent_in(store)
    path.rename(store / "kept.json")
    assert texts(agent_in(store)) == ["a", "one", "b"]


def a_socket(path: Path) -> None:
    before = Path.cwd()
    os.chdir(path.parent)  # its name is at most a hundred characters long
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(before)


@pytest.mark.timeout(30)
@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with names on this platform")
@pytest.mark.parametrize(
    "name", ["session_s/session.json", f"{HOME}/agent.json", JOURNAL, f"{HOME}/messages/message_0.json"]
)
@pytest.mark.parametrize(
    ("make", "kind"),
    [
        (lambda path: os.mkfifo(path, 0o600), "a pipe"),
        (lambda path: path.mkdir(0o700), "a directory"),
        (a_socket, "a socket"),
    ],
    ids=["pipe", "directory", "socket"],
)
def test_what_is_no_file_is_refused_at_once(store: Path, name: str, make: Callable[[Path], None], kind: str) -> None:
    path = store / name
    path.unlink()
    make(path)
    with pytest.raises(SessionException) as caught:
        agent_in(store)
    assert f"{str(path)!r} is {kind}, not a regular file. Move it away" in str(caught.value)


def test_a_journal_that_is_a_link_is_refused(store: Path) -> None:
    (store / JOURNAL).rename(store / "elsewhere")
    (store / JOURNAL).symlink_to(store / "elsewhere")
    with pytest.raises(SessionException, match="is a symbolic link, not a regular file"):
        agent_in(store)
