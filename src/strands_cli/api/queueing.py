"""Runs that a program leaves to workers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from strands_cli.api.bridge import run_sync
from strands_cli.api.keywords import variables_of
from strands_cli.api.program import Program

if TYPE_CHECKING:
    from strands_cli.spec.root import Spec


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
