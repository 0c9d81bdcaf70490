"""One step of any pattern: an agent's call, or a question to a person. Any step: `step_flow`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

from typing_extensions import TypeIs

from strands_cli.errors import ExecutionError
from strands_cli.kernel.run import Run
from strands_cli.kernel.types import AgentReply, Names, Question
from strands_cli.loader.data import from_json
from strands_cli.loader.names import own_first
from strands_cli.loader.template import render, rendered
from strands_cli.review_words import GATE, approves, at_gate, refuses
from strands_cli.review_words import text as text
from strands_cli.spec.durations import in_seconds
from strands_cli.types import RULES, Json

if TYPE_CHECKING:
    from strands_cli.spec.orchestrator_workers import WorkerTemplate
    from strands_cli.spec.steps import AgentCall, AgentStep, HitlStep, Review, Step

HITL = "hitl"
Done: TypeAlias = Mapping[str, dict[str, Any]]
"""The finished steps and the answered questions of a run by their keys, in the order they ended."""
Context: TypeAlias = dict[str, Any]
"""The part of `execution_context` that is done, in the form that the whole one of the pattern has."""


@dataclass(slots=True)
class StepResult:
    """What a step came to.

    Attributes:
        agent: Who did it: an agent's id, "hitl" for a person, "tool:NAME" where nobody was needed.
        response: What came of it; data where it is JSON.
        tokens: What models used.
        duration: Seconds.
        stop_reason: Why the agent stopped; "" where there was none.
        status: completed, skipped, failed or rejected.
        error: Why it failed, where the workflow goes on all the same.
        to: Where to go on, or None for what comes next.
        more: What else templates find of it.
    """

    agent: str
    response: Any
    tokens: int = 0
    duration: float = 0.0
    stop_reason: str = ""
    status: str = "completed"
    error: str = ""
    to: str | int | None = None
    more: Mapping[str, Any] | None = None

    def names(self, **more: Any) -> dict[str, Any]:
        """Return the result as templates and `execution_context` show it."""
        shown = {"agent": self.agent, "response": self.response, "tokens": self.tokens, "duration": self.duration}
        found = {**more, **shown, "stop_reason": self.stop_reason, "status": self.status, **(self.more or {})}
        return {**found, "error": self.error} if self.error else found

    @classmethod
    def said(cls, value: Any, timed_out: bool) -> StepResult:
        """Return what a question came to: what a person said, or its default, where nobody did in time."""
        return cls(HITL, value, more={"timed_out": timed_out})

    @classmethod
    def of(cls, agent: str, reply: AgentReply) -> StepResult:
        """Return what an agent's reply came to."""
        response = from_json(reply.text) if reply.is_json else reply.text
        status = "rejected" if reply.stop_reason == "rejected" else "completed"
        return cls(agent, response, reply.tokens, reply.duration, reply.stop_reason, status)


async def call(
    run: Run,
    step: AgentCall,
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
        timeout=seconds(step.timeout_s, scope),
        expects=expects,
        how=how(step),
        goes_on=True,
    )
    return StepResult.of(step.agent, reply)


HOW = ("tool_choice", "end_on", "max_turns", "max_tool_calls", "fresh")


def how(step: AgentCall | WorkerTemplate) -> dict[str, Any] | None:
    """Return what a step says of how its agent goes about it, or None where it says nothing."""
    said = vars(step)
    found = {name: said[name] for name in HOW if said.get(name)}
    return found or None


def prompt_for(run: Run, step: AgentCall, names: Names) -> str:
    """Return what a step tells its agent: the rendered input, or without one the agent's own prompt."""
    return _prompt(run, step, with_vars(names, step.vars))


def _prompt(run: Run, step: AgentCall, scope: Names) -> str:
    return render(step.input, scope) if step.input is not None else run.default_prompt(step.agent, scope)


async def ask(
    run: Run,
    step: Review,
    names: Names,
    key: str,
    *,
    pattern: str | None = None,
    refusal: str | None = None,
    hint: str = "",
) -> StepResult:
    """Put the step's question to a person.

    Args:
        pattern: What the answer must look like, unless the step itself says what is allowed.
        refusal: What to tell somebody whose answer does not match it.
        hint: What the answers are that mean something here, in words, unless the step itself says what is allowed.
    """
    asked = question(step, names)
    if vars(step).get("on_reject", "continue") != "continue" and not (asked.choices or asked.schema or asked.pattern):
        asked = replace(
            asked, choices=GATE, default=at_gate(asked.default) or asked.default, data={**asked.data, "gate": True}
        )
    if (pattern or hint) and not (asked.choices or asked.schema or asked.pattern):
        asked = replace(
            asked, pattern=pattern, refusal=refusal, data={**asked.data, "hint": hint} if hint else asked.data
        )
    answer = await run.ask(key, asked)
    return StepResult.said(answer.value, answer.timed_out)


