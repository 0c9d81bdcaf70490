"""What is kept of a node while it runs or waits, so that another process goes on from there.

The tools of a node's agent are recorded with the graph or swarm: a start before the tool runs, a result before
anything is built on it. So what finished in a node does not run again after a crash either.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from strands.agent.inside import InsideRecorder, enter
from strands.agent.recorder import OpenTurn, ToolStart
from strands.interrupt import InterruptState

from .base import MultiAgentBase, Status

if TYPE_CHECKING:
    from strands.types.content import Message
    from strands.types.event_loop import Usage
    from strands.types.tools import ToolResult

    from .node import Executor


class NodeRecorder:
    """The recorder of a node's agent.

    Attributes:
        turn: What is on record of the newest message that asks for tools.
        began: Whether any tool was started.
    """

    def __init__(self, agent: Any, save: Callable[[], Awaitable[None]]) -> None:
        cut_off = getattr(agent, "_open_turn", None)
        self.turn = OpenTurn()
        if cut_off is not None:
            self.turn = OpenTurn(dict(cut_off.finished), dict(cut_off.started), {}, dict(cut_off.inside))
        self.began = bool(self.turn.finished or self.turn.started)
        self._save = save

    async def appended(self, message: Message) -> None:
        """What is kept of the node has its whole history."""

    async def replied(self, message: Message, stop_reason: str, usage: Usage) -> None:
        """A new turn begins."""
        self.turn = OpenTurn()

    async def tool_started(self, start: ToolStart, *, durable: bool) -> None:
        """Record a tool that is about to run."""
        self.began = True
        self.turn.start(start)
        if durable:
            await self._save()

    async def tool_finished(self, tool_use_id: str, result: ToolResult, *, durable: bool) -> None:
        """Record a tool's result."""
        self.began = True
        self.turn.finish(tool_use_id, result)
        if durable:
            await self._save()

    async def inside(self, tool_use_id: str, *, own: bool = False) -> InsideRecorder:
        """Record that the tool about to start is an agent, and return the recorder of what it does."""
        self.began = True
        return await enter(self._note_inside, tool_use_id, own)

    async def _note_inside(self, path: tuple[str, ...], what: str, data: dict[str, Any], durable: bool) -> None:
        self.turn.note(path, what, data)
        if durable:
            await self._save()


def track(executor: Executor, save: Callable[[], Awaitable[None]] | None) -> None:
    """Record what `executor` does from now on; with None no longer."""
    if isinstance(executor, MultiAgentBase):
        executor.save = save
        return
    agent: Any = executor
    recorder = getattr(agent, "recorder", None)
    if save is None and isinstance(recorder, NodeRecorder):
        agent.recorder = None
    elif save is not None and recorder is None and hasattr(agent, "restore"):
        agent.recorder = NodeRecorder(agent, save)


def has_begun(executor: Executor) -> bool:
    """Return whether an executor that runs has done anything that must not be done again."""
    if isinstance(executor, MultiAgentBase):
        return True
    recorder = getattr(executor, "recorder", None)
    return isinstance(recorder, NodeRecorder) and recorder.began


def keep(executor: Executor) -> dict[str, Any]:
    """Return what another process needs to go on with an executor that runs or waits."""
    if isinstance(executor, MultiAgentBase):
        return {"multi_agent": executor.serialize_state()}
    agent: Any = executor
    if not hasattr(agent, "_interrupt_state"):  # not one of ours: where it stands is its own affair
        return {}
    kept: dict[str, Any] = {
        "interrupt_state": agent._interrupt_state.to_dict(),
        "state": agent.state.get(),
        "messages": list(agent.messages),
        "model_state": dict(getattr(agent, "_model_state", {})),
    }
    cut_off = getattr(agent, "_open_turn", None)
    if isinstance(getattr(agent, "recorder", None), NodeRecorder):
        kept["turn"] = agent.recorder.turn.to_dict()
    elif cut_off is not None:
        kept["turn"] = OpenTurn(cut_off.finished, cut_off.started, {}, cut_off.inside).to_dict()
    return kept


def bring_back(executor: Executor, kept: Mapping[str, Any]) -> None:
    """Put an executor where `keep` found it."""
    if isinstance(executor, MultiAgentBase):
        if "multi_agent" in kept:
            executor.deserialize_state(kept["multi_agent"])
        return
    if "messages" not in kept:
        return
    from strands.agent.state import AgentState

    agent: Any = executor
    agent.state = AgentState(kept["state"])
    agent._model_state = dict(kept.get("model_state") or {})
    agent.restore(list(kept["messages"]), _turn(kept))


def prompt_of(executor: Executor, fresh: Any, answers: list[Any]) -> Any:
    """Return the prompt with which an executor that was brought back goes on; None is "from where you were".

    Args:
        executor: The executor.
        fresh: The prompt it would have got if it had not begun.
        answers: What was answered to its questions.
    """
    if isinstance(executor, MultiAgentBase):
        return (answers or None) if executor.is_under_way else fresh
    return answers if answers and getattr(executor, "pending_interrupts", None) else None


def is_under_way(data: Mapping[str, Any]) -> bool:
    """Return whether a stored graph or swarm is to be gone on with; one that had ended begins anew."""
    status = data.get("status")
    if status == Status.FAILED.value:
        return bool(data.get("next_nodes_to_execute"))
    return status in (Status.EXECUTING.value, Status.INTERRUPTED.value)


def _turn(kept: Mapping[str, Any]) -> OpenTurn | None:
    from strands.session.history import turn_of

    turn = kept.get("turn")
    if turn is None:
        return turn_of(kept["interrupt_state"])
    found = OpenTurn.from_dict(turn)
    found.interrupts = InterruptState.from_dict(kept["interrupt_state"]).interrupts
    return found
