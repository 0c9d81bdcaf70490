"""The seam between a store, whose journals are the truth, and an engine, which only delivers wakes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, cast

from strands_cli.errors import USAGE, StrandsError

if TYPE_CHECKING:
    from strands.journal.database import Transaction
    from strands.journal.protocol import Repository

GROUP = "strands.engines"
"""The entry points under which other packages offer engines: each names an `EngineFactory`."""

ENGINES: Mapping[str, str] = {
    "dbos": "strands_cli.worker.dbos:open_engine",
    "temporal": "strands_cli.worker.temporal:open_engine",
}
"""The engines of this build: the extra that each needs has its name."""

DriveOutcome = Literal["completed", "paused", "failed", "cancelled", "elsewhere", "unfit"]
"""What a drive came to.

- `completed`, `paused`, `failed`, `cancelled`: the session rests; the journal has it, and nothing is left to deliver.
- `elsewhere`: another driver has it, or it is gone. Drop the wake.
- `unfit`: this worker lacks what the session relies on. Give it to another worker, or deliver it again after a delay.
"""


class Wake(NamedTuple):
    """What an engine delivers: that a session is to be looked at. It never holds content.

    Attributes:
        namespace: Whose session it is.
        session_id: The session.
        token: How many entries it had when it became due, as text: the same one delivered again does nothing more.
    """

    namespace: str
    session_id: str
    token: str

    @property
    def key(self) -> str:
        """The idempotency key: one text for all three."""
        return f"{self.namespace}/{self.session_id}/{self.token}"


Drive = Callable[[Wake], Awaitable[DriveOutcome]]
"""Takes a session on until it rests. It raises only where the infrastructure fails: then call it again, with backoff.

A wake that comes twice, late or for nothing is harmless: the session's lease and journal decide.
"""


class Engine(Protocol):
    """Delivers wakes to workers, each at least once. Every engine passes the suite in `strands_cli.worker.conformance`.

    It is used from one event loop, `enqueue` from any thread. One that takes a while to begin, or that may not, has
    `async def ready(self) -> None` as well, which returns once `work` delivers: until then its worker does not say
    that it is ready.
    """

    def enqueue(self, transaction: Transaction, wake: Wake) -> bool:
        """Queue a wake in the very transaction of the store that makes the session due.

        It is rolled back with it. It runs in the thread that writes, and must not wait for anything else.

        Returns:
            False where the engine keeps its queue elsewhere: the relay then submits the wake.
        """
        ...

    async def submit(self, wake: Wake) -> None:
        """Queue a wake; the same token again does nothing while it is queued or at work.

        Raises:
            Exception: It was not queued, and is submitted again later.
        """
        ...

    async def work(self, drive: Drive, *, slots: int, alive_as: str) -> None:
        """Deliver wakes to `drive` until this is cancelled: from then on take no more.

        Args:
            drive: What takes a session on.
            slots: How many at a time, at most.
            alive_as: The store's driver id of this worker, under which the engine notes what it holds.
        """
        ...

    async def cancel(self, namespace: str, session_id: str) -> None:
        """Forget what is queued for a session; what is at work goes on."""
        ...

    async def reap(self, alive: Collection[str]) -> int:
        """Queue anew what workers hold that are not among `alive`.

        Returns:
            How many; 0 where the engine finds them itself.
        """
        ...


EngineFactory = Callable[[str, Mapping[str, str]], Engine]
"""Makes an engine for the store at a URL, with options of its own: `--engine-option NAME=VALUE`."""


class EngineNotReadyError(StrandsError):
    """An engine is unknown, its package is missing, or it refuses the store or an option; nothing was run."""

    exit_code = USAGE


def known_engines() -> tuple[str, ...]:
    """Return the names of the engines of this build and of the packages installed beside it."""
    from importlib.metadata import entry_points

    others = sorted({point.name for point in entry_points(group=GROUP)})
    return (*ENGINES, *(name for name in others if name not in ENGINES))


def open_engine(name: str, store: str, options: Mapping[str, str] | None = None) -> Engine:
    """Return an engine for a store.

    Args:
        name: The engine: one of this build, or of a package that offers it as an entry point.
        store: The store's URL or directory.
        options: The engine's own options.

    Raises:
        EngineNotReadyError: There is none of this name, its package is missing, or it refuses the store or an option.
    """
    return _factory(name)(store, options or {})


def queue_for(store: str, name: str) -> str:
    """Return what the queue of a store is called: each namespace has its own, as it has its own workers.

    Args:
        store: The store's URL or directory.
        name: What the queue of a store without a namespace is called.
    """
    from strands.journal.locate import namespace_of

    namespace = namespace_of(store)
    return f"{name}/{namespace}" if namespace else name


def queue_by(repository: Repository, engine: Engine) -> None:
    """Have an engine queue sessions in the very transaction that makes them due, where it can.

    A process that only answers needs no more than this of an engine; without it the relay of any worker submits them.

    Args:
        repository: The store, of which this object is the only one that does it.
        engine: The engine.
    """

    def hook(transaction: Transaction, namespace: str, session_id: str, token: str) -> bool:
        return engine.enqueue(transaction, Wake(namespace, session_id, token))

    own: Any = getattr(repository, "on_wake", None)
    if own is not None:
        own(hook)


@cache
def _factory(name: str) -> EngineFactory:
    from importlib.metadata import entry_points

    if name in ENGINES:
        module, _, function = ENGINES[name].partition(":")
        try:
            return cast(EngineFactory, getattr(import_module(module), function))
        except ImportError as error:
            raise EngineNotReadyError(
                f"the engine {name!r} needs a package that is not installed ({error})",
                hint=f"Install it: pip install 'strands-cli[{name}]'.",
            ) from error
    for point in entry_points(group=GROUP, name=name):
        try:
            return cast(EngineFactory, point.load())
        except Exception as error:  # a module may do anything while it is imported
            raise EngineNotReadyError(
                f"engine {name!r} cannot be loaded from {point.value!r}: {type(error).__name__}: {error}",
                hint="Correct or reinstall the package that offers it.",
            ) from error
    raise EngineNotReadyError(
        f"unknown engine {name!r}",
        hint=f"Use one of {', '.join(ENGINES)}, or install a package that offers it as a {GROUP!r} entry point; "
        "without --engine the store itself delivers.",
    )
