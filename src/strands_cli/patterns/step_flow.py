"""Steps that are done on a condition, that may fail or be rejected and the workflow goes on, or that need no agent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar, cast

from strands_cli.errors import (
    BudgetExceededError,
    ExecutionError,
    NotRecordedError,
    RejectedError,
    SessionError,
    StoppedError,
    StorageError,
    TemplateError,
)
from strands_cli.kernel.run import Run
from strands_cli.kernel.types import Names
from strands_cli.loader.names import own_first
from strands_cli.loader.template import evaluate
from strands_cli.patterns.step import HITL, StepResult, ask, call, doer, is_hitl, is_plain, is_plain_call, text
from strands_cli.review_words import refuses

if TYPE_CHECKING:
    from strands_cli.patterns.step_acts import Act
    from strands_cli.spec.acts import EachStep, WorkflowStep
    from strands_cli.spec.steps import AgentCall, Step

T = TypeVar("T")
_OF_THE_RUN = (SessionError, StorageError, BudgetExceededError, NotRecordedError)
NOT_CAUGHT = (*_OF_THE_RUN, StoppedError)
"""What no step goes on from: the run itself cannot, or must not."""


async def best_effort(run: Run, key: str, job: Callable[[], Awaitable[T]], on_failure: str) -> T | dict[str, Any]:
    """Return what a job comes to, or with `on_failure` "continue" how it failed or was rejected: `status`, `error`."""
    if on_failure != "continue":
        return await job()
    caught = run.caught(key)
    if caught is None:
        try:
            return await job()
        except _OF_THE_RUN:
            raise
        except Exception as error:
            caught = await run.catch(key, error)
    status = "rejected" if caught["error_type"] == RejectedError.__name__ else "failed"
    return {"status": status, "error": str(caught["error"])}


def step(run: Run, step: Step, names: Names, key: str) -> Awaitable[StepResult]:
    """Do one step under `key`; see `flowing` for what is said of its conditions and ends."""
    if is_plain_call(step):
        return call(run, step, names, key)
    if is_hitl(step) and is_plain(step):
        return ask(run, step, names, key)
    return flowing(run, step, names, key)


async def flowing(
    run: Run, step: Step, names: Names, key: str, do: Callable[[], Awaitable[StepResult]] | None = None
) -> StepResult:
    """Do a step as its `when`, `on_error` and `on_reject` say.

    Args:
        do: Does it, where a pattern does so in a way of its own.

    Raises:
        StoppedError: It says that the run fails here, or a person said no to what must not be refused.
    """
    if step.when is not None and not _holds(step.when, names, run.below + key):
        return StepResult(doer(step), "", status="skipped")
    caught = run.caught(key) if step.on_error != "fail" else None
    if caught is None:
        try:
            return _judged(step, await (do() if do is not None else _done(run, step, names, key)), run.below + key)
        except NOT_CAUGHT:
            raise
        except Exception as error:
            if step.on_error == "fail":
                raise
            caught = await run.catch(key, error)
    to = None if isinstance(step.on_error, str) else step.on_error.to
    return StepResult(doer(step), "", status="failed", error=str(caught["error"]), to=to)


async def _done(run: Run, step: Step, names: Names, key: str) -> StepResult:
    if is_hitl(step):
        return await ask(run, step, names, key)
    if "agent" in vars(step):
        return await call(run, cast("AgentCall", step), names, key)
    if "for_each" in vars(step):
        from strands_cli.patterns.for_each import each

        return await each(run, cast("EachStep", step), names, key)
    if "workflow" in vars(step):
        from strands_cli.patterns.step_workflow import workflow

        return await workflow(run, cast("WorkflowStep", step), names, key)
    from strands_cli.patterns.step_acts import act

    return await act(run, cast("Act", step), names, key)


def _judged(step: Step, result: StepResult, key: str) -> StepResult:
    """Return a result with where its rejection leads, if a person said no."""
    on_reject = getattr(step, "on_reject", "continue")
    refused = result.status == "rejected" or (result.agent == HITL and refuses(result.response))
    if not refused or (on_reject == "continue" and result.agent == HITL):
        return result
    if on_reject == "stop":
        raise RejectedError(f"{key!r} was rejected{_why(result)}")
    to = None if isinstance(on_reject, str) else on_reject.to
    return replace(result, status="rejected", to=to)


def _why(result: StepResult) -> str:
    reason = text(result.response).partition(":")[2].strip()  # also behind "They say", where a call was rejected
    return f": {reason}" if reason else ""


def _holds(condition: str, names: Names, key: str) -> bool:
    try:
        return evaluate(condition, own_first(names))
    except TemplateError as error:
        cause = f"the condition {condition!r} of {key!r} cannot be decided: {error.message}"
        raise ExecutionError(cause, hint=error.hint) from error
