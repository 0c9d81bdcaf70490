"""What a model answered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from strands.telemetry.metrics import EventLoopMetrics
    from strands.types.content import Message
    from strands.types.event_loop import Metrics, StopReason, Usage


class ModelReply:
    """What a model answered.

    Attributes:
        message: The answer.
        stop_reason: Why it ended.
        usage: Tokens, as the provider counted them.
        metrics: Times in milliseconds.
        model_state: What a model whose provider keeps the conversation must be given next time, or None.
        counted: Whether the agent's metrics have it.
    """

    __slots__ = ("counted", "message", "metrics", "model_state", "stop_reason", "usage")

    def __init__(self, message: Message, stop_reason: StopReason, usage: Usage, metrics: Metrics) -> None:
        self.message: Message = message
        self.stop_reason = stop_reason
        self.usage: Usage = usage
        self.metrics: Metrics = metrics
        self.model_state: dict[str, Any] | None = None
        self.counted: bool = False

    def count(self, metrics: EventLoopMetrics) -> None:
        """Add it to an agent's metrics, once."""
        if not self.counted:
            self.counted = True
            metrics.update_usage(self.usage)
            metrics.update_metrics(self.metrics)
