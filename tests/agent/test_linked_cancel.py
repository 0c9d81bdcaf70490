"""An event of the caller's that cancels a call is seen wherever the agent looks whether to go on."""

from __future__ import annotations

import threading

from strands import Agent
from strands.hooks import BeforeModelCallEvent
from strands.models.scripted import ScriptedModel


def test_what_a_hook_cancels_is_not_asked_of_the_model() -> None:
    stop = threading.Event()

    def cancel(event: BeforeModelCallEvent) -> None:
        stop.set()

    model = ScriptedModel(["hello", "again"])
    agent = Agent(model=model, hooks=[cancel], callback_handler=None)
    assert agent("go", cancel_signal=stop).stop_reason == "cancelled"
    assert model.requests == []
    assert not agent.cancel_signal.is_set()
    stop.clear()
    assert agent("go").stop_reason == "end_turn"
