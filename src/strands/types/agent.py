"""What an agent takes and how it may be called."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol, TypedDict

from strands._elsewhere import names_of
from strands.types.content import ContentBlock, Message
from strands.types.interrupt import InterruptResponseContent
from strands.types.pydantic_fields import for_pydantic

if TYPE_CHECKING:
    import threading

    from strands.hooks.registry import HookCallback, HookRegistry
    from strands.models.model import Model
    from strands.telemetry.metrics import EventLoopMetrics
    from strands.tools.registry import ToolRegistry
    from strands.types._snapshot import Snapshot
    from strands.types.content import Messages, SystemContentBlock
    from strands.types.json_dict import JSONSerializableDict

AgentInput = (
    str
    | Sequence[ContentBlock]
    | Sequence[InterruptResponseContent]
    | Sequence[Message]
    | Sequence[Mapping[str, Any]]  # the same, in dictionaries that nobody annotated
    | None
)


class Limits(TypedDict, total=False):
    """Where an invocation stops by itself.

    Attributes:
        turns: Model calls.
        output_tokens: Tokens generated in this invocation.
        total_tokens: Tokens used in this invocation.
    """

    turns: int
    output_tokens: int
    total_tokens: int


class ConcurrentInvocationMode(str, Enum):
    """What happens when an agent at work is called again."""

    THROW = "throw"
    UNSAFE_REENTRANT = "unsafe_reentrant"


class DirectTools(Protocol):
    """An agent's tools, to call directly: `agent.tool.NAME(...)`."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Return what calls the tool `name`."""


class LocalAgent(Protocol):
    """What hooks, tools and plugins may rely on of an agent in their process."""

    agent_id: str
    name: str
    description: str | None
    messages: Messages
    state: JSONSerializableDict
    hooks: HookRegistry
    model: Model
    tool_registry: ToolRegistry
    event_loop_metrics: EventLoopMetrics

    @property
    def system_prompt(self) -> str | None:
        """The system prompt as text."""

    @property
    def system_prompt_content(self) -> list[SystemContentBlock] | None:
        """The system prompt as content blocks."""

    @property
    def tool(self) -> DirectTools:
        """Its tools, to call directly."""

    @property
    def tool_names(self) -> list[str]:
        """The names of its tools."""

    @property
    def cancel_signal(self) -> threading.Event:
        """Set when it is to stop."""

    @property
    def session_id(self) -> str:
        """The session that keeps it; where none does, a name of its own."""

    def cancel(self, *, message: str | None = None, after_current_tools: bool = False) -> None:
        """Stop as soon as possible."""

    def add_hook(self, callback: HookCallback, event_type: Any = None, *, order: float = 0) -> None:
        """Register a callback."""

    def take_snapshot(self, **options: Any) -> Snapshot:
        """Return its state as plain values."""

    def load_snapshot(self, snapshot: Snapshot) -> None:
        """Take over what a snapshot holds."""


for_pydantic(globals())

if not TYPE_CHECKING:
    __getattr__ = names_of(__name__)
