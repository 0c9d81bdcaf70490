"""What a file session keeps, and for whom."""

from __future__ import annotations

import asyncio
import json
import os
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from strands import Agent, ToolContext, tool
from strands.agent.conversation_manager import SlidingWindowConversationManager, SummarizingConversationManager
from strands.hooks import AfterInvocationEvent, BeforeToolCallEvent
from strands.models.scripted import Reply, ScriptedModel, ToolCall
from strands.session import Disk, FileSessionManager
from strands.types.exceptions import SessionException
from support.disks import WatchedDisk


def agent_in(storage: Path, replies: Any = (), *, disk: Disk | None = None, **kwargs: Any) -> Agent:
    model = ScriptedModel(replies if callable(replies) else list(replies))
    manager = FileSessionManager(session_id=kwargs.pop("session_id", "s"), storage_dir=storage, disk=disk)
    return Agent(model=model, session_manager=manager, callback_handler=None, **kwargs)


def texts(agent: Agent) -> list[str]:
    return [block["text"] for message in agent.messages for block in message["content"] if "text" in block]


def test_a_conversation_and_its_state_go_on_in_a_new_agent(tmp_path: Path) -> None:
    first = agent_in(tmp_path, ["hello", "again"], state={"visits": 1})
    first("hi")
    first.state.set("visits", 2)
    first("more")
    second = agent_in(tmp_path, ["third"])
    assert texts(second) == ["hi", "hello", "more", "again"]
    assert second.state.get("visits") == 2
    second("once more")
    assert len(agent_in(tmp_path).messages) == 6


def test_initial_messages_of_a_new_agent_are_kept(tmp_path: Path) -> None:
    agent_in(tmp_path, messages=[{"role": "user", "content": [{"text": "a"}]}])
    assert texts(agent_in(tmp_path)) == ["a"]


def test_what_hooks_change_at_the_end_of_a_call_is_kept(tmp_path: Path) -> None:
    def count(event: AfterInvocationEvent) -> None:
        event.agent.state.set("calls", 1)

    agent_in(tmp_path, ["hello"], hooks=[count])("hi")
    assert agent_in(tmp_path).state.get("calls") == 1


def test_several_agents_share_a_session_and_work_at_the_same_time(tmp_path: Path) -> None:
    async def main() -> None:
        manager = FileSessionManager(session_id="s", storage_dir=tmp_path)
        agents = [
            Agent(
                model=ScriptedModel([Reply(f"from {name}", delay=0.05)]),
                agent_id=name,
                session_manager=manager,
                callback_handler=None,
            )
            for name in "abc"
        ]
        await asyncio.gather(*(agent.invoke_async("hi") for agent in agents))

    asyncio.run(main())
    for name in "abc":
        assert texts(agent_in(tmp_path, agent_id=name)) == ["hi", f"from {name}"]


def test_conversation_managers_go_on_where_they_were(tmp_path: Path) -> None:
    def windowed(replies: list[str]) -> Agent:
        window = SlidingWindowConversationManager(window_size=2)
        return agent_in(tmp_path, replies, conversation_manager=window)

    agent = windowed(["1", "2", "3"])
    for prompt in "abc":
        agent(prompt)
    again = windowed(["4"])
    assert texts(again) == texts(agent) == ["c", "3"]
    again("d")
    assert texts(windowed([])) == ["d", "4"]


def test_a_summary_is_restored(tmp_path: Path) -> None:
    def make(replies: list[str]) -> Agent:
        manager = SummarizingConversationManager(preserve_recent_messages=2, summary_ratio=0.5)
        return agent_in(tmp_path, replies, session_id="sum", conversation_manager=manager)

    agent = make(["1", "2", "3", "the summary", "4"])
    for prompt in "abc":
        agent(prompt)
    agent.conversation_manager.reduce_context(agent)
    agent("d")
    assert texts(make([])) == texts(agent)


