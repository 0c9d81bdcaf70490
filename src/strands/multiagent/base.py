"""What graphs and swarms have in common: their results and the interface they are called through."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeAlias, Union, cast

from strands._elsewhere import names_of
from strands.agent.result import AgentResult
from strands.interrupt import Interrupt, listed, read_listed

if TYPE_CHECKING:
    from strands._core.taken_back import TakenBack
    from strands.agent.base import AgentBase
    from strands.hooks.registry import BaseHookEvent, HookCallback, HookRegistry, TEvent
    from strands.types.content import ContentBlock
    from strands.types.event_loop import Metrics, Usage
    from strands.types.interrupt import InterruptResponseContent

    Executor: TypeAlias = "AgentBase | MultiAgentBase"
    """What works at a node of a graph or swarm."""

MultiAgentInput = Union[
    str,
    "Sequence[ContentBlock]",
    "Sequence[InterruptResponseContent]",
    "Sequence[Mapping[str, Any]]",  # the same, in dictionaries that nobody annotated
    None,
]


class Status(Enum):
    """How far a node, a graph or a swarm has come."""

    PENDING = "pending"
    EXECUTING = "executing"
    COMPLETED = "completed"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


def no_usage() -> Usage:
    """Return the usage of nothing."""
    return {"inputTokens": 0, "outputTokens": 0, "totalTokens": 0}


def no_metrics() -> Metrics:
    """Return the metrics of nothing."""
    return {"latencyMs": 0}


def add_usage(total: Usage | Metrics, more: Mapping[str, Any]) -> None:
    """Add `more` to `total`."""
    target = cast("dict[str, int]", total)
    for name, tokens in more.items():
        target[name] = target.get(name, 0) + tokens


@dataclass
class NodeResult:
    """What one node came to.

    Attributes:
        result: The agent's result, the result of a nested graph or swarm, or the error that ended the node.
        execution_time: Milliseconds.
        status: How it ended.
        accumulated_usage: Tokens of the node.
        accumulated_metrics: Latency of the node's model calls.
        execution_count: How many agents ran in it.
        interrupts: Its open questions.
    """

    result: AgentResult | MultiAgentResult | Exception
    execution_time: int = 0
    status: Status = Status.PENDING
    accumulated_usage: Usage = field(default_factory=no_usage)
    accumulated_metrics: Metrics = field(default_factory=no_metrics)
    execution_count: int = 0
    interrupts: list[Interrupt] = field(default_factory=list)

    def __str__(self) -> str:
        """Return what it came to as text."""
        return str(self.result)

    def get_agent_results(self) -> list[AgentResult]:
        """Return the results of all agents in the node, nested ones included."""
        if isinstance(self.result, AgentResult):
            return [self.result]
        if isinstance(self.result, MultiAgentResult):
            return [found for node in self.result.results.values() for found in node.get_agent_results()]
        return []

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-able data."""
        if isinstance(self.result, Exception):
            result: dict[str, Any] = {"type": "exception", "message": str(self.result)}
        else:
            result = self.result.to_dict()
        return {
            "result": result,
            "execution_time": self.execution_time,
            "status": self.status.value,
            "accumulated_usage": self.accumulated_usage,
            "accumulated_metrics": self.accumulated_metrics,
            "execution_count": self.execution_count,
            **listed(self.interrupts),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> NodeResult:
        """Return what `to_dict` gave away.

        Raises:
            TypeError: The result is of no known type.
        """
        return cls(
            result=_result_from_dict(data["result"]),
            execution_time=int(data.get("execution_time", 0)),
            status=Status(data.get("status", "pending")),
            **_totals(data),
        )


@dataclass
class MultiAgentResult:
    """What a graph or swarm came to.

    Attributes:
        status: How it ended.
        results: Node id to result.
        accumulated_usage: Tokens of all nodes.
        accumulated_metrics: Latency of all model calls.
        execution_count: How many nodes ran.
        execution_time: Milliseconds.
        interrupts: The open questions, when it stopped to ask.
    """

    status: Status = Status.PENDING
    results: dict[str, NodeResult] = field(default_factory=dict)
    accumulated_usage: Usage = field(default_factory=no_usage)
    accumulated_metrics: Metrics = field(default_factory=no_metrics)
    execution_count: int = 0
    execution_time: int = 0
    interrupts: list[Interrupt] = field(default_factory=list)

    def __str__(self) -> str:
        """Return the open questions, else what each node said, with its name before it."""
        if self.interrupts:
            return str([interrupt.to_dict() for interrupt in self.interrupts])
        said = ((name, str(result).removesuffix("\n")) for name, result in self.results.items())
        return "\n".join(f"{name}: {text}" for name, text in said if text)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-able data."""
        return {
            "type": "multiagent_result",
            "status": self.status.value,
            "results": {name: result.to_dict() for name, result in self.results.items()},
            "accumulated_usage": self.accumulated_usage,
            "accumulated_metrics": self.accumulated_metrics,
            "execution_count": self.execution_count,
            "execution_time": self.execution_time,
            **listed(self.interrupts),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> MultiAgentResult:
        """Return what `to_dict` gave away.

        Raises:
            TypeError: It is not the dictionary of such a result.
        """
        if data.get("type") != "multiagent_result":
            raise TypeError(f"type is {data.get('type')!r}; a MultiAgentResult has 'multiagent_result'")
        return cls(
            status=Status(data["status"]),
            results={name: NodeResult.from_dict(item) for name, item in data.get("results", {}).items()},
            execution_time=int(data.get("execution_time", 0)),
            **_totals(data),
        )


class MultiAgentBase(ABC):
    """Several agents behind the interface of one.

    Attributes:
        id: Tells it from others in a session.
        hooks: Its callbacks.
        kept_in: The session that keeps it as a part of another, or "".
    """

    id: str
    hooks: HookRegistry
    kept_in: str = ""
    running: dict[str, Any]  # node id to executor, of the nodes that run now
    missing_hooks: list[str]
    save: Callable[..., Awaitable[None]] | None = None  # stores where it stands, when somebody keeps that
    take_back_outside: Callable[[TakenBack], None] | None = None  # `take_back` of the one that it is a node of

    @abstractmethod
    async def invoke_async(
        self, task: MultiAgentInput, invocation_state: dict[str, Any] | None = None, **kwargs: Any
    ) -> MultiAgentResult:
        """Work on a task, or go on with answers to the open questions.

        Args:
            task: Text, content blocks, or `interruptResponse` blocks.
            invocation_state: Handed to every agent, tool and hook.
            **kwargs: For subclasses.
        """

    async def stream_async(
        self, task: MultiAgentInput, invocation_state: dict[str, Any] | None = None, **kwargs: Any
    ) -> AsyncIterator[dict[str, Any]]:
        """Work on a task and yield events; the last one is `{"result": ...}`."""
        yield {"result": await self.invoke_async(task, invocation_state, **kwargs)}

    def __call__(
        self, task: MultiAgentInput, invocation_state: dict[str, Any] | None = None, **kwargs: Any
    ) -> MultiAgentResult:
        """Work on a task from sync code; as `invoke_async`."""
        from strands._sync import run

        return run(self.invoke_async(task, {**(invocation_state or {}), **kwargs}))

    @property
    def is_under_way(self) -> bool:
        """Whether the next call goes on with what an earlier one began."""
        return False

    def reset(self) -> None:  # noqa: B027
        """Forget the last task: the next call begins anew."""

    def serialize_state(self) -> dict[str, Any]:
        """Return where it stands as JSON-able data.

        Raises:
            NotImplementedError: This kind cannot be stored.
        """
        raise NotImplementedError(f"{type(self).__name__} cannot be stored in a session")

    def deserialize_state(self, payload: dict[str, Any]) -> None:
        """Go on from what `serialize_state` returned.

        Raises:
            NotImplementedError: This kind cannot be stored.
        """
        raise NotImplementedError(f"{type(self).__name__} cannot be restored from a session")

    def add_hook(
        self,
        callback: HookCallback[TEvent],
        event_type: type[TEvent] | Sequence[type[BaseHookEvent]] | None = None,
        *,
        order: float = 0,
    ) -> None:
        """Register a callback; its event type is taken from its annotation when it is not given."""
        self.hooks.add_callback(event_type, callback, order=order)


def _result_from_dict(data: dict[str, Any]) -> AgentResult | MultiAgentResult | Exception:
    kind = data.get("type")
    if kind == "agent_result":
        return AgentResult.from_dict(data)
    if kind == "exception":
        return Exception(data.get("message", "unknown error"))
    return MultiAgentResult.from_dict(data)


def _totals(data: dict[str, Any]) -> dict[str, Any]:
    return {
        "accumulated_usage": {**no_usage(), **data.get("accumulated_usage", {})},
        "accumulated_metrics": {**no_metrics(), **data.get("accumulated_metrics", {})},
        "execution_count": int(data.get("execution_count", 0)),
        "interrupts": read_listed(data),
    }


if not TYPE_CHECKING:
    __getattr__ = names_of(__name__)
