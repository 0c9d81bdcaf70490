"""OpenTelemetry spans by the semantic conventions for generative AI.

Source: https://opentelemetry.io/docs/specs/semconv/gen-ai/. Nothing here is imported, and nothing is computed, unless a
tracer provider is configured. Content is recorded only with OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true.
"""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar, cast

from opentelemetry import trace

from strands._elsewhere import names_of
from strands.tools.results import ToolFailure

from . import _conventions

if TYPE_CHECKING:
    from strands._core.host import Host
    from strands._core.reply import ModelReply
    from strands.agent.result import AgentResult
    from strands.types.content import Message, Messages
    from strands.types.tools import AgentTool, ToolResult, ToolUse

Content = Literal["messages", "tool_input", "tool_output"]

content_filter: ContextVar[Callable[[Content, Any], Any] | None] = ContextVar("content_filter", default=None)
"""ChangeNotes content before a span gets it: takes its kind and itself, returns what may be recorded."""

_unjudged: ContextVar[bool] = ContextVar("unjudged", default=False)
"""Whether this is done in a tool whose result a guardrail may take back, after the spans of it have ended."""

_REPLACED = "<replaced>"
_MAX_BITS = 14_000  # Python writes no integer of more than 4,300 digits as text
_CAPTURE = "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT"


class Observed(Protocol):
    """A call of an agent, as far as its spans tell of it.

    Attributes:
        redacted: The message whose content a guardrail took back last, or None.
    """

    redacted: Message | None

    @property
    def agent(self) -> Host:
        """The agent."""


C = TypeVar("C", bound=Observed)
R = TypeVar("R")
_STRUCTURE = "execute_structured_output"


