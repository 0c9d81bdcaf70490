"""Who wants to be told of which event, and the telling."""

from __future__ import annotations

import types
import typing
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, overload, runtime_checkable

from strands.interrupt import Interrupt, InterruptException

from .naming import qualified_name

if TYPE_CHECKING:
    from typing_extensions import TypeVar

    from strands.agent.agent import Agent
    from strands.types.agent import LocalAgent

    _AgentT = TypeVar("_AgentT", bound=LocalAgent, default=Agent)
    _AnyEvent = TypeVar("_AnyEvent", default=Any)
else:
    from typing import TypeVar

    _AgentT = TypeVar("_AgentT")
    _AnyEvent = TypeVar("_AnyEvent")

TEvent = TypeVar("TEvent", bound="BaseHookEvent")
_JUDGED = ("BeforeToolCallEvent", "BeforeToolsEvent")
HookCallback = Callable[[_AnyEvent], "Awaitable[None] | None"]
"""A callback: a function, sync or async, that takes the event."""


class HookOrder:
    """Named places in the order of callbacks; lower runs first."""

    SDK_FIRST = -100
    INTERVENTION_OUTPUT = -90
    DEFAULT = 0
    MODEL_ROUTING = 50
    INTERVENTION_INPUT = 90
    SDK_LAST = 100


@dataclass
class BaseHookEvent:
    """Root of all events. Fields are read-only, except those that a callback may change."""

    _writable: ClassVar[frozenset[str]] = frozenset()

    @property
    def should_reverse_callbacks(self) -> bool:
        """Whether callbacks run last registered first, as the events that end something do."""
        return False

    def callback_ended(self, *, interrupted: bool) -> None:
        """One callback was told; the next may follow."""

    def __setattr__(self, name: str, value: Any) -> None:
        values = self.__dict__
        if (name in values or name not in self.__dataclass_fields__) and name not in self._writable:
            raise AttributeError(f"{type(self).__name__}.{name} is read-only; writable are {sorted(self._writable)}")
        values[name] = value


class ReverseOrder:
    """Callbacks of an event that ends something run last registered first."""

    @property
    def should_reverse_callbacks(self) -> bool:
        return True


class Gated:
    """An event at which gates judge what its callbacks have left; see `HookRegistry.add_gate`.

    Attributes:
        kinds: All classes of such events.
    """

    kinds: ClassVar[list[type]] = []

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        Gated.kinds.append(cls)


@dataclass
class HookEvent(BaseHookEvent, Generic[_AgentT]):
    """An event of one agent; in an annotation it may be narrowed to a kind of agent: `BeforeToolCallEvent[MyAgent]`.

    Attributes:
        agent: The agent it happens to.
    """

    agent: _AgentT

    @property
    def session_id(self) -> str:
        """The session that keeps the agent; where none does, a name of the agent's own."""
        return str(self.agent.session_id)


@runtime_checkable
class HookProvider(Protocol):
    """Registers callbacks that belong together."""

    def register_hooks(self, registry: HookRegistry, **kwargs: Any) -> None:
        """Register the callbacks with `registry.add_callback`."""
        ...


def _event_types(given: Any) -> list[type]:
    """Return the event types of a callback; one that is registered for none would never run, and guard nothing."""
    found = list(given) if isinstance(given, (list, tuple)) else [given]
    for each in found:
        if not (isinstance(each, type) and issubclass(each, BaseHookEvent)):
            raise ValueError(f"{each!r} is not an event; give a class of strands.hooks, or a list of them")
    if not found:
        raise ValueError("an empty list of events was given: the callback would never run; name at least one event")
    return found


class Registered(typing.NamedTuple):
    """A callback and its place among the others of an event."""

    callback: HookCallback
    order: float


