"""What is kept of a node while it runs or waits, so that another process goes on from there.

The tools of a node's agent are recorded with the graph or swarm: a start before the tool runs, a result before
anything is built on it. So what finished in a node does not run again after a crash either.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from strands._core.executor import agent_turn
from strands._core.recorder import OpenTurn, ToolStart
from strands._core.structured_output import structure_prompt
from strands._core.subagent import SubagentRecorder, enter
from strands.interrupt import InterruptState

from .base import MultiAgentBase, Status

if TYPE_CHECKING:
    from strands._core.taken_back import TakenBack
    from strands.types.content import Message
    from strands.types.event_loop import Usage
    from strands.types.tools import ToolResult

    from .base import Executor

Save: TypeAlias = Callable[..., Awaitable[None]]
"""Stores where it stands; its arguments are the kind of what has happened, and where: both for who keeps that."""

TakeBack: TypeAlias = Callable[["TakenBack"], None]
"""Takes out of what a graph or swarm holds what a guardrail took back in a node."""

CANCELLED = "cancelled"
"""The `CutOff.stop` of an agent that was told to stop."""


class NodeRecorder:
    """The recorder of a node's agent.

    Attributes:
        turn: What is on record of the newest message that asks for tools.
        began: Whether any tool was started, now or in an earlier try.
        stop: Why the model stopped at its newest reply, "" when that is not known.
        session_id: The session that keeps the graph or swarm.
    """

    session_id = ""

    def __init__(self, agent: Any, save: Save | None, earlier: CutOff | None, take_back: TakeBack | None) -> None:
        turn = agent_turn(agent)
        cut_off = turn.open if turn is not None else None
        self.turn: OpenTurn = OpenTurn()
        if cut_off is not None:
            self.turn = OpenTurn(dict(cut_off.finished), dict(cut_off.started), {}, dict(cut_off.subagents))
        self.began: bool = bool(self.turn.finished or self.turn.started or (earlier is not None and earlier.began))
        self.stop: str = earlier.stop if earlier is not None else ""
        self._save = save
        self._take_back = take_back

    async def appended(self, message: Message) -> None:
        """What is kept of the node has its whole history."""

    async def replied(self, message: Message, stop_reason: str, usage: Usage) -> None:
        """A new turn begins."""
        self.turn, self.stop = OpenTurn(), stop_reason

    async def tool_started(self, start: ToolStart, *, durable: bool) -> None:
        """Record a tool that is about to run."""
        self.began = True
        self.turn.start(start)
        await self._saved("started", start.tool_use_id, durable)

    async def tool_finished(self, tool_use_id: str, result: ToolResult, *, durable: bool) -> None:
        """Record a tool's result."""
        self.began = True
        self.turn.finish(tool_use_id, result)
        await self._saved("finished", tool_use_id, durable)

    async def redacted(self, taken: TakenBack) -> None:
        """Take out of what is kept what a guardrail took back."""
        for block in taken.message["content"]:
            if "toolResult" in block and block["toolResult"]["toolUseId"] in self.turn.finished:
                self.turn.finished[block["toolResult"]["toolUseId"]] = block["toolResult"]
        if self._take_back is not None:
            self._take_back(taken)
        await self._saved("redacted", "", True)

    async def subagent(self, tool_use_id: str, *, own: bool = False) -> SubagentRecorder:
        """Record that the tool about to start is an agent, and return the recorder of what it does."""
        self.began = True
        return await enter(self._note_inside, tool_use_id, own)

    async def _note_inside(self, path: tuple[str, ...], what: str, data: dict[str, Any], durable: bool) -> None:
        self.turn.note(path, what, data)
        kind = what if what in ("finished", "redacted") else "inside"
        await self._saved(kind, path[0], durable or what == "redacted")

    async def _saved(self, kind: str, tool_use_id: str, durable: bool) -> None:
        if durable and self._save is not None:
            await self._save(kind, f"tools/{tool_use_id}" if tool_use_id else "")


@dataclass(slots=True)
class CutOff:
    """What is known of a node that began and did not come to its end, besides what its executor holds.

    Attributes:
        began: Whether anything was done in it that must not be done again.
        stop: Why the model stopped at the newest reply, "" when that is not known.
        ended: The nested graph or swarm came to its end, and nobody has taken its result yet.
    """

    began: bool = True
    stop: str = ""
    ended: bool = False