def question(step: Review, names: Names) -> Question:
    """Return a HITL step's question with its templates rendered."""
    names = own_first(names)
    return Question(
        prompt=render(step.prompt, names),
        context=render(step.context_display, names) if step.context_display else None,
        choices=_choices(step.choices, names) if step.choices else None,
        schema=step.schema_,
        pattern=step.validation.pattern if step.validation else None,
        refusal=step.validation.message if step.validation else None,
        default=rendered(step.default, names),
        has_default=step.has_default,
        timeout=seconds(step.timeout_seconds, names) or None,
        data=_rights(step),
    )


def _choices(choices: list[str] | str, names: Names) -> tuple[str, ...]:
    """Return the answers that are allowed; a template of a list may find none, or what is no list."""
    found = rendered(choices, names)
    if not isinstance(found, (list, tuple)) or not found:
        raise ExecutionError(f"{choices!r} gives no list of choices, but {found!r}", hint="Have it give texts.")
    return tuple(dict.fromkeys(map(text, found)))


def seconds(limit: float | str | None, names: Names) -> float | None:
    """Return a time in seconds; a template of one is rendered.

    Raises:
        ExecutionError: It gives no time.
    """
    if not isinstance(limit, str):
        return limit
    said = render(limit, names)
    try:
        found = float(str(in_seconds(said)))
    except ValueError:
        found = -1.0
    if not 0 <= found < float("inf"):
        raise ExecutionError(f"{limit!r} gives no time, but {said!r}", hint="Have it give seconds, or 90s, 5m, 1h30m.")
    return found


def _rights(step: Review) -> Mapping[str, Json]:
    if all(getattr(step, name) is None for name in RULES):
        return {}
    from strands_cli.spec.asking import rights_of

    return rights_of(step)


def answered(names: Mapping[str, Any], result: StepResult) -> dict[str, Any]:
    """Return `names` with `result` as the newest response, and as `hitl_response` when it is the answer to a question.

    What was skipped or failed leaves them as they are.
    """
    if result.status in ("skipped", "failed"):
        return dict(names)
    changed = {**names, "last_response": result.response}
    if result.agent == HITL:
        changed["hitl_response"] = result.response
        changed["hitl_timed_out"] = bool((result.more or {}).get("timed_out"))
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
    """Return the id of the newest agent among steps; a person is none, and neither is a tool."""
    return next((each["agent"] for each in reversed(list(results)) if is_agent(each["agent"])), "")


def final_response(done: Iterable[tuple[Any, Mapping[str, Any]]]) -> Any:
    """Return what steps, each with its result, came to: the newest response.

    What a person decided (yes, no, one of several choices) is none, unless there is nothing else.
    """
    ended = [(step, each) for step, each in done if each["status"] not in ("skipped", "failed")]
    said = [each for step, each in ended if not (each["agent"] == HITL and _decides(step, each["response"]))]
    return (said or [each for _, each in ended] or [{"response": ""}])[-1]["response"]


def _decides(step: Any, answer: Any) -> bool:
    return bool(vars(step).get("choices")) or approves(answer) or refuses(answer)


def said_of(result: Mapping[str, Any]) -> str:
    """Return a result's response as text, or why there is none."""
    return text(result["response"]) or str(result.get("error", ""))


def is_agent(name: str) -> bool:
    """Whether who did a step is an agent."""
    return name != HITL and ":" not in name


def doer(step: Step) -> str:
    """Return who does a step, as its result says it: an agent's id, "hitl", or "tool:NAME"."""
    said = vars(step)
    if "agent" in said:
        return str(said["agent"])
    if said.get("type") == HITL:
        return HITL
    if "workflow" in said:
        return f"workflow:{said['workflow']}"
    return f"tool:{said['tool']}" if "tool" in said else next(name for key, name in _DOERS.items() if key in said)


_DOERS = {"http": "tool:http_request", "set": "tool:set", "message": "tool:fail", "for_each": "tool:for_each"}


def is_plain_call(step: Step) -> TypeIs[AgentStep]:
    """Whether a step is nothing but a call of an agent."""
    return "agent" in vars(step) and is_plain(step)


def is_plain(step: Step) -> bool:
    """Whether a step is always done, and nothing is said of its failure or rejection."""
    said = vars(step)  # pydantic takes its time to say that there is no such field
    return said["when"] is None and said["on_error"] == "fail" and said.get("on_reject", "continue") == "continue"


def is_hitl(step: Step | Review) -> TypeIs[HitlStep]:
    """Whether a step asks a person."""
    return vars(step).get("type") == HITL  # pydantic takes its time to say that there is no such field


def __getattr__(name: str) -> Any:
    """Packages with patterns of their own find `step` here too."""
    if name == "step":
        return getattr(import_module("strands_cli.patterns.step_flow"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