class Tracing:
    """Leaves the spans of one agent's work: the invocation, its model calls, its tool calls.

    Args:
        tracer: Makes the spans.
    """

    def __init__(self, tracer: trace.Tracer) -> None:
        self._tracer = tracer
        self._captures = os.environ.get(_CAPTURE, "").lower() == "true"

    @property
    def _with_content(self) -> bool:
        return self._captures and not _unjudged.get()

    async def agent_call(
        self,
        invocation: C,
        prompt: Any,
        work: Callable[[C, Any], Awaitable[tuple[AgentResult, Any]]],
    ) -> tuple[AgentResult, Any]:
        """Do `work` in the span of an invocation."""
        agent = invocation.agent
        with self._span(f"invoke_agent {agent.name}", _conventions.of_agent(agent)) as span:
            if self._with_content:
                span.set_attribute("gen_ai.input.messages", _prompt(prompt))
            try:
                result, more = await work(invocation, prompt)
            finally:
                self._take_back(span, invocation)
            latest = agent.event_loop_metrics.latest_agent_invocation
            if latest is not None:
                _set_usage(span, latest.usage)
            span.set_attribute("gen_ai.response.finish_reasons", [result.stop_reason])
            if self._with_content:
                span.set_attribute("gen_ai.output.messages", _reply(result.message, result.stop_reason))
            return result, more

    def _take_back(self, span: trace.Span, invocation: Observed) -> None:
        """Have the span of an invocation say what stands in for a prompt that was taken back."""
        redacted = invocation.redacted
        if redacted is None or any("toolResult" in block for block in redacted["content"]):
            return
        if self._with_content:
            span.set_attribute("gen_ai.input.messages", _prompt([redacted]))

    async def model_call(self, invocation: C, work: Callable[[C], Awaitable[ModelReply]]) -> ModelReply:
        """Do `work` in the span of a model call."""
        agent = invocation.agent
        name = f"chat {_conventions.model_id(agent.model)}"
        with self._span(name, _conventions.of_model(agent), trace.SpanKind.CLIENT) as span:
            if self._with_content:
                span.set_attribute("gen_ai.input.messages", _prompt(agent.messages))
            before = invocation.redacted
            try:
                reply = await work(invocation)
            finally:
                if self._with_content and invocation.redacted is not before:
                    span.set_attribute("gen_ai.input.messages", _prompt(agent.messages))
            _set_usage(span, reply.usage)
            span.set_attribute("gen_ai.response.finish_reasons", [reply.stop_reason])
            if self._with_content:
                span.set_attribute("gen_ai.output.messages", _reply(reply.message, reply.stop_reason))
            return reply

    async def tool_call(
        self, agent: Host, tool: AgentTool, use: ToolUse, work: Callable[[AgentTool], Awaitable[ToolResult]]
    ) -> ToolResult:
        """Do `work` in the span of a tool call.

        A span that has ended cannot be changed: what a guardrail has yet to judge is told by the span of the model call
        that it judges it in, and by none of the tool's.
        """
        attributes = _conventions.of_tool(agent, tool, use["toolUseId"])
        with self._span(f"execute_tool {tool.tool_name}", attributes) as span:
            if self._with_content:
                span.set_attribute("gen_ai.tool.call.arguments", _json("tool_input", use["input"]))
            guarded = self._captures and _has_guardrail(agent)
            judged = _unjudged.set(True) if guarded else None
            try:
                result = await work(tool)
            finally:
                if judged is not None:
                    _unjudged.reset(judged)
            if result["status"] == "error":
                span.set_attribute("error.type", "_OTHER")
                span.set_status(trace.Status(trace.StatusCode.ERROR))
            if self._with_content and not guarded:
                span.set_attribute("gen_ai.tool.call.result", _json("tool_output", result["content"]))
            return result

    async def structure(self, agent: Host, messages: Messages, work: Callable[[], Awaitable[R]]) -> R:
        """Do `work` in the span of a call for a structure, which is not an invocation."""
        attributes = {**_conventions.of_agent(agent), "gen_ai.operation.name": _STRUCTURE}
        with self._span(_STRUCTURE, attributes) as span:
            if self._with_content:
                span.set_attribute("gen_ai.input.messages", _prompt(messages))
            found = await work()
            if self._with_content:
                text = cast(Any, found).model_dump_json() if found is not None else ""
                reply = {"role": "assistant", "content": [{"text": text}]}
                span.set_attribute("gen_ai.output.messages", _reply(reply, "end_turn"))
            return found

    @contextmanager
    def _span(
        self, name: str, attributes: dict[str, Any], kind: trace.SpanKind = trace.SpanKind.INTERNAL
    ) -> Iterator[trace.Span]:
        """An error is noted by its type: its text may hold content."""
        with self._tracer.start_as_current_span(
            name, kind=kind, attributes=attributes, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield span
            except Exception as error:
                cause = error.error if isinstance(error, ToolFailure) else error
                span.set_attribute("error.type", type(cause).__name__)
                span.set_status(trace.Status(trace.StatusCode.ERROR))
                raise


def tracing() -> Tracing | None:
    """Return what leaves spans, or None when no tracer provider is configured."""
    provider = trace.get_tracer_provider()
    if isinstance(provider, (trace.ProxyTracerProvider, trace.NoOpTracerProvider)):
        return None
    return Tracing(provider.get_tracer("strands"))


class Tracer:
    """Gives access to the tracer that the agents' spans are made with.

    Attributes:
        tracer: The OpenTelemetry tracer.
    """

    def __init__(self) -> None:
        self.tracer: trace.Tracer = trace.get_tracer("strands")


def get_tracer() -> Tracer:
    """Return access to the tracer."""
    return Tracer()


class JSONEncoder(json.JSONEncoder):
    """Encodes anything; what JSON cannot hold becomes `"<replaced>"`."""

    def encode(self, o: Any) -> str:
        try:
            return super().encode(o)
        except ValueError:  # a number with too many digits, or a circle
            return super().encode(_holdable(o, ()))

    def default(self, o: Any) -> Any:
        return o.isoformat() if hasattr(o, "isoformat") else _REPLACED


def _holdable(value: Any, around: tuple[Any, ...]) -> Any:
    if any(value is each for each in around):
        return _REPLACED
    if isinstance(value, dict):
        return {key: _holdable(each, (*around, value)) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_holdable(each, (*around, value)) for each in value]
    return _REPLACED if isinstance(value, int) and value.bit_length() > _MAX_BITS else value


def serialize(obj: Any) -> str:
    """Return anything as JSON; what JSON cannot hold becomes `"<replaced>"`."""
    return JSONEncoder(ensure_ascii=False).encode(obj)


def _has_guardrail(agent: Host) -> bool:
    config = agent.model.get_config()
    return isinstance(config, dict) and bool(config.get("guardrail_id"))


def _set_usage(span: trace.Span, usage: Any) -> None:
    span.set_attribute("gen_ai.usage.input_tokens", usage["inputTokens"])
    span.set_attribute("gen_ai.usage.output_tokens", usage["outputTokens"])
    for key, name in (
        ("cacheReadInputTokens", "gen_ai.usage.cache_read.input_tokens"),
        ("cacheWriteInputTokens", "gen_ai.usage.cache_creation.input_tokens"),
    ):
        if usage.get(key):
            span.set_attribute(name, usage[key])


def _prompt(prompt: Any) -> str:
    return _text(_conventions.input_messages(_filtered("messages", prompt)))


def _reply(message: Any, stop_reason: str) -> str:
    (shown,) = _filtered("messages", [message])
    return _text(_conventions.output_messages(shown, stop_reason))


def _json(kind: Content, value: Any) -> str:
    return _text(_filtered(kind, value))


def _filtered(kind: Content, value: Any) -> Any:
    change = content_filter.get()
    return value if change is None else change(kind, value)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=lambda other: f"<{type(other).__name__}>")


if not TYPE_CHECKING:
    __getattr__ = names_of(__name__)
