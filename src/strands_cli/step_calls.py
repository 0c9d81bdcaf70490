"""Steps without an agent, done by what does an agent's tool calls: approved, recorded and asked about like those.

The part of the model is played by a few lines that call the step's tool with what the step says, and give back what
it returned.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import AsyncGenerator, Sequence
from typing import TYPE_CHECKING, Any

from strands.models.model import Model
from strands.types.json_value import writes_data
from strands_cli.approvals import NOT_MADE
from strands_cli.errors import ExecutionError
from strands_cli.kernel.context import CONTEXT
from strands_cli.kernel.types import AgentReply, Call

if TYPE_CHECKING:
    from strands.agent.agent import Agent
    from strands_cli.resources import AgentResources

HTTP_TOOL = "http_request"


class ToolStepError(ExecutionError):
    """The tool of a step failed.

    Attributes:
        repeatable: Whether calling it again does no harm.
    """

    def __init__(self, message: str, *, hint: str = "", repeatable: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.repeatable: bool = repeatable


class StepCaller:
    """Does the calls of steps without an agent.

    Args:
        resources: What agents, and so these steps, have.
        hooks: Hook providers that every agent gets.
        name: How the names of what does steps begin on record; see `AgentCaller`.
    """

    def __init__(self, resources: AgentResources, hooks: Sequence[Any] = (), name: str = "") -> None:
        self._name = name
        self._resources = resources
        self._hooks = hooks

    async def __call__(self, call: Call) -> AgentReply:
        """Do a step's call, or go on with it where it was left.

        Raises:
            ToolStepError: The tool failed.
        """
        said = vars(call.act)
        if "set" in said:
            if said["memory"]:
                await self._resources.memories.write(said["memory"], call)
            return _reply(call.prompt, is_json=True)
        from strands._core.invoke import Options, handler_sink
        from strands._core.invoke import call as call_agent
        from strands.types.exceptions import EventLoopException

        tool = self._resources.tool(said.get("tool", HTTP_TOOL))
        agent, prompt = self._restored(call, tool)
        try:
            result = await call_agent(agent, prompt, Options({CONTEXT: call.context}), handler_sink(agent))
        except EventLoopException as error:
            raise error.original_exception from error
        if result.stop_reason == "interrupt":
            return AgentReply("", stop_reason="interrupt", interrupts=tuple(result.interrupts or ()))
        return _returned(call, tool, _last_result(agent.messages))

    def _restored(self, call: Call, tool: Any) -> tuple[Agent, Any]:
        """Return an agent that makes the step's call, where the journal says it was, and what it is told."""
        from strands.agent.agent import Agent
        from strands.types.json_bytes import decode_bytes_values

        model, name = CallModel(tool.tool_name, call.prompt), call.agent.removeprefix(self._name)
        agent = Agent(
            model=model,
            tools=[tool],
            agent_id=name,
            name=name,
            hooks=[*self._hooks, *self._resources.step_hooks(name, vars(call.act).get("approvals") or ())],
            callback_handler=None,
            retry_strategy=None,
            conversation_manager=self._resources.conversation_manager(name),
        )
        agent.recorder = call.recorder
        progress = call.progress()
        if progress is None:
            return agent, call.prompt
        turn = progress.turn
        turn.finished = {id_: decode_bytes_values(result) for id_, result in turn.finished.items()}
        messages: Any = [{**decode_bytes_values(message)} for message in progress.messages]
        agent.restore(messages, turn)
        uses = [block["toolUse"]["toolUseId"] for block in messages[-1]["content"] if "toolUse" in block]
        model.called = any(id_ not in turn.finished for id_ in uses)
        return agent, None


class CallModel(Model):
    """Calls one tool with what a step says, and ends when it has returned.

    A try that failed before this one is not its own: it calls again.

    Args:
        tool: The tool's name.
        arguments: The JSON of its arguments.

    Attributes:
        called: Whether a call of this very try is made, or about to go on.
    """

    def __init__(self, tool: str, arguments: str) -> None:
        self._tool = tool
        self._arguments = arguments
        self.called: bool = False

    def update_config(self, **model_config: Any) -> None:
        """There is nothing to configure."""

    def get_config(self) -> dict[str, Any]:
        return {"model_id": ""}

    async def stream(
        self, messages: Any, tool_specs: Any = None, system_prompt: str | None = None, **kwargs: Any
    ) -> AsyncGenerator[Any, None]:
        result = _last_result(messages)
        yield {"messageStart": {"role": "assistant"}}
        if result is None or (result["status"] == "error" and not self.called and not _was_rejected(result)):
            self.called = True
            use = {"toolUseId": f"call_{uuid.uuid4().hex[:18]}", "name": self._tool}
            yield {"contentBlockStart": {"start": {"toolUse": use}}}
            yield {"contentBlockDelta": {"delta": {"toolUse": {"input": self._arguments}}}}
            yield {"contentBlockStop": {}}
            yield {"messageStop": {"stopReason": "tool_use"}}
        else:
            yield {"contentBlockDelta": {"delta": {"text": "Done."}}}
            yield {"contentBlockStop": {}}
            yield {"messageStop": {"stopReason": "end_turn"}}

    def structured_output(self, output_model: Any, prompt: Any, system_prompt: Any = None, **kwargs: Any) -> Any:
        raise NotImplementedError


def _last_result(messages: Any) -> Any:
    """Return the result with which a conversation ends, or None."""
    blocks = messages[-1]["content"] if messages and messages[-1]["role"] == "user" else ()
    if not blocks and len(messages) > 1:
        blocks = messages[-2]["content"]
    return next((block["toolResult"] for block in blocks if "toolResult" in block), None)


def _was_rejected(result: Any) -> bool:
    return result["status"] == "error" and _text(result).startswith(NOT_MADE)


def _returned(call: Call, tool: Any, result: Any) -> AgentReply:
    text = _text(result)
    if _was_rejected(result):
        return _reply(text, stop_reason="rejected")
    if result["status"] == "error":
        raise ToolStepError(
            f"{call.key!r}: the tool {tool.tool_name!r} failed: {text}",
            hint="What is finished is kept: resume to call it again, or give the step an `on_error`.",
            repeatable=bool(tool.read_only or tool.idempotent),
        )
    if getattr(tool, "answers_http", False):
        return _reply(json.dumps(_http_answer(text), ensure_ascii=False), is_json=True)
    return _reply(text, is_json=writes_data(text))


def _reply(text: str, *, stop_reason: str = "end_turn", is_json: bool = False) -> AgentReply:
    message = {"role": "assistant", "content": [{"text": text}]}
    return AgentReply(text, message, {}, stop_reason, is_json=is_json)


def _text(result: Any) -> str:
    parts = [
        json.dumps(block["json"], ensure_ascii=False) if "json" in block else str(block.get("text", ""))
        for block in result["content"]
    ]
    return "\n".join(parts)


def _http_answer(text: str) -> dict[str, Any]:
    """Return what `http_request` tells of an answer as data."""
    head, _, body = text.partition("\n\n")
    status = re.match(r"HTTP (\d+)", head)
    kind = re.search(r"^Content-Type: (.*)$", head, re.MULTILINE)
    return {
        "status": int(status[1]) if status else 0,
        "content_type": kind[1] if kind else "",
        "body": json.loads(body) if writes_data(body) else body if status else text,
    }
