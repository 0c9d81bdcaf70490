"""A tool that was started and has no result on record: only a person can say whether it has happened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strands.interrupt import Interrupt, call_digest
from strands.tools.results import as_result, error_result

from .recorder import AMBIGUOUS, Inside, ToolStart, doubt_about

if TYPE_CHECKING:
    from strands.agent.agent import Agent
    from strands.types.tools import AgentTool, ToolResult, ToolUse

OPTIONS = ["run again", "skip", "result"]
MESSAGE = (
    "This call was started and its result is not on record: it may already have happened. "
    "Run it again, skip it, or give its result?"
)


def settle_doubt(
    agent: Agent, tool: AgentTool | None, use: ToolUse, start: ToolStart, inside: Inside | None
) -> ToolResult | list[Interrupt] | None:
    """Return a result to take instead of running, the question to ask, or None when the tool may run (again)."""
    if tool is not None:
        if tool.read_only or (tool.idempotent and start.idempotency_key):  # under a new key it would act twice
            return None
        if inside is not None and tool.goes_on(start.idempotency_key, inside):
            return None
    basis = tool.approval_basis if tool else None
    digest = call_digest(use["name"], use["input"], basis)
    id = doubt_about(use["toolUseId"])
    known = agent._interrupt_state.interrupts.get(id)
    if known is None or not known.answered or known.digest not in (None, digest):
        return [_question(id, use, digest)]
    answer = known.response
    if _is(answer, "run again"):
        return None
    if _is(answer, "skip"):
        return error_result(use["toolUseId"], "Skipped: the call was started before and may already have happened.")
    if isinstance(answer, dict) and "result" in answer:
        return as_result(use["toolUseId"], answer["result"])
    if isinstance(answer, str) and answer.lower().startswith("result:"):
        return as_result(use["toolUseId"], answer[len("result:") :].strip())
    return [_question(id, use, digest, problem=f"{answer!r} is not one of {OPTIONS}")]


def _question(id: str, use: ToolUse, digest: str, **more: Any) -> Interrupt:
    reason = {"tool": use["name"], "input": use["input"], "message": MESSAGE, "options": OPTIONS, **more}
    return Interrupt(id, AMBIGUOUS, reason, None, digest)


def _is(answer: Any, option: str) -> bool:
    return isinstance(answer, str) and answer.strip().lower().replace("_", " ") == option
