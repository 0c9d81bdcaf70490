"""A tool that was started and has no result on record: only a person can say whether it has happened."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

from strands._core.recorder import SubagentRecord, ToolStart, ambiguous_question_id, forget_ambiguous
from strands.hooks.binding import CallBinding
from strands.interrupt import AMBIGUOUS, Interrupt, call_digest, hook_prefix, looked_up
from strands.tools.results import as_result, error_result

if TYPE_CHECKING:
    from strands._core.host import Host
    from strands.types.tools import AgentTool, ToolResult, ToolUse

OPTIONS = ["run again", "skip", "result"]
MESSAGE = (
    "This call was started and its result is not on record: it may already have happened. "
    "Run it again, skip it, or give its result?"
)
RESULT = f"{AMBIGUOUS}_result"
"""The name of the question for the result, when the first answer only says that there is one."""
RESULT_MESSAGE = "What was the result of this call? It is given to the model as the tool's own."


def resolve_ambiguous(
    agent: Host, tool: AgentTool | None, use: ToolUse, start: ToolStart, inside: SubagentRecord | None
) -> ToolResult | list[Interrupt] | None:
    """Return a result to take instead of running, the question to ask, or None when the tool may run (again)."""
    if tool is not None:
        if tool.read_only or (tool.idempotent and start.idempotency_key):  # under a new key it would act twice
            return None
        if inside is not None and tool.goes_on(start.idempotency_key, inside):
            return None
    digest = _digest(tool, use, start)
    id = ambiguous_question_id(use["toolUseId"])
    known = looked_up(agent.turn.interrupts.interrupts, id)
    if known is None or not known.answered or known.digest not in (None, digest):
        forget_ambiguous(agent.turn.interrupts.interrupts, use["toolUseId"])
        return [_question(id, use, start, digest)]
    answer = known.response
    option = option_of(answer)
    if option == "run again":
        return None
    if option == "skip":
        return error_result(use["toolUseId"], "Skipped: the call was started before and may already have happened.")
    if isinstance(answer, dict) and "result" in answer:
        return as_result(use["toolUseId"], answer["result"])
    if isinstance(answer, str) and answer.lower().startswith("result:"):
        return as_result(use["toolUseId"], answer[len("result:") :].strip())
    if option == "result":
        return _given_result(agent, use, start, digest)
    forget_ambiguous(agent.turn.interrupts.interrupts, use["toolUseId"])
    return [_question(id, use, start, digest, problem=f"{answer!r} is not one of {OPTIONS}")]


def option_of(answer: Any) -> str | None:
    """Return which of `OPTIONS` an answer names, by its word or its number from 1; None when it names none."""
    if isinstance(answer, bool) or not isinstance(answer, (str, int)):
        return None
    word = str(answer).strip().lower().replace("_", " ")
    numbered = {str(number): option for number, option in enumerate(OPTIONS, start=1)}
    return word if word in OPTIONS else numbered.get(word)


def runs_otherwise(start: ToolStart, use: ToolUse, final: CallBinding) -> bool:
    """Return whether a call is another than the one that a person was asked about; its code may have been mended."""
    shown = _call(use, start)
    return bool(shown["tool"] != final.name or _plain(shown["input"]) != _plain(final.input()))


def _given_result(agent: Host, use: ToolUse, start: ToolStart, digest: str) -> ToolResult | list[Interrupt]:
    id = hook_prefix(use["toolUseId"]) + str(uuid.uuid5(uuid.NAMESPACE_OID, RESULT))
    known = agent.turn.interrupts.interrupts.get(id)
    if known is not None and known.answered and known.digest == digest:
        return as_result(use["toolUseId"], known.response)
    reason = {**_call(use, start), "message": RESULT_MESSAGE}
    return [Interrupt(id, RESULT, reason, None, digest, gate=RESULT)]


def _digest(tool: AgentTool | None, use: ToolUse, start: ToolStart) -> str:
    """Return what the answer is bound to: the start as it is on record."""
    if start.input is not None:
        return start.digest
    return call_digest(use["name"], use["input"], tool.approval_basis if tool is not None else None)


def _call(use: ToolUse, start: ToolStart) -> dict[str, Any]:
    if start.input is None:
        return {"tool": use["name"], "input": use["input"]}
    return {"tool": start.name, "input": json.loads(start.input)}


def _question(first: str, use: ToolUse, start: ToolStart, digest: str, **more: Any) -> Interrupt:
    """Return the question; "run again" is for one run, so each time it is asked it has an id of its own."""
    id = f"{hook_prefix(use['toolUseId'])}{uuid.uuid4()}"
    reason = {**_call(use, start), "message": MESSAGE, "options": OPTIONS, **more}
    return Interrupt(id, AMBIGUOUS, reason, None, digest, gate=AMBIGUOUS, first=first)


def _plain(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
