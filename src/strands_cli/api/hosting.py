"""What a program that runs a workflow is given beside it: a block to run it in, and ids for its sessions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from strands_cli.api.keywords import variables_of
from strands_cli.api.program import Program
from strands_cli.errors import AnswerError

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from strands_cli.api.earlier_names import Executor
    from strands_cli.api.live import LiveSession, LiveWorkflow
    from strands_cli.spec.root import Spec


class Hosting(Program):
    """A part of `Workflow`."""

    spec: Spec
    variables: dict[str, Any]

    def create_session(
        self,
        *,
        session_id: str | None = None,
        by_worker: bool = False,
        variables: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> LiveSession:
        """Return a session to start, poll, answer and cancel from outside, for user interfaces.

        Args:
            session_id: A session to take up again; a new one by default.
            by_worker: Leave it to a worker, or to `strands serve`: nothing runs in this process.
            variables: Values for the spec's variables; `more` the same as keywords.
        """
        from strands_cli.api.live import LiveSession

        values = variables_of(self.spec, variables, more)
        return LiveSession(cast("LiveWorkflow", self), session_id or self._new_id({}), values, by_worker=by_worker)

    async def begin_async(self, variables: Mapping[str, Any], session_id: str, *, queued: bool) -> None:
        """Put a session on record, to be gone on with here or, if it is queued, by a worker.

        Args:
            variables: Values for the spec's variables.
            session_id: Its id.
            queued: Leave it to a worker.

        Raises:
            InputError: A variable is missing, unknown or of the wrong type.
            ProviderNotReadyError: It is to go on here, and a key or a package is missing.
            SessionExistsError: The id is taken.
        """
        from strands_cli.api.running import Runner

        self._remember_app()
        await Runner(self.spec, self._options, self).submit(
            {**self.variables, **variables}, session_id, told={"drive": "server"} if queued else None, queued=queued
        )

    def async_executor(self) -> AbstractAsyncContextManager[Executor]:
        """Return what runs this workflow, as strands-cli 0.3 has it: `async with ... as executor: executor.run({})`."""
        from strands_cli.api.earlier_names import executor

        return executor(self)

    def __repr__(self) -> str:
        return f"<Workflow {self.spec.name}: {self.spec.pattern.type}>"

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        """What a notebook shows: the drawing of the workflow."""
        from strands_cli.plan import plan, svg

        return {"image/svg+xml": svg(plan(self.spec)), "text/plain": repr(self)}

    def _new_id(self, options: Mapping[str, Any]) -> str:
        if options.get("hitl_response") is not None:
            raise AnswerError("hitl_response answers no session", hint="Give its session_id too.")
        from strands_cli.api.running import new_id  # what runs a workflow is imported when one runs

        return new_id(self.spec.name)
