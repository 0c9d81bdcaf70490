"""What a drive came to, as a `RunResult` or as an error that carries one."""

from __future__ import annotations

from collections.abc import Sequence

from strands_cli import errors
from strands_cli.errors import ExecutionError, StrandsError
from strands_cli.kernel import questions
from strands_cli.kernel.drive import Rest
from strands_cli.kernel.state import State, text_of
from strands_cli.types import Json, RunResult


def run_result(session_id: str, pattern: str, rest: Rest, written: Sequence[str]) -> RunResult:
    """Return what a drive came to.

    Args:
        written: Paths of the artifacts.

    Raises:
        ExecutionError: It failed for another reason than that its pattern says no.
    """
    state, outcome = rest.state, rest.outcome
    result = RunResult(
        agent_id="hitl" if rest.status == "paused" else (outcome.agent if outcome else ""),
        exit_code=_exit_code(rest),
        last_response=outcome.response if outcome else last_text(state),
        duration_seconds=rest.seconds,
        success=rest.status == "completed",
        error_message=str(rest.error) if rest.error else None,
        artifacts_written=list(written),
        session_id=session_id,
        token_usage=dict(state.agent_tokens),
        execution_context=outcome.context if outcome else {},
        status=rest.status,
        questions=[questions.opened(entry) for entry in state.open_questions()],
        pattern_type=pattern,
        started_at=state.opened.at if state.opened else None,
        completed_at=state.rest.at if state.rest and rest.status == "completed" else None,
    )
    if rest.status == "failed" and outcome is None:
        raise _failure(rest.error, result)
    return result


def _failure(error: BaseException | None, result: RunResult) -> ExecutionError:
    resume = f"What is finished is kept. When it is mended: strands resume {result.session_id}"
    if isinstance(error, ExecutionError):
        error.result = result
        error.hint = error.hint or resume
        return error
    known = isinstance(error, StrandsError)
    message = str(error.message) if isinstance(error, StrandsError) else f"{type(error).__name__}: {error}"
    failed = ExecutionError(message, hint=error.hint if known and error.hint else resume, result=result)  # type: ignore[union-attr]
    failed.__cause__ = error
    if isinstance(error, StrandsError):
        failed.exit_code = error.exit_code
    return failed


def _exit_code(rest: Rest) -> int:
    if rest.status == "completed":
        return errors.OK
    if rest.status == "paused":
        return errors.PAUSED
    if rest.status == "cancelled":
        return errors.SESSION
    return rest.error.exit_code if isinstance(rest.error, StrandsError) else errors.RUNTIME


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
