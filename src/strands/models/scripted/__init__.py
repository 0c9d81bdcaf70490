"""A model that needs no network: it answers from a script, from a function, or by rehearsing.

    ScriptedModel(["Hello.", ToolCall("search", {"query": "x"}), "Found it."])
    ScriptedModel(lambda messages: "You wrote " + messages[-1]["content"][0]["text"])
    ScriptedModel.rehearsal()

What it was asked is kept, for tests to look at.
"""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Literal

from strands.models.model import Model

from .script import Reply, Request, Script, Scripted, ToolCall, as_reply

if TYPE_CHECKING:
    from strands.types.content import Message, Messages
    from strands.types.streaming import StreamEvent
    from strands.types.tools import ToolChoice, ToolSpec

__all__ = ["Reply", "Request", "Script", "Scripted", "ScriptedModel", "ToolCall"]


class ScriptedModel(Model):
    """A model for tests and rehearsals: deterministic, offline, and as fast as the caller.

    Args:
        script: The replies in order, or a function of `(messages, tool_specs, system_prompt)` (it may take fewer, and
            may be async) that returns one. A reply is a text, a `ToolCall`, a list of them, a `Reply`, an exception to
            raise, a message (`{"role", "content"}`), or any other dict, which is sent as JSON text.
        repeat: What happens after the last reply: "never" is an error, "last" repeats it, "all" starts again.
        rehearse: Answer plausibly without a script; see `rehearsal`.
        delay: Seconds before the first event of every reply.
        chunk_size: Characters in one piece of streamed text.
        model_id: The name it goes by.

    Attributes:
        requests: Every `Request` so far, failed ones included; a rehearsal keeps none.

    Token usage is an estimate of four characters a token; earlier turns count as cached and are not counted again.
    """

    whole_messages = True

    def __init__(
        self,
        script: Script | str | None = None,
        *,
        repeat: Literal["never", "last", "all"] = "never",
        rehearse: bool = False,
        delay: float = 0.0,
        chunk_size: int = 200,
        model_id: str = "scripted",
    ) -> None:
        if repeat not in ("never", "last", "all"):
            raise ValueError(f"repeat={repeat!r}: expected 'never', 'last' or 'all'")
        if chunk_size < 1:
            raise ValueError(f"chunk_size={chunk_size!r}: expected at least 1 character")
        self.requests: list[Request] = []
        self.config: dict[str, Any] = {"model_id": model_id}
        self._repeat = repeat
        self._delay = delay
        self._chunk_size = chunk_size
        self._next = 0
        self._rehearse = rehearse
        self._function: Callable[..., Any] | None = None
        self._arity = 0
        self._script: list[Scripted] = []
        if callable(script) and not isinstance(script, type):
            self._function, self._arity = script, _positional(script)
        elif script is not None:
            self._script = [script] if isinstance(script, str) else list(script)  # type: ignore[arg-type]

    @classmethod
    def rehearsal(cls, *, delay: float = 0.0, chunk_size: int = 200) -> ScriptedModel:
        """Return a model that makes its replies up from what it is asked.

        It uses each offered tool once with arguments that fit its schema, fills a schema it must answer in, gives
        the JSON keys a prompt asks for, and else says something short about the prompt. The same question gets the
        same answer. A caller that knows better passes `rehearse_hint={"kind": ..., ...}`; see `rehearsal.answer`.

        Args:
            delay: Seconds before each reply.
            chunk_size: Characters in one piece of streamed text.
        """
        return cls(rehearse=True, delay=delay, chunk_size=chunk_size, model_id="rehearsal")

    def extend(self, *replies: Scripted) -> None:
        """Add replies to the end of the script."""
        self._script.extend(replies)

    async def stream(
        self,
        messages: Messages,
        tool_specs: list[ToolSpec] | None = None,
        system_prompt: str | None = None,
        *,
        tool_choice: ToolChoice | None = None,
        **kwargs: Any,
    ) -> AsyncGenerator[StreamEvent, None]:
        """Yield the next reply's events; see `Model.stream`.

        Raises:
            ModelRequestError: The script has no reply left.
            BaseException: The script says so.
        """
        request = Request(messages, tool_specs, system_prompt, tool_choice, kwargs)
        if not self._rehearse:
            self.requests.append(request)
        if self._function is None:
            step = self._take(request)
        else:
            step = self._function(*(messages, tool_specs, system_prompt)[: self._arity])
            if inspect.isawaitable(step):
                step = await step
        if self._delay:
            await asyncio.sleep(self._delay)
        if type(step) is not str or len(step) > self._chunk_size:
            for event in self._play(as_reply(step), messages, system_prompt):
                if isinstance(event, float):
                    await asyncio.sleep(event)
                else:
                    yield event
            return
        yield {"messageStart": {"role": "assistant"}}
        if step:
            yield {"contentBlockDelta": {"delta": {"text": step}}}
            yield {"contentBlockStop": {}}
        yield {"messageStop": {"stopReason": "end_turn"}}
        yield _metadata(messages, system_prompt, len(step))

    def _take(self, request: Request) -> Any:
        if self._rehearse and self._next >= len(self._script):
            from .rehearsal import answer

            return answer(request)
        index = self._next
        if index >= len(self._script):
            index = self._again(index)
        self._next = index + 1
        return self._script[index]

    def _again(self, index: int) -> int:
        if self._script and self._repeat == "last":
            return len(self._script) - 1
        if self._script and self._repeat == "all":
            return 0
        from strands.types.exceptions import ModelRequestError

        raise ModelRequestError(
            f"ScriptedModel was asked for reply {len(self.requests)} and its script has {len(self._script)}: "
            "add a reply, or pass repeat='last'."
        )

    def _play(self, reply: Reply, messages: Messages, system_prompt: str | None) -> Iterator[StreamEvent | float]:
        """Yield the events of a reply, and between them the seconds to wait."""
        if reply.delay:
            yield float(reply.delay)
        yield {"messageStart": {"role": "assistant"}}
        if reply.reasoning:
            yield {"contentBlockDelta": {"delta": {"reasoningContent": {"text": reply.reasoning}}}}
            yield {"contentBlockStop": {}}
        size = self._chunk_size
        for start in range(0, len(reply.text), size):
            if start and reply.chunk_delay:
                yield float(reply.chunk_delay)
            yield {"contentBlockDelta": {"delta": {"text": reply.text[start : start + size]}}}
        if reply.text:
            yield {"contentBlockStop": {}}
        length = len(reply.text) + len(reply.reasoning)
        for index, call in enumerate(reply.tool_calls):
            text = call.raw_input if call.raw_input is not None else json.dumps(call.input)
            length += len(call.name) + len(text)
            tool_use_id = call.id if call.id is not None else _tool_use_id(messages, index, call.name, text)
            yield {"contentBlockStart": {"start": {"toolUse": {"toolUseId": tool_use_id, "name": call.name}}}}
            yield {"contentBlockDelta": {"delta": {"toolUse": {"input": text}}}}
            yield {"contentBlockStop": {}}
        if reply.error is not None:
            raise reply.error
        stop_reason: Any = reply.stop_reason or ("tool_use" if reply.tool_calls else "end_turn")
        yield {"messageStop": {"stopReason": stop_reason}}
        yield _metadata(messages, system_prompt, length, reply.usage)