def test_bytes_in_results_and_non_ascii_text_survive(tmp_path: Path) -> None:
    @tool
    def photo() -> dict[str, Any]:
        """Take one."""
        return {"status": "success", "content": [{"image": {"format": "png", "source": {"bytes": b"\x00\xff"}}}]}

    agent_in(tmp_path, [ToolCall("photo", {}, id="t"), "schön \U0001f600 \ud800"], tools=[photo])("go")
    restored = agent_in(tmp_path)
    result: Any = restored.messages[2]["content"][0]["toolResult"]
    assert result["content"][0]["image"]["source"]["bytes"] == b"\x00\xff"
    assert texts(restored)[-1] == "schön \U0001f600 \ud800"


def test_a_redacted_message_comes_back_redacted(tmp_path: Path) -> None:
    manager = FileSessionManager(session_id="s", storage_dir=tmp_path)
    agent = Agent(model=ScriptedModel(["secret"]), session_manager=manager, callback_handler=None)
    agent("hi")
    manager.redact_latest_message({"role": "assistant", "content": [{"text": "[redacted]"}]}, agent)
    assert texts(agent_in(tmp_path)) == ["hi", "[redacted]"]


def test_messages_of_direct_tool_calls_are_kept(tmp_path: Path) -> None:
    @tool
    def add(a: int, b: int) -> str:
        """Add."""
        return str(a + b)

    agent = agent_in(tmp_path, tools=[add])
    agent.tool.add(a=1, b=2)
    assert len(agent.messages) > 0
    assert agent_in(tmp_path).messages == agent.messages


def test_given_up_questions_stay_given_up(tmp_path: Path) -> None:
    @tool
    def pay(amount: int) -> str:
        """Pay."""
        return "paid"

    def ask(event: BeforeToolCallEvent) -> None:
        event.interrupt("ok")

    agent = agent_in(tmp_path, [ToolCall("pay", {"amount": 1}, id="t")], tools=[pay], hooks=[ask])
    assert agent("go").stop_reason == "interrupt"
    reopened = agent_in(tmp_path, tools=[pay], hooks=[ask])
    assert [i.name for i in reopened.pending_interrupts] == ["ok"]
    reopened.abandon_interrupts()
    again = agent_in(tmp_path, ["fine"], tools=[pay], hooks=[ask])
    assert again.pending_interrupts == []
    assert again.messages[-1]["content"][0]["toolResult"]["status"] == "error"
    assert again("go on").stop_reason == "end_turn"


def test_case_24_ids_that_cannot_be_file_names_are_named(tmp_path: Path) -> None:
    for bad in ["", "..", ".", "a/b", "a\\b", "x" * 300, "a\0b", "a\nb", "\ud800"]:
        with pytest.raises(ValueError, match="session_id"):
            FileSessionManager(session_id=bad, storage_dir=tmp_path)
    with pytest.raises(ValueError, match="agent_id"):
        agent_in(tmp_path, agent_id="a/b")
    assert FileSessionManager(session_id="Gespräch 1 ./x".replace("/", "-"), storage_dir=tmp_path)


def test_case_37_everything_is_private_whatever_the_umask(tmp_path: Path) -> None:
    storage = tmp_path / "new" / "store"
    before = os.umask(0)
    try:
        agent_in(storage, ["hello"])("hi")
    finally:
        os.umask(before)
    for path in [storage.parent, *storage.parent.rglob("*")]:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_the_default_directory_is_in_the_home_and_can_be_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("STRANDS_HOME", raising=False)
    assert FileSessionManager("s").storage_dir == str(tmp_path / "home/.strands/sessions")
    monkeypatch.setenv("STRANDS_HOME", str(tmp_path / "moved"))
    assert FileSessionManager("s").storage_dir == str(tmp_path / "moved/sessions")


