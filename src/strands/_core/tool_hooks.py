"""Hooks around all the tools of one message."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from strands.hooks.events import AfterToolsEvent, BeforeToolsEvent
from strands.hooks.interruptible import check_taken
from strands.hooks.registry import refusal
from strands.interrupt import Interrupt, hook_prefix, looked_up
from strands.tools.results import error_result

from .call_check import nobody_took, replaced, unanswered_of_batch, untaken_of_batch
from .messages import tool_uses

if TYPE_CHECKING:
    from strands._core.tool_batch import ToolBatch
    from strands.hooks.binding import BatchBinding, CallBinding
    from strands.types.content import ContentBlock, Message
    from strands.types.tools import ToolResult, ToolUse

REFUSED = "The call was changed after its approval, and the change was refused."
ENDED = "A hook ended the turn after its tools had run."


async def before(batch: ToolBatch) -> list[Interrupt]:
    """Let hooks judge the tools of a message before any of them runs.

    Returns:
        The questions that must be answered first.
    """
    invocation = batch.invocation
    agent = invocation.agent
    known = agent.turn.interrupts.interrupts
    consulted: list[Interrupt] = []
    if agent.hooks.listens(BeforeToolsEvent):
        event = BeforeToolsEvent(agent=agent, message=batch.message, invocation_state=invocation.state)
        _, interrupts = await agent.hooks.invoke_callbacks_async(event)
        if interrupts:
            return interrupts
        refused = refusal(event.cancel, "tool cancelled by user")
        if refused is not None:
            _refuse_all(batch, refused)
            return []
        swallowed = unanswered_of_batch(known.values()) if known else []
        if swallowed:
            return swallowed
        consulted = event.consulted
        if consulted:
            calls = event.binding()
            changed = _ask_about_all(known, consulted, calls)
            if changed:
                return changed
            batch.approvals, batch.approved = consulted, dict(calls.calls)
    untaken = untaken_of_batch(known.values(), consulted) if known else []
    if untaken:
        _refuse_all(batch, nobody_took(untaken))
    return []


def _refuse_all(batch: ToolBatch, text: str) -> None:
    for use in tool_uses(batch.message):
        batch.results.setdefault(use["toolUseId"], error_result(use["toolUseId"], text))


def _ask_about_all(known: dict[str, Interrupt], consulted: list[Interrupt], calls: BatchBinding) -> list[Interrupt]:
    """Return the questions whose answers were for other calls than those that would run, to ask anew."""
    changed = [each for each in consulted if each.digest is not None and not calls.holds(each.digest)]
    shown = [{"tool": call.name, "input": call.input()} for call in calls.calls.values()]
    return replaced(known, changed, calls, shown)


async def after(batch: ToolBatch, results: Message) -> tuple[Message | None, list[Interrupt]]:
    """Tell hooks that the tools of a message came to rest.

    Args:
        batch: The tools.
        results: The message with their results.

    Returns:
        The agent's answer, when a hook ends the turn with one; and what hooks ask.

    Raises:
        SessionException: A question about these results was answered, and no hook took the answer.
    """
    invocation = batch.invocation
    event = AfterToolsEvent(agent=invocation.agent, message=results, invocation_state=invocation.state)
    _, raised = await invocation.agent.hooks.invoke_callbacks_async(event)
    asked = event.open_questions(raised)
    if asked:
        return None, asked
    check_taken(event)
    end = event.end_turn
    if not end:
        return None, []
    blocks: list[ContentBlock] = end if isinstance(end, list) else [{"text": end if isinstance(end, str) else ENDED}]
    return {"role": "assistant", "content": blocks}, []


def so_far(batch: ToolBatch) -> Message:
    """Return the results of the tools that did not stop to ask."""
    found = [batch.results.get(use["toolUseId"]) for use in tool_uses(batch.message)]
    return {"role": "user", "content": [{"toolResult": result} for result in found if result is not None]}


def alone(tool_use_id: str, approval: Interrupt) -> str:
    """Return the id of a question about all calls, asked about one of them."""
    return hook_prefix(tool_use_id) + str(uuid.uuid5(uuid.NAMESPACE_OID, f"before_tools:{approval.name}"))


def ask_about_change(batch: ToolBatch, use: ToolUse, final: CallBinding) -> list[Interrupt] | ToolResult | None:
    """A call is another than the one approved together with its siblings: ask about it alone.

    Returns:
        The open questions; or an error result when one was answered otherwise than for all; else None.
    """
    known = batch.invocation.agent.turn.interrupts.interrupts
    asked = []
    for approval in batch.approvals:
        id = alone(use["toolUseId"], approval)
        question = looked_up(known, id)
        if question is None or not final.holds(question.digest):
            shown = {"tool": final.name, "input": final.input()}
            alike = Interrupt(id, approval.name, approval.reason, key=approval.key)
            asked += replaced(known, [question or alike], final, shown)
        elif not question.answered:
            asked.append(question)
        elif question.response != approval.response:
            return error_result(use["toolUseId"], REFUSED)
    return asked or None
