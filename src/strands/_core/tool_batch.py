"""The tools of one message: which of them run, and which wait for an answer."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from strands.interrupt import Interrupt
from strands.types.json_value import NOT_PLAIN, plain_copy

from . import malformed
from .messages import copied, tool_uses
from .tool_call import ToolCall

if TYPE_CHECKING:
    from strands._core.invocation import Invocation
    from strands._core.recorder import OpenTurn, Recorder
    from strands.hooks.binding import CallBinding
    from strands.telemetry.metrics import Trace
    from strands.types.content import Message
    from strands.types.tools import ToolResult, ToolUse


class ToolBatch:
    """The tools of one message.

    Args:
        invocation: The call of the agent.
        turn: The model's message that asks for them, with what is on record of them; results are added to it.
        trace: Takes the traces of the tools.
        recorder: Who is told of starts and results.
    """

    __slots__ = (
        "_asked",
        "_uses",
        "approvals",
        "approved",
        "invocation",
        "message",
        "recorder",
        "results",
        "running",
        "trace",
        "turn",
    )

    def __init__(
        self,
        invocation: Invocation,
        turn: OpenTurn,
        trace: Trace,
        *,
        recorder: Recorder | None,
    ) -> None:
        self.recorder: Recorder | None = recorder
        self.invocation: Invocation = invocation
        self.turn: OpenTurn = turn
        self.message: Message = turn.message
        self.trace: Trace = trace
        self.results: dict[str, ToolResult] = turn.finished
        self._uses = tool_uses(turn.message)
        self.running: dict[str, ToolCall] = {}
        self.approvals: list[Interrupt] = []  # answered questions about all the calls of the message
        self.approved: dict[str, CallBinding] = {}  # tool use id to the call those answers are about
        self._asked: dict[str, list[Interrupt]] = {}

    async def run(self) -> list[Interrupt]:
        """Run what is not finished and does not wait for an answer; return the open questions in request order."""
        state = self.invocation.agent.turn.interrupts
        waiting = _waiting(state.interrupts) if state.interrupts else {}
        structured = self.invocation.structured
        wanted = structured.tool.tool_name if structured is not None and structured.value is None else None
        jobs = []
        for use in self._uses:
            id = use["toolUseId"]
            if id in self.results and use["name"] != wanted:  # the structure itself is in no record
                continue
            if "malformed" in use:
                self.results[id] = malformed.result_of(use)
            elif id in waiting:
                self._asked[id] = waiting[id]
            else:
                plain = plain_copy(use["input"])
                is_plain = plain is not NOT_PLAIN
                own: ToolUse = use.copy()
                own["input"] = plain if is_plain else copied(use["input"])
                jobs.append(partial(self._job, own, is_plain))  # the history keeps what the model asked for
                self.invocation.under_way |= {id}
        try:
            if jobs:
                await self.invocation.agent.tool_executor.run(jobs)
        finally:
            self.invocation.under_way = frozenset()
        if not self._asked:
            return []
        return [each for use in self._uses for each in self._asked.get(use["toolUseId"], ())]

    def cut_off(self) -> OpenTurn:
        """Return the turn with the tools that were started and came to no end, here or before."""
        turn = self.turn
        for id, call in self.running.items():
            turn.started[id] = call.as_start()
            left = call.left()
            if left is not None:
                turn.subagents[id] = left
        return turn

    async def _job(self, use: ToolUse, is_plain: bool) -> bool:
        call = ToolCall(self, use, is_plain=is_plain)
        try:
            result = await call.run()
            if isinstance(result, list):
                self._ask(use, result)
                return False
            self.results[use["toolUseId"]] = result
            return True
        finally:
            self.invocation.under_way -= {use["toolUseId"]}

    def _ask(self, use: ToolUse, interrupts: list[Interrupt]) -> None:
        state = self.invocation.agent.turn.interrupts
        for interrupt in interrupts:
            state.interrupts[interrupt.id] = interrupt
        self._asked[use["toolUseId"]] = interrupts
        if interrupts and self.invocation.sink is not None:
            self.invocation.sink({"tool_interrupt_event": {"tool_use": use, "interrupts": interrupts}})


def _waiting(interrupts: dict[str, Interrupt]) -> dict[str, list[Interrupt]]:
    """Return the open questions by the tool use they stop."""
    waiting: dict[str, list[Interrupt]] = {}
    for interrupt in interrupts.values():
        if not interrupt.answered:
            waiting.setdefault(_tool_use_of(interrupt), []).append(interrupt)
    return waiting


def _tool_use_of(interrupt: Interrupt) -> str:
    if interrupt.carried is not None:
        return str(interrupt.carried["tool_use_id"])
    return interrupt.id.split(":", 2)[-1].rpartition(":")[0]
