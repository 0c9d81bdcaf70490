"""One step of any pattern: an agent's call, or a question to a person."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from typing_extensions import TypeIs

from strands_cli.kernel.run import Run
from strands_cli.kernel.types import AgentReply, Names, Question
from strands_cli.loader.names import own_first
from strands_cli.loader.template import render
from strands_cli.types import Json

if TYPE_CHECKING:
    from strands_cli.spec.steps import AgentStep, HitlStep

HITL = "hitl"
Done: TypeAlias = Mapping[str, dict[str, Any]]
"""The finished steps and the answered questions of a run by their keys, in the order they ended."""
Context: TypeAlias = dict[str, Any]
"""The part of `execution_context` that is done, in the form that the whole one of the pattern has."""


@dataclass(slots=True)
class StepResult:
    """What a step came to; `agent` is "hitl" when a person answered, and `stop_reason` then ""."""

    agent: str
    response: Any
    tokens: int = 0
    duration: float = 0.0
    stop_reason: str = ""

    def names(self, **more: Any) -> dict[str, Any]:
        """Return the result as templates and `execution_context` show it."""
        shown = {"agent": self.agent, "response": self.response, "tokens": self.tokens, "duration": self.duration}
        return {**more, **shown, "stop_reason": self.stop_reason, "status": "completed"}

    @classmethod
    def of(cls, agent: str, reply: AgentReply) -> StepResult:
        """Return what an agent's reply came to."""
        return cls(agent, reply.text, reply.tokens, reply.duration, reply.stop_reason)


def step(run: Run, step: AgentStep | HitlStep, names: Names, key: str) -> Awaitable[StepResult]:
    """Do one step under `key`."""
    return ask(run, step, names, key) if is_hitl(step) else call(run, step, names, key)


async def call(
    run: Run,
    step: AgentStep,
    names: Names,
    key: str,
    *,
    prompt: str | None = None,
    expects: Mapping[str, Json] | None = None,
) -> StepResult:
    """Have the step's agent answer `prompt`, by default its rendered input.

    Args:
        expects: What kind of answer the pattern reads; see `Call`.
    """
    scope = with_vars(names, step.vars)
    reply = await run.agent(
        key,
        step.agent,
        _prompt(run, step, scope) if prompt is None else prompt,
        names=scope,
        tools=step.tool_overrides,
        timeout=step.timeout_s,
        expects=expects,
        goes_on=True,
    )
    return StepResult.of(step.agent, reply)


def prompt_for(run: Run, step: AgentStep, names: Names) -> str:
    """Return what a step tells its agent: the rendered input, or without one the agent's own prompt."""
    return _prompt(run, step, with_vars(names, step.vars))


def _prompt(run: Run, step: AgentStep, scope: Names) -> str:
    return render(step.input, scope) if step.input is not None else run.default_prompt(step.agent, scope)


async def ask(
    run: Run, step: HitlStep, names: Names, key: str, *, pattern: str | None = None, refusal: str | None = None
) -> StepResult:
    """Put the step's question to a person.

    Args:
        pattern: What the answer must look like, unless the step itself says what is allowed.
        refusal: What to tell somebody whose answer does not match it.
    """
    asked = question(step, names)
    if pattern is not None and not (asked.choices or asked.schema or asked.pattern):
        asked = replace(asked, pattern=pattern, refusal=refusal)
    answer = await run.ask(key, asked)
    return StepResult(HITL, answer.value)


def question(step: HitlStep, names: Names) -> Question:
    """Return a HITL step's question with its templates rendered."""
    names = own_first(names)
    return Question(
        prompt=render(step.prompt, names),
        context=render(step.context_display, names) if step.context_display else None,
        choices=tuple(step.choices) if step.choices else None,
        schema=step.schema_,
        pattern=step.validation.pattern if step.validation else None,
        refusal=step.validation.message if step.validation else None,
        default=step.default,
        has_default=step.has_default,
        timeout=step.timeout_seconds or None,
        data=_rights(step),
    )


_RULES = ("ask", "quorum", "delegate", "remind", "escalate", "on_timeout")


def _rights(step: HitlStep) -> Mapping[str, Json]:
    if all(getattr(step, name) is None for name in _RULES):
        return {}
    from strands_cli.spec.asking import rights_of

    return rights_of(step)


def answered(names: Mapping[str, Any], result: StepResult) -> dict[str, Any]:
    """Return `names` with `result` as the newest response, and as `hitl_response` when a person gave it."""
    changed = {**names, "last_response": result.response}
    if result.agent == HITL:
        changed["hitl_response"] = result.response
    return changed


def offering(names: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """Return `names` with `more`, except what the workflow's own variables are called."""
    taken = names.get("inputs", ())
    return {**names, **{name: value for name, value in more.items() if name not in taken}}


def with_vars(names: Names, variables: Mapping[str, Any]) -> Names:
    """Return `names` as a step's templates see them: with its own, whose texts are templates."""
    names = own_first(names)
    if not variables:
        return names
    own = {name: render(value, names) if isinstance(value, str) else value for name, value in variables.items()}
    return {**names, **own}


def visit(key: str, number: int) -> str:
    """Return the key of a numbered visit: the first has the plain key."""
    return key if number == 1 else f"{key}#{number}"


def including(prompt: str, heading: str, body: str) -> str:
    """Return `prompt` with `body` under `heading` at its end, unless it holds `body` already."""
    return prompt if not body.strip() or body.strip() in prompt else f"{prompt}\n\n{heading}\n{body}"


def last_agent(results: Iterable[Mapping[str, Any]]) -> str:
    """Return the id of the newest agent among steps; "hitl" is none."""
    return next((each["agent"] for each in reversed(list(results)) if each["agent"] != HITL), "")


def is_hitl(step: AgentStep | HitlStep) -> TypeIs[HitlStep]:
    """Whether a step asks a person."""
    return vars(step).get("type") == HITL  # pydantic takes its time to say that there is no such field


def text(value: Any) -> str:
    """Return a response as text."""
    return value if isinstance(value, str) else "" if value is None else str(value)
