"""One tool use, seen from the agent that works in it: where it begins or goes on, and what its questions carry."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from strands._core.recorder import OpenTurn, SubagentRecord, raised_in
from strands._core.subagent import Attempt
from strands._question_ids import MOMENTS, inside_prefix
from strands.agent.result import AgentResult
from strands.interrupt import Interrupt, InterruptState
from strands.types.exceptions import MaxTokensReachedException

from .loop import CUT_OFF
from .messages import tool_uses
from .structured_output import structure_prompt

if TYPE_CHECKING:
    from strands._core.host import Host
    from strands.types.tools import ToolContext

_KEPT_CALLS = 16


class SubagentTask:
    """One tool use in which `agent` works.

    Args:
        agent: The agent.
        tool_use_id: The call.
        context: What the tool was given; None outside of an agent.
        first: The messages and the state that the agent was built with.
    """

    def __init__(
        self, agent: Host, tool_use_id: str, context: ToolContext[Any] | None, first: Mapping[str, Any]
    ) -> None:
        self.attempt: Attempt = (context._attempt if context is not None else None) or Attempt()
        self._agent = agent
        self._id = tool_use_id
        self._key = context.idempotency_key if context is not None else ""
        self._known: dict[str, Interrupt] = context.agent.turn.interrupts.interrupts if context is not None else {}
        self._caller = context.agent if context is not None else None
        self._carried = _carried(self._known, tool_use_id)
        self._first = first
        self._before: Any = None
        self.ended: AgentResult | None = None

    # Going on

    def paused_for_others(self) -> tuple[bool, bool]:
        """Return whether the agent is paused for another call of the same message.

        Returns:
            Whether such a call waits for answers, and whether one that has them is about to go on.
        """
        state = self._agent.turn.interrupts
        if not state.activated or self._caller is None:
            return False, False
        # An agent is in one place: while it waits for the answers to one call, another call cannot use it.
        pause, invocation = state.context.get("pause"), self._caller.turn.invocation
        others = [
            each for each in list(self._known.values()) if each.carried and each.carried["tool_use_id"] != self._id
        ]
        others = [each for each in others if _origin(each)["pause"] == pause]
        under_way = invocation.under_way if invocation is not None else ()
        found = any(not each.answered for each in others), any(raised_in(each) in under_way for each in others)
        if others and not any(found):
            state.deactivate()  # that call came to nothing
        return found

    async def take_up(self) -> tuple[bool, Any]:
        """Put the agent where it stopped, also in another process.

        Returns:
            Whether it goes on at all, and with which prompt. When it came to its end before it was cut off, `ended` is
            its result.
        """
        if self.attempt.own:
            return self._take_up_own()
        so_far, recorder = self.attempt.so_far, self.attempt.recorder
        if so_far is not None and so_far.begun:
            self._restore(so_far)
            return True, self._look_at_end(so_far) if so_far.messages else None
        if not self._carried:
            return False, None
        if recorder is not None:
            await recorder.opened(resumed=True)
        if self._waits_here():
            return True, self._answers()
        self._restore(SubagentRecord(resumed=True))
        return True, None

    def _take_up_own(self) -> tuple[bool, Any]:
        """The agent's own record says how far it came."""
        agent = self._agent
        waits = agent.turn.interrupts.activated
        tried = waits or self._carried or self.attempt.so_far is not None
        if agent.turn.parent_calls and agent.turn.parent_calls[-1][0] == self._key and tried and not self.attempt.anew:
            if waits:
                return True, self._answers() if self._carried and self._waits_here() else None
            if getattr(agent.recorder, "next_id", 0) == agent.turn.parent_calls[-1][1]:
                return False, None  # no message was recorded since the call began: it begins once more
            return True, self._look_at_end(None)
        if self._carried:
            self._restore(SubagentRecord(resumed=True))
        return bool(self._carried), None

    def begin(self) -> None:
        """The agent begins with a prompt."""
        agent = self._agent
        if self.attempt.own:
            call = (self._key, getattr(agent.recorder, "next_id", 0))
            agent.turn.parent_calls = (*agent.turn.parent_calls, call)[-_KEPT_CALLS:]
        # Where this is still the newest message in the end, the agent did nothing that must be kept.
        self._before = agent.messages[-1] if agent.messages else self

    def cut_off(self) -> None:
        """Keep where the agent stopped, as it does not come to its end in this try."""
        agent, turn = self._agent, self._agent.turn.open
        if self.attempt.own or not agent.messages or agent.messages[-1] is self._before:
            return
        known = OpenTurn()
        if turn is not None:
            known = OpenTurn(turn.finished, turn.started, dict(agent.turn.interrupts.interrupts), turn.subagents)
        base = {"messages": [], "state": agent.state.get()}
        self.attempt.left = SubagentRecord(base=base, messages=list(agent.messages), turn=known)

    def _restore(self, inside: SubagentRecord) -> None:
        agent = self._agent
        paused = _origin(self._carried[0]) if self._carried and inside.resumed else None
        base = paused or inside.base or self._first
        turn = inside.turn
        # Once it has said something after the answers, what it stopped at is behind it.
        if paused is not None and not inside.messages:
            turn = self._paused_turn(paused, inside.turn)
        agent.state = type(agent.state)(base["state"])
        agent.restore([*copy.deepcopy(base["messages"]), *inside.messages], turn)

    def _paused_turn(self, paused: Mapping[str, Any], since: OpenTurn) -> OpenTurn:
        """Return the turn that the questions carry, with the answers and with what happened since."""
        state = InterruptState.from_dict(copy.deepcopy(paused["interrupt_state"]))
        for each in self._carried:
            if each.answered:
                state.interrupts[_origin(each)["id"]].response = each.response
        turn = OpenTurn.from_dict(copy.deepcopy(paused.get("turn") or {}))
        turn.interrupts = state.interrupts
        turn.finished = {result["toolUseId"]: result for result in state.context.get("tool_results") or ()}
        for start in since.started.values():
            turn.start(start)
        for tool_use_id, result in since.finished.items():
            turn.finish(tool_use_id, result)
        turn.subagents.update(since.subagents)
        return turn

    def _waits_here(self) -> bool:
        state = self._agent.turn.interrupts
        return state.activated and _origin(self._carried[0])["pause"] == state.context.get("pause")

    def _answers(self) -> Any:
        known = self._agent.turn.interrupts.interrupts
        return [
            {"interruptResponse": {"interruptId": _origin(each)["id"], "response": each.response}}
            for each in self._carried
            if each.answered and _origin(each)["id"] in known
        ] or None

    def _look_at_end(self, so_far: SubagentRecord | None) -> Any:
        """Return the prompt to go on with; a history that ends with an answer is the end, or nearly so."""
        agent = self._agent
        last = agent.messages[-1]
        if last["role"] != "assistant" or tool_uses(last):
            return None
        prompt = structure_prompt(agent)
        if prompt is not None:
            return prompt
        stop: Any = (so_far.stop if so_far is not None else "") or "end_turn"
        if stop == "max_tokens":
            raise MaxTokensReachedException(CUT_OFF)
        self.ended = AgentResult(stop, last, agent.event_loop_metrics, {})
        return None

    # Stopping to ask

    def carry(self, result: AgentResult) -> list[Interrupt]:
        """Return the agent's questions as its caller's, with where the agent stopped."""
        agent = self._agent
        state = agent.turn.interrupts
        count = max((_origin(each)["count"] for each in self._carried), default=0) + 1
        # Names this stop: answers to an earlier one, or to another call's, do not set the agent going.
        if not self.attempt.own or "pause" not in state.context:
            state.context["pause"] = uuid.uuid4().hex
        pause = state.context["pause"]
        stopped: dict[str, Any] = {
            "messages": copy.deepcopy(agent.messages),
            "state": agent.state.get(),
            "interrupt_state": copy.deepcopy(state.to_dict()),
        }
        turn = agent.turn.open
        if turn is not None and (turn.started or turn.subagents):
            started = {id: start.to_dict() for id, start in turn.started.items()}
            inside = {id: each.to_dict() for id, each in turn.subagents.items()}
            stopped["turn"] = {"started": started, "inside": inside}
        raised = []
        for each in result.interrupts or ():
            up = Interrupt(_free_id(each.id, self._id, self._known), each.name, each.reason, None, each.digest)
            up.key = self._key
            up.carried = {"tool_use_id": self._id, "id": each.id, "pause": pause, "count": count, **stopped}
            stopped = {}  # the first question carries where the agent stopped; the others need not repeat it
            raised.append(up)
        return raised


def _origin(interrupt: Interrupt) -> dict[str, Any]:
    return interrupt.carried or {}


def _carried(known: Mapping[str, Interrupt], tool_use_id: str) -> list[Interrupt]:
    """Return the questions of the agent's latest stop in this call; the first holds where it stopped."""
    own = [each for each in list(known.values()) if each.carried and each.carried["tool_use_id"] == tool_use_id]
    latest = max((_origin(each)["count"] for each in own), default=0)
    found = [each for each in own if _origin(each)["count"] == latest]
    return sorted(found, key=lambda each: "messages" not in _origin(each))


def _free_id(id: str, tool_use_id: str, taken: Mapping[str, Interrupt]) -> str:
    """Two agents may ask under one id; the second to ask is told apart by the tool use that it works for.

    What is about no tool call has no id of such a call in its own, so any two agents would ask under one.
    """
    if id.startswith(MOMENTS):
        id = inside_prefix(tool_use_id) + id
    known = taken.get(id)
    if known is None or (known.carried and known.carried["tool_use_id"] == tool_use_id):
        return id
    return f"{id}@{tool_use_id}"
