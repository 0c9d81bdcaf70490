"""A model's stream of events, gathered into one message."""

from __future__ import annotations

import json
import re
import time
from collections.abc import AsyncIterable
from typing import TYPE_CHECKING, Any, cast

from strands.telemetry.metrics import no_time, no_usage
from strands.types.exceptions import ModelUnavailableError
from strands.types.json_value import MAX_DEPTH, finite, is_too_deep

from .reply import ModelReply

if TYPE_CHECKING:
    from strands._core.invocation import Invocation
    from strands._core.taken_back import TakenBack
    from strands.types.content import ContentBlock, Message
    from strands.types.event_loop import Metrics, StopReason, Usage
    from strands.types.streaming import StreamEvent

AHEAD = 16  # events of a reply that may be unread while more of it comes
_SHOWN = 400  # characters of an input that cannot be read
_decode = json.JSONDecoder(parse_constant=finite, parse_float=finite).decode
INVALID_NAME = "INVALID_TOOL_NAME"
NAME = re.compile(r"^[a-zA-Z0-9_-]{1,64}$")


class ReplyBuilder:
    """Takes a stream's events one by one and builds the reply.

    Args:
        invocation: Whose sink hears of text, reasoning and tool use as they arrive.
    """

    __slots__ = (
        "_blocks",
        "_citations",
        "_image",
        "_invocation",
        "_metrics",
        "_pieces",
        "_reasoning",
        "_stop",
        "_taken",
        "_tool",
        "_usage",
    )

    def __init__(self, invocation: Invocation) -> None:
        self._invocation = invocation
        self._blocks: list[ContentBlock] = []
        self._stop: StopReason | None = None
        self._taken: TakenBack | None = None
        self._usage: Usage | None = None
        self._metrics: Metrics | None = None
        self._clear()

    def _clear(self) -> None:
        self._pieces: list[str] = []
        self._citations: list[Any] | None = None
        self._reasoning: _Reasoning | None = None
        self._tool: dict[str, Any] | None = None
        self._image: dict[str, Any] | None = None

    async def gather(self, stream: AsyncIterable[StreamEvent]) -> ModelReply:
        """Read a stream to its end.

        Raises:
            ModelUnavailableError: It ended too early.
        """
        sink, backpressure = self._invocation.sink, self._invocation.backpressure
        asked, first = time.perf_counter(), 0.0
        try:
            async for event in stream:
                if not first:
                    first = time.perf_counter()
                if sink is not None:
                    sink({"event": event})
                self.take(event)
                if backpressure is not None:
                    await backpressure(AHEAD)
            if backpressure is not None:
                await backpressure(0)
        except BaseException:
            close = getattr(stream, "aclose", None)
            if close is not None:
                await close()  # a connection is not left to the garbage collector
            raise
        finally:
            if self._taken is not None:
                await self._tell(self._taken)
        reply = self.reply()
        times = reply.metrics = {"timeToFirstByteMs": int((first - asked) * 1000) if first else 0, **reply.metrics}
        if not times.get("latencyMs"):
            times["latencyMs"] = int((time.perf_counter() - asked) * 1000)
        return reply

    def take(self, event: StreamEvent) -> None:
        """Take the next event of a stream."""
        data: Any = event
        if "contentBlockDelta" in data:
            self._delta(data["contentBlockDelta"]["delta"])
        elif "contentBlockStart" in data:
            self._start(data["contentBlockStart"].get("start") or {})
        elif "contentBlockStop" in data:
            self._close()
        elif "messageStop" in data:
            self._stop = data["messageStop"].get("stopReason") or "end_turn"
        elif "metadata" in data:
            self._usage = data["metadata"].get("usage") or self._usage
            self._metrics = data["metadata"].get("metrics") or self._metrics
        elif "redactContent" in data:
            self._redact(data["redactContent"])

    def _start(self, start: dict[str, Any]) -> None:
        self._close()
        use = start.get("toolUse")
        if use:
            self._tool = {"toolUseId": use["toolUseId"], "name": use["name"], "input": ""}
            if use.get("reasoningSignature"):
                self._tool["reasoningSignature"] = use["reasoningSignature"]
        elif start.get("image"):
            self._image = {**start["image"], "source": {}}

    def _delta(self, delta: dict[str, Any]) -> None:
        emit = self._invocation.sink
        if "text" in delta:
            self._pieces.append(delta["text"])
            if emit is not None:
                emit(self._event({"data": delta["text"], "delta": delta}))
        elif "toolUse" in delta:
            self._pieces.append(delta["toolUse"].get("input") or "")
            if emit is not None and self._tool is not None:
                use = {**self._tool, "input": "".join(self._pieces)}
                emit(self._event({"type": "tool_use_stream", "delta": delta, "current_tool_use": use}))
        elif "reasoningContent" in delta:
            self._reason(delta, delta["reasoningContent"])
        elif "citation" in delta:
            if self._citations is None:
                self._citations = []
            self._citations.append(delta["citation"])
            if emit is not None:
                emit(self._event({"citation": delta["citation"], "delta": delta}))
        elif "image" in delta and self._image is not None:
            for key, value in delta["image"].get("source", {}).items():
                before = self._image["source"].get(key)
                self._image["source"][key] = value if before is None else before + value

    def _reason(self, delta: dict[str, Any], content: dict[str, Any]) -> None:
        emit = self._invocation.sink
        if self._reasoning is None:
            self._reasoning = _Reasoning()
        gathered = self._reasoning
        if content.get("origin") is not None:
            gathered.origin = content["origin"]  # the last one is whole
        if content.get("text") is not None:
            gathered.thoughts.append(content["text"])
            if emit is not None:
                emit(self._event({"reasoningText": content["text"], "delta": delta, "reasoning": True}))
        elif content.get("signature") is not None:
            gathered.signature += content["signature"]
            if emit is not None:
                signed = {"reasoning_signature": content["signature"], "delta": delta, "reasoning": True}
                emit(self._event(signed))
        elif content.get("redactedContent") is not None:
            gathered.redacted += content["redactedContent"]
            if emit is not None:
                hidden = {"reasoningRedactedContent": content["redactedContent"], "delta": delta, "reasoning": True}
                emit(self._event(hidden))

    def _event(self, piece: dict[str, Any]) -> dict[str, Any]:
        """Return a piece with what the caller passed along; a key of both is the piece's."""
        event = {**piece, **self._invocation.state}
        event.update(piece)
        return event

    def _close(self) -> None:
        if self._tool is not None:
            block: Any = {"toolUse": self._tool}
            self._blocks.append(block)
            self._tool["input"] = "".join(self._pieces)
        elif self._pieces or self._citations:
            self._blocks.append(self._text_block("".join(self._pieces)))
        elif self._reasoning is not None:
            self._blocks += self._reasoning.blocks()
        elif self._image is not None:
            if self._image["source"]:
                self._blocks.append(cast("ContentBlock", {"image": self._image}))
        else:
            return
        self._clear()

    def _text_block(self, text: str) -> ContentBlock:
        if not self._citations:
            return {"text": text}
        return {"citationsContent": {"citations": list(self._citations), "content": [{"text": text}]}}

    def _redact(self, redaction: dict[str, Any]) -> None:
        agent = self._invocation.agent
        user = redaction.get("redactUserContentMessage")
        if user and agent.messages:
            before = agent.messages[-1]["content"]
            agent.messages[-1]["content"] = _redacted(before, user)
            if agent.recorder is not None:
                from strands._core.taken_back import TakenBack

                self._taken = TakenBack(agent.messages[-1], before)
            self._invocation.redacted = agent.messages[-1]
            redact = getattr(agent._session_manager, "redact_latest_message", None)
            if redact is not None:
                redact(agent.messages[-1], agent)
        assistant = redaction.get("redactAssistantContentMessage")
        if assistant:
            self._clear()
            self._blocks = [{"text": assistant}]

    async def _tell(self, taken: TakenBack) -> None:
        redacted = getattr(self._invocation.agent.recorder, "redacted", None)
        if redacted is not None:
            await redacted(taken)

    def reply(self) -> ModelReply:
        """Return what the events came to.

        Raises:
            ModelUnavailableError: They ended in the middle of a tool use.
        """
        complete = self._tool is None
        self._close()
        blocks: list[Any] = self._blocks
        uses: list[dict[str, Any]] = [block["toolUse"] for block in blocks if "toolUse" in block]
        stop = self._stop or "end_turn"
        if uses and stop != "max_tokens":
            if self._stop is None or not complete:
                raise ModelUnavailableError("the model's stream ended in the middle of a tool use; nothing was run")
            unread = [use for use in uses if not _parse(use)]
            if unread or stop == "malformed_tool_use":
                for use in uses:  # a reply that is damaged in one place runs in none
                    use.setdefault("malformed", "a tool use of this reply could not be read")
            _keep_apart(uses)
            stop = "tool_use" if stop in ("end_turn", "malformed_tool_use") else stop
        elif not uses and stop == "tool_use":
            stop = "end_turn"
        message: Message = {"role": "assistant", "content": self._blocks}
        return ModelReply(message, stop, self._usage or no_usage(), self._metrics or no_time())


