"""What an agent tells its listeners, as events with a type: where the Strands Agents SDK has them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from .events import ModelStopReason, ToolInterruptEvent, ToolResultEvent, ToolStreamEvent, TypedEvent

if TYPE_CHECKING:
    from pydantic import BaseModel

    from strands.agent.result import AgentResult
    from strands.interrupt import Interrupt
    from strands.multiagent.base import MultiAgentResult, NodeResult
    from strands.telemetry.metrics import EventLoopMetrics

    from .citations import Citation
    from .content import Message
    from .event_loop import StopReason
    from .streaming import ContentBlockDelta, StreamEvent
    from .tools import ToolUse

__all__ = [
    "AgentAsToolStreamEvent",
    "AgentResultEvent",
    "CitationStreamEvent",
    "EventLoopStopEvent",
    "EventLoopThrottleEvent",
    "ForceStopEvent",
    "InitEventLoopEvent",
    "ModelMessageEvent",
    "ModelStopReason",
    "ModelStreamChunkEvent",
    "ModelStreamEvent",
    "MultiAgentHandoffEvent",
    "MultiAgentNodeCancelEvent",
    "MultiAgentNodeInterruptEvent",
    "MultiAgentNodeStartEvent",
    "MultiAgentNodeStopEvent",
    "MultiAgentNodeStreamEvent",
    "MultiAgentResultEvent",
    "ReasoningRedactedContentStreamEvent",
    "ReasoningSignatureStreamEvent",
    "ReasoningTextStreamEvent",
    "StartEvent",
    "StartEventLoopEvent",
    "StructuredOutputEvent",
    "TextStreamEvent",
    "ToolCancelEvent",
    "ToolInterruptEvent",
    "ToolResultEvent",
    "ToolResultMessageEvent",
    "ToolStreamEvent",
    "ToolUseStreamEvent",
    "TypedEvent",
]


class InitEventLoopEvent(TypedEvent):
    """A call of an agent begins."""

    def __init__(self) -> None:
        super().__init__({"init_event_loop": True})

    def prepare(self, invocation_state: dict[str, Any]) -> None:
        self.update(invocation_state)


class StartEvent(TypedEvent):
    """A cycle of the loop begins."""

    def __init__(self) -> None:
        super().__init__({"start": True})


class StartEventLoopEvent(TypedEvent):
    """A cycle of the loop begins to work."""

    def __init__(self) -> None:
        super().__init__({"start_event_loop": True})


class ModelStreamChunkEvent(TypedEvent):
    """The model's own event, as it came."""

    def __init__(self, chunk: StreamEvent) -> None:
        super().__init__({"event": chunk})

    @property
    def chunk(self) -> StreamEvent:
        """The model's event."""
        return cast("StreamEvent", self["event"])


class ModelStreamEvent(TypedEvent):
    """A piece of the model's answer."""

    def __init__(self, delta_data: dict[str, Any]) -> None:
        super().__init__(delta_data)

    @property
    def is_callback_event(self) -> bool:
        return bool(self)

    def prepare(self, invocation_state: dict[str, Any]) -> None:
        if "delta" in self:
            self.update(invocation_state)


class TextStreamEvent(ModelStreamEvent):
    """A piece of text."""

    def __init__(self, delta: ContentBlockDelta, text: str) -> None:
        super().__init__({"data": text, "delta": delta})


class ToolUseStreamEvent(ModelStreamEvent):
    """A piece of a tool's input."""

    def __init__(self, delta: ContentBlockDelta, current_tool_use: dict[str, Any]) -> None:
        super().__init__({"type": "tool_use_stream", "delta": delta, "current_tool_use": current_tool_use})


class CitationStreamEvent(ModelStreamEvent):
    """What a text rests on."""

    def __init__(self, delta: ContentBlockDelta, citation: Citation) -> None:
        super().__init__({"citation": citation, "delta": delta})


class ReasoningTextStreamEvent(ModelStreamEvent):
    """A piece of reasoning."""

    def __init__(self, delta: ContentBlockDelta, reasoning_text: str | None) -> None:
        super().__init__({"reasoningText": reasoning_text, "delta": delta, "reasoning": True})


class ReasoningRedactedContentStreamEvent(ModelStreamEvent):
    """A piece of reasoning that the provider keeps to itself."""

    def __init__(self, delta: ContentBlockDelta, redacted_content: bytes | None) -> None:
        super().__init__({"reasoningRedactedContent": redacted_content, "delta": delta, "reasoning": True})


class ReasoningSignatureStreamEvent(ModelStreamEvent):
    """A piece of the provider's proof of a reasoning."""

    def __init__(self, delta: ContentBlockDelta, reasoning_signature: str | None) -> None:
        super().__init__({"reasoning_signature": reasoning_signature, "delta": delta, "reasoning": True})


