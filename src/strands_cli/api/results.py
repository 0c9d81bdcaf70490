"""What a drive came to, as a `RunResult` or as an error that carries one."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from strands_cli import errors
from strands_cli.errors import ExecutionError, StoppedError, StrandsError, TemplateError
from strands_cli.kernel.drive import DriveResult
from strands_cli.kernel.shown import numbers, public
from strands_cli.kernel.state import State, text_of
from strands_cli.kernel.types import Outcome
from strands_cli.kernel.usage import usage_by_agent
from strands_cli.types import Json, OpenQuestion, RunResult

if TYPE_CHECKING:
    from strands_cli.api.options import Options
    from strands_cli.costs import Costs

VARIABLE = "STRANDS_PRICES"
"""Names the file with a user's own prices."""

_MOST = 3
"""How many failures are told beside the first."""


def run_result(
    session_id: str, pattern: str, rest: DriveResult, written: Sequence[str], options: Options | None = None
) -> RunResult:
    """Return what a drive came to.

    Args:
        written: Paths of the artifacts.
        options: What the workflow is given beside its spec: how it goes on after a failure depends on it.

    Raises:
        ExecutionError: It failed for another reason than that its pattern says no.
    """
    if options is not None and isinstance(rest.error, StrandsError):
        rest.error.hint = _that_works(rest.error.hint, options)
    state, outcome = rest.state, rest.outcome
    costs = costs_of(state)
    result = RunResult(
        agent_id="hitl" if rest.status == "paused" else (outcome.agent if outcome else ""),
        exit_code=_exit_code(rest),
        last_response=outcome.response if outcome else last_text(state),
        duration_seconds=rest.seconds,
        success=rest.status == "completed",
        error_message=_message(rest),
        artifacts_written=list(written),
        session_id=session_id,
        token_usage=dict(state.agent_tokens),
        execution_context=outcome.context if outcome else so_far(pattern, state),
        status=rest.status,
        questions=_questions(state, session_id),
        pattern_type=pattern,
        started_at=state.opened.at if state.opened else None,
        completed_at=state.rest.at if state.rest and rest.status == "completed" else None,
        lost_runs=state.lost,
        usage=usage_by_agent(state.used),
        cost=costs.total if costs is not None else None,
        cost_by_agent=costs.by_agent if costs is not None else dict.fromkeys(state.agent_tokens),
        unpriced_models=costs.unpriced if costs is not None else [],
    )
    if rest.status == "failed" and outcome is None and not isinstance(rest.error, StoppedError):
        raise _failure(rest, result, options)
    return result


def _questions(state: State, session_id: str) -> list[OpenQuestion]:
    places = numbers(state)
    opened = [public(state, entry, session_id) for entry in state.open_questions()]
    return [replace(question, number=places[question.id]) for question in opened]


def finished_result(session_id: str, pattern: str, state: State) -> RunResult:
    """Return what a completed or cancelled session came to, from its record alone."""
    assert state.rest is not None
    data, completed = state.rest.data, state.rest.kind == "closed"
    outcome = Outcome(data["response"], so_far(pattern, state), agent=data.get("agent", "")) if completed else None
    rest = DriveResult("completed" if completed else "cancelled", state, outcome, seconds=state.seconds)
    return run_result(session_id, pattern, rest, ())


def failure_text(data: Mapping[str, Json]) -> str:
    """Return what a `failed` entry says: the cause, its step unless it names that itself, and what failed beside it."""
    parts = [_at(data.get("step"), str(data.get("error")))]
    others = [_at(other.get("step"), str(other.get("error"))) for other in data.get("also", ())]
    parts += [f"also failed: {other}" for other in others[:_MOST]]
    if len(others) > _MOST:
        parts.append(f"and {len(others) - _MOST} more")
    return "; ".join(parts)


def costs_of(state: State) -> Costs | None:
    """Return what is on record of a session in money, or None where it has scripted models only, without prices."""
    if is_rehearsal(state.origin):
        return None
    from strands_cli.costs import Costs, costs_nothing

    return None if costs_nothing(state.origin) else Costs.of(state)


