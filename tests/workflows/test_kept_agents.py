"""Agents live no longer than they are needed: a thousand runs at once hold a thousand agents, not one for each step."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest

from strands import Agent, Workflow
from strands.hooks import BeforeInvocationEvent
from strands.models.scripted import ScriptedModel
from strands_cli.session.memory import MemorySessionRepository


class Alive:
    """Notes, at each call, which agents there are."""

    def __init__(self) -> None:
        self.agents: list[weakref.ref[Agent]] = []
        self.told: list[list[str]] = []
        self.lengths: list[int] = []

    def register_hooks(self, registry: Any, **kwargs: Any) -> None:
        registry.add_callback(BeforeInvocationEvent, self.note)

    def note(self, event: BeforeInvocationEvent) -> None:
        if event.agent not in [agent() for agent in self.agents]:
            self.agents.append(weakref.ref(event.agent))
        self.told.append(sorted(agent.agent_id for each in self.agents if (agent := each()) is not None))
        self.lengths.append(len(event.agent.messages))


@pytest.fixture(autouse=True)
def no_collector() -> Any:
    gc.disable()
    yield
    gc.enable()


def run(*agents: str) -> Alive:
    alive = Alive()
    spec = {
        "version": 0,
        "name": "kept",
        "runtime": {"provider": "scripted"},
        "agents": {agent: {"prompt": "Answer."} for agent in set(agents)},
        "pattern": {"type": "chain", "config": {"steps": [{"agent": agent, "input": "x"} for agent in agents]}},
    }
    model = ScriptedModel(lambda messages: "done")
    Workflow.from_dict(spec, model=model, repository=MemorySessionRepository(), hooks=[alive]).run()
    return alive


def test_an_agent_of_one_step_is_gone_when_the_next_one_begins() -> None:
    assert run("a", "b", "c").told == [["a"], ["b"], ["c"]]


def test_an_agent_of_several_steps_stays_with_its_conversation() -> None:
    alive = run("a", "b", "a", "c", "a")
    assert alive.told == [["a"], ["a", "b"], ["a", "b"], ["a", "c"], ["a", "c"]]
    assert alive.lengths == [0, 0, 2, 0, 4]


def test_a_scripted_model_keeps_no_agent_alive() -> None:
    model = ScriptedModel(lambda messages: "done")
    agent = Agent(model=model, callback_handler=None)
    agent("x")
    gone = weakref.ref(agent)
    del agent
    assert gone() is None
    assert model.requests[0].prompt == "x"
