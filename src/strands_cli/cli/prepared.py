"""What people and models say in a run, where files have it: answers, replies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from strands_cli.api.workflow import Workflow
    from strands_cli.testing.answers import AnswerSheet
    from strands_cli.types import HITLHandler


@dataclass
class Prepared:
    """What the options of a run say is in files.

    Attributes:
        answers: A file of answers, or None.
        replies: A file of replies, or None.
    """

    answers: str | None = None
    replies: str | None = None
    _sheet: AnswerSheet | None = None

    def check(self, *, new: bool, offline: bool) -> None:
        """Check that these options go with the others.

        Args:
            new: Whether a new run begins here.
            offline: Whether it is a rehearsal.

        Raises:
            UsageError: They do not.
        """
        for option, file in (("--answers", self.answers), ("--replies", self.replies)):
            if file is not None and not new:
                raise click.UsageError(f"{option} goes with a new run that is driven here")
        if self.replies is not None and not offline:
            raise click.UsageError("--replies needs --offline")

    def workflow(self, workflow: Workflow) -> Workflow:
        """Return a workflow whose agents say what the files have.

        Raises:
            StrandsError: A file cannot be read, or has something else in it.
        """
        if self.replies is None:
            return workflow
        from strands_cli.testing.files import read_replies
        from strands_cli.testing.scripts import ScriptedAgents

        return workflow.with_options(stand_in=ScriptedAgents(read_replies(self.replies), workflow.spec))

    def handler(self, otherwise: HITLHandler | None) -> HITLHandler | None:
        """Return who answers: the file, and `otherwise` what it has no answer to.

        Raises:
            StrandsError: The file cannot be read, or has something else in it.
        """
        if self.answers is None:
            return otherwise
        from strands_cli.testing.answers import SheetHandler, read_answers

        self._sheet = read_answers(self.answers)
        return SheetHandler(self._sheet, otherwise)

    def tell_unused(self, *, quiet: bool) -> None:
        """Say which answers nobody asked for."""
        if self._sheet is None or quiet or not self._sheet.unused:
            return
        from strands_cli.cli.errors import say

        say(f"Nobody asked for {', '.join(self._sheet.unused)} of {self.answers}.")
