"""What an intervention looks at."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, Literal, Union

from strands._elsewhere import names_of

from .actions import Action, Proceed

if TYPE_CHECKING:
    from strands.hooks.events import (
        AfterModelCallEvent,
        AfterToolCallEvent,
        BeforeInvocationEvent,
        BeforeModelCallEvent,
        BeforeToolCallEvent,
    )

Decision = Union[Action, "Awaitable[Action]"]
OnError = Literal["throw", "proceed", "deny"]
"""What an error of a handler does to the call: it is raised, passed over, or refuses the call."""


class InterventionHandler(ABC):
    """A policy. Override what it cares about; each method returns an action, or an awaitable of one."""

    @property
    @abstractmethod
    def name(self) -> str:
        """Tells it from the other handlers of an agent; its questions carry it."""

    @property
    def on_error(self) -> OnError:
        """What an error in the handler does: "throw" ends the call, "deny" denies, "proceed" lets it happen."""
        return "throw"

    def before_invocation(self, event: BeforeInvocationEvent, **kwargs: Any) -> Decision:
        """Look at a prompt."""
        return Proceed()

    def before_tool_call(self, event: BeforeToolCallEvent, **kwargs: Any) -> Decision:
        """Look at a tool call."""
        return Proceed()

    def after_tool_call(self, event: AfterToolCallEvent, **kwargs: Any) -> Decision:
        """Look at a tool's result."""
        return Proceed()

    def before_model_call(self, event: BeforeModelCallEvent, **kwargs: Any) -> Decision:
        """Look at what the model is about to be asked."""
        return Proceed()

    def after_model_call(self, event: AfterModelCallEvent, **kwargs: Any) -> Decision:
        """Look at what the model answered."""
        return Proceed()


if not TYPE_CHECKING:
    __getattr__ = names_of(__name__)
