"""`agent.tool.NAME(...)`: an agent's tools, called by hand."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from strands._sync import run
from strands.interrupt import InterruptException
from strands.types.agent import ConcurrentInvocationMode
from strands.types.exceptions import ConcurrencyException

if TYPE_CHECKING:
    from strands._core.host import Host
    from strands.types.content import ContentBlock, Message
    from strands.types.tools import ToolResult, ToolUse


class ToolCaller:
    """The tools of an agent as methods.

    Args:
        agent: Whose tools they are.
    """

    def __init__(self, agent: Host) -> None:
        self._agent = agent

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("__"):
            raise AttributeError(name)
        tool_name = self._find(name)

        def call(
            user_message_override: str | None = None, record_direct_tool_call: bool | None = None, **arguments: Any
        ) -> ToolResult:
            return self._call(tool_name, arguments, user_message_override, record_direct_tool_call)

        return call

    def _find(self, name: str) -> str:
        registry = self._agent.tool_registry.registry
        for known in registry:
            if known == name or known.replace("-", "_") == name:
                return known
        raise AttributeError(f"there is no tool {name!r}; there are {list(registry)}")

    def _call(self, name: str, arguments: dict[str, Any], message: str | None, record: bool | None) -> ToolResult:
        agent = self._agent
        if agent.turn.interrupts.activated:
            raise RuntimeError(
                f"tool {name!r} cannot be called directly while the agent waits for answers to interrupts; answer them "
                "or call agent.abandon_interrupts()"
            )
        use: ToolUse = {"toolUseId": f"tooluse_{name}_{os.urandom(6).hex()}", "name": name, "input": arguments}
        recorded = agent.record_direct_tool_call if record is None else record
        if not recorded or agent.concurrent_invocation_mode == ConcurrentInvocationMode.UNSAFE_REENTRANT:
            return run(_direct(agent, use, message, recorded))
        if not agent.turn.lock.acquire(blocking=False):
            raise ConcurrencyException(
                f"tool {name!r} cannot be called directly while the agent is at work: concurrent invocations would mix "
                "their messages; pass record_direct_tool_call=False to leave no trace in the history"
            )
        try:
            return run(_direct(agent, use, message, recorded))
        finally:
            agent.turn.lock.release()


async def _direct(agent: Host, use: ToolUse, message: str | None, record: bool) -> ToolResult:
    from strands._core import resume
    from strands._core.invocation import Invocation
    from strands._core.recorder import OpenTurn
    from strands._core.tool_batch import ToolBatch
    from strands.telemetry.metrics import Trace

    request: Message = {"role": "assistant", "content": [{"toolUse": use}]}
    invocation = Invocation(agent, {"agent": agent, "request_state": {}})
    batch = ToolBatch(invocation, OpenTurn(message=request), Trace("direct tool call"), recorder=None)
    interrupts = await batch.run()
    if interrupts:
        agent.turn.interrupts.deactivate()
        raise RuntimeError(
            f"tool {use['name']!r} asks {interrupts[0].name!r}, but in a direct call nobody can answer"
        ) from InterruptException(interrupts[0])
    result = batch.results[use["toolUseId"]]
    if record:
        for each in _account(use, request, result, message):
            await invocation.append(each)
        if invocation.asked:
            agent.turn.interrupts.forget_unasked()
            raise RuntimeError(f"a hook asks {invocation.asked[0].name!r}, but in a direct call nobody can answer")
        if agent.turn.invocation is None:  # within a call of the agent, the history is shortened when that ends
            agent.conversation_manager.apply_management(agent)
            resume.store(agent)
    return result


def _account(use: ToolUse, request: Message, result: ToolResult, message: str | None) -> list[Message]:
    text = f"agent.tool.{use['name']} direct tool call.\nInput parameters: {_shown(use['input'])}\n"
    told: list[ContentBlock] = [{"text": f"{message}\n"}] if message else []
    return [
        {"role": "user", "content": [*told, {"text": text}]},
        {"role": "assistant", "content": [{"toolUse": {**use, "input": json.loads(_shown(use["input"]))}}]},
        {"role": "user", "content": [{"toolResult": result}]},
        {"role": "assistant", "content": [{"text": f"agent.tool.{use['name']} was called."}]},
    ]


def _shown(arguments: dict[str, Any]) -> str:
    return json.dumps(arguments, default=lambda value: f"<<non-serializable: {type(value).__qualname__}>>")