class EventLoopStopEvent(TypedEvent):
    """The loop ends: `event["stop"]` is what it came to."""

    def __init__(
        self,
        stop_reason: StopReason,
        message: Message,
        metrics: EventLoopMetrics,
        request_state: Any,
        interrupts: Sequence[Interrupt] | None = None,
        structured_output: BaseModel | None = None,
        checkpoint: Any = None,
    ) -> None:
        stop = (stop_reason, message, metrics, request_state, interrupts, structured_output, checkpoint)
        super().__init__({"stop": stop})

    @property
    def is_callback_event(self) -> bool:
        return False


class StructuredOutputEvent(TypedEvent):
    """The requested structure is there."""

    def __init__(self, structured_output: BaseModel) -> None:
        super().__init__({"structured_output": structured_output})


class EventLoopThrottleEvent(TypedEvent):
    """The model is asked again after `delay` seconds."""

    def __init__(self, delay: int) -> None:
        super().__init__({"event_loop_throttled_delay": delay})

    def prepare(self, invocation_state: dict[str, Any]) -> None:
        self.update(invocation_state)


class AgentAsToolStreamEvent(ToolStreamEvent):
    """What an agent that is used as a tool tells on the way."""

    def __init__(self, tool_use: ToolUse, tool_stream_data: Any, agent_as_tool: Any) -> None:
        super().__init__(tool_use, tool_stream_data)
        self.agent_as_tool = agent_as_tool


class ToolCancelEvent(TypedEvent):
    """A hook kept a tool from running."""

    def __init__(self, tool_use: ToolUse, message: str) -> None:
        super().__init__({"tool_cancel_event": {"tool_use": tool_use, "message": message}})

    @property
    def tool_use_id(self) -> str:
        """The call."""
        return cast(str, self["tool_cancel_event"]["tool_use"]["toolUseId"])

    @property
    def message(self) -> str:
        """Why it did not run."""
        return cast(str, self["tool_cancel_event"]["message"])


class ModelMessageEvent(TypedEvent):
    """The model's answer is complete."""

    def __init__(self, message: Message) -> None:
        super().__init__({"message": message})


class ToolResultMessageEvent(TypedEvent):
    """The results of the tools are complete."""

    def __init__(self, message: Any) -> None:
        super().__init__({"message": message})


class ForceStopEvent(TypedEvent):
    """An error ended the loop."""

    def __init__(self, reason: str | Exception) -> None:
        super().__init__({"force_stop": True, "force_stop_reason": str(reason)})


class AgentResultEvent(TypedEvent):
    """What a call of an agent came to."""

    def __init__(self, result: AgentResult) -> None:
        super().__init__({"result": result})


class MultiAgentResultEvent(TypedEvent):
    """What a call of a graph or swarm came to."""

    def __init__(self, result: MultiAgentResult) -> None:
        super().__init__({"type": "multiagent_result", "result": result})


class MultiAgentNodeStartEvent(TypedEvent):
    """A node begins."""

    def __init__(self, node_id: str, node_type: str) -> None:
        super().__init__({"type": "multiagent_node_start", "node_id": node_id, "node_type": node_type})


class MultiAgentNodeStopEvent(TypedEvent):
    """A node is done."""

    def __init__(self, node_id: str, node_result: NodeResult) -> None:
        super().__init__({"type": "multiagent_node_stop", "node_id": node_id, "node_result": node_result})


class MultiAgentHandoffEvent(TypedEvent):
    """The work goes from some nodes to others."""

    def __init__(self, from_node_ids: list[str], to_node_ids: list[str], message: str | None = None) -> None:
        said = {"message": message} if message else {}
        nodes = {"from_node_ids": from_node_ids, "to_node_ids": to_node_ids}
        super().__init__({"type": "multiagent_handoff", **nodes, **said})


class MultiAgentNodeStreamEvent(TypedEvent):
    """What a node's agent tells on the way."""

    def __init__(self, node_id: str, agent_event: dict[str, Any]) -> None:
        super().__init__({"type": "multiagent_node_stream", "node_id": node_id, "event": agent_event})


class MultiAgentNodeCancelEvent(TypedEvent):
    """A hook kept a node from running."""

    def __init__(self, node_id: str, message: str) -> None:
        super().__init__({"type": "multiagent_node_cancel", "node_id": node_id, "message": message})


class MultiAgentNodeInterruptEvent(TypedEvent):
    """A node stops to ask."""

    def __init__(self, node_id: str, interrupts: list[Interrupt]) -> None:
        super().__init__({"type": "multiagent_node_interrupt", "node_id": node_id, "interrupts": interrupts})

    @property
    def interrupts(self) -> list[Interrupt]:
        """Its questions."""
        return cast("list[Interrupt]", self["interrupts"])
