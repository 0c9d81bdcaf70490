"""Runs that a program leaves to workers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from strands_cli.api.bridge import run_sync
from strands_cli.api.keywords import variables_of
from strands_cli.api.program import Program

if TYPE_CHECKING:
    from strands_cli.api.session import Session
    from strands_cli.kernel.principal import Principal
    from strands_cli.session.repository import SessionRepository
    from strands_cli.spec.root import Spec
    from strands_cli.types import Json


class Queueing(Program):
    """A part of `Workflow`."""

    spec: Spec
    variables: dict[str, Any]

    async def submit_async(
        self, *, session_id: str | None = None, variables: Mapping[str, Any] | None = None, **more: Any
    ) -> str:
        """Queue a run for a worker, and return the id of its session; nothing runs here, and no key is needed.

        Args:
            session_id: The id of the new session.
            variables: Values for the spec's variables; `more` the same as keywords.

        Raises:
            InputError: A variable is missing, unknown or of the wrong type.
            SessionExistsError: The id is taken.
        """
        from strands_cli.api.running import Runner

        self._remember_app()
        values = {**self.variables, **variables_of(self.spec, variables, more)}
        return await Runner(self.spec, self._options, self).submit(values, session_id)

    def submit(self, *, session_id: str | None = None, **options: Any) -> str:
        """Queue a run as `submit_async` does, with the same arguments."""
        return run_sync(lambda: self.submit_async(session_id=session_id, **options))

    async def open(
        self,
        variables: Mapping[str, Any] | None = None,
        *,
        session_id: str | None = None,
        started_by: Principal | None = None,
        repository: SessionRepository | None = None,
        request: str = "",
    ) -> Session:
        """Queue a run for a worker, as `submit_async` does, and return its session, on record before this returns.

        Args:
            variables: Values for the spec's variables.
            session_id: The id of the new session.
            started_by: Who starts it, for the record.
            repository: Where it is kept; default: where this workflow keeps its sessions.
            request: Something by which who starts it recognizes its own request, for the record.

        Raises:
            InputError: A variable is missing, unknown or of the wrong type.
            SessionExistsError: The id is taken.
        """
        from strands_cli.api.running import Runner
        from strands_cli.api.session import Session

        self._remember_app()
        options = self._options if repository is None else replace(self._options, repository=repository)
        told: dict[str, Json] = {"drive": "server"}
        if started_by is not None:
            told.update(by=started_by.shown, principal=started_by.to_dict())
        if request:
            told["request"] = request
        values = {**self.variables, **(variables or {})}
        opened = await Runner(self.spec, options, self).submit(values, session_id, told=told)
        return await Session.found(options, opened)