def _tool_use_id(messages: Messages, index: int, name: str, arguments: str) -> str:
    """Return an id that repeats in a process that goes on from the same history, and nowhere else."""
    newest = messages[-1]["content"][:8] if messages else []
    before = [block.get("toolResult", {}).get("toolUseId") or block.get("text", "")[:200] for block in newest]
    seed = f"{len(messages)}\0{index}\0{name}\0{arguments}\0{before}"
    return f"call_{blake2b(seed.encode('utf-8', 'replace'), digest_size=9).hexdigest()}"


def _metadata(
    messages: Messages, system_prompt: str | None, length: int, given: Mapping[str, int] | None = None
) -> StreamEvent:
    if given is None:
        read = len(system_prompt) if system_prompt else 0
        for message in reversed(messages):
            if message["role"] == "assistant":
                break
            read += _length_of(message)
        given = {"inputTokens": (read + 3) // 4, "outputTokens": (length + 3) // 4}
    usage: Any = dict(given)
    if "totalTokens" not in usage:
        usage["totalTokens"] = usage.get("inputTokens", 0) + usage.get("outputTokens", 0)
    return {"metadata": {"usage": usage, "metrics": {"latencyMs": 0}}}


def _length_of(message: Message) -> int:
    length = 0
    for block in message["content"]:
        if "text" in block:
            length += len(block["text"])
        elif "toolResult" in block:
            for item in block["toolResult"].get("content", ()):
                length += len(item["text"]) if "text" in item else len(str(item.get("json", "")))
    return length


def _positional(function: Callable[..., Any]) -> int:
    parameters = inspect.signature(function).parameters.values()
    if any(each.kind is each.VAR_POSITIONAL for each in parameters):
        return 3
    return min(3, sum(each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD) for each in parameters))
