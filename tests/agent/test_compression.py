"""Shortening a history in time, and messages that stay: proactive compression and pins."""

from __future__ import annotations

import asyncio
import copy
from typing import Any

import pytest

from strands import Agent, tool
from strands.agent.conversation_manager import (
    ConversationManager,
    NullConversationManager,
    SlidingWindowConversationManager,
    SummarizingConversationManager,
)
from strands.agent.conversation_manager.compression.context_compression import (
    adjust_split_point_for_tool_pairs,
    as_user_summary,
    find_valid_trim_point,
    generate_summary,
    matches_message_type,
)
from strands.agent.conversation_manager.compression.pin_message import (
    is_pinned,
    partition_pinned,
    pin_message,
    unpin_message,
)
from strands.hooks import BeforeModelCallEvent, HookRegistry
from strands.models import ScriptedModel, ToolCall
from strands.models.scripted import Reply
from strands.session import FileSessionManager
from strands.types.content import Message
from strands.types.exceptions import ContextWindowOverflowException


def _talk(turns: int, text: str = "x") -> list[Any]:
    roles = ["user", "assistant"] * turns
    return [{"role": role, "content": [{"text": f"{text}{index}"}]} for index, role in enumerate(roles)]


def _texts(messages: list[Any]) -> list[str]:
    return [message["content"][0].get("text", "") for message in messages]


class Small(ScriptedModel):
    """A model that says what it can read."""

    @property
    def context_window_limit(self) -> int | None:
        return 100


def test_a_history_is_shortened_before_the_model_fails_to_read_it() -> None:
    manager = SlidingWindowConversationManager(window_size=4, proactive_compression=True)
    agent = Agent(
        model=Small(["ok"]), messages=_talk(10, "word " * 8), conversation_manager=manager, callback_handler=None
    )
    seen = []
    agent.add_hook(lambda event: seen.append(len(event.agent.messages)), BeforeModelCallEvent)
    agent("go")
    assert seen == [3] and manager.removed_message_count >= 18


def test_below_the_threshold_nothing_is_shortened() -> None:
    manager = SlidingWindowConversationManager(window_size=40, proactive_compression={"compression_threshold": 1.0})
    agent = Agent(model=Small(["ok"]), messages=_talk(5), conversation_manager=manager, callback_handler=None)
    agent("go")
    assert len(agent.messages) == 12


def test_a_history_that_cannot_be_shortened_is_sent_anyway() -> None:
    manager = NullConversationManager(proactive_compression=True)
    agent = Agent(model=Small(["ok"]), messages=_talk(50), conversation_manager=manager, callback_handler=None)
    assert str(agent("go")).strip() == "ok"


def test_a_summary_is_written_before_the_model_fails() -> None:
    writer = Agent(model=ScriptedModel(["They said much."]), callback_handler=None)
    manager = SummarizingConversationManager(
        summary_ratio=0.8, preserve_recent_messages=2, summarization_agent=writer, proactive_compression=True
    )
    agent = Agent(
        model=Small(["ok"]), messages=_talk(10, "word " * 8), conversation_manager=manager, callback_handler=None
    )
    agent("go")
    assert agent.messages[0]["content"] == [{"text": "They said much."}]
    assert agent.messages[0]["tracking_id"]


@pytest.mark.parametrize("share", [0, 1.5, -1])
def test_a_threshold_is_a_share(share: float) -> None:
    with pytest.raises(ValueError, match="above 0 and at most 1"):
        SlidingWindowConversationManager(proactive_compression={"compression_threshold": share})


def test_hooks_are_told_about_how_much_the_model_reads() -> None:
    seen: list[Any] = []

    @tool
    def look() -> str:
        """Look."""
        return "x" * 400

    def note(event: BeforeModelCallEvent) -> None:
        seen.append(event.projected_input_tokens)

    agent = Agent(
        model=ScriptedModel([ToolCall("look", {}), "done"]), tools=[look], hooks=[note], callback_handler=None
    )
    agent("go")
    usage = agent.event_loop_metrics.agent_invocations[-1].cycles[0].usage
    assert seen[0] > 0
    assert seen[1] == usage["inputTokens"] + usage["outputTokens"] + 100
    latest = agent.event_loop_metrics.agent_invocations[-1].cycles[-1].usage
    assert agent.event_loop_metrics.projected_context_size == latest["inputTokens"] + latest["outputTokens"]


