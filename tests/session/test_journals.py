"""An agent's session is its journal: what is beside it is for others, and can be had again."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from strands import Agent
from strands.hooks import BeforeToolCallEvent
from strands.models.scripted import Reply, ScriptedModel, ToolCall
from strands.session import Disk, FileSessionManager
from strands.types.agent import ConcurrentInvocationMode
from strands.types.exceptions import SessionException
from support.disks import WatchedDisk
from support.session_worker import Workers, finish, lines, make_agent, start

SDK = Path(__file__).parent / "fixtures/sdk_1_62"


def agent_in(storage: Path, *replies: Any, session: str = "s", disk: Any = None, **kwargs: Any) -> Agent:
    manager = FileSessionManager(session, storage, disk=disk)
    return Agent(model=ScriptedModel(list(replies)), session_manager=manager, callback_handler=None, **kwargs)


def home(storage: Path, session: str = "s") -> Path:
    return storage / f"session_{session}/agents/agent_default"


def kinds(storage: Path) -> list[str]:
    return [json.loads(line)["kind"] for line in (home(storage) / "journal.jsonl").read_bytes().splitlines()]


def test_a_call_is_told_from_its_lease_to_its_rest(tmp_path: Path) -> None:
    agent_in(tmp_path, "one")("hello")
    assert kinds(tmp_path) == ["opened", "leased", "agent", "rested", "leased", "message", "message", "rested"]


def test_the_files_beside_the_journal_follow_a_call_that_is_awaited(tmp_path: Path) -> None:
    async def main() -> None:
        agent = agent_in(tmp_path, "one", "two")
        await agent.invoke_async("hello")
        manager = FileSessionManager("s", tmp_path)
        assert [each.message_id for each in manager.list_messages("s", "default")] == [0, 1]
        await agent.invoke_async("again")
        assert len(FileSessionManager("s", tmp_path).list_messages("s", "default")) == 4

    asyncio.run(main())


def test_files_that_cannot_be_written_hold_up_no_call_and_follow_later(tmp_path: Path) -> None:
    full = False

    def refuse(call: int, name: str) -> None:
        if full and name == "replace":
            raise OSError(errno.ENOSPC, "No space left on device")

    agent = agent_in(tmp_path, "one", "two", disk=WatchedDisk(before=refuse))
    full = True
    agent("hello")
    assert not list(tmp_path.rglob("message_*.json"))
    full = False
    agent("again")
    assert len(list(tmp_path.rglob("message_*.json"))) == 4


@pytest.mark.parametrize("session", ["plain", "paused"])
def test_a_session_of_the_sdk_is_taken_into_a_journal(tmp_path: Path, session: str) -> None:
    store = tmp_path / "store"
    shutil.copytree(SDK, store)
    before = agent_in(store, session=session)
    shutil.rmtree(home(store, session) / "messages")
    (home(store, session) / "agent.json").unlink()
    after = agent_in(store, session=session)
    assert after.messages == before.messages and after.state.get() == before.state.get()
    assert [each.to_dict() for each in after.pending_interrupts] == [
        each.to_dict() for each in before.pending_interrupts
    ]


def test_a_session_of_the_sdk_can_be_looked_at_where_nothing_can_be_written(tmp_path: Path) -> None:
    store = tmp_path / "store"
    shutil.copytree(SDK, store)

    def refuse(call: int, name: str) -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    agent = agent_in(store, "more", session="plain", disk=WatchedDisk(before=refuse))
    assert len(agent.messages) == 10
    with pytest.raises(SessionException, match="Read-only file system"):
        agent("go on")
    assert not list(store.rglob("journal.jsonl"))


def test_a_process_that_lives_on_is_in_nobodys_way_between_its_calls(tmp_path: Path) -> None:
    workers = Workers()
    agent = make_agent(tmp_path)
    start(agent, tmp_path)
    assert workers.run("finish", tmp_path) == 0
    workers.close()
    assert lines(tmp_path, "effects").count("pay") == 1
    with pytest.raises(SessionException, match="was answered by process"):
        finish(agent, tmp_path)


def test_of_two_calls_of_one_agent_the_one_that_goes_on_holds_the_lease(tmp_path: Path) -> None:
    async def main() -> None:
        mode = ConcurrentInvocationMode.UNSAFE_REENTRANT
        agent = agent_in(tmp_path, "quick", Reply("slow", delay=0.3), "third", concurrent_invocation_mode=mode)
        slow = asyncio.ensure_future(agent.invoke_async("first"))
        await asyncio.sleep(0)
        await agent.invoke_async("second")
        if not slow.done():
            other = agent_in(tmp_path, "other")
            with pytest.raises(SessionException, match=f"process {os.getpid()}"):
                await other.invoke_async("third")
        await slow

    asyncio.run(main())


def test_a_call_that_is_refused_at_its_end_gives_the_lease_back(tmp_path: Path) -> None:
    class Full(Disk):
        armed = False

        def write_all(self, file: int, content: bytes) -> None:
            if Full.armed and b'"rested"' in content:
                Full.armed = False
                raise OSError(errno.ENOSPC, "No space left on device")
            super().write_all(file, content)

    def ask(event: BeforeToolCallEvent) -> None:
        event.interrupt("ok")

    call = ToolCall("nothing", {}, id="t")
    agent = agent_in(tmp_path, call, "done", hooks=[ask], disk=Full())
    Full.armed = True
    with pytest.raises(SessionException, match="No space left"):
        agent("go")
    assert kinds(tmp_path)[-1] == "rested"
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            other = agent_in(tmp_path, call, "done", hooks=[ask])
            told = str(other(None if other.messages else "go").stop_reason)
        except BaseException as error:
            told = repr(error)
        os.write(writing, told.encode())
        os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 1000) == b"interrupt"
