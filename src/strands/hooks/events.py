"""What happens to an agent, in the order it happens, and what a callback may change about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from strands._elsewhere import names_of
from strands._question_ids import (
    AFTER_INVOCATION,
    AFTER_MODEL_CALL,
    AFTER_TOOL_CALL,
    AFTER_TOOLS,
    BEFORE_INVOCATION,
    BEFORE_MODEL_CALL,
    BEFORE_TOOL_CALL,
    MESSAGE_ADDED,
    hook_prefix,
    result_prefix,
)

from .binding import BatchBinding, CallBinding
from .interruptible import BATCH_PREFIX, Interruptible, MomentBinding, key_of, key_of_message
from .registry import BaseHookEvent, Gated, HookEvent, ReverseOrder, _AgentT

if TYPE_CHECKING:
    from collections.abc import Callable

    from strands.agent.result import AgentResult
    from strands.types.agent import AgentInput
    from strands.types.content import ContentBlock, Message, Messages
    from strands.types.event_loop import StopReason
    from strands.types.tools import AgentTool, ToolChoice, ToolResult, ToolUse

    from .binding import Binding
    from .multi_agent_events import (
        AfterMultiAgentInvocationEvent,
        AfterNodeCallEvent,
        BeforeMultiAgentInvocationEvent,
        BeforeNodeCallEvent,
        MultiAgentInitializedEvent,
    )

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
class BeforeInvocationEvent(Interruptible, HookEvent[_AgentT]):
    """A caller's prompt is about to be worked on, or an agent that stopped to ask is about to go on.

    What its callbacks were answered holds until the work is done, however often the agent stops to ask meanwhile.

    Attributes:
        invocation_state: What the caller passed along.
        messages: The prompt as messages; writable. None when the agent goes on with its history.
        cancel: True, or a text, ends the invocation at once; writable.
    """

    _moment: ClassVar[str] = BEFORE_INVOCATION
    _writable: ClassVar[frozenset[str]] = frozenset({"messages", "cancel"})
    invocation_state: dict[str, Any] = field(default_factory=dict)
    messages: Messages | None = None
    cancel: bool | str = False

    def question_prefix(self) -> str:
        return BEFORE_INVOCATION


@dataclass
class AfterInvocationEvent(ReverseOrder, Interruptible, HookEvent[_AgentT]):
    """An invocation is over, however it ended.

    A question that is asked here holds the result back. After an error nothing can wait for an answer: the error is
    raised, and the question is not kept.

    Attributes:
        invocation_state: What the caller passed along.
        result: What it came to; None after an error.
        resume: A prompt to go on with at once; writable.
    """

    _moment: ClassVar[str] = AFTER_INVOCATION
    _writable: ClassVar[frozenset[str]] = frozenset({"resume"})
    invocation_state: dict[str, Any] = field(default_factory=dict)
    result: AgentResult | None = None
    resume: AgentInput = None

    def question_prefix(self) -> str:
        return f"{AFTER_INVOCATION}{key_of_message(self.result.message if self.result is not None else None)}:"

    def callback_ended(self, *, interrupted: bool) -> None:
        super().callback_ended(interrupted=interrupted)
        stop: Callable[[], None] | None = self.__dict__.get("_stop")
        if interrupted and stop is not None:
            stop()  # now: who stores the agent is told last


@dataclass
class MessageAddedEvent(Interruptible, HookEvent[_AgentT]):
    """A message was added to the history.

    A question that is asked here stops the agent before it does anything else.

    Attributes:
        message: The message.
        repeated: It was told of before, and the agent goes on after a question about it; it is stored already.
    """

    _moment: ClassVar[str] = MESSAGE_ADDED
    message: Message
    repeated: bool = False

    def question_prefix(self) -> str:
        return f"{MESSAGE_ADDED}{key_of_message(self.message)}:"


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
class BeforeModelCallEvent(Interruptible, HookEvent[_AgentT]):
    """The model is about to be asked.

    Attributes:
        invocation_state: What the caller passed along.
        projected_input_tokens: About how many tokens the model is going to read, or None when nothing is known.
        cancel: True, or a text that stands in for the model's reply, keeps it from being asked; writable.
        tool_choice: What it must use: `{"auto": {}}`, `{"any": {}}` or `{"tool": {"name": ...}}`; writable.
    """

    _moment: ClassVar[str] = BEFORE_MODEL_CALL
    _writable: ClassVar[frozenset[str]] = frozenset({"cancel", "tool_choice"})
    invocation_state: dict[str, Any] = field(default_factory=dict)
    projected_input_tokens: int | None = None
    cancel: bool | str = False
    tool_choice: ToolChoice | None = None

    def question_prefix(self) -> str:
        messages = self.agent.messages
        return f"{BEFORE_MODEL_CALL}{key_of_message(messages[-1] if messages else None)}:"


@dataclass
class AfterModelCallEvent(ReverseOrder, Interruptible, HookEvent[_AgentT]):
    """The model replied or failed.

    A question that is asked here keeps the reply: the model is not asked again for it.

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

    _moment: ClassVar[str] = AFTER_MODEL_CALL
    _writable: ClassVar[frozenset[str]] = frozenset({"retry"})
    invocation_state: dict[str, Any] = field(default_factory=dict)
    stop_response: ModelStopResponse | None = None
    exception: Exception | None = None
    retry: bool = False

    def question_prefix(self) -> str:
        reply = self.stop_response
        about = key_of_message(reply.message) if reply is not None else key_of(str(self.exception))
        return f"{AFTER_MODEL_CALL}{about}:"


