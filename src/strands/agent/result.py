"""What an invocation came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from strands.interrupt import Interrupt, listed, read_listed
from strands.telemetry.metrics import EventLoopMetrics
from strands.types.json_bytes import decode_bytes_values, encode_bytes_values

if TYPE_CHECKING:
    from pydantic import BaseModel

    from strands.types.content import Message
    from strands.types.event_loop import StopReason


@dataclass
class AgentResult:
    """What an invocation came to.

    Attributes:
        stop_reason: Why the agent stopped.
        message: The last message of the model.
        metrics: What the agent measured since it was made.
        state: The invocation's request state, as hooks and tools left it.
        interrupts: The questions that wait for answers when `stop_reason` is "interrupt".
        structured_output: The requested structure, when one was requested.
        session_id: The session that kept the agent, where none did a name of the agent's own; "" when nobody knows.
    """

    stop_reason: StopReason
    message: Message
    metrics: EventLoopMetrics
    state: Any
    interrupts: Sequence[Interrupt] | None = None
    structured_output: BaseModel | None = None
    session_id: str = field(default="", compare=False)

    @property
    def context_size(self) -> int | None:
        """Tokens that the last model call read, or None when there was none."""
        return self.metrics.latest_context_size

    @property
    def projected_context_size(self) -> int | None:
        """Tokens that the next model call reads at least, or None when there was none."""
        return self.metrics.projected_context_size

    def __str__(self) -> str:
        """Return the open questions, else the structure as JSON, else the text of the message."""
        if self.interrupts:
            return str([asdict(interrupt) for interrupt in self.interrupts])
        if self.structured_output is not None:
            return self.structured_output.model_dump_json()
        return "".join(_text(block) + "\n" for block in self.message.get("content", []) if _text(block))

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON values, without metrics and state."""
        message = encode_bytes_values(self.message)
        data: dict[str, Any] = {"type": "agent_result", "message": message, "stop_reason": self.stop_reason}
        if self.interrupts:
            data |= listed(self.interrupts)
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> AgentResult:
        """Return what `to_dict` gave away.

        Raises:
            TypeError: It is not the dictionary of an agent's result.
        """
        if data.get("type") != "agent_result":
            raise TypeError(f"type is {data.get('type')!r}; an AgentResult has 'agent_result'")
        interrupts = read_listed(data)
        message = decode_bytes_values(data["message"])
        return cls(data["stop_reason"], message, EventLoopMetrics(), {}, interrupts or None)


def _text(block: Any) -> str:
    if not isinstance(block, Mapping):
        return ""
    if "text" in block:
        return str(block["text"])
    citations = block.get("citationsContent")
    return "".join(part.get("text", "") for part in citations.get("content", [])) if citations else ""
