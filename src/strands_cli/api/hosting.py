"""What a program that runs a workflow is given beside it: a block to run it in, and ids for its sessions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from strands_cli.api.program import Program
from strands_cli.errors import AnswerError

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from strands_cli.api.earlier_names import Executor
    from strands_cli.spec.root import Spec


class Hosting(Program):
    """A part of `Workflow`."""

    spec: Spec

    def async_executor(self) -> AbstractAsyncContextManager[Executor]:
        """Return what runs this workflow, as strands-cli 0.3 has it: `async with ... as executor: executor.run({})`."""
        from strands_cli.api.earlier_names import executor

        return executor(self)

    def _new_id(self, options: Mapping[str, Any]) -> str:
        if options.get("hitl_response") is not None:
            raise AnswerError("hitl_response answers no session", hint="Give its session_id too.")
        from strands_cli.api.running import new_id  # what runs a workflow is imported when one runs

        return new_id(self.spec.name)
