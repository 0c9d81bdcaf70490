"""What happens to an agent, in the order it happens, and what a callback may change about it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from strands.interrupt import Asker, Interrupt, call_digest, hook_prefix

from .registry import BaseHookEvent, HookEvent

if TYPE_CHECKING:
    from strands.agent.result import AgentResult
    from strands.multiagent.base import MultiAgentBase
    from strands.types.agent import AgentInput
    from strands.types.content import Message, Messages
    from strands.types.event_loop import StopReason
    from strands.types.tools import AgentTool, ToolResult, ToolUse


class _Ending:
    """Callbacks of an event that ends something run last registered first."""

    @property
    def should_reverse_callbacks(self) -> bool:
        return True


@dataclass
class AgentInitializedEvent(HookEvent):
    """An agent is ready. Sync callbacks only."""


@dataclass
class BeforeInvocationEvent(HookEvent):
    """A caller's prompt is about to be worked on.

    Attributes:
        invocation_state: What the caller passed along.
        messages: The prompt as messages; writable. None when the agent goes on with its history.
        cancel: True, or a text, ends the invocation at once; writable.
    """

    _writable: ClassVar[frozenset[str]] = frozenset({"messages", "cancel"})
    invocation_state: dict[str, Any] = field(default_factory=dict)
    messages: Messages | None = None
    cancel: bool | str = False


@dataclass
class AfterInvocationEvent(_Ending, HookEvent):
    """An invocation is over, however it ended.

    Attributes:
        invocation_state: What the caller passed along.
        result: What it came to; None after an error.
        resume: A prompt to go on with at once; writable.
    """

    _writable: ClassVar[frozenset[str]] = frozenset({"resume"})
    invocation_state: dict[str, Any] = field(default_factory=dict)
    result: AgentResult | None = None
    resume: AgentInput = None


@dataclass
class MessageAddedEvent(HookEvent):
    """A message was added to the history.

    Attributes:
        message: The message.
    """

    message: Message


@dataclass
class BeforeModelCallEvent(HookEvent):
    """The model is about to be asked.

    Attributes:
        invocation_state: What the caller passed along.
        cancel: True, or a text that stands in for the model's reply, keeps it from being asked; writable.
    """

    _writable: ClassVar[frozenset[str]] = frozenset({"cancel"})
    invocation_state: dict[str, Any] = field(default_factory=dict)
    cancel: bool | str = False


@dataclass
class AfterModelCallEvent(_Ending, HookEvent):
    """The model replied or failed.

    Attributes:
        invocation_state: What the caller passed along.
        stop_response: The reply, or None after an error.
        exception: The error, or None.
        retry: True asks the model again and forgets this reply; writable.
    """

    @dataclass
    class ModelStopResponse:
        """A reply and why it ended."""

        message: Message
        stop_reason: StopReason

    _writable: ClassVar[frozenset[str]] = frozenset({"retry"})
    invocation_state: dict[str, Any] = field(default_factory=dict)
    stop_response: ModelStopResponse | None = None
    exception: Exception | None = None
    retry: bool = False


@dataclass
class BeforeToolCallEvent(HookEvent):
    """A tool is about to run.

    Attributes:
        selected_tool: The tool, or None when there is none of that name; writable.
        tool_use: The call; writable, and so is its content.
        invocation_state: What the caller passed along.
        cancel_tool: True, or a text for the model, keeps the tool from running; writable.
    """

    _writable: ClassVar[frozenset[str]] = frozenset({"selected_tool", "tool_use", "cancel_tool"})
    selected_tool: AgentTool | None
    tool_use: ToolUse
    invocation_state: dict[str, Any]
    cancel_tool: bool | str = False

    def interrupt(self, name: str, reason: Any = None, response: Any = None) -> Any:
        """Ask a person before the tool runs, or return what was answered.

        The answer is bound to the tool and the arguments as they are now: if anything changes them afterwards, the
        tool does not run and the question is asked anew.

        Args:
            name: Tells this question from others of the same call.
            reason: Anything JSON that the person needs to see.
            response: An answer known in advance.

        Returns:
            The answer.

        Raises:
            InterruptException: There is no answer yet; let it pass.
            TypeError: `reason` is not JSON.
            ValueError: The name was used for this call already.
        """
        return self._asking().ask(name, reason, response)

    @property
    def consulted(self) -> list[Interrupt]:
        """The questions whose answers were handed out on this event."""
        asker: Asker | None = self.__dict__.get("_asker")
        return asker.consulted if asker is not None else []

    def _asking(self) -> Asker:
        asker: Asker | None = self.__dict__.get("_asker")
        if asker is None:
            asker = Asker(self.agent._interrupt_state, hook_prefix(self.tool_use["toolUseId"]), self.digest)
            self.__dict__["_asker"] = asker
        return asker

    def digest(self) -> str:
        """Return the hash of tool, arguments and schema as they are now."""
        tool = self.selected_tool
        name, basis = (tool.tool_name, tool.approval_basis) if tool else (self.tool_use["name"], None)
        return call_digest(name, self.tool_use["input"], basis)


@dataclass
class AfterToolCallEvent(_Ending, HookEvent):
    """A tool came to a result. Not raised when it stopped to ask.

    Attributes:
        selected_tool: The tool, or None when there was none of that name.
        tool_use: The call.
        invocation_state: What the caller passed along.
        result: What goes back to the model; writable.
        exception: What the tool raised, or None.
        cancel_message: Why it was not run, or None.
        duration: Seconds it took, or None when it was not run.
        retry: True runs the call again and forgets this result; writable.
    """

    _writable: ClassVar[frozenset[str]] = frozenset({"result", "retry"})
    selected_tool: AgentTool | None
    tool_use: ToolUse
    invocation_state: dict[str, Any]
    result: ToolResult
    exception: Exception | None = None
    cancel_message: str | None = None
    duration: float | None = None
    retry: bool = False


@dataclass
class MultiAgentInitializedEvent(BaseHookEvent):
    """A graph or swarm is ready."""

    source: MultiAgentBase
    invocation_state: dict[str, Any] | None = None


@dataclass
class BeforeMultiAgentInvocationEvent(BaseHookEvent):
    """A graph or swarm is about to work on a task."""

    source: MultiAgentBase
    invocation_state: dict[str, Any] | None = None


@dataclass
class AfterMultiAgentInvocationEvent(_Ending, BaseHookEvent):
    """A graph or swarm is done with a task."""

    source: MultiAgentBase
    invocation_state: dict[str, Any] | None = None


@dataclass
class BeforeNodeCallEvent(BaseHookEvent):
    """A node of a graph or swarm is about to run.

    Attributes:
        source: The graph or swarm.
        node_id: The node.
        invocation_state: What the caller passed along.
        cancel_node: True, or a text, keeps the node from running; writable.
    """

    _writable: ClassVar[frozenset[str]] = frozenset({"cancel_node"})
    source: MultiAgentBase
    node_id: str
    invocation_state: dict[str, Any] | None = None
    cancel_node: bool | str = False

    def interrupt(self, name: str, reason: Any = None, response: Any = None) -> Any:
        """Ask a person before the node runs, or return what was answered; as `BeforeToolCallEvent.interrupt`."""
        asker: Asker | None = self.__dict__.get("_asker")
        if asker is None:
            state: Any = getattr(self.source, "_interrupt_state")  # noqa: B009
            node = uuid.uuid5(uuid.NAMESPACE_OID, self.node_id)
            asker = self.__dict__["_asker"] = Asker(state, f"v1:before_node_call:{node}:")
        return asker.ask(name, reason, response)


@dataclass
class AfterNodeCallEvent(_Ending, BaseHookEvent):
    """A node of a graph or swarm has run."""

    source: MultiAgentBase
    node_id: str
    invocation_state: dict[str, Any] | None = None
