"""A cast of agents that answer as they are told, for workflows of every pattern."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from strands.models.scripted import ScriptedModel
from strands_cli.api import Workflow
from strands_cli.session.memory import MemorySessionRepository
from strands_cli.types import RunResult

Part: TypeAlias = "Sequence[str] | Callable[[str], str] | str"


def spec(type_: str, config: Mapping[str, Any], agents: Sequence[str] = "abc", **more: Any) -> dict[str, Any]:
    """A spec whose agents are called as the letters, or as the names given, and know who they are."""
    return {
        "version": 0,
        "name": type_,
        "runtime": {"provider": "scripted"},
        "agents": {name: {"prompt": f"You are {name}."} for name in agents},
        "pattern": {"type": type_, "config": dict(config)},
        **more,
    }


class Cast:
    """Plays a workflow in memory.

    Args:
        spec: The workflow; each agent's prompt must begin with "You are <id>.".
        parts: Agent id to its answers: one for ever, several in order, or a function of the prompt.
    """

    def __init__(self, spec: Mapping[str, Any], parts: Mapping[str, Part], **options: Any) -> None:
        self.repository = MemorySessionRepository()
        self.told: list[tuple[str, str]] = []
        self.requests: list[list[Any]] = []
        self._parts = {name: _answers(part) for name, part in parts.items()}
        self.workflow = Workflow.from_dict(
            spec, model=ScriptedModel(self._answer), repository=self.repository, **options
        )

    def _answer(self, messages: list[Any], tools: Any, system: str | None) -> str:
        found = re.match(r"You are (\w+)\.", system or "")
        assert found, f"who is asked? {system!r}"
        prompt = messages[-1]["content"][-1]["text"]
        self.told.append((found[1], prompt))
        self.requests.append(list(messages))
        return self._parts[found[1]](prompt)

    def run(self, **variables: Any) -> RunResult:
        return asyncio.run(self.workflow.run_async(variables=variables))

    def resume(self, paused: RunResult, *answers: Any, **by_id: Any) -> RunResult:
        """Answer the open questions in order, then go on."""
        assert paused.session_id is not None
        given = {question.id: value for question, value in zip(paused.questions, answers, strict=False)} | by_id
        return asyncio.run(self.workflow.resume_async(paused.session_id, answers=given))

    def prompts(self, agent: str) -> list[str]:
        """What an agent was told, in order."""
        return [prompt for name, prompt in self.told if name == agent]


def _answers(part: Part) -> Callable[[str], str]:
    if isinstance(part, str):
        return lambda prompt: part
    if callable(part):
        return part
    ordered = iter(part)
    return lambda prompt: next(ordered)


def hitl(prompt: str = "Good?", **more: Any) -> dict[str, Any]:
    return {"type": "hitl", "prompt": prompt, **more}
