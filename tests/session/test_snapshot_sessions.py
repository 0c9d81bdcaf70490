"""Sessions as snapshots, and the storages they are kept in."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from strands import Agent, tool
from strands.hooks import BeforeToolCallEvent
from strands.models import ScriptedModel, ToolCall
from strands.multiagent import GraphBuilder
from strands.session import SnapshotSessionManager
from strands.storage import InMemoryStorage, LocalFileStorage, S3Storage, Storage
from strands.types.exceptions import SessionException, StorageError

LATEST = "session/s/scopes/agent/default/snapshots/snapshot_latest.json"


def _agent(storage: Storage, *replies: Any, **more: Any) -> Agent:
    manager = SnapshotSessionManager("s", storage=storage, **more.pop("manager", {}))
    return Agent(model=ScriptedModel(list(replies)), session_manager=manager, callback_handler=None, **more)


def _texts(agent: Agent) -> list[str]:
    return [message["content"][0].get("text", "") for message in agent.messages]


def test_an_agent_goes_on_where_the_last_process_ended(tmp_path: Path) -> None:
    storage = LocalFileStorage(str(tmp_path))
    first = _agent(storage, "one", system_prompt="be kind")
    first.state.set("n", 1)
    first("hi")
    second = _agent(LocalFileStorage(str(tmp_path)), "two")
    assert second.session_id == "s"
    assert (_texts(second), second.state.get("n"), second.system_prompt) == (["hi", "one"], 1, "be kind")
    file = tmp_path / LATEST
    assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads(file.read_text())["scope"] == "agent"


def test_an_open_question_is_answered_in_another_process() -> None:
    ran: list[str] = []

    @tool
    def wipe(path: str) -> str:
        """Wipe."""
        ran.append(path)
        return "gone"

    def ask(event: BeforeToolCallEvent) -> None:
        if event.interrupt("sure", reason={"bytes": 3}) != "y":
            event.cancel_tool = True

    storage = InMemoryStorage()
    result = _agent(storage, ToolCall("wipe", {"path": "a"}), tools=[wipe], hooks=[ask])("go")
    second = _agent(storage, "done", tools=[wipe], hooks=[ask])
    assert [each.id for each in second.pending_interrupts] == [each.id for each in result.interrupts or []]
    answer = [{"interruptResponse": {"interruptId": second.pending_interrupts[0].id, "response": "y"}}]
    assert second(answer).stop_reason == "end_turn" and ran == ["a"]


def test_older_states_are_kept_and_gone_back_to() -> None:
    async def run() -> None:
        seen: list[Any] = []

        def trigger(*, agent_data: Any, **kwargs: Any) -> bool:
            seen.append(agent_data)
            return len(agent_data.messages) == 2

        storage = InMemoryStorage()
        agent = _agent(storage, "one", "two", "three", manager={"snapshot_trigger": trigger})
        manager = agent._session_manager
        await agent.invoke_async("1")
        await agent.invoke_async("2")
        made = await manager.save_snapshot(agent, is_latest=False)
        ids = await manager.list_snapshot_ids(agent)
        assert len(ids) == 2 and ids[1] == made and seen == [agent, agent]
        assert await manager.list_snapshot_ids(agent, limit=1) == ids[:1]
        assert await manager.list_snapshot_ids(agent, start_after=ids[0]) == ids[1:]
        assert await manager.restore_snapshot(agent, snapshot_id=ids[0])
        assert _texts(agent) == ["1", "one"]
        assert await manager.restore_snapshot(agent)
        assert len(agent.messages) == 4
        with pytest.raises(ValueError, match="not the id of a snapshot"):
            await manager.restore_snapshot(agent, snapshot_id="../../x")
        await manager.delete_session()
        assert await storage.list("") == []
        assert not await manager.restore_snapshot(agent)

    asyncio.run(run())


@pytest.mark.parametrize(("strategy", "after"), [("message", 4), ("invocation", 4), ("trigger", 0)])
def test_when_the_newest_state_is_stored(strategy: str, after: int) -> None:
    class Counting(InMemoryStorage):
        writes = 0

        async def write(self, key: str, data: bytes) -> None:
            Counting.writes += 1
            await super().write(key, data)

    Counting.writes = 0
    storage = Counting()
    agent = _agent(storage, "a", "b", manager={"save_latest_on": strategy})
    agent("1")
    agent("2")
    assert len(_agent(storage).messages) == after
    assert Counting.writes == {"message": 6, "invocation": 2, "trigger": 0}[strategy]


def test_bytes_survive() -> None:
    storage = InMemoryStorage()
    image: Any = {"image": {"format": "png", "source": {"bytes": b"\x89PNG\xff"}}}
    _agent(storage, "seen")([image])
    assert _agent(storage).messages[0]["content"] == [image]


def test_a_graph_goes_on_where_it_asked() -> None:
    def graph(storage: Storage, *replies: Any) -> Any:
        @tool
        def wipe() -> str:
            """Wipe."""
            return "gone"

        def ask(event: BeforeToolCallEvent) -> None:
            event.interrupt("sure")

        agent = Agent(model=ScriptedModel(list(replies)), tools=[wipe], hooks=[ask], name="n", callback_handler=None)
        builder = GraphBuilder()
        builder.add_node(agent, "n")
        return builder.set_session_manager(SnapshotSessionManager("g", storage=storage)).build()

    storage = InMemoryStorage()
    result = graph(storage, ToolCall("wipe", {}))("go")
    assert result.status.value == "interrupted"
    answers = [{"interruptResponse": {"interruptId": result.interrupts[0].id, "response": "y"}}]
    assert graph(storage, "done")(answers).status.value == "completed"


def test_a_damaged_state_is_named() -> None:
    storage = InMemoryStorage()
    asyncio.run(storage.write(LATEST, b"{"))
    with pytest.raises(SessionException, match="'default' is not JSON"):
        _agent(storage)


@pytest.mark.parametrize("session_id", ["", "a/b", "..", "a\\b"])
def test_a_session_id_is_part_of_a_key(session_id: str) -> None:
    with pytest.raises(ValueError, match="session_id"):
        SnapshotSessionManager(session_id, storage=InMemoryStorage())


def test_an_unknown_strategy_is_refused() -> None:
    with pytest.raises(ValueError, match="save_latest_on is 'never'"):
        SnapshotSessionManager("s", storage=InMemoryStorage(), save_latest_on="never")  # type: ignore[arg-type]


async def _use(storage: Storage) -> None:
    await storage.write("a/b.json", b"x")
    await storage.write("a//c", b"y")
    await storage.write("a/b.json", b"z")
    assert await storage.list("") == await storage.list("a/") == ["a/b.json", "a/c"]
    assert await storage.list("a/b") == ["a/b.json"]
    assert (await storage.read("a/b.json"), await storage.read("a/c"), await storage.read("a")) == (b"z", b"y", None)
    await storage.delete("a/c")
    await storage.delete("a/c")
    assert await storage.list("") == ["a/b.json"]
    for key in ("", "/", "../x", "a/../b"):
        with pytest.raises(StorageError):
            await storage.write(key, b"")


def test_storages_in_memory_and_in_files(tmp_path: Path) -> None:
    asyncio.run(_use(InMemoryStorage()))
    asyncio.run(_use(LocalFileStorage(str(tmp_path / "deep" / "er"))))


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot be written"):
        asyncio.run(LocalFileStorage(str(tmp_path)).write("file/below", b""))


def test_a_storage_in_a_bucket(monkeypatch: pytest.MonkeyPatch) -> None:
    moto, boto3 = pytest.importorskip("moto"), pytest.importorskip("boto3")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with moto.mock_aws():
        session = boto3.Session(region_name="us-east-1")
        session.client("s3").create_bucket(Bucket="bucket")
        asyncio.run(_use(S3Storage("bucket", prefix="p/", boto_session=session)))
        with pytest.raises(StorageError, match="nope"):
            asyncio.run(S3Storage("nope", boto_session=session).write("a", b""))
    with pytest.raises(StorageError, match="region_name or boto_session"):
        S3Storage("b", region_name="x", boto_session=object())


def test_a_turn_that_waits_does_not_go_on_without_the_hooks_that_judge_it() -> None:
    ran: list[str] = []

    @tool
    def wipe(path: str) -> str:
        """Wipe."""
        ran.append(path)
        return "gone"

    def ask(event: BeforeToolCallEvent) -> None:
        if event.interrupt("sure") != "y":
            event.cancel_tool = True

    storage = InMemoryStorage()
    result = _agent(storage, ToolCall("wipe", {"path": "a"}), tools=[wipe], hooks=[ask])("go")
    answer: Any = [{"interruptResponse": {"interruptId": (result.interrupts or ())[0].id, "response": "n"}}]
    without = (ToolCall("wipe", {"path": "b"}), "done")
    with pytest.raises(SessionException, match=r"ask.*SnapshotSessionManager\(\.\.\., without_hooks=True\)"):
        _agent(storage, *without, tools=[wipe])(answer)
    assert ran == []
    told = _agent(storage, *without, tools=[wipe], manager={"without_hooks": True})
    assert told(answer).stop_reason == "end_turn"
    assert ran == ["b"]