class HookRegistry:
    """The callbacks of one agent, by event type."""

    def __init__(self) -> None:
        self._callbacks: dict[type, list[tuple[float, HookCallback]]] = {}
        self._gates: tuple[HookCallback, ...] = ()
        self._provider: Any = None
        self._judges: dict[tuple[int, str], Any] = {}  # who judges tool calls: the objects, by their ids and names

    @overload
    def add_callback(
        self, event_type: type[TEvent], callback: HookCallback[TEvent], *, order: float = HookOrder.DEFAULT
    ) -> None: ...
    @overload
    def add_callback(
        self,
        event_type: Sequence[type[BaseHookEvent]] | HookCallback | None,
        callback: HookCallback | None = None,
        *,
        order: float = HookOrder.DEFAULT,
    ) -> None: ...
    def add_callback(
        self,
        event_type: type[BaseHookEvent] | Sequence[type[BaseHookEvent]] | HookCallback | None,
        callback: HookCallback | None = None,
        *,
        order: float = HookOrder.DEFAULT,
    ) -> None:
        """Register a callback.

        Args:
            event_type: The event, or several, to be told of. None, or the callback alone, takes it from the
                annotation of the callback's first parameter.
            callback: A function, method or object, sync or async, that takes the event.
            order: Lower runs first; equal ones run as they were registered.

        Raises:
            ValueError: The event type is neither given nor annotated, or an async callback is registered for
                `AgentInitializedEvent`.
        """
        if callback is None:
            event_type, callback = None, typing.cast(HookCallback, event_type)
        if event_type is None:
            event_type = infer_event_types(callback)
        for each in _event_types(event_type):
            self._add(each, callback, order)

    def add_gate(self, gate: HookCallback, *, deciders: Iterable[Any] = ()) -> None:
        """Register what judges a tool call after all callbacks of `BeforeToolCallEvent`, whatever their order.

        It is told the call as it will run, and again whenever another gate changes it, so nothing gets around it. It is
        not told of calls that a callback cancelled or stopped to ask about.

        Args:
            gate: A callback of `BeforeToolCallEvent`, sync or async. It may ask, cancel the call or change it.
            deciders: The objects that decide in it, if it is not the gate itself.
        """
        self._gates = (*self._gates, gate)
        for kind in Gated.kinds:
            self._callbacks.setdefault(kind, [])  # it is listened to, though by nobody else
        for each in deciders or (gate,):
            self._note_judge(each)

    @property
    def _registered_callbacks(self) -> dict[type, list[Registered]]:
        # what tests of packages for the Strands Agents SDK look at to see what was registered
        return {event: [Registered(each, order) for order, each in kept] for event, kept in self._callbacks.items()}

    @property
    def gates(self) -> list[HookCallback]:
        """What judges tool calls after all callbacks, in the order it was added."""
        return list(self._gates)

    @property
    def judges(self) -> list[str]:
        """The qualified names of the hooks that may stop a tool call, in the order they were added.

        Two hooks of one class are two.
        """
        return [name for _, name in self._judges]

    def _note_judge(self, callback: HookCallback) -> None:
        own = getattr(callback, "__self__", callback) is self._provider
        for judge in (self._provider,) if own else (self._provider, callback):
            if judge is not None:
                owner = getattr(judge, "__self__", judge)
                self._judges[id(owner), qualified_name(judge)] = owner  # kept, so that its id stays its own

    def _add(self, event_type: type, callback: HookCallback, order: float) -> None:
        if event_type.__name__ == "AgentInitializedEvent" and _is_async(callback):
            raise ValueError(f"{callback!r} is async; AgentInitializedEvent takes sync callbacks only")
        if event_type.__name__ in _JUDGED:
            self._note_judge(callback)
        entries = self._callbacks.setdefault(event_type, [])
        entries.append((order, callback))
        entries.sort(key=lambda entry: entry[0])

    def add_hook(self, hook: HookProvider) -> None:
        """Let a provider register its callbacks."""
        outer, self._provider = self._provider, hook
        try:
            hook.register_hooks(self)
        finally:
            self._provider = outer

    def listens(self, event_type: type[BaseHookEvent]) -> bool:
        """Return whether anybody wants this event; when not, it need not be built."""
        return event_type in self._callbacks

    def has_callbacks(self) -> bool:
        """Return whether anybody wants any event."""
        return bool(self._callbacks)

    def get_callbacks_for(self, event: BaseHookEvent) -> Iterator[HookCallback]:
        """Return the callbacks of an event in the order they run."""
        entries = self._callbacks.get(type(event), ())
        callbacks = [callback for _, callback in entries]
        return iter(callbacks[::-1] if event.should_reverse_callbacks else callbacks)

    async def invoke_callbacks_async(self, event: TEvent) -> tuple[TEvent, list[Interrupt]]:
        """Run all callbacks of an event; those after an interrupt too.

        Returns:
            The event, and the questions that were raised.
        """
        return event, await _tell(event, self.get_callbacks_for(event))

    async def judge(self, event: TEvent) -> list[Interrupt]:
        """Have the gates judge a tool call; return the questions that they raise."""
        return await _tell(event, iter(self._gates))

    def invoke_callbacks(self, event: TEvent) -> tuple[TEvent, list[Interrupt]]:
        """Run all callbacks of an event from sync code.

        Returns:
            The event, and the questions that were raised.

        Raises:
            RuntimeError: A callback is async.
        """
        interrupts: list[Interrupt] = []
        for callback in self.get_callbacks_for(event):
            try:
                waiting = callback(event)
            except InterruptException as raised:
                interrupts.extend(raised.interrupts)
                continue
            if waiting is not None and hasattr(waiting, "__await__"):
                getattr(waiting, "close", lambda: None)()
                raise RuntimeError(f"{callback!r} is async; {type(event).__name__} is raised from sync code here")
        return event, interrupts