class Follower:
    """Follows one run of a node's executor, so that it can be gone on with wherever it is cut off.

    Args:
        executor: The executor.
        save: Stores where the graph or swarm stands; None when nobody keeps that.
        earlier: What is known of the run before, if that was cut off.
        session_id: The session that keeps the graph or swarm, or "".
        take_back: Is told what a guardrail took back in the executor.
    """

    def __init__(
        self,
        executor: Executor,
        save: Save | None,
        earlier: CutOff | None,
        session_id: str = "",
        take_back: TakeBack | None = None,
    ) -> None:
        self.executor = executor
        self._earlier = earlier
        self._before = _newest(executor)
        self._recorder: NodeRecorder | None = None
        self._own_save: Save | None = None
        if isinstance(executor, MultiAgentBase):
            self._own_save = executor.save
            executor.save = _both(self._own_save, save)
            executor.kept_in, executor.take_back_outside = session_id, take_back
        elif save is not None and _is_own(executor) and getattr(executor, "recorder", None) is None:
            agent: Any = executor
            agent.recorder = self._recorder = NodeRecorder(agent, save, earlier, take_back)
            self._recorder.session_id = session_id

    def so_far(self) -> CutOff | None:
        """Return what would be known if the run were cut off now; None when there is nothing to go on from."""
        executor = self.executor
        moved = self._earlier is not None or _newest(executor) is not self._before
        if isinstance(executor, MultiAgentBase):
            ended = moved and _has_completed(executor)
            return CutOff(ended or executor.is_under_way, ended=ended)
        if not _is_own(executor):
            return CutOff()
        if self._recorder is None:  # nobody keeps a record: the agent itself knows what it did
            began = self._earlier is not None and self._earlier.began
            return CutOff(began or _has_used_tools(executor, self._before)) if moved else None
        return CutOff(self._recorder.began, self._recorder.stop) if moved or self._recorder.began else None

    def end(self) -> None:
        """Follow it no longer; what the record knows of an open turn is known to the agent as well."""
        if isinstance(self.executor, MultiAgentBase):
            self.executor.save, self.executor.take_back_outside = self._own_save, None
            return
        agent: Any = self.executor
        recorder = self._recorder
        if recorder is None or agent.recorder is not recorder:
            return
        agent.recorder = None
        for id, result in recorder.turn.finished.items() if agent.turn.open is not None else ():
            agent.turn.open.finished.setdefault(id, result)
            agent.turn.open.started.pop(id, None)
            agent.turn.open.subagents.pop(id, None)


def keep(executor: Executor, known: CutOff | None = None) -> dict[str, Any]:
    """Return what another process needs to go on with an executor that runs, waits or was cut off."""
    if isinstance(executor, MultiAgentBase):
        return {"multi_agent": executor.serialize_state(), "ended": known is not None and known.ended}
    agent: Any = executor
    turn = agent_turn(agent)
    if turn is None:  # not one of ours: where it stands is its own affair
        return {}
    kept: dict[str, Any] = {
        "interrupt_state": turn.interrupts.to_dict(),
        "state": agent.state.get(),
        "messages": list(agent.messages),
        "model_state": dict(getattr(agent, "model_state", {})),
        "stop": known.stop if known is not None else "",
        "tools": list(agent.tool_registry.registry),
    }
    if isinstance(getattr(agent, "recorder", None), NodeRecorder):
        kept["turn"] = agent.recorder.turn.to_dict()
    elif turn.open is not None:
        kept["turn"] = OpenTurn(turn.open.finished, turn.open.started, {}, turn.open.subagents).to_dict()
    return kept


def bring_back(executor: Executor, kept: Mapping[str, Any]) -> CutOff:
    """Put an executor where `keep` found it, and return what is known of it besides."""
    if isinstance(executor, MultiAgentBase):
        if "multi_agent" in kept:
            executor.deserialize_state(kept["multi_agent"])
            executor.missing_hooks = []  # its hooks are on record with those of the outer one
        return CutOff(ended=bool(kept.get("ended")))
    known = CutOff(stop=kept.get("stop", ""))
    if "messages" not in kept:
        return known
    from strands.agent.state import AgentState

    agent: Any = executor
    agent.state = AgentState(kept["state"])
    agent.turn.brought = {"hooks": [], "tools": list(kept.get("tools") or ())}  # its hooks are among the graph's guards
    agent.model_state = dict(kept.get("model_state") or {})
    agent.restore(list(kept["messages"]), _turn(kept))
    return known