@pytest.mark.parametrize("total", [110, 150], ids=["cache within the input", "cache beside the input"])
def test_what_came_from_a_cache_counts_once(total: int) -> None:
    seen: list[Any] = []
    usage = {"inputTokens": 100, "outputTokens": 10, "totalTokens": total, "cacheReadInputTokens": 40}

    @tool
    def look() -> str:
        """Look."""
        return ""

    def note(event: BeforeModelCallEvent) -> None:
        seen.append(event.projected_input_tokens)

    replies: list[Any] = [Reply(tool_calls=[ToolCall("look", {})], usage=usage), Reply("done", usage=usage)]
    agent = Agent(model=ScriptedModel(replies), tools=[look], hooks=[note], callback_handler=None)
    agent("go")
    assert agent.event_loop_metrics.latest_context_size == total - 10
    assert total <= seen[1] <= total + 10
    assert agent.event_loop_metrics.projected_context_size == total


def test_a_model_that_counts_is_asked() -> None:
    class Counting(ScriptedModel):
        async def count_tokens(self, messages: Any, *args: Any, **kwargs: Any) -> int:
            return 7 * len(messages)

    seen: list[Any] = []
    agent = Agent(model=Counting(["ok"]), callback_handler=None)
    agent.add_hook(lambda event: seen.append(event.projected_input_tokens), BeforeModelCallEvent)
    agent("go")
    assert seen == [7]
    with pytest.warns(UserWarning, match="context_window_limit"):
        assert Counting([]).estimate_utilization(100_000) == 0.5


def test_pinned_messages_stay_in_front() -> None:
    manager = SlidingWindowConversationManager(window_size=2, pin_first=1)
    agent = Agent(model=ScriptedModel(["a", "b", "c"]), conversation_manager=manager, callback_handler=None)
    for word in ("one", "two", "three"):
        agent(word)
    assert _texts(agent.messages) == ["one", "three", "c"]
    assert manager.removed_message_count == 4


def test_pinned_messages_are_not_summarized() -> None:
    writer = Agent(model=ScriptedModel(["summary", "summary 2"]), callback_handler=None)
    manager = SummarizingConversationManager(0.5, 2, summarization_agent=writer, pin_first=1)
    agent = Agent(model=ScriptedModel([]), messages=_talk(4), conversation_manager=manager, callback_handler=None)
    pin_message(agent.messages, 2)
    manager.reduce_context(agent)
    assert _texts(agent.messages) == ["x0", "x2", "summary", "x5", "x6", "x7"]
    manager.reduce_context(agent)
    assert _texts(agent.messages)[:3] == ["x0", "x2", "summary 2"]


def test_pins_survive_the_process(tmp_path: Any) -> None:
    def make(*replies: str) -> Agent:
        return Agent(
            model=ScriptedModel(list(replies)),
            conversation_manager=SlidingWindowConversationManager(window_size=2, pin_first=1),
            session_manager=FileSessionManager("s", storage_dir=str(tmp_path)),
            callback_handler=None,
        )

    first = make("a", "b", "c")
    for word in ("one", "two", "three"):
        first(word)
    first.cleanup()
    second = make("d")
    assert _texts(second.messages) == ["one", "three", "c"]
    second("four")
    assert _texts(second.messages) == ["one", "four", "d"]


def test_an_overflow_with_everything_pinned_is_an_error() -> None:
    manager = SlidingWindowConversationManager(pin_first=10)
    agent = Agent(model=ScriptedModel([]), messages=_talk(3), conversation_manager=manager, callback_handler=None)
    with pytest.raises(ContextWindowOverflowException):
        manager.reduce_context(agent, ContextWindowOverflowException("too long"))
    assert len(agent.messages) == 6


def test_a_window_of_none_clears_the_history() -> None:
    manager = SlidingWindowConversationManager(window_size=0)
    agent = Agent(model=ScriptedModel(["a"]), conversation_manager=manager, callback_handler=None)
    agent("one")
    assert agent.messages == []
    with pytest.raises(ValueError, match="window_size"):
        SlidingWindowConversationManager(window_size=-1)


