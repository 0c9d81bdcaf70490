"""What happens to an agent, in the order it happens, and what a callback may change about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from strands._elsewhere import names_of
from strands.interrupt import Interrupt, hook_prefix

from .asker import Asker
from .binding import BatchBinding, CallBinding
from .multi_agent_events import (
    AfterMultiAgentInvocationEvent,
    AfterNodeCallEvent,
    BeforeMultiAgentInvocationEvent,
    BeforeNodeCallEvent,
    MultiAgentInitializedEvent,
)
from .registry import BaseHookEvent, Ending, HookEvent, _AgentT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from strands.agent.result import AgentResult
    from strands.types.agent import AgentInput
    from strands.types.content import ContentBlock, Message, Messages
    from strands.types.event_loop import StopReason
    from strands.types.tools import AgentTool, ToolResult, ToolUse


BATCH_PREFIX = "v1:before_tools:"
"""What the ids of questions about all calls of a message begin with."""

__all__ = [
    "AfterInvocationEvent",
    "AfterModelCallEvent",
    "AfterMultiAgentInvocationEvent",
    "AfterNodeCallEvent",
    "AfterToolCallEvent",
    "AfterToolsEvent",
    "AgentInitializedEvent",
    "BaseHookEvent",
    "BeforeInvocationEvent",
    "BeforeModelCallEvent",
    "BeforeMultiAgentInvocationEvent",
    "BeforeNodeCallEvent",
    "BeforeToolCallEvent",
    "BeforeToolsEvent",
    "HookEvent",
    "MessageAddedEvent",
    "MessageUpdatedEvent",
    "MultiAgentInitializedEvent",
]


@dataclass
class AgentInitializedEvent(HookEvent[_AgentT]):
    """An agent is ready. Sync callbacks only."""


@dataclass
class BeforeInvocationEvent(HookEvent[_AgentT]):
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
class AfterInvocationEvent(Ending, HookEvent[_AgentT]):
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
class MessageAddedEvent(HookEvent[_AgentT]):
    """A message was added to the history.

    Attributes:
        message: The message.
    """

    message: Message


@dataclass
class MessageUpdatedEvent(HookEvent[_AgentT]):
    """A message of the history was replaced by another.

    Attributes:
        tracking_id: The id that both bear.
        message: The new one.
    """

    tracking_id: str
    message: Message


@dataclass
class BeforeModelCallEvent(HookEvent[_AgentT]):
    """The model is about to be asked.

    Attributes:
        invocation_state: What the caller passed along.
        projected_input_tokens: About how many tokens the model is going to read, or None when nothing is known.
        cancel: True, or a text that stands in for the model's reply, keeps it from being asked; writable.
    """

    _writable: ClassVar[frozenset[str]] = frozenset({"cancel"})
    invocation_state: dict[str, Any] = field(default_factory=dict)
    projected_input_tokens: int | None = None
    cancel: bool | str = False


@dataclass
class AfterModelCallEvent(Ending, HookEvent[_AgentT]):
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
class BeforeToolsEvent(HookEvent[_AgentT]):
    """The tools of a message are about to run; raised again when some of them go on after an interrupt.

    Attributes:
        message: The model's message that asks for them.
        invocation_state: What the caller passed along.
        cancel: True, or a text for the model, keeps all of them from running; writable.
    """

    _writable: ClassVar[frozenset[str]] = frozenset({"cancel"})
    message: Message
    invocation_state: dict[str, Any]
    cancel: bool | str = False

    def interrupt(self, name: str, reason: Any = None, response: Any = None) -> Any:
        """Ask a person before any of the tools runs, or return what was answered; as `BeforeToolCallEvent.interrupt`.

        The answer is bound to all calls of the message. A call that is changed afterwards does not run: the same
        question is asked about it alone, and only the same answer lets it run.
        """
        asker: Asker | None = self.__dict__.get("_asker")
        if asker is None:
            asker = self.__dict__["_asker"] = Asker(
                self.agent._interrupt_state, BATCH_PREFIX, self.binding, by_call=True
            )
        return asker.ask(name, reason, response)

    @property
    def consulted(self) -> list[Interrupt]:
        """The questions whose answers were handed out on this event."""
        asker: Asker | None = self.__dict__.get("_asker")
        return asker.consulted if asker is not None else []

    def callback_ended(self, *, interrupted: bool) -> None:
        _asker_ended(self, interrupted)

    def binding(self) -> BatchBinding:
        """Return the calls as they are now."""
        uses = [block["toolUse"] for block in self.message["content"] if "toolUse" in block]
        tools = self.agent.tool_registry.registry
        return BatchBinding({use["toolUseId"]: CallBinding(tools.get(use["name"]), use) for use in uses})


@dataclass
class AfterToolsEvent(Ending, HookEvent[_AgentT]):
    """The tools of a message came to rest: all are done, or some stopped to ask.

    Attributes:
        message: The message with the results there are, as it will stand in the history.
        invocation_state: What the caller passed along.
        end_turn: True, a text or content blocks end the invocation with that as the agent's answer, without asking
            the model again; writable.
    """

    _writable: ClassVar[frozenset[str]] = frozenset({"end_turn"})
    message: Message
    invocation_state: dict[str, Any]
    end_turn: bool | str | list[ContentBlock] = False


@dataclass
class BeforeToolCallEvent(HookEvent[_AgentT]):
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

        The answer is bound to the tool and the arguments as they are when the callback that asks is done: what it
        changes itself after the answer is what was approved. If anything else changes them afterwards, the tool does
        not run and the question is asked anew.

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
        return self.asking().ask(name, reason, response)

    @property
    def consulted(self) -> list[Interrupt]:
        """The questions whose answers were handed out on this event."""
        asker: Asker | None = self.__dict__.get("_asker")
        return asker.consulted if asker is not None else []

    def asking(self, names: Iterable[str] = ()) -> Asker:
        """Return its right to ask; `names` were used for this call before."""
        asker: Asker | None = self.__dict__.get("_asker")
        if asker is None:
            prefix = hook_prefix(self.tool_use["toolUseId"])
            agent = self.agent
            asker = Asker(agent._interrupt_state, prefix, self.binding, names=names, messages=agent.messages)
            self.__dict__["_asker"] = asker
        return asker

    def callback_ended(self, *, interrupted: bool) -> None:
        _asker_ended(self, interrupted)

    def binding(self) -> CallBinding:
        """Return the call as it is now."""
        return CallBinding(self.selected_tool, self.tool_use)


def _asker_ended(event: BeforeToolsEvent[Any] | BeforeToolCallEvent[Any], interrupted: bool) -> None:
    asker: Asker | None = event.__dict__.get("_asker")
    if asker is None:
        return
    if interrupted:
        asker.asker_stopped()
    else:
        asker.asker_returned()


@dataclass
class AfterToolCallEvent(Ending, HookEvent[_AgentT]):
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


if not TYPE_CHECKING:
    __getattr__ = names_of(__name__)
