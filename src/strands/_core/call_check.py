"""What stands between a model's wish and a tool: hooks, then gates, then one look at the call as it will run."""

from __future__ import annotations

from collections.abc import Iterable, Set
from typing import TYPE_CHECKING, Any

from strands.hooks.binding import CallBinding
from strands.hooks.events import BeforeToolCallEvent
from strands.hooks.interruptible import BATCH_PREFIX
from strands.hooks.registry import refusal
from strands.interrupt import Interrupt, has_prefix, hook_prefix, is_about_ambiguous_call

if TYPE_CHECKING:
    from strands._core.invocation import Invocation
    from strands.hooks.binding import Binding
    from strands.types.tools import AgentTool, ToolUse

_MOST_ROUNDS = 8
UNSETTLED = "The judges of this call kept changing it; it was not made."


class Judged:
    """A call after everybody who may stop it was told.

    Attributes:
        tool: The tool that it is for now.
        use: The call as it is now.
        cancel: Why it is not made, or None.
        interrupts: The questions that must be answered first.
        consulted: The answered questions that let it pass.
        bound: The call as answers were looked up for it last, or None.
    """

    __slots__ = ("bound", "cancel", "consulted", "interrupts", "tool", "use")

    def __init__(
        self,
        tool: AgentTool | None,
        use: ToolUse,
        cancel: str | None,
        interrupts: list[Interrupt],
        consulted: list[Interrupt],
    ) -> None:
        self.tool: AgentTool | None = tool
        self.use: ToolUse = use
        self.cancel: str | None = cancel
        self.interrupts: list[Interrupt] = interrupts
        self.consulted: list[Interrupt] = consulted
        self.bound: CallBinding | None = None


async def judged(invocation: Invocation, tool: AgentTool | None, use: ToolUse) -> Judged:
    """Tell the hooks of a call, then its gates, until none of these changes it any more."""
    hooks = invocation.agent.hooks
    event = _event(invocation, tool, use)
    _, interrupts = await hooks.invoke_callbacks_async(event)
    found = Judged(event.selected_tool, event.tool_use, _cancelled(event), interrupts, event.consulted)
    found.bound = event.bound
    if interrupts or found.cancel is not None or not hooks.gates:
        return found
    names = event.question_scope().names
    for _ in range(_MOST_ROUNDS):
        try:
            before = CallBinding(found.tool, found.use, strict=True)
        except (TypeError, ValueError) as error:
            found.cancel = not_json(found.use, error)
            return found
        event = _event(invocation, found.tool, {**found.use, "input": before.input()})
        event.question_scope(names)
        interrupts = await hooks.judge(event)
        found.consulted = [*found.consulted, *event.consulted]
        found.tool, found.use, found.cancel = event.selected_tool, event.tool_use, _cancelled(event)
        found.interrupts, found.bound = interrupts, event.bound
        if interrupts or found.cancel is not None or event.binding().digest == before.digest:
            return found
    found.cancel = UNSETTLED
    return found


def not_json(use: ToolUse, error: Exception) -> str:
    """Return what the model is told when the arguments of a call cannot run to the byte."""
    return f"Error: the arguments of {use['name']!r} are not JSON: {error}"


def _event(invocation: Invocation, tool: AgentTool | None, use: ToolUse) -> BeforeToolCallEvent[Any]:
    return BeforeToolCallEvent(
        agent=invocation.agent, selected_tool=tool, tool_use=use, invocation_state=invocation.state
    )


def _cancelled(event: BeforeToolCallEvent[Any]) -> str | None:
    return refusal(event.cancel_tool, "tool cancelled by user")


def ask_anew(known: dict[str, Interrupt], answered: Iterable[Interrupt], final: CallBinding) -> list[Interrupt]:
    """Return what stands for those answered questions whose answers were for another call than `final`."""
    changed = [each for each in answered if each.digest is not None and not final.holds(each.digest)]
    if not changed:
        return []
    return replaced(known, changed, final, {"tool": final.name, "input": final.input()})


def replaced(known: dict[str, Interrupt], changed: Iterable[Interrupt], now: Binding, shown: Any) -> list[Interrupt]:
    """Put questions about what there is now in the place of those about what there was.

    Args:
        known: All questions of the agent.
        changed: Those to replace.
        now: What the new ones are about.
        shown: The same, as a person is shown it.

    Returns:
        The new ones.
    """
    made = {}
    for each in changed:
        reason = each.reason if isinstance(each.reason, dict) else {"reason": each.reason}
        made[each.id] = each.anew({**reason, "changed": shown}, now)
        known.pop(each.id, None)
    known.update((each.id, each) for each in made.values())
    return list(made.values())


def unanswered(known: Iterable[Interrupt], tool_use_id: str) -> list[Interrupt]:
    """Return the questions of hooks about a call that wait, though their asker swallowed the interrupt and went on."""
    prefix = hook_prefix(tool_use_id)
    return [each for each in known if not each.answered and each.carried is None and has_prefix(each, prefix)]


def unanswered_of_batch(known: Iterable[Interrupt]) -> list[Interrupt]:
    """Return the questions about all calls of a message that wait, though their asker went on."""
    return [each for each in known if not each.answered and each.id.startswith(BATCH_PREFIX)]


def untaken(known: Iterable[Interrupt], tool_use_id: str, taken: Set[str]) -> list[Interrupt]:
    """Return the answered questions of hooks about a call that no hook of this process took the answer of."""
    prefix = hook_prefix(tool_use_id)
    return [each for each in known if _is_open_answer(each, prefix, taken) and not is_about_ambiguous_call(each)]


def untaken_of_batch(known: Iterable[Interrupt], taken: Iterable[Interrupt]) -> list[Interrupt]:
    """Return the answered questions about all calls of a message that no hook took the answer of."""
    ids = {each.first for each in taken}
    return [each for each in known if _is_open_answer(each, BATCH_PREFIX, ids)]


def _is_open_answer(interrupt: Interrupt, prefix: str, taken: Set[str]) -> bool:
    if not interrupt.answered or interrupt.carried is not None or interrupt.first in taken:
        return False
    return has_prefix(interrupt, prefix)


def nobody_took(answered: Iterable[Interrupt]) -> str:
    """Return what the model is told when an answer has nobody who can act on it."""
    names = ", ".join(repr(each.name) for each in answered)
    return (
        f"The question {names} was answered, and nothing in this process took the answer: the hook that asked is "
        "missing, or no longer asks. The call was not made."
    )
