"""One step of any pattern: an agent's call, or a question to a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from strands_cli.kernel.run import Run
from strands_cli.kernel.types import Names, Question
from strands_cli.loader.template import render

if TYPE_CHECKING:
    from strands_cli.spec.steps import AgentStep, HitlStep

HITL = "hitl"


@dataclass(slots=True)
class StepResult:
    """What a step came to; `agent` is "hitl" when a person answered."""

    agent: str
    response: Any
    tokens: int = 0
    duration: float = 0.0

    def names(self, **more: Any) -> dict[str, Any]:
        """Return the result as templates and `execution_context` show it."""
        shown = {"agent": self.agent, "response": self.response, "tokens": self.tokens, "duration": self.duration}
        return {**more, **shown, "status": "completed"}


async def step(run: Run, step: AgentStep | HitlStep, names: Names, key: str) -> StepResult:
    """Do one step under `key`."""
    if is_hitl(step):
        return await ask(run, step, names, key)  # type: ignore[arg-type]
    return await call(run, step, names, key)  # type: ignore[arg-type]


async def call(run: Run, step: AgentStep, names: Names, key: str) -> StepResult:
    """Have the step's agent answer its rendered input; without one, the agent's own prompt."""
    scope = with_vars(names, step.vars)
    prompt = render(step.input, scope) if step.input is not None else run.brief(step.agent, scope)
    reply = await run.agent(key, step.agent, prompt, names=scope, tools=step.tool_overrides, timeout=step.timeout_s)
    return StepResult(step.agent, reply.text, reply.tokens, reply.duration)


async def ask(run: Run, step: HitlStep, names: Names, key: str) -> StepResult:
    """Put the step's question to a person."""
    answer = await run.ask(key, question(step, names))
    return StepResult(HITL, answer.value)


def question(step: HitlStep, names: Names) -> Question:
    """Return a HITL step's question with its templates rendered."""
    return Question(
        prompt=render(step.prompt, names),
        context=render(step.context_display, names) if step.context_display else None,
        choices=tuple(step.choices) if step.choices else None,
        schema=step.schema_,
        pattern=step.validation.pattern if step.validation else None,
        default=step.default,
        has_default=step.has_default,
        timeout=step.timeout_seconds or None,
    )


def answered(names: Mapping[str, Any], result: StepResult) -> dict[str, Any]:
    """Return `names` with `result` as the newest response, and as `hitl_response` when a person gave it."""
    changed = {**names, "last_response": result.response}
    if result.agent == HITL:
        changed["hitl_response"] = result.response
    return changed


def with_vars(names: Names, variables: Mapping[str, Any]) -> Names:
    """Return `names` with a step's own, whose texts are templates."""
    if not variables:
        return names
    own = {name: render(value, names) if isinstance(value, str) else value for name, value in variables.items()}
    return {**names, **own}


def is_hitl(step: object) -> bool:
    """Whether a step asks a person."""
    return getattr(step, "type", None) == HITL


def text(value: Any) -> str:
    """Return a response as text."""
    return value if isinstance(value, str) else "" if value is None else str(value)
