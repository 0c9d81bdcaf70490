"""Messages keep an id wherever they are seen, and say what they cost; models are shown neither."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import AsyncIterable
from pathlib import Path
from typing import Any

from strands import Agent, tool
from strands.agent.conversation_manager import SlidingWindowConversationManager
from strands.hooks import MessageAddedEvent
from strands.models import Model
from strands.models.scripted import Reply, ScriptedModel, ToolCall
from strands.session import FileSessionManager
from strands.types.content import get_message_metadata

USAGE = {"inputTokens": 3, "outputTokens": 2, "totalTokens": 5}


@tool
def add(a: int, b: int) -> int:
    """Add."""
    return a + b


def ids(agent: Agent) -> list[str]:
    return [message["tracking_id"] for message in agent.messages]


def test_every_message_has_an_id_of_its_own() -> None:
    seen: list[str] = []
    agent = Agent(
        model=ScriptedModel([ToolCall("add", {"a": 1, "b": 2}), "3", "4"]), tools=[add], callback_handler=None
    )
    agent.add_hook(lambda event: seen.append(event.message["tracking_id"]), MessageAddedEvent)
    agent("go")
    assert ids(agent) == seen
    assert len(set(seen)) == 4
    assert {uuid.UUID(id).version for id in seen} == {4}
    agent.messages.append({"role": "assistant", "content": [{"text": "by hand"}]})
    agent.messages.append({"role": "user", "content": [{"text": "by hand"}]})
    agent(None)
    assert len(set(ids(agent))) == 7


def test_an_id_that_is_there_stays() -> None:
    given = [{"role": "user", "content": [{"text": "hi"}], "tracking_id": "mine"}]
    agent = Agent(model=ScriptedModel(["a"]), messages=given, callback_handler=None)  # type: ignore[arg-type]
    agent([{"role": "user", "content": [{"text": "again"}], "tracking_id": "mine, too"}])
    assert ids(agent)[:2] == ["mine", "mine, too"]


def test_ids_and_costs_outlive_the_process(tmp_path: Path) -> None:
    def kept(*replies: Any) -> Agent:
        manager = FileSessionManager("s", storage_dir=tmp_path)
        return Agent(model=ScriptedModel(list(replies)), session_manager=manager, callback_handler=None)

    agent = kept(Reply("hi", usage=USAGE))
    agent("hello")
    restored = kept()
    assert restored.messages == agent.messages
    metadata = get_message_metadata(restored.messages[1])
    assert metadata["usage"] == USAGE
    assert "latencyMs" in metadata["metrics"]
    assert "metadata" not in restored.messages[0]


class Strict(Model):
    """A model of one's own that hands messages on as they come."""

    def __init__(self) -> None:
        self.seen: list[Any] = []
        self.counted: list[Any] = []

    @property
    def context_window_limit(self) -> int | None:
        return 1000

    async def count_tokens(self, messages: Any, *args: Any, **kwargs: Any) -> int:
        self.counted += messages
        return 10

    async def stream(self, messages: Any, *args: Any, **kwargs: Any) -> AsyncIterable[Any]:
        self.seen += messages
        yield {"messageStart": {"role": "assistant"}}
        yield {"contentBlockDelta": {"delta": {"text": "ok"}}}
        yield {"contentBlockStop": {}}
        yield {"messageStop": {"stopReason": "end_turn"}}


def test_models_are_shown_who_says_what_alone() -> None:
    model = Strict()
    manager = SlidingWindowConversationManager(proactive_compression=True)
    agent = Agent(model=model, conversation_manager=manager, callback_handler=None)
    agent("one")
    agent("two")
    assert model.counted and {key for each in (model.seen, model.counted) for message in each for key in message} == {
        "role",
        "content",
    }
    scripted = ScriptedModel(["a", "b"])
    agent = Agent(model=scripted, callback_handler=None)
    agent("one")
    agent("two")
    assert {key for request in scripted.requests for message in request.messages for key in message} == {
        "role",
        "content",
    }


def test_a_forked_process_makes_other_ids() -> None:
    code = """
import os
from strands import Agent
from strands.models.scripted import ScriptedModel
first = Agent(model=ScriptedModel(["a"]), callback_handler=None)
first("go")
child = os.fork()
agent = Agent(model=ScriptedModel(["a"]), callback_handler=None)
state = {}
agent("go", invocation_state=state)
os.write(1, f"{agent.messages[0]['tracking_id']} {state['event_loop_cycle_id']} ".encode())
if child:
    os.waitpid(child, 0)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert len(set(run.stdout.split())) == 4