async def _tell(event: BaseHookEvent, callbacks: Iterator[HookCallback]) -> list[Interrupt]:
    interrupts: list[Interrupt] = []
    for callback in callbacks:
        try:
            waiting = callback(event)
            if waiting is not None and hasattr(waiting, "__await__"):
                await waiting
        except InterruptException as raised:
            event.callback_ended(interrupted=True)
            interrupts.extend(raised.interrupts)
        else:
            event.callback_ended(interrupted=False)
    return interrupts


def refusal(cancel: Any, text: str) -> str | None:
    """Return what stands for something that a hook cancelled, or None: a no without a word is a no too.

    Args:
        cancel: What the hook wrote: True, or a text.
        text: What stands for it where the hook says nothing.
    """
    if isinstance(cancel, str):
        return cancel or text
    return text if cancel else None


def infer_event_types(callback: HookCallback) -> list[type[BaseHookEvent]]:
    """Return the event types that the annotation of a callback's first parameter names.

    Raises:
        ValueError: There is no such annotation.
    """
    import inspect

    function = callback if inspect.isroutine(callback) else type(callback).__call__
    names = [name for name in inspect.signature(function).parameters if name not in ("self", "cls")]
    try:
        hint = typing.get_type_hints(function).get(names[0]) if names else None
    except NameError as error:
        raise ValueError(f"the annotation of {callback!r} cannot be read ({error}); give the event type") from error
    union = typing.get_origin(hint) in (typing.Union, types.UnionType)
    given = list(typing.get_args(hint)) if union else [hint]
    named = [typing.get_origin(each) or each for each in given]
    found = [each for each in named if isinstance(each, type) and issubclass(each, BaseHookEvent)]
    if not found or len(found) != len(named):
        raise ValueError(f"Invalid hook {callback!r}: it names no event; annotate its parameter or give the type")
    return found


def _is_async(callback: HookCallback) -> bool:
    import inspect

    return inspect.iscoroutinefunction(callback) or inspect.iscoroutinefunction(getattr(callback, "__call__", None))  # noqa: B004
