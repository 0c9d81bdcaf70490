"""What Python gave an agent and no store can keep: hooks, tools, a model. A session notes their names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from strands.hooks.naming import qualified_name
from strands.types.exceptions import SessionException

if TYPE_CHECKING:
    from strands._core.host import Host


def judges(agent: Host) -> list[str]:
    """Return the hooks that may stop a tool call of an agent, or of an agent that works as its tool, by name."""
    found: list[str] = []
    seen: list[Any] = []
    _collect(agent, found, seen)
    return found


def more(names: Sequence[str], than: Sequence[str]) -> list[str]:
    """Return what `names` has more often than `than`: of two hooks of one class each counts."""
    return list((Counter(names) - Counter(than)).elements())


def _collect(agent: Any, found: list[str], seen: list[Any]) -> None:
    if any(agent is each for each in seen):
        return
    seen.append(agent)
    found.extend(agent.hooks.judges)
    for tool in list(agent.tool_registry.registry.values()):
        inner = getattr(tool, "agent", None)
        if hasattr(inner, "hooks") and hasattr(inner, "tool_registry"):
            _collect(inner, found, seen)


def noted(agent: Host) -> dict[str, Any] | None:
    """Return what a session notes; None where nothing judges and nothing waits.

    While a turn is open, what it was begun with stays noted, whatever this process has.
    """
    names, waits = judges(agent), agent.turn.interrupts.activated
    before = agent.turn.brought if waits or agent.turn.open is not None else None
    if before is not None:
        known = before.get("hooks", ())
        names = [*known, *more(names, known)]
    if not names and not waits:
        return None
    tools = dict.fromkeys([*(before or {}).get("tools", ()), *agent.tool_registry.registry])
    return {"hooks": names, "tools": list(tools), "model": qualified_name(agent.model)}


def check(agent: Host, waiting: list[str]) -> None:
    """Refuse to go on with an open turn without what it was begun with.

    Args:
        agent: The agent.
        waiting: The names of the tools that are to run.

    Raises:
        SessionException: A hook that judges tool calls, or a tool that is to run, is missing here.
    """
    brought = agent.turn.brought
    if brought is None:
        return
    present = judges(agent)
    missing = more(brought.get("hooks", ()), present)
    session = f"session {agent.session_id!r}" if agent._session_manager is not None else f"agent {agent.name!r}"
    if missing and not getattr(agent._session_manager, "without_hooks", False):
        or_else = (
            f"accept that nobody judges for them: {type(agent._session_manager).__name__}(..., without_hooks=True)"
            if hasattr(agent._session_manager, "without_hooks")
            else "give the calls up: agent.abandon_interrupts()"
        )
        raise SessionException(
            f"{session} is in the middle of a turn that was begun with hooks which this agent does not have: "
            f"{', '.join(missing)}. They judge tool calls, so nothing was done and no answer was taken. Give the agent "
            f"these hooks, or {or_else}"
        )
    known = agent.tool_registry.registry
    gone = [name for name in waiting if name in brought.get("tools", ()) and name not in known]
    if gone:
        raise SessionException(
            f"{session} waits for tools which this agent does not have: {', '.join(gone)}. No answer was taken. Give "
            "the agent these tools, or give the calls up: agent.abandon_interrupts()"
        )