PAIR: list[Any] = [
    {"role": "user", "content": [{"text": "go"}]},
    {"role": "assistant", "content": [{"toolUse": {"toolUseId": "t", "name": "n", "input": {}}}]},
    {"role": "user", "content": [{"toolResult": {"toolUseId": "t", "status": "success", "content": []}}]},
    {"role": "assistant", "content": [{"text": "done"}]},
    {"role": "user", "content": [{"text": "more"}]},
]


def test_a_pin_holds_a_tool_use_and_its_result_together() -> None:
    messages: list[Message] = copy.deepcopy(PAIR)
    pin_message(messages, 1)
    assert [is_pinned(messages, index) for index in range(5)] == [False, True, True, False, False]
    assert partition_pinned(messages, 0, 4) == ([messages[1], messages[2]], [messages[0], messages[3]])
    unpin_message(messages, 1)
    assert messages == PAIR


def test_where_a_history_may_be_cut() -> None:
    assert [find_valid_trim_point(PAIR, start) for start in range(6)] == [0, 4, 4, 4, 4, 5]
    assert [adjust_split_point_for_tool_pairs(PAIR, start) for start in range(6)] == [0, 1, 3, 3, 4, 5]
    with pytest.raises(ContextWindowOverflowException):
        adjust_split_point_for_tool_pairs(PAIR[:3], 2)
    assert [matches_message_type(each, "tools") for each in PAIR] == [False, True, True, False, False]
    assert all(matches_message_type(each, "all") for each in PAIR)


def test_a_summary_without_an_agent() -> None:
    summary = asyncio.run(generate_summary(_talk(2), ScriptedModel(["All of it."])))
    assert summary == {"role": "user", "content": [{"text": "All of it."}]}
    with pytest.raises(RuntimeError, match="no text"):
        as_user_summary({"role": "assistant", "content": []})


def test_a_manager_of_ones_own_needs_nothing_more() -> None:
    class Mine(ConversationManager):
        def __init__(self) -> None:
            self.removed_message_count = 0

        def apply_management(self, agent: Agent, **kwargs: Any) -> None: ...

        def reduce_context(self, agent: Agent, e: Exception | None = None, **kwargs: Any) -> None: ...

    assert str(Agent(model=ScriptedModel(["ok"]), conversation_manager=Mine(), callback_handler=None)("go")) == "ok\n"


def test_a_summary_may_cite() -> None:
    cited: Any = {"citationsContent": {"citations": [], "content": [{"text": "They spoke."}, {"text": ""}]}}
    summary = as_user_summary({"role": "assistant", "content": [cited, {"text": "Of cats."}]})
    assert summary == {"role": "user", "content": [{"text": "They spoke."}, {"text": "Of cats."}]}


def test_a_manager_that_waits_for_nothing_shortens_where_nobody_can_wait() -> None:
    manager = SlidingWindowConversationManager(window_size=2, proactive_compression=True)
    registry = HookRegistry()
    manager.register_hooks(registry)
    model = ScriptedModel([])
    model.config["context_window_limit"] = 100
    agent = Agent(model=model, messages=_talk(3), callback_handler=None)
    registry.invoke_callbacks(BeforeModelCallEvent(agent=agent, invocation_state={}, projected_input_tokens=60))
    assert len(agent.messages) == 6
    registry.invoke_callbacks(BeforeModelCallEvent(agent=agent, invocation_state={}, projected_input_tokens=90))
    assert len(agent.messages) == 2


def test_a_summary_is_written_at_once_where_no_event_loop_runs() -> None:
    manager = SummarizingConversationManager(
        summary_ratio=0.5, preserve_recent_messages=2, proactive_compression={"compression_threshold": 0.7}
    )
    agent = Agent(model=Small(["The gist."]), messages=_talk(10), conversation_manager=manager, callback_handler=None)
    registry = HookRegistry()
    manager.register_hooks(registry)
    registry.invoke_callbacks(BeforeModelCallEvent(agent=agent, invocation_state={}, projected_input_tokens=80))
    assert len(agent.messages) < 20
    assert "The gist." in _texts(agent.messages)[0]