def step_cost(state: State, key: str, kept: list[Costs | None]) -> float | None:
    """Return what a step cost in US dollars, or None where that is not known.

    Args:
        kept: Where what is counted already is kept between calls; empty at first.
    """
    if not kept:
        kept.append(costs_of(state))
    if kept[0] is None:
        return None
    kept[0].take(state)
    return kept[0].of_step(key)


def is_rehearsal(origin: Mapping[str, Json]) -> bool:
    """Whether it is seen at once that nothing is spent: nothing is imported for such a run."""
    free = origin.get("offline") or origin.get("model_id") == "scripted"
    spec = origin.get("spec") or {}
    priced = "prices" in spec.get("runtime", ()) or bool(spec.get("workflows")) or VARIABLE in os.environ
    return bool(free) and not priced


def so_far(pattern: str, state: State) -> dict[str, Json]:
    """Return what each part of a pattern has produced, imported only when somebody looks."""
    from strands_cli.api import contexts

    return contexts.so_far(pattern, state)


def _at(step: str | None, error: str) -> str:
    return error if not step or repr(step) in error else f"step {step!r}: {error}"


def _message(rest: DriveResult) -> str | None:
    """Return the cause as the record tells it, with its hint."""
    if rest.error is None:
        return None
    hint = rest.error.hint if isinstance(rest.error, StrandsError) else ""
    return f"{_cause(rest)}\n{hint}" if hint else _cause(rest)


def _cause(rest: DriveResult) -> str:
    entry = rest.state.rest
    return failure_text(entry.data) if entry is not None and entry.kind == "failed" else str(rest.error)


def _failure(rest: DriveResult, result: RunResult, options: Options | None) -> ExecutionError:
    error = rest.error
    resume = f"What is finished is kept. When it is mended: {_command(rest, result)}"
    if options is not None:
        resume = _that_works(resume, options)
    if isinstance(error, ExecutionError):
        error.result = result
        error.exit_code = _code_of(error)
        error.message = _cause(rest)
        error.hint = error.hint or resume
        return error
    known = isinstance(error, StrandsError)
    message = _cause(rest)
    failed = ExecutionError(message, hint=error.hint if known and error.hint else resume, result=result)  # type: ignore[union-attr]
    failed.__cause__ = error
    if isinstance(error, StrandsError):
        failed.exit_code = _code_of(error)
    return failed


def _that_works(hint: str, options: Options) -> str:
    from strands_cli.api.remedies import that_works

    return that_works(hint, options)


def _command(rest: DriveResult, result: RunResult) -> str:
    """Return the command that goes on; what is wrong in the spec itself needs the mended file, else it fails again."""
    import shlex

    spec = ["--spec", rest.state.origin.get("file", "FILE")] if isinstance(rest.error, TemplateError) else []
    return shlex.join(["strands", "resume", result.session_id, *spec])


def _exit_code(rest: DriveResult) -> int:
    if rest.status == "completed":
        return errors.OK
    if rest.status == "paused":
        return errors.PAUSED
    if rest.status == "cancelled":
        return errors.SESSION
    return _code_of(rest.error) if rest.error is not None else errors.RUNTIME


def _code_of(error: BaseException) -> int:
    """Return what a run ends with that fails in the middle: what is wrong usage before it began is a failure then."""
    code = error.exit_code if isinstance(error, StrandsError) else errors.RUNTIME
    return errors.RUNTIME if code == errors.USAGE else code


def last_text(state: State) -> str:
    """Return the newest text that an agent gave."""
    for entry in reversed(list(state.done.values())):
        return text_of(entry.data["message"])
    return ""


def trace(session_id: str, state: State) -> dict[str, Json]:
    steps = [
        {
            "key": key,
            "agent": state.started[key].data["agent"],
            "prompt": state.started[key].data["prompt"],
            "response": text_of(entry.data["message"]),
            "stop_reason": entry.data.get("stop", "end_turn"),
            "tokens": state.tokens.get(key, 0),
            "duration": entry.data.get("seconds", 0.0),
        }
        for key, entry in state.done.items()
    ]
    answers = [
        {"key": key, "response": entry.data["value"], "by": entry.data.get("by")}
        for key, entry in state.answered.items()
    ]
    opened = state.opened.data if state.opened else {}
    return {"session_id": session_id, "workflow": opened.get("workflow"), "steps": steps, "answers": answers}
