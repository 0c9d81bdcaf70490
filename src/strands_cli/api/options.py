"""What a workflow is given beside its spec."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import InitVar, dataclass, field, replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from strands.journal.entries import FORMAT, NEWEST_FORMAT, Constant
from strands_cli.errors import InputError
from strands_cli.kernel.events import Event, Listeners
from strands_cli.types import Json

if TYPE_CHECKING:
    from strands.models.model import Model
    from strands_cli.kernel.layers import Layer
    from strands_cli.resources.secrets import Secrets
    from strands_cli.resources.stand_in import StandIn
    from strands_cli.session.repository import SessionRepository
    from strands_cli.spec.root import Spec


@dataclass
class Options:
    """What a workflow is given beside its spec; see `Workflow`.

    Attributes:
        queued: It is driven by a worker: what comes to no rest is left to another.
        layers: What stands around every agent call, outside of the spec's own.
        stand_in: What stands between the agents and their models and tools.
    """

    hooks: Sequence[Any] = ()
    tools: Sequence[Any] = ()
    model: Model | None = None
    repository: SessionRepository | None = None
    output_dir: str | None = None
    directory: Path | None = None
    overwrite: bool = False
    offline: bool = False
    app: str | None = None
    app_directory: str | None = None
    app_problem: str = ""
    real_tools: bool = False
    queued: bool = False
    layers: Sequence[Layer] = ()
    stand_in: StandIn | None = None
    listeners: Listeners = field(default_factory=Listeners)
    place: InitVar[str | PathLike[str] | None] = None
    _snapshot: tuple[Spec, Constant, int] | None = None

    def __post_init__(self, place: str | PathLike[str] | None) -> None:
        for hook in self.hooks:
            _check(hook)
        if place is not None:
            from strands_cli.session.repository import chosen

            self.repository = chosen(self.repository, place)

    def with_listener(self, handler: Callable[[Event], Any]) -> Options:
        """Return these options, with somebody more who is told of every event."""
        twin = copy(self)
        twin.listeners = Listeners(self.listeners)
        twin.listeners.add("*", handler)
        return twin

    def for_session(self, origin: Mapping[str, Json]) -> Options:
        """Return these options with the recording that a session goes on with, as it was started, if any.

        Raises:
            StrandsError: It cannot be read or written.
        """
        if self.stand_in is not None or not ("replay" in origin or "record" in origin):
            return self
        from strands_cli.resources.replay import stand_in_of

        return replace(self, stand_in=stand_in_of(origin))

    def snapshot(self, spec: Spec, secrets: Secrets) -> dict[str, Json]:
        """Return a spec as a session records it: plain values, and no secret."""
        if self._snapshot is None or self._snapshot[0] is not spec:
            from strands_cli.spec.asking import has_rules

            plain = spec.plain()
            self._snapshot = spec, Constant(plain), NEWEST_FORMAT if has_rules(plain) else FORMAT
        if not secrets:
            return self._snapshot[1]
        from strands_cli.resources.literals import snapshot

        return snapshot(self._snapshot[1], secrets)

    def format_of(self, spec: Spec, secrets: Secrets) -> int:
        """Return the format of a session that runs a spec: builds that know of no rights refuse one that has some."""
        self.snapshot(spec, secrets)
        assert self._snapshot is not None
        return self._snapshot[2]

    def store(self) -> SessionRepository:
        """Return the repository, by default the user's."""
        if self.repository is None:
            from strands_cli.session.repository import store_at

            self.repository = store_at()
        return self.repository


def _check(hook: Any) -> None:
    from strands.hooks.given import check_given

    try:
        check_given(hook, "Workflow(hooks=)")
    except ValueError as error:
        raise InputError(str(error)) from error
