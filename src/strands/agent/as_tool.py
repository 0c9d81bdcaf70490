"""An agent as a tool of another: its questions go up, their answers come down, at any depth.

What it does is recorded step by step: with its caller, or in a session of its own when it has one. So a call that was
cut off is gone on with where it stopped, and nobody has to be asked whether "the agent" has happened.
"""

from __future__ import annotations

import asyncio
import copy
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal

from strands._core import invoke, waiting_callers
from strands._core.invocation import Sink
from strands._core.subagent import SubagentRecorder
from strands._core.subagent_task import SubagentTask
from strands.interrupt import InterruptException, InterruptState, NotYet
from strands.tools.results import error_result
from strands.types.tools import DirectTool, ToolContext, ToolResult, ToolSpec, ToolUse

if TYPE_CHECKING:
    from strands._core.recorder import SubagentRecord
    from strands.agent.agent import Agent
    from strands.agent.result import AgentResult

_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9_-]+")


class AgentAsTool(DirectTool):
    """An agent that another agent calls with a text.

    Args:
        agent: The agent that does the work.
        name: The tool's name; else the agent's, with what a name may not hold replaced by "_".
        description: What the tool is for; else the agent's description.
        preserve_context: Whether the agent remembers earlier calls; else each begins with the history it has now.
    """

    takes_context = True

    def __init__(
        self,
        agent: Agent,
        *,
        name: str | None = None,
        description: str | None = None,
        preserve_context: bool = False,
    ) -> None:
        self._agent = agent
        self._name = name or _NOT_IN_NAMES.sub("_", agent.name).strip("_")[:64] or "agent"
        self._description = description or agent.description or f"Hand a task to the agent {agent.name!r}."
        self._preserve_context = preserve_context
        self._first: dict[str, Any] = {"messages": copy.deepcopy(agent.messages), "state": agent.state.get()}

    @property
    def agent(self) -> Agent:
        """The agent that does the work."""
        return self._agent

    @property
    def tool_name(self) -> str:
        return self._name

    @property
    def tool_type(self) -> str:
        return "agent"

    @property
    def tool_spec(self) -> ToolSpec:
        field = {"type": "string", "description": "What the agent is to do, with all that it needs to know."}
        schema = {"type": "object", "properties": {"input": field}, "required": ["input"]}
        return {"name": self._name, "description": self._description, "inputSchema": {"json": schema}}

    @property
    def origin(self) -> Any:
        return ["agent", self._agent.agent_id, self._agent.name]

    @property
    def inner_record(self) -> Literal["", "caller", "own"]:
        recorder = self._agent.recorder
        if recorder is None or isinstance(recorder, SubagentRecorder) or getattr(recorder, "gives_way", False):
            return "caller"
        return "own" if hasattr(recorder, "next_id") else ""

    def goes_on(self, idempotency_key: str, inside: SubagentRecord) -> bool:
        record = self.inner_record
        if inside.own != (record == "own"):
            return bool(record) and not inside.own and not inside.begun
        keys = [key for key, _ in self._agent.turn.parent_calls]
        return bool(record) and (not inside.own or idempotency_key not in keys or keys[-1] == idempotency_key)

    async def run(
        self,
        tool_use: ToolUse,
        invocation_state: dict[str, Any],
        context: ToolContext[Any] | None,
        emit: Callable[[Any], None] | None,
    ) -> ToolResult:
        """Call the agent, or let it go on: once its questions are answered, or where an earlier try was cut off.

        Raises:
            InterruptException: It asks.
            NotYet: It waits for answers about another call of this message, which comes first.
        """
        id = tool_use["toolUseId"]
        task = SubagentTask(self._agent, id, context, self._first)
        refusal = await self._take(task, context)
        if refusal is not None:
            return error_result(id, refusal)
        working = waiting_callers.enter(self._agent, context)
        try:
            result = await self._work(task, tool_use, emit)
            if result.stop_reason == "interrupt":
                raise InterruptException(*task.carry(result))
        finally:
            waiting_callers.WORKING.reset(working)
            self._agent.turn.lock.release()
        status = "error" if result.stop_reason == "cancelled" else "success"
        return {"toolUseId": id, "status": status, "content": _content(result)}  # type: ignore[typeddict-item]

    async def _take(self, task: SubagentTask, context: ToolContext[Any] | None) -> str | None:
        """Take the agent for this call; return what the model is told if it cannot be had."""
        remembers = self._preserve_context or task.attempt.own  # else each call goes on from what its questions carry
        while True:
            refusal = await waiting_callers.take(self._agent, context)
            if refusal is not None or not remembers:
                return refusal
            unanswered, under_way = task.paused_for_others()
            if not unanswered and not under_way:
                return None
            self._agent.turn.lock.release()
            if unanswered:
                raise NotYet
            await asyncio.sleep(waiting_callers.LOOK_AGAIN)

    async def _work(self, task: SubagentTask, tool_use: ToolUse, emit: Callable[[Any], None] | None) -> AgentResult:
        agent, recorder = self._agent, task.attempt.recorder
        goes_on, prompt = await task.take_up()
        if task.ended is not None:
            return task.ended
        if not goes_on:
            given = tool_use["input"]
            prompt = given.get("input", "") if isinstance(given, dict) else given
            base = self._begin()
            task.begin()
            if recorder is not None:
                await recorder.opened(base=base)
        before = agent.recorder
        if recorder is not None:
            agent.recorder = recorder
        try:
            return await invoke.call(agent, prompt, invoke.Options(), self._sink(emit), as_tool=True)
        except BaseException:
            task.cut_off()
            raise
        finally:
            if recorder is not None:
                agent.recorder = before

    def _begin(self) -> dict[str, Any] | None:
        """Return what the agent begins with, unless it is what it was built with."""
        agent = self._agent
        if self._preserve_context:
            now = {"messages": list(agent.messages), "state": agent.state.get()}
            return now if now != self._first else None
        agent.messages = copy.deepcopy(self._first["messages"])
        agent.state = type(agent.state)(self._first["state"])
        agent.turn.interrupts = InterruptState()
        return None

    def _sink(self, emit: Callable[[Any], None] | None) -> Sink | None:
        """The caller's listeners hear what the agent's own hear."""
        handler = invoke.handler_sink(self._agent)
        if emit is None or handler is None:
            return emit or handler

        def both(event: dict[str, Any]) -> None:
            handler(event)
            emit(event)

        return both


def _content(result: AgentResult) -> list[dict[str, Any]]:
    if result.structured_output is not None:
        return [{"json": result.structured_output.model_dump(mode="json")}]
    return [{"text": str(result)}]
