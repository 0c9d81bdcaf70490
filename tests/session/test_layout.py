"""Session directories of the Strands Agents SDK open here, and ours are of the same layout."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from strands import Agent, ToolContext, tool
from strands.agent.conversation_manager import SlidingWindowConversationManager
from strands.hooks import BeforeToolCallEvent
from strands.models.scripted import ScriptedModel, ToolCall
from strands.session import FileSessionManager

FIXTURES = Path(__file__).parent / "fixtures"
RELEASES = ["sdk_1_41", "sdk_1_62"]
PNG = b"\x89PNG\x00\xff"


def agent_of(storage: Path, session_id: str, replies: list[Any], effects: list[str], **kwargs: Any) -> Agent:
    @tool
    def inspect_files(paths: list[str]) -> str:
        """Inspect."""
        effects.append("inspect_files")
        return "inspected"

    @tool
    def image() -> dict[str, Any]:
        """Draw."""
        effects.append("image")
        return {"status": "success", "content": [{"image": {"format": "png", "source": {"bytes": PNG}}}]}

    @tool
    def delete_files(paths: list[str]) -> str:
        """Delete."""
        effects.append(f"delete_files {paths}")
        return "deleted"

    @tool(context=True)
    def bulk(tool_context: ToolContext, n: int) -> str:
        """Bulk."""
        effects.append(f"bulk {tool_context.interrupt('bulk-approval', reason={'n': n})}")
        return "bulk done"

    def approve(event: BeforeToolCallEvent) -> None:
        if event.tool_use["name"] == "delete_files":
            paths = event.tool_use["input"]["paths"]
            if event.interrupt("fm-approval", reason={"paths": paths}) != "y":
                event.cancel_tool = "denied"

    return Agent(
        model=ScriptedModel(replies),
        tools=[inspect_files, image, delete_files, bulk],
        hooks=[approve],
        callback_handler=None,
        session_manager=FileSessionManager(session_id=session_id, storage_dir=storage),
        **kwargs,
    )


def answer_all(agent: Agent, response: Any = "y") -> Any:
    return agent([{"interruptResponse": {"interruptId": i.id, "response": response}} for i in agent.pending_interrupts])


@pytest.fixture(params=RELEASES)
def written(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    shutil.copytree(FIXTURES / request.param, tmp_path / "store")
    return tmp_path / "store"


def test_a_session_of_the_sdk_opens_with_history_state_and_bytes(written: Path) -> None:
    agent = agent_of(written, "plain", ["welcome back"], [])
    assert len(agent.messages) == 10
    assert agent.state.get() == {"k": 1, "trust": "t"}
    result: Any = agent.messages[8]["content"][0]["toolResult"]
    assert result["content"][0]["image"]["source"]["bytes"] == PNG
    agent("go on")
    assert len(agent_of(written, "plain", [], []).messages) == 12


def test_a_paused_session_of_the_sdk_resumes_without_running_finished_tools(written: Path) -> None:
    effects: list[str] = []
    agent = agent_of(written, "paused", ["all done"], effects)
    assert [(i.name, i.reason) for i in agent.pending_interrupts] == [
        ("fm-approval", {"paths": ["x"]}),
        ("bulk-approval", {"n": 4}),
    ]
    result = answer_all(agent)
    assert result.stop_reason == "end_turn"
    assert sorted(effects) == ["bulk y", "delete_files ['x']"]
    ids = [block["toolResult"]["toolUseId"] for block in agent.messages[2]["content"]]
    assert ids == ["t1", "t2", "t3", "t4"][: len(ids)]


def test_a_partly_answered_session_of_the_sdk_asks_only_the_rest(written: Path) -> None:
    effects: list[str] = []
    agent = agent_of(written, "partly", ["all done"], effects)
    assert [i.name for i in agent.pending_interrupts] == ["bulk-approval"]
    assert answer_all(agent).stop_reason == "end_turn"
    assert effects == ["bulk y"]


def test_a_window_and_several_agents_of_the_sdk_are_restored(written: Path) -> None:
    window = agent_of(
        written, "window", ["more"], [], conversation_manager=SlidingWindowConversationManager(window_size=4)
    )
    assert [message["content"][0]["text"] for message in window.messages] == ["p4", "r4", "p5", "r5"]
    assert agent_of(written, "many", [], [], agent_id="one").messages[1]["content"] == [{"text": "one"}]
    assert agent_of(written, "many", [], [], agent_id="two").messages[1]["content"] == [{"text": "two"}]


def test_our_files_have_the_keys_of_the_sdk(tmp_path: Path) -> None:
    calls = [ToolCall("inspect_files", {"paths": ["a"]}, id="t1"), ToolCall("delete_files", {"paths": ["x"]}, id="t2")]
    agent = agent_of(tmp_path, "paused", [calls], [])
    assert agent("delete").stop_reason == "interrupt"
    ours, theirs = tmp_path / "session_paused", FIXTURES / "sdk_1_62" / "session_paused"
    for name in ["session.json", "agents/agent_default/agent.json", "agents/agent_default/messages/message_1.json"]:
        mine, other = json.loads((ours / name).read_bytes()), json.loads((theirs / name).read_bytes())
        assert mine.keys() == other.keys()
    state = json.loads((ours / "agents/agent_default/agent.json").read_bytes())["_internal_state"]["interrupt_state"]
    for interrupt in state["interrupts"].values():
        assert interrupt.keys() == {"id", "name", "reason", "response"}
    assert state["activated"] is True
    assert state["context"]["tool_results"][0]["toolUseId"] == "t1"
    assert state["pending_tool_execution"]["completed_tool_results"][0]["toolUseId"] == "t1"


def test_a_turn_that_the_sdk_added_after_ours_is_taken(tmp_path: Path) -> None:
    agent_of(tmp_path, "both", ["one"], [])("first")
    messages = tmp_path / "session_both/agents/agent_default/messages"
    for number, (role, text) in enumerate([("user", "second"), ("assistant", "two")], start=2):
        message = {"message": {"role": role, "content": [{"text": text}]}, "message_id": number}
        (messages / f"message_{number}.json").write_text(json.dumps(message, indent=2))
    agent = agent_of(tmp_path, "both", ["three"], [])
    assert [message["content"][0]["text"] for message in agent.messages] == ["first", "one", "second", "two"]
    agent("third")
    assert len(agent_of(tmp_path, "both", [], []).messages) == 6


def test_unknown_keys_of_a_newer_release_are_left_out(tmp_path: Path) -> None:
    agent_of(tmp_path, "s", ["one"], [])("first")
    for path in (tmp_path / "session_s").rglob("*.json"):
        data = json.loads(path.read_bytes())
        path.write_text(json.dumps({**data, "new_key": 1, "updated_at": "2999-01-01T00:00:00+00:00"}))
    assert len(agent_of(tmp_path, "s", [], []).messages) == 2
