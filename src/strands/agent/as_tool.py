"""An agent as a tool of another: its questions go up, their answers come down, at any depth."""

from __future__ import annotations

import copy
import re
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from strands.interrupt import Interrupt, InterruptException, InterruptState
from strands.tools.results import error_result
from strands.types.tools import DirectTool, ToolContext, ToolResult, ToolSpec, ToolUse

from . import calling
from .invocation import Sink

if TYPE_CHECKING:
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
        self._first_messages = copy.deepcopy(agent.messages)
        self._first_state = agent.state.get()

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

    async def run(
        self,
        tool_use: ToolUse,
        invocation_state: dict[str, Any],
        context: ToolContext[Any] | None,
        emit: Callable[[Any], None] | None,
    ) -> ToolResult:
        """Call the agent, or let it go on once its questions are answered.

        Raises:
            InterruptException: It asks.
        """
        id = tool_use["toolUseId"]
        if not self._agent._lock.acquire(blocking=False):
            return error_result(id, f"Agent {self._agent.name!r} is busy with another call; call it again afterwards.")
        self._agent._lock.release()
        carried = _carried(context, id)
        prompt: Any = tool_use["input"].get("input", "") if isinstance(tool_use["input"], dict) else tool_use["input"]
        if carried:
            prompt = self._resume(carried)
        elif not self._preserve_context:
            self._begin_anew()
        result = await calling.call(self._agent, prompt, calling.Options(), self._sink(emit))
        if result.stop_reason == "interrupt":
            raise InterruptException(*self._carry(id, result, context))
        status = "error" if result.stop_reason == "cancelled" else "success"
        return {"toolUseId": id, "status": status, "content": _content(result)}  # type: ignore[typeddict-item]

    def _sink(self, emit: Callable[[Any], None] | None) -> Sink | None:
        """The caller's listeners hear what the agent's own hear."""
        handler = calling.handler_sink(self._agent)
        if emit is None or handler is None:
            return emit or handler

        def both(event: dict[str, Any]) -> None:
            handler(event)
            emit(event)

        return both

    def _begin_anew(self) -> None:
        self._agent.messages = copy.deepcopy(self._first_messages)
        self._agent.state = type(self._agent.state)(self._first_state)
        self._agent._interrupt_state = InterruptState()

    def _resume(self, carried: list[Interrupt]) -> Any:
        """Put the agent where it stopped, also in another process, and return the answers for it."""
        own = _origin(carried[0])
        agent = self._agent
        if not agent._interrupt_state.activated or own["pause"] != agent._interrupt_state.context.get("pause"):
            agent.messages = copy.deepcopy(own["messages"])
            agent.state = type(agent.state)(own["state"])
            agent._interrupt_state = InterruptState.from_dict(copy.deepcopy(own["interrupt_state"]))
        answers = [
            {"interruptResponse": {"interruptId": _origin(each)["id"], "response": each.response}}
            for each in carried
            if each.answered
        ]
        return answers or None

    def _carry(self, tool_use_id: str, result: AgentResult, context: ToolContext[Any] | None) -> list[Interrupt]:
        """Return the agent's questions as its caller's, with where the agent stopped."""
        state = self._agent._interrupt_state
        taken = context.agent._interrupt_state.interrupts if context is not None else {}
        count = max((_origin(each)["count"] for each in _carried(context, tool_use_id)), default=0) + 1
        pause = state.context["pause"] = uuid.uuid4().hex
        stopped: dict[str, Any] = {
            "messages": copy.deepcopy(self._agent.messages),
            "state": self._agent.state.get(),
            "interrupt_state": copy.deepcopy(state.to_dict()),
        }
        raised = []
        for each in result.interrupts or ():
            up = Interrupt(_free_id(each.id, tool_use_id, taken), each.name, each.reason, None, each.digest)
            up.carried = {"tool_use_id": tool_use_id, "id": each.id, "pause": pause, "count": count, **stopped}
            stopped = {}
            raised.append(up)
        return raised


def _origin(interrupt: Interrupt) -> dict[str, Any]:
    return interrupt.carried or {}


def _carried(context: ToolContext[Any] | None, tool_use_id: str) -> list[Interrupt]:
    """Return the questions of the agent's latest stop in this call; the first holds where it stopped."""
    if context is None:
        return []
    known = context.agent._interrupt_state.interrupts.values()
    own = [each for each in known if each.carried and each.carried["tool_use_id"] == tool_use_id]
    latest = max((_origin(each)["count"] for each in own), default=0)
    found = [each for each in own if _origin(each)["count"] == latest]
    return sorted(found, key=lambda each: "messages" not in _origin(each))


def _free_id(id: str, tool_use_id: str, taken: dict[str, Interrupt]) -> str:
    """Two agents may ask under one id; the second to ask is told apart by the tool use that it works for."""
    known = taken.get(id)
    if known is None or (known.carried and known.carried["tool_use_id"] == tool_use_id):
        return id
    return f"{id}@{tool_use_id}"


def _content(result: AgentResult) -> list[dict[str, Any]]:
    if result.structured_output is not None:
        return [{"json": result.structured_output.model_dump(mode="json")}]
    return [{"text": str(result)}]
