"""What happens to a graph or swarm, and what a callback may change about it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from .question_scope import QuestionScope
from .registry import BaseHookEvent, ReverseOrder

if TYPE_CHECKING:
    from strands.interrupt import Interrupt
    from strands.multiagent.base import MultiAgentBase


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
class AfterMultiAgentInvocationEvent(ReverseOrder, BaseHookEvent):
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
        scope: QuestionScope | None = self.__dict__.get("_scope")
        if scope is None:
            source: Any = self.source
            node = uuid.uuid5(uuid.NAMESPACE_OID, self.node_id)
            scope = self.__dict__["_scope"] = QuestionScope(
                source.interrupts, f"v1:before_node_call:{node}:", by_call=True
            )
        return scope.ask(name, reason, response)

    @property
    def consulted(self) -> list[Interrupt]:
        """The answered questions whose answers its callbacks have taken."""
        scope: QuestionScope | None = self.__dict__.get("_scope")
        return scope.consulted if scope is not None else []

    @property
    def unanswered(self) -> list[Interrupt]:
        """The questions that its callbacks asked and that wait, also where one swallowed the interrupt and went on."""
        scope: QuestionScope | None = self.__dict__.get("_scope")
        return [each for each in scope.raised() if not each.answered] if scope is not None else []


@dataclass
class AfterNodeCallEvent(ReverseOrder, BaseHookEvent):
    """A node of a graph or swarm has run."""

    source: MultiAgentBase
    node_id: str
    invocation_state: dict[str, Any] | None = None