def _redacted(content: list[Any], text: str) -> list[Any]:
    """Return content that says `text` in place of what it said; tool uses keep their answers."""
    results = [block["toolResult"] for block in content if "toolResult" in block]
    kept: list[Any] = [{"toolResult": {**result, "content": [{"text": text}]}} for result in results]
    return kept or [{"text": text}]


class _Reasoning:
    """The reasoning of one content block, as far as it has come."""

    __slots__ = ("origin", "redacted", "signature", "thoughts")

    def __init__(self) -> None:
        self.thoughts: list[str] = []
        self.signature = ""
        self.redacted = b""
        self.origin: dict[str, Any] = {}

    def blocks(self) -> list[ContentBlock]:
        """Return it as a content block; none when it is empty."""
        if self.thoughts or self.signature or self.origin:
            text: dict[str, Any] = {"text": "".join(self.thoughts)}
            if self.signature:
                text["signature"] = self.signature
            origin = {"origin": self.origin} if self.origin else {}
            return [cast("ContentBlock", {"reasoningContent": {"reasoningText": text, **origin}})]
        return [{"reasoningContent": {"redactedContent": self.redacted}}] if self.redacted else []


def _parse(use: dict[str, Any]) -> bool:
    """Read the input of a tool use; what is not a JSON object is noted with it, so that it never runs: return False."""
    text, problem = use["input"], ""
    try:
        value = _decode(text) if text.strip() else {}
        if len(text) > MAX_DEPTH and is_too_deep(value, text):
            raise RecursionError(f"more than {MAX_DEPTH} lists and objects stand inside each other")
        if type(value) is dict:
            use["input"] = value
            return True
    except (ValueError, RecursionError) as error:
        problem = f"{error}, in "
    use["malformed"] = f"the arguments are not a JSON object: {problem}{_short(text)}"
    use["input"] = {}
    return False


def _short(text: str) -> str:
    return repr(text if len(text) <= _SHOWN else f"{text[: _SHOWN // 2]} ... {text[-_SHOWN // 2 :]}")


def _keep_apart(uses: list[dict[str, Any]]) -> None:
    """Two tool uses of one message never share an id, and names stay such that providers accept them."""
    seen: set[str] = set()
    for use in uses:
        id, count = use["toolUseId"], 1
        while use["toolUseId"] in seen:
            count += 1
            use["toolUseId"] = f"{id}-{count}"
        seen.add(use["toolUseId"])
        if not NAME.match(use["name"]):
            use["name"] = INVALID_NAME