def prompt_of(executor: Executor, fresh: Any, answers: list[Any]) -> Any:
    """Return the prompt with which an executor that was cut off goes on; None is "from where you were".

    Args:
        executor: The executor.
        fresh: The prompt it would have got if it had not begun.
        answers: What was answered to its questions.
    """
    if isinstance(executor, MultiAgentBase):
        if not executor.is_under_way:
            return fresh
        return answers if answers and getattr(executor, "pending_interrupts", True) else None
    agent: Any = executor
    if not _is_own(agent):
        return answers or fresh
    if answers and getattr(agent, "pending_interrupts", None):
        return _still_known(agent, answers) or None
    if not _says_the_last_word(agent):
        return None
    return structure_prompt(agent) or fresh  # its reply was cut short: models take no history that ends in one


def prompt_of_paused(executor: Executor, fresh: Any, answers: list[Any]) -> Any:
    """Return the prompt for an executor that is not known to be cut off: the answers to its questions, or `fresh`.

    An agent that died after it had taken an answer, and before it said anything, goes on from where it is.
    """
    agent: Any = executor
    if not answers or not _is_own(agent):
        return answers or fresh
    under_way = agent.turn.open is not None or agent.turn.interrupts.activated
    return _still_known(agent, answers) or (None if under_way else answers)


def _still_known(agent: Any, answers: list[Any]) -> list[Any]:
    """Return the answers to questions that an agent has not done with."""
    known = agent.turn.interrupts.interrupts
    return [block for block in answers if block["interruptResponse"]["interruptId"] in known]


def end_of(executor: Executor, known: CutOff) -> Any:
    """Return the result of an executor that came to its end before it was cut off, or None when it did not."""
    if isinstance(executor, MultiAgentBase):
        result = getattr(executor, "_result", None)
        return result() if known.ended and result is not None else None
    agent: Any = executor
    stop: Any = known.stop or "end_turn"
    if stop in _NO_END or not _is_own(agent) or not _says_the_last_word(agent):
        return None
    if structure_prompt(agent) is not None:
        return None
    from strands.agent.result import AgentResult

    return AgentResult(stop, agent.messages[-1], agent.event_loop_metrics, {})


_NO_END = frozenset({"tool_use", "max_tokens", CANCELLED})
"""Why a model stopped where its agent has not come to an end."""


def _both(first: Save | None, second: Save | None) -> Save | None:
    if first is None or second is None:
        return first or second

    async def save(kind: str = "state", key: str = "") -> None:
        await first(kind, key)
        await second(kind, key)

    return save


def saving_in(node_id: str, save: Save | None) -> Save | None:
    """Return what stores, from within a node, where the graph or swarm around it stands."""
    if save is None:
        return None
    saved = save

    async def save_in(kind: str = "state", key: str = "") -> None:
        await saved(kind, f"nodes/{node_id}/{key}".rstrip("/"))

    return save_in


def _is_own(executor: Any) -> bool:
    return hasattr(executor, "restore") and isinstance(getattr(executor, "messages", None), list)


def _newest(executor: Any) -> object:
    """Return what is another object once the executor has begun."""
    if isinstance(executor, MultiAgentBase):
        return getattr(executor, "state", None)
    messages = getattr(executor, "messages", None)
    return messages[-1] if isinstance(messages, list) and messages else None


def _has_used_tools(agent: Any, before: object) -> bool:
    if agent.turn.open is not None:
        return True
    for message in reversed(agent.messages):
        if message is before:
            return False
        if any("toolResult" in block for block in message["content"]):
            return True
    return False


def _has_completed(executor: Any) -> bool:
    state = getattr(executor, "state", None)
    return getattr(state, "status", None) is Status.COMPLETED or (
        getattr(state, "completion_status", None) is Status.COMPLETED
    )


def _says_the_last_word(agent: Any) -> bool:
    from strands._core.messages import tool_uses

    last = agent.messages[-1] if agent.messages else None
    return last is not None and last["role"] == "assistant" and not tool_uses(last)


def _turn(kept: Mapping[str, Any]) -> OpenTurn | None:
    from strands.session.history import turn_of

    turn = kept.get("turn")
    if turn is None:
        return turn_of(kept["interrupt_state"])
    found = OpenTurn.from_dict(turn)
    found.interrupts = InterruptState.from_dict(kept["interrupt_state"]).interrupts
    return found
