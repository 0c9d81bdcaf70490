"""A sliding window first shortens what tools said at length, then lets go of the oldest messages."""

from __future__ import annotations

from typing import Any

import pytest

from strands import Agent
from strands.agent.conversation_manager import SlidingWindowConversationManager
from strands.models import ScriptedModel
from strands.types.exceptions import ContextWindowOverflowException


def history(*content: Any) -> Any:
    use = {"toolUse": {"toolUseId": "t1", "name": "look", "input": {}}}
    result = {"toolResult": {"toolUseId": "t1", "status": "success", "content": list(content)}}
    return [
        {"role": "user", "content": [{"text": "go"}]},
        {"role": "assistant", "content": [use]},
        {"role": "user", "content": [result]},
        {"role": "assistant", "content": [{"text": "done"}]},
    ]


def shortened(*content: Any, **settings: Any) -> Any:
    """Return the result of the tool after the model could not read the history."""
    manager = SlidingWindowConversationManager(**settings)
    agent = Agent(model=ScriptedModel([]), messages=history(*content), conversation_manager=manager)
    manager.reduce_context(agent, ContextWindowOverflowException("too long"))
    return agent.messages[2]["content"][0]["toolResult"]["content"] if len(agent.messages) > 2 else None


def test_a_long_text_keeps_its_head_and_its_tail() -> None:
    (block,) = shortened({"text": "a" * 300 + "b" * 900 + "c" * 300})
    assert block["text"].startswith("a" * 200 + "\n... [truncated: 1100 characters left out]")
    assert block["text"].endswith("c" * 200)


def test_data_is_shortened_as_its_text_and_media_are_left_out() -> None:
    image = {"image": {"format": "png", "source": {"bytes": b"x"}}}
    data, picture, short = shortened({"json": {"rows": "r" * 900}}, image, {"text": "short"})
    assert data["text"].startswith('{"rows": "rrr')
    assert picture == {"text": "The tool result was too large!"}
    assert short == {"text": "short"}


@pytest.mark.parametrize(
    ("content", "settings"),
    [([{"text": "short"}], {}), ([{"text": "x" * 900}], {"should_truncate_results": False}), ([{"other": 1}], {})],
)
def test_where_nothing_is_to_be_shortened_the_oldest_go(content: Any, settings: Any) -> None:
    assert shortened(*content, **settings) is None


@pytest.mark.parametrize(
    ("settings", "problem"),
    [({"window_size": -1}, "window_size is -1; it must be 0 or more"), ({"per_turn": -2}, "per_turn is -2")],
)
def test_a_window_that_cannot_be_is_refused(settings: Any, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        SlidingWindowConversationManager(**settings)


def test_the_window_is_applied_before_every_second_model_call_and_no_more_once_that_is_off() -> None:
    manager = SlidingWindowConversationManager(window_size=2, per_turn=2)
    agent = Agent(model=ScriptedModel(["a", "b", "c", "d"]), conversation_manager=manager, callback_handler=None)
    for word in ("one", "two"):
        agent(word)
    assert manager.get_state()["model_call_count"] == 2
    manager.per_turn = False
    agent("three")
    assert manager.get_state()["model_call_count"] == 2
