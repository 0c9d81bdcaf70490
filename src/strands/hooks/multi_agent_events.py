"""What happens to a graph or swarm, and what a callback may change about it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from .asker import Asker
from .registry import BaseHookEvent, Ending

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
class AfterMultiAgentInvocationEvent(Ending, BaseHookEvent):
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
            asker = self.__dict__["_asker"] = Asker(state, f"v1:before_node_call:{node}:", by_call=True)
        return asker.ask(name, reason, response)

    @property
    def consulted(self) -> list[Interrupt]:
        """The answered questions whose answers its callbacks have taken."""
        asker: Asker | None = self.__dict__.get("_asker")
        return asker.consulted if asker is not None else []

    @property
    def unanswered(self) -> list[Interrupt]:
        """The questions that its callbacks asked and that wait, also where one swallowed the interrupt and went on."""
        asker: Asker | None = self.__dict__.get("_asker")
        return [each for each in asker.raised() if not each.answered] if asker is not None else []


@dataclass
class AfterNodeCallEvent(Ending, BaseHookEvent):
    """A node of a graph or swarm has run."""

    source: MultiAgentBase
    node_id: str
    invocation_state: dict[str, Any] | None = None
