"""One tool call: hooks, approvals, the record, and what stops to ask."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from strands.hooks.events import AfterToolCallEvent, BeforeToolCallEvent
from strands.interrupt import Asker, Interrupt, InterruptException, call_digest, tool_prefix
from strands.telemetry.metrics import Trace
from strands.tools.results import ToolFailure, as_result, error_result
from strands.types.tools import AgentTool, DirectTool, ToolContext, ToolResult, ToolUse

from .doubt import settle_doubt
from .prompt import CANCELLED
from .recorder import ToolStart

if TYPE_CHECKING:
    from strands.agent.tool_batch import ToolBatch


class ToolCall:
    """One tool use, from its hooks to its result."""

    __slots__ = ("_agent", "_batch", "_invocation", "_key", "_tool", "_use")

    def __init__(self, batch: ToolBatch, use: ToolUse) -> None:
        self._batch = batch
        self._invocation = batch.invocation
        self._agent = batch.invocation.agent
        self._use = use
        self._tool: AgentTool | None = None
        self._key = ""

    async def run(self) -> ToolResult | list[Interrupt]:
        """Return the result, or the questions that must be answered first."""
        id = self._use["toolUseId"]
        start = self._batch.started.get(id)
        if start is not None:
            self._key = start.idempotency_key
            verdict = settle_doubt(self._agent, self._use, start)
            if verdict is not None:
                return verdict if isinstance(verdict, list) else await self._record(verdict)
        hooks = self._agent.hooks
        before, after = hooks.listens(BeforeToolCallEvent), hooks.listens(AfterToolCallEvent)
        if before or after:
            self._use = {**self._use, "input": _copied(self._use["input"])}
        while True:
            self._tool = self._find(self._use["name"])
            cancel: str | None = None
            if before:
                cancel, interrupts = await self._ask_hooks()
                if interrupts:
                    return interrupts
            if cancel is None and self._agent._cancel_signal.is_set():
                cancel = CANCELLED
            result, error, duration = await self._result(cancel)
            if isinstance(result, list):
                return result
            if after:
                event = AfterToolCallEvent(
                    agent=self._agent,
                    selected_tool=self._tool,
                    tool_use=self._use,
                    invocation_state=self._invocation.state,
                    result=result,
                    exception=error,
                    cancel_message=cancel,
                    duration=duration,
                )
                await hooks.invoke_callbacks_async(event)
                if event.retry:
                    continue
                result = event.result
            return await self._record(result)

    def _find(self, name: str) -> AgentTool | None:
        structured = self._invocation.structured
        if structured is not None and structured.tool.tool_name == name:
            return structured.tool
        return self._agent.tool_registry.registry.get(name)

    async def _ask_hooks(self) -> tuple[str | None, list[Interrupt]]:
        event = BeforeToolCallEvent(
            agent=self._agent,
            selected_tool=self._tool,
            tool_use=self._use,
            invocation_state=self._invocation.state,
        )
        _, interrupts = await self._agent.hooks.invoke_callbacks_async(event)
        self._tool, self._use = event.selected_tool, event.tool_use
        if interrupts:
            return None, interrupts
        if event.cancel_tool:
            text = event.cancel_tool if isinstance(event.cancel_tool, str) else "tool cancelled by user"
            if self._invocation.sink is not None:
                self._invocation.sink({"tool_cancel_event": {"tool_use": self._use, "message": text}})
            return text, []
        return None, _changed_since_approval(event)

    async def _result(self, cancel: str | None) -> tuple[ToolResult | list[Interrupt], Exception | None, float | None]:
        id = self._use["toolUseId"]
        if cancel is not None:
            return error_result(id, cancel), None, None
        if self._tool is None:
            return error_result(id, f"Unknown tool: {self._use['name']}"), None, None
        if self._batch.recorder is not None:
            await self._batch.recorder.tool_started(self.as_start(), durable=not self._tool.read_only)
        self._batch.running[id] = self
        trace = Trace(f"Tool: {self._tool.tool_name}")
        self._batch.trace.add_child(trace)
        start = time.perf_counter()
        error: Exception | None = None
        try:
            result = await self._traced(self._tool)
        except InterruptException as raised:
            trace.end()
            del self._batch.running[id]
            self._batch.started.pop(id, None)
            return self._raised(raised), None, None
        except ToolFailure as failure:
            result, error = failure.result, failure.error
        except Exception as raised:
            result, error = error_result(id, f"Error: {type(raised).__name__} - {raised}"), raised
        duration = time.perf_counter() - start
        success = result["status"] == "success"
        self._agent.event_loop_metrics.add_tool_usage(self._use, duration, trace, success)
        return result, error, duration

    async def _traced(self, tool: AgentTool) -> ToolResult:
        tracing = self._invocation.tracing
        if tracing is None:
            return await self._execute(tool)
        return await tracing.tool_call(tool, self._use, self._execute)

    async def _execute(self, tool: AgentTool) -> ToolResult:
        if isinstance(tool, DirectTool):
            context = self._context() if tool.takes_context else None
            return await tool.run(self._use, self._invocation.state, context, self._emitter())
        more = {"tool_context": self._context()} if tool.takes_context else {}
        emit = self._emitter()
        last: Any = None
        started = False
        async for value in tool.stream(self._use, self._invocation.state, **more):
            if started and emit is not None:
                emit(last)
            last, started = value, True
        if isinstance(last, dict) and last.get("type") == "tool_result":
            last = last["tool_result"]
        return as_result(self._use["toolUseId"], last)

    def _emitter(self) -> Callable[[Any], None] | None:
        sink, use = self._invocation.sink, self._use
        if sink is None:
            return None

        def emit(value: Any) -> None:
            sink({"tool_stream_event": {"tool_use": use, "data": value}})

        return emit

    def _context(self) -> ToolContext[Any]:
        agent, prefix = self._agent, tool_prefix(self._use["toolUseId"])
        return ToolContext(
            tool_use=self._use,
            agent=agent,
            invocation_state=self._invocation.state,
            cancel_signal=agent._cancel_signal,
            idempotency_key=self._idempotency_key(),
            _asker=Asker(agent._interrupt_state, prefix, self._digest, self._idempotency_key()),
        )

    def _raised(self, raised: InterruptException) -> list[Interrupt]:
        for interrupt in raised.interrupts:
            if interrupt.digest is None:
                interrupt.digest = interrupt.asked = self._digest()
        return list(raised.interrupts)

    def _digest(self) -> str:
        if self._tool is None:
            return call_digest(self._use["name"], self._use["input"], None)
        return call_digest(self._tool.tool_name, self._use["input"], self._tool.tool_spec["inputSchema"])

    def _idempotency_key(self) -> str:
        if not self._key:
            prefix = tool_prefix(self._use["toolUseId"])
            known = self._agent._interrupt_state.interrupts.values()
            kept = [each.key for each in known if each.key and each.id.startswith(prefix)]
            self._key = kept[0] if kept else os.urandom(16).hex()
        return self._key

    def as_start(self) -> ToolStart:
        """Return the call as one that was started."""
        name = self._tool.tool_name if self._tool is not None else self._use["name"]
        return ToolStart(self._use["toolUseId"], name, self._digest(), self._idempotency_key())

    async def _record(self, result: ToolResult) -> ToolResult:
        recorder = self._batch.recorder
        if recorder is not None:
            durable = self._tool is None or not self._tool.read_only
            await recorder.tool_finished(self._use["toolUseId"], result, durable=durable)
        self._batch.running.pop(self._use["toolUseId"], None)
        return result


def _changed_since_approval(event: BeforeToolCallEvent) -> list[Interrupt]:
    """Return the answered questions whose answer was for another call than the one about to be made, to ask anew."""
    consulted = event.consulted
    if not consulted:
        return []
    now = event.digest()
    changed = [interrupt for interrupt in consulted if interrupt.digest is not None and interrupt.digest != now]
    for interrupt in changed:
        tool = event.selected_tool.tool_name if event.selected_tool else event.tool_use["name"]
        shown = {"tool": tool, "input": event.tool_use["input"]}
        reason = interrupt.reason if isinstance(interrupt.reason, dict) else {"reason": interrupt.reason}
        interrupt.reason = {**reason, "changed": shown}
        interrupt.digest = now
        interrupt.withdraw()
    return changed


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copied(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_copied(each) for each in value]
    return value