def test_the_cost_of_a_turn_does_not_grow_with_the_history(tmp_path: Path) -> None:
    class Counting(WatchedDisk):
        written = 0

        def write_all(self, file: int, content: bytes) -> None:
            Counting.written += len(content)
            Disk.write_all(self, file, content)

        def replace(self, path: Path, data: bytes, *, durable: bool = False) -> None:
            Counting.written += len(data)
            Disk.replace(self, path, data, durable=durable)

    disk = Counting()
    FileSessionManager(session_id="s", storage_dir=tmp_path)
    window = SlidingWindowConversationManager(window_size=10_000)
    agent = agent_in(tmp_path, lambda messages: "reply", disk=disk, conversation_manager=window)
    costs = {}
    for turn in range(1, 301):
        names, written = len(disk.names), Counting.written
        agent("prompt")
        costs[turn] = (len(disk.names) - names, Counting.written - written)
    assert costs[300][0] <= costs[10][0] + 1  # the prompt may be written a moment earlier than the reply, or with it
    assert costs[300][1] <= costs[10][1] + 64
    assert disk.names.count("sync_directory") == 4


class SyncingDisk(Disk):
    """Counts how often something waits for the disk."""

    syncs = 0

    def sync(self, file: int, path: str | Path) -> None:
        self.syncs += 1
        super().sync(file, path)

    def sync_path(self, path: str | Path) -> None:
        self.syncs += 1
        super().sync_path(path)


def test_a_turn_without_tools_waits_for_the_disk_once(tmp_path: Path) -> None:
    disk = SyncingDisk()
    agent = agent_in(tmp_path, ["a", "b"], disk=disk)
    agent("first")
    before = disk.syncs
    agent("second")
    assert disk.syncs == before + 1


def test_a_question_waits_for_the_disk_once_and_once_more_when_a_tool_asks_it(tmp_path: Path) -> None:
    @tool(context=True)
    def pay(tool_context: ToolContext) -> str:
        """Pay."""
        return str(tool_context.interrupt("sure?"))

    def ask(event: BeforeToolCallEvent) -> None:
        event.interrupt("sure?")

    for hooks, expected in ([ask], 1), ([], 2):
        disk = SyncingDisk()
        root = tmp_path / str(expected)
        agent = agent_in(root, [ToolCall("pay", {}, id="t")], disk=disk, tools=[pay], hooks=hooks)
        before = disk.syncs
        assert agent("go").stop_reason == "interrupt"
        assert disk.syncs == before + expected


def test_a_result_reaches_the_disk_while_the_model_is_asked(tmp_path: Path) -> None:
    @tool
    def work() -> str:
        """Work."""
        return "worked"

    async def main() -> bool:
        model = ScriptedModel([ToolCall("work", {}, id="t"), "done"], delay=0.6)
        manager = FileSessionManager("s", tmp_path)
        agent = Agent(model=model, tools=[work], session_manager=manager, callback_handler=None)
        call = asyncio.ensure_future(agent.invoke_async("go"))
        found = False
        while not found and not call.done():
            await asyncio.sleep(0.01)
            for journal, head in zip(tmp_path.rglob("journal.jsonl"), tmp_path.rglob("journal.head"), strict=False):
                lines, on_disk = journal.read_bytes().splitlines(), json.loads(head.read_bytes() or b"{}")
                found = b"worked" in b"".join(lines[: on_disk.get("entries", 0)])
        asked = not call.done()
        await call
        return found and asked

    assert asyncio.run(main()), "it is on the disk, and the head says so"


def test_a_file_that_is_overwritten_in_place_holds_the_new_text_and_nothing_else(tmp_path: Path) -> None:
    disk, path = Disk(), tmp_path / "agent.json"
    for text in (b'{"a":"longer"}', b'{"a":1}', b'{"a":"longest of all"}', b'{"a":"' + b"x" * 5000 + b'"}', b"{}"):
        disk.update(path, text)
        assert path.read_bytes() == text
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_event_loop_never_waits_for_the_disk(tmp_path: Path) -> None:
    class Slow(Disk):
        def sync(self, file: int, path: str | Path) -> None:
            time.sleep(0.15)
            super().sync(file, path)

    @tool
    def work() -> str:
        """Work."""
        return "worked"

    async def main() -> float:
        agent = agent_in(tmp_path, [ToolCall("work", {}, id="t"), "done"], disk=Slow(), tools=[work])
        longest, last, done = 0.0, time.perf_counter(), asyncio.ensure_future(agent.invoke_async("go"))
        while not done.done():
            await asyncio.sleep(0.005)
            longest, last = max(longest, time.perf_counter() - last), time.perf_counter()
        await done
        return longest

    assert asyncio.run(main()) < 0.14


