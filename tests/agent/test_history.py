"""Histories that are kept short, and states that are kept elsewhere: conversation managers, retries, snapshots."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest

from strands import Agent, ModelRetryStrategy, Snapshot, ToolContext, tool
from strands.agent import (
    NullConversationManager,
    SlidingWindowConversationManager,
    SummarizingConversationManager,
)
from strands.models import ScriptedModel, ToolCall
from strands.types.exceptions import (
    ContextWindowOverflowException,
    ModelRequestError,
    ModelThrottledException,
    ModelUnavailableError,
    SnapshotException,
)
from support.agents import answers, said


def turn(number: int) -> list[Any]:
    return [
        {"role": "user", "content": [{"text": f"question {number}"}]},
        {"role": "assistant", "content": [{"text": f"answer {number}"}]},
    ]


def tool_turn(id: str, text: str = "x") -> list[Any]:
    result = {"toolUseId": id, "status": "success", "content": [{"text": text}]}
    return [
        {"role": "user", "content": [{"text": "use it"}]},
        {"role": "assistant", "content": [{"toolUse": {"toolUseId": id, "name": "look", "input": {}}}]},
        {"role": "user", "content": [{"toolResult": result}]},
        {"role": "assistant", "content": [{"text": "done"}]},
    ]


def make(script: Any, messages: list[Any], manager: Any = None, **options: Any) -> Agent:
    model = ScriptedModel(script)
    return Agent(model=model, messages=messages, conversation_manager=manager, callback_handler=None, **options)


def test_the_window_keeps_the_newest_messages_and_no_orphans() -> None:
    manager = SlidingWindowConversationManager(window_size=5)
    agent = make(["ok"], [*turn(1), *tool_turn("t1")], manager)
    agent("next")
    assert [message["role"] for message in agent.messages] == ["user", "assistant"]
    assert manager.removed_message_count == 6
    assert manager.get_state()["removed_message_count"] == 6


def test_a_model_that_cannot_read_the_history_gets_a_shorter_one() -> None:
    manager = SlidingWindowConversationManager(should_truncate_results=False)
    agent = make([ContextWindowOverflowException("too long"), "ok"], [*turn(1), *turn(2)], manager)
    assert str(agent("next")) == "ok\n"
    assert agent.messages[0]["content"] == [{"text": "question 2"}]


def test_a_loop_longer_than_the_window_keeps_the_task_it_works_on() -> None:
    manager = SlidingWindowConversationManager(window_size=3)
    uses = [message for id in ("t1", "t2", "t3") for message in tool_turn(id)[1:3]]
    agent = make(["ok", "ok"], [*turn(1)[:1], *uses], manager)
    agent(None)
    kinds = [sorted(message["content"][0]) for message in agent.messages]
    assert kinds == [["text"], ["toolUse"], ["toolResult"], ["text"]]
    assert agent.messages[0]["content"] == [{"text": "question 1"}]
    agent("something else")
    assert "question 1" not in str(agent.messages)


def test_the_oldest_large_result_is_shortened_first_and_its_head_tail_and_status_stay() -> None:
    history = [*tool_turn("t1", "HEAD" + "x" * 9_000 + "TAIL"), *tool_turn("t2", "y" * 9_000)]
    agent = make([ContextWindowOverflowException("too long"), "ok"], history)
    agent("next")
    first, second = (agent.messages[at]["content"][0]["toolResult"] for at in (2, 6))
    text = first["content"][0]["text"]
    assert (text[:4], text[-4:], first["status"]) == ("HEAD", "TAIL", "success")
    assert len(text) < 2_000
    assert second["content"] == [{"text": "y" * 9_000}]
    assert len(agent.messages) == 10


def test_without_a_manager_the_error_reaches_the_caller() -> None:
    agent = make([ContextWindowOverflowException("too long")], turn(1), NullConversationManager())
    with pytest.raises(ContextWindowOverflowException, match="too long"):
        agent("next")


def test_the_oldest_messages_become_a_summary() -> None:
    writer = Agent(model=ScriptedModel(["They talked."]), callback_handler=None)
    manager = SummarizingConversationManager(summary_ratio=0.5, preserve_recent_messages=2, summarization_agent=writer)
    agent = make([ContextWindowOverflowException("too long"), "ok"], [*turn(1), *turn(2), *turn(3)], manager)
    assert str(agent("next")) == "ok\n"
    assert agent.messages[0]["content"] == [{"text": "They talked."}]
    assert agent.messages[0]["tracking_id"]
    assert writer.messages == []
    fresh = SummarizingConversationManager()
    restored = fresh.restore_from_session(json.loads(json.dumps(manager.get_state())))
    assert restored == [agent.messages[0]]


def test_a_session_kept_by_another_manager_is_refused() -> None:
    with pytest.raises(ValueError, match="'NullConversationManager'"):
        SlidingWindowConversationManager().restore_from_session(NullConversationManager().get_state())


@pytest.mark.parametrize("error", [ModelThrottledException("slow down"), ModelUnavailableError("gone")])
def test_case_39_a_failure_that_may_pass_is_tried_again(error: Exception) -> None:
    strategy = ModelRetryStrategy(max_attempts=3, initial_delay=0)
    assert str(make([error, error, "ok"], [], retry_strategy=strategy)("hi")) == "ok\n"
    with pytest.raises(type(error)):
        make([error, error, error, "ok"], [], retry_strategy=strategy)("hi")


def test_case_39_a_bad_request_is_not_tried_again() -> None:
    agent = make([ModelRequestError("bad"), "ok"], [], retry_strategy=ModelRetryStrategy(initial_delay=0))
    with pytest.raises(ModelRequestError):
        agent("hi")


def test_case_39_the_wait_that_the_provider_names_is_kept() -> None:
    strategy = ModelRetryStrategy(initial_delay=60)
    started = time.monotonic()
    assert (
        str(make([ModelThrottledException("x", retry_after=0.05), "ok"], [], retry_strategy=strategy)("hi")) == "ok\n"
    )
    assert 0.05 <= time.monotonic() - started < 5


def test_without_a_strategy_nothing_is_tried_again() -> None:
    with pytest.raises(ModelThrottledException):
        make([ModelThrottledException("x"), "ok"], [], retry_strategy=None)("hi")


@tool(context=True)
def ask(tool_context: ToolContext) -> str:
    """Ask."""
    return str(tool_context.interrupt("q"))


def test_a_snapshot_carries_a_paused_agent_elsewhere() -> None:
    first = make([ToolCall("ask", {}, "t1")], [], tools=[ask], state={"a": 1})
    result = first("hi")
    stored = json.dumps(first.take_snapshot(preset="session", app_data={"user": "ada"}).to_dict())
    snapshot = Snapshot.from_dict(json.loads(stored))
    assert snapshot.app_data == {"user": "ada"}
    other = make(["done"], [], tools=[ask])
    other.load_snapshot(snapshot)
    assert other.state.get() == {"a": 1}
    assert str(other(answers(result, "y"))) == "done\n"


def test_a_snapshot_holds_the_fields_that_are_asked_for() -> None:
    agent = make(["x"], turn(1), system_prompt="Be kind.")
    snapshot = agent.take_snapshot(include=["system_prompt", "state"], exclude=["state"])
    assert snapshot.data == {"system_prompt": [{"text": "Be kind."}]}
    other = make(["x"], turn(2))
    other.load_snapshot(snapshot)
    assert (other.system_prompt, said(other.messages)) == ("Be kind.", turn(2))
    with pytest.raises(SnapshotException, match="no field"):
        agent.take_snapshot()
    with pytest.raises(SnapshotException, match="version '2"):
        other.load_snapshot(Snapshot("agent", "2.0", {}))


def test_summaries_do_not_block_the_loop() -> None:
    writer = Agent(model=ScriptedModel(["Short."], delay=0.05), callback_handler=None)
    manager = SummarizingConversationManager(preserve_recent_messages=1, summarization_agent=writer)
    agent = make([ContextWindowOverflowException("too long"), "ok"], [*turn(1), *turn(2)], manager)

    async def main() -> int:
        ticks, task = 0, asyncio.ensure_future(agent.invoke_async("next"))
        while not task.done():
            await asyncio.sleep(0.005)
            ticks += 1
        return ticks

    assert asyncio.run(main()) > 3