@dataclass
class BeforeToolsEvent(Interruptible, HookEvent[_AgentT]):
    """The tools of a message are about to run; raised again when some of them go on after an interrupt.

    Attributes:
        message: The model's message that asks for them.
        invocation_state: What the caller passed along.
        cancel: True, or a text for the model, keeps all of them from running; writable.
    """

    _moment: ClassVar[str] = BATCH_PREFIX
    _writable: ClassVar[frozenset[str]] = frozenset({"cancel"})
    message: Message
    invocation_state: dict[str, Any]
    cancel: bool | str = False

    def interrupt(self, name: str, reason: Any = None, response: Any = None) -> Any:
        """Ask a person before any of the tools runs, or return what was answered; as `BeforeToolCallEvent.interrupt`.

        The answer is bound to all calls of the message. A call that is changed afterwards does not run: the same
        question is asked about it alone, and only the same answer lets it run.
        """
        return super().interrupt(name, reason, response)

    def question_prefix(self) -> str:
        return BATCH_PREFIX

    def _binding_of(self) -> Callable[[], Binding]:
        return self.binding

    def binding(self) -> BatchBinding:
        """Return the calls as they are now."""
        uses = [block["toolUse"] for block in self.message["content"] if "toolUse" in block]
        tools = self.agent.tool_registry.registry
        return BatchBinding({use["toolUseId"]: CallBinding(tools.get(use["name"]), use) for use in uses})


@dataclass
class AfterToolsEvent(ReverseOrder, Interruptible, HookEvent[_AgentT]):
    """The tools of a message came to rest: all are done, or some stopped to ask.

    A question that is asked here is bound to the results there are.

    Attributes:
        message: The message with the results there are, as it will stand in the history.
        invocation_state: What the caller passed along.
        end_turn: True, a text or content blocks end the invocation with that as the agent's answer, without asking
            the model again; writable.
    """

    _moment: ClassVar[str] = AFTER_TOOLS
    _writable: ClassVar[frozenset[str]] = frozenset({"end_turn"})
    message: Message
    invocation_state: dict[str, Any]
    end_turn: bool | str | list[ContentBlock] = False

    def question_prefix(self) -> str:
        return AFTER_TOOLS

    def _binding_of(self) -> Callable[[], Binding]:
        return lambda: MomentBinding(self.message["content"])


class InsteadOfCall(str):
    """A text that the model gets as the result of a call that is not made; a hook sets it as `cancel_tool`."""

    __slots__ = ()


@dataclass
class BeforeToolCallEvent(Interruptible, Gated, HookEvent[_AgentT]):
    """A tool is about to run.

    Attributes:
        selected_tool: The tool, or None when there is none of that name; writable.
        tool_use: The call; writable, and so is its content.
        invocation_state: What the caller passed along.
        cancel_tool: True, or a text for the model, keeps the tool from running; the model is told of an error, unless
            the text is an `InsteadOfCall`. Writable.
    """

    _moment: ClassVar[str] = BEFORE_TOOL_CALL
    _writable: ClassVar[frozenset[str]] = frozenset({"selected_tool", "tool_use", "cancel_tool"})
    _by_call: ClassVar[bool] = False
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
        return super().interrupt(name, reason, response)

    def question_prefix(self) -> str:
        return hook_prefix(self.tool_use["toolUseId"])

    def _binding_of(self) -> Callable[[], Binding]:
        return self.binding

    def binding(self) -> CallBinding:
        """Return the call as it is now."""
        made = CallBinding(self.selected_tool, self.tool_use)
        if self.bound is not None:
            made.share(self.bound)
        self.__dict__["_bound"] = made
        return made

    @property
    def bound(self) -> CallBinding | None:
        """What `binding` returned last."""
        return self.__dict__.get("_bound")


@dataclass
class AfterToolCallEvent(ReverseOrder, Interruptible, HookEvent[_AgentT]):
    """A tool came to a result. Not raised when it stopped to ask.

    A question that is asked here is bound to the result, and keeps it: the tool does not run again for it.

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

    _moment: ClassVar[str] = AFTER_TOOL_CALL
    _writable: ClassVar[frozenset[str]] = frozenset({"result", "retry"})
    _by_call: ClassVar[bool] = False
    selected_tool: AgentTool | None
    tool_use: ToolUse
    invocation_state: dict[str, Any]
    result: ToolResult
    exception: Exception | None = None
    cancel_message: str | None = None
    duration: float | None = None
    retry: bool = False

    def question_prefix(self) -> str:
        return result_prefix(self.tool_use["toolUseId"])

    def _binding_of(self) -> Callable[[], Binding]:
        return lambda: MomentBinding(self.result)


if not TYPE_CHECKING:
    __getattr__ = names_of(__name__)