def test_a_subclass_sees_every_message_and_state(tmp_path: Path) -> None:
    class Spy(FileSessionManager):
        seen: list[Any]

        def append_message(self, message: Any, agent: Any, **kwargs: Any) -> None:
            self.seen.append(message["role"])
            super().append_message(message, agent, **kwargs)

        def sync_agent(self, agent: Any, **kwargs: Any) -> None:
            self.seen.append("state")
            super().sync_agent(agent, **kwargs)

    Spy.seen = []
    manager = Spy(session_id="s", storage_dir=tmp_path)
    Agent(model=ScriptedModel(["hello"]), session_manager=manager, callback_handler=None)("hi")
    assert [each for each in Spy.seen if each != "state"] == ["user", "assistant"]
    assert Spy.seen[-1] == "state"


def test_deleting_a_session(tmp_path: Path) -> None:
    agent = agent_in(tmp_path, ["hello", "gone"])
    agent("hi")
    FileSessionManager("s", tmp_path).delete_session("s")
    assert not (tmp_path / "session_s").exists()
    with pytest.raises(SessionException, match="no session 's'"):
        FileSessionManager("other", tmp_path).delete_session("s")
    with pytest.raises(SessionException, match="moved on"):
        agent("still there?")


def test_trust_given_with_an_answer_is_remembered_by_the_next_process(tmp_path: Path) -> None:
    @tool
    def delete_files(paths: list[str]) -> str:
        """Delete files."""
        return f"deleted {paths}"

    def approve(event: BeforeToolCallEvent) -> None:
        if event.agent.state.get("trust") == "t":
            return
        approval = event.interrupt("approval", reason={"paths": event.tool_use["input"]["paths"]})
        if approval.lower() == "t":
            event.agent.state.set("trust", "t")
        elif approval.lower() != "y":
            event.cancel_tool = "denied"

    def make() -> Agent:
        call = ToolCall("delete_files", {"paths": ["a"]}, id=None)
        return agent_in(
            tmp_path, lambda m: call if "text" in m[-1]["content"][0] else "done", tools=[delete_files], hooks=[approve]
        )

    result = make()("delete a")
    assert result.stop_reason == "interrupt"
    agent = make()
    answer = [{"interruptResponse": {"interruptId": agent.pending_interrupts[0].id, "response": "t"}}]
    assert agent(answer).stop_reason == "end_turn"
    assert make()("delete a again").stop_reason == "end_turn"


def test_an_agent_that_python_lets_go_of_says_so(tmp_path: Path) -> None:
    program = """
import sys
from strands import Agent
from strands.models.scripted import ScriptedModel
from strands.session import FileSessionManager

class Last(Agent):
    def __del__(self):
        try:
            self("bye")
        except Exception as error:
            print(type(error).__name__, error)

manager = FileSessionManager("s", sys.argv[1])
kept = Last(model=ScriptedModel(["hi", "bye"]), callback_handler=None, session_manager=manager)
kept("go")
"""
    done = subprocess.run([sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("SessionException session 's': Python is letting go of agent 'default', as in")
    assert "another agent" not in done.stdout and done.stderr == ""
    assert len(agent_in(tmp_path, []).messages) == 2


def test_a_session_is_deleted_right_after_a_call(tmp_path: Path) -> None:
    """The files that follow the call in the background do not get in its way."""
    for number in range(40):

        async def call(number: int = number) -> None:
            agent = agent_in(tmp_path, ["one", "two"])
            await agent.invoke_async("a")
            await agent.invoke_async("b")
            await asyncio.sleep(0.004 + number * 0.00005)

        asyncio.run(call())
        FileSessionManager("s", tmp_path).delete_session("s")
        assert not (tmp_path / "session_s").exists()
