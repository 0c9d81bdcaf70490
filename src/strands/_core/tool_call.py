"""One tool call: hooks, approvals, the record, and what stops to ask."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

from strands._core.recorder import SubagentRecord, ToolStart, forget_ambiguous, raised_in
from strands._core.subagent import Attempt
from strands.hooks.binding import CallBinding
from strands.hooks.events import AfterToolCallEvent, BeforeToolCallEvent, InsteadOfCall
from strands.hooks.question_scope import QuestionScope
from strands.interrupt import Interrupt, InterruptException, NotYet, has_prefix, tool_prefix
from strands.tools.results import ToolFailure, as_result, error_result
from strands.types.exceptions import ToolCallLostError
from strands.types.tools import AgentTool, ToolContext, ToolResult, ToolUse

from . import call_check
from .ambiguous_call import resolve_ambiguous, runs_otherwise
from .kept_results import Ended, asked_about_result, kept_result, place_of_result, withheld
from .messages import CANCELLED, copied
from .outcome import error_of
from .streamed_tool import runs_directly, streamed_result
from .tool_hooks import alone, ask_about_change

if TYPE_CHECKING:
    import threading

    from strands._core.invocation import Sink
    from strands._core.tool_batch import ToolBatch

_NONE: frozenset[str] = frozenset()
OTHERWISE = (
    "A person let this call run again as it was started. It would now run with other arguments, so it was not made."
)


class ToolCall:
    """One tool use, from its hooks to its result."""

    __slots__ = (
        "_after",
        "_again",
        "_agent",
        "_batch",
        "_before",
        "_bound",
        "_consulted",
        "_final",
        "_id",
        "_inner_attempt",
        "_invocation",
        "_is_own",
        "_key",
        "_made",
        "_over",
        "_taken",
        "_tool",
        "_use",
        "_wish",
    )

    def __init__(self, batch: ToolBatch, use: ToolUse, *, is_plain: bool = False) -> None:
        self._batch = batch
        self._invocation = batch.invocation
        self._agent = agent = batch.invocation.agent
        self._use = use
        self._id = use["toolUseId"]
        self._tool: AgentTool | None = None
        self._key = ""
        self._inner_attempt: Attempt | None = None
        self._final: CallBinding | None = None
        self._made: ToolContext[Any] | None = None  # what the tool was given in this try
        self._over = False  # it was given up: what it still does counts for nothing
        self._again: tuple[ToolStart, ToolUse] | None = None  # a person let this start of this wish run once more
        self._consulted: Sequence[Interrupt] = ()
        self._bound: CallBinding | None = None  # the call as its answers were looked up
        self._taken: frozenset[str] = _NONE  # what the questions whose answers somebody took are looked up by
        self._before = agent.hooks.listens(BeforeToolCallEvent)
        self._is_own = is_plain and not self._before  # whether its arguments are JSON that nobody else can reach
        self._after = agent.hooks.listens(AfterToolCallEvent) or asked_about_result(agent, self._id)
        self._wish = copied(use["input"]) if self._after else None  # what the model asked for

    async def run(self) -> ToolResult | list[Interrupt]:
        """Return the result, or the questions that must be answered first."""
        outcome = None
        if self._batch.turn.started or self._agent.turn.interrupts.interrupts:
            outcome = await self._from_before()
        while outcome is None:
            outcome = await self._attempt()
        if isinstance(outcome, list):
            return outcome
        if outcome.get("toolUseId") != self._id:
            outcome = {**outcome, "toolUseId": self._id}  # whatever a hook made of it, it answers this tool use
        recorder = self._batch.recorder
        if recorder is not None:
            durable = self._tool is None or not self._tool.read_only
            await recorder.tool_finished(self._id, outcome, durable=durable)
        self._batch.running.pop(self._id, None)
        self._batch.turn.started.pop(self._id, None)
        return outcome

    async def _from_before(self) -> ToolResult | list[Interrupt] | None:
        """Go on with what is on record of the call; None runs it, now or again."""
        kept = kept_result(self._agent, self._id)
        if kept is not None:
            self._use, self._tool = cast("ToolUse", dict(kept["use"])), self._find(kept["use"]["name"])
            ended = Ended(copied(kept["result"]), error_of(kept["error"]), kept["cancel"], kept["duration"])
            return await self._judged(ended)
        start = self._batch.turn.started.get(self._id)
        if start is None:
            return None
        self._key = start.idempotency_key
        tool, inside = self._find(self._use["name"]), self._batch.turn.subagents.get(self._id)
        verdict = resolve_ambiguous(self._agent, tool, self._use, start, inside)
        if verdict is None and tool is not None and not (tool.idempotent or tool.read_only or tool.inner_record):
            self._again = start, self._use
        return verdict

    async def _attempt(self) -> ToolResult | list[Interrupt] | None:
        """Try once; None asks for another try."""
        self._tool = self._find(self._use["name"])
        self._made, self._over = None, False
        cancel: str | None = None
        if self._before:
            cancel, interrupts = await self._ask_hooks()
            if interrupts:
                return interrupts
        if cancel is None and self._agent.cancellation.is_set():
            cancel = CANCELLED
        result, raised, duration = await self._result(cancel)
        if isinstance(result, list) or not self._after:
            return result
        return await self._judged(Ended(result, raised, cancel, duration))

    async def _judged(self, ended: Ended) -> ToolResult | list[Interrupt] | None:
        """Tell hooks of a result; return what they made of it, what they ask, or None for another try."""
        event = AfterToolCallEvent(
            agent=self._agent,
            selected_tool=self._tool,
            tool_use=self._use,
            invocation_state=self._invocation.state,
            result=ended.result,
            exception=ended.error,
            cancel_message=ended.cancel,
            duration=ended.duration,
        )
        shown, result = copied(event.tool_use["input"]), copied(ended.result)
        _, raised = await self._agent.hooks.invoke_callbacks_async(event)
        asked = event.open_questions(raised)
        if asked:
            asked[0].place = place_of_result({**self._use, "input": shown}, ended, result)
            self._batch.running.pop(self._id, None)
            self._batch.turn.started.pop(self._id, None)
            return asked
        untaken = event.untaken()
        if untaken:
            return error_result(self._id, withheld(untaken))
        if not event.retry:
            return self._as_hooks_left(event.result)
        if event.tool_use["input"] == shown:  # once more what the model wants, for the hooks to judge from the start
            self._use = {**self._use, "input": copied(self._wish)}
        return None

    def _as_hooks_left(self, result: Any) -> ToolResult:
        """What hooks made of a result comes in by the same door as what tools return."""
        try:
            return as_result(self._id, result)
        except (TypeError, ValueError) as problem:
            return error_result(self._id, f"Error: {problem}")

    def _find(self, name: str) -> AgentTool | None:
        structured = self._invocation.structured
        if structured is not None and structured.tool.tool_name == name:
            return structured.tool
        return self._agent.tool_registry.registry.get(name)

    async def _ask_hooks(self) -> tuple[str | None, list[Interrupt]]:
        found = await call_check.judged(self._invocation, self._tool, self._use)
        self._tool, self._use, self._consulted, self._bound = found.tool, found.use, found.consulted, found.bound
        self._taken = self._taken.union(each.first for each in found.consulted)
        if found.interrupts:
            return None, found.interrupts
        if found.cancel is not None and self._invocation.sink is not None:
            self._invocation.sink({"tool_cancel_event": {"tool_use": self._use, "message": found.cancel}})
        return found.cancel, []

    async def _result(self, cancel: str | None) -> tuple[ToolResult | list[Interrupt], Exception | None, float | None]:
        if cancel is not None:
            made = as_result if isinstance(cancel, InsteadOfCall) else error_result
            return made(self._id, str(cancel)), None, None
        if self._tool is None:
            return error_result(self._id, f"Unknown tool: {self._use['name']}"), None, None
        try:
            self._final = final = CallBinding(self._tool, self._use, strict=True, own=self._is_own)
        except (TypeError, ValueError) as problem:
            return error_result(self._id, call_check.not_json(self._use, problem)), problem, None
        if self._again is not None or self._batch.approved or self._agent.turn.interrupts.interrupts:
            stopped = self._stopped(final)
            if stopped:
                return stopped, None, None
        if self._tool.inner_record:
            await self._enter(self._tool)
        elif self._batch.recorder is not None:
            await self._batch.recorder.tool_started(self.as_start(), durable=not self._tool.read_only)
        self._use, self._is_own = {**self._use, "input": final.input()}, False  # what was recorded, and all its own
        self._batch.running[self._id] = self
        if self._batch.turn.started:
            self._started_again()
        trace = self._batch.trace.begin(f"Tool: {final.name}")
        start = time.perf_counter()
        try:
            result, error = await self._run(self._tool)
        except (InterruptException, NotYet) as raised:
            trace.end()
            del self._batch.running[self._id]
            self._batch.turn.started.pop(self._id, None)
            return self._raised(raised) if isinstance(raised, InterruptException) else [], None, None
        except ToolCallLostError as lost:
            trace.end()
            return self._lost(self._tool, lost), lost, None
        duration = time.perf_counter() - start
        success = result["status"] == "success"
        self._agent.event_loop_metrics.add_tool_usage(self._use, duration, trace, success)
        if self._after:  # hooks are shown what ran, whatever the tool made of it
            self._use = {**self._use, "input": final.input()}
        return result, error, duration

    def _stopped(self, final: CallBinding) -> ToolResult | list[Interrupt] | None:
        """Look at the call as it will run: return what is to happen instead, or None."""
        known = self._agent.turn.interrupts.interrupts
        if self._bound is not None:
            final.share(self._bound)
        if known:
            live = [each for each in self._consulted if known.get(each.id) is each]
            changed = call_check.ask_anew(known, live, final) or self._changed_since_answered(final)
            if changed:
                return changed
            unanswered = call_check.unanswered(list(known.values()), self._id)
            if unanswered:
                return unanswered
            self._taken = self._taken.union(alone(self._id, each) for each in self._batch.approvals)
            untaken = call_check.untaken(list(known.values()), self._id, self._taken)
            if untaken:
                return error_result(self._id, call_check.nobody_took(untaken))
        if self._again is not None and runs_otherwise(*self._again, final):
            return error_result(self._id, OTHERWISE)
        return self._changed_since_batch_approval(final)

    async def _run(self, tool: AgentTool) -> tuple[ToolResult, Exception | None]:
        execute, tracing = self._execute, self._invocation.tracing
        if tool.timeout_seconds is not None:
            execute = self._in_time
        try:
            if tracing is None:
                return await execute(tool), None
            return await tracing.tool_call(self._agent, tool, self._use, execute), None
        except ToolFailure as failure:
            return failure.result, failure.error
        except ToolCallLostError:
            raise
        except Exception as error:
            if (
                self._inner_attempt is not None
                and self._inner_attempt.recorder is not None
                and self._inner_attempt.recorder.failures
            ):
                raise self._inner_attempt.recorder.failures[0] from None  # our record failed, and no tool
            return error_result(self._id, f"Error: {error}"), error

    async def _in_time(self, tool: AgentTool) -> ToolResult:
        from .time_limit import Late, gave_up, within

        try:
            return await within(cast(float, tool.timeout_seconds), self._execute(tool), self._give_up)
        except Late:
            raise gave_up(tool) from None

    def _give_up(self) -> None:
        self._over = True
        if self._made is not None:
            self._made.give_up()

    async def _execute(self, tool: AgentTool) -> ToolResult:
        emit = None if self._invocation.sink is None else self._emitter(self._invocation.sink)
        if tool._is_direct and runs_directly(tool):
            direct: Any = tool
            context = self._context(tool) if tool.takes_context else None
            return cast(ToolResult, await direct.run(self._use, self._invocation.state, context, emit))
        more = {"tool_context": self._context(tool)} if tool.takes_context else {}
        return await streamed_result(tool, self._use, self._invocation.state, more, emit)

    def _emitter(self, sink: Sink) -> Callable[[Any], None]:
        final = self._final
        use: ToolUse | None = None

        def emit(value: Any) -> None:
            nonlocal use
            if self._over:
                return
            if use is None:  # not what the tool reads
                use = {**self._use, "input": final.input() if final is not None else self._use["input"]}
            sink({"type": "tool_stream", "tool_stream_event": {"tool_use": use, "data": value}})

        return emit

    def _context(self, tool: AgentTool) -> ToolContext[Any]:
        agent, prefix = self._agent, tool_prefix(self._id)
        signal: threading.Event = agent.cancellation
        if tool.timeout_seconds is not None:
            from .time_limit import CallSignal

            signal = CallSignal(signal)
        self._made = ToolContext(
            tool_use=self._use,
            agent=agent,
            invocation_state=self._invocation.state,
            cancel_signal=signal,
            idempotency_key=self._idempotency_key(),
            _scope=QuestionScope(
                agent.turn.interrupts, prefix, self._binding, self._idempotency_key(), messages=agent.messages
            ),
            _attempt=self._inner_attempt,
        )
        return self._made

    def _raised(self, raised: InterruptException) -> list[Interrupt]:
        for interrupt in raised.interrupts:
            if interrupt.digest is None:
                interrupt.bind(self._binding())
                interrupt.asked = interrupt.digest
        return list(raised.interrupts)

    def _lost(self, tool: AgentTool, lost: ToolCallLostError) -> ToolResult | list[Interrupt]:
        """A call whose end nobody knows is like one that a crash cut off: a person says what came of it."""
        start = self.as_start()
        del self._batch.running[self._id]
        self._batch.turn.started[self._id] = start
        verdict = resolve_ambiguous(self._agent, tool, self._use, start, None)
        return verdict if verdict is not None else error_result(self._id, f"Error: {lost}")

    def _binding(self) -> CallBinding:
        return self._final if self._final is not None else CallBinding(self._tool, self._use)

    def _idempotency_key(self) -> str:
        if not self._key:
            known = list(self._agent.turn.interrupts.interrupts.values())
            kept = [each.key for each in known if each.key and raised_in(each) == self._id]
            self._key = kept[0] if kept else os.urandom(16).hex()
        return self._key

    def as_start(self) -> ToolStart:
        """Return the call as one that was started."""
        call = self._binding()
        return ToolStart(self._use["toolUseId"], call.name, call.digest, self._idempotency_key(), call.text)

    async def _enter(self, tool: AgentTool) -> None:
        """An agent is about to work in this call: its acts are recorded singly, so its start alone is not ambiguous."""
        recorder, own = self._batch.recorder, tool.inner_record == "own"
        anew = self._inner_attempt is not None
        self._inner_attempt = Attempt(own=own, anew=anew, so_far=self._batch.turn.subagents.pop(self._id, None))
        if recorder is not None:
            inner = await recorder.subagent(self._id, own=own)
            inner.session_id = self._agent.session_id
            self._inner_attempt.recorder = None if own else inner
            await recorder.tool_started(self.as_start(), durable=own)

    def _started_again(self) -> None:
        """The answer that let a doubtful call run again was for one run."""
        if self._id in self._batch.turn.started:
            forget_ambiguous(self._agent.turn.interrupts.interrupts, self._id)

    def left(self) -> SubagentRecord | None:
        """Return where the agent that works in this call stopped; None when the tool is not an agent."""
        work = self._inner_attempt
        return None if work is None else work.left or work.so_far or SubagentRecord(own=work.own)

    def _changed_since_answered(self, final: CallBinding) -> list[Interrupt]:
        """Return the questions raised inside this call whose answers were for other arguments, to ask anew."""
        known = self._agent.turn.interrupts.interrupts
        prefix = tool_prefix(self._id)
        answered = [each for each in list(known.values()) if each.answered and not each.carried]
        return call_check.ask_anew(known, [each for each in answered if has_prefix(each, prefix)], final)

    def _changed_since_batch_approval(self, final: CallBinding) -> list[Interrupt] | ToolResult | None:
        approved = self._batch.approved.get(self._id)
        if approved is None or approved.digest == final.digest:
            return None
        return ask_about_change(self._batch, self._use, final)
