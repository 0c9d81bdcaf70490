"""What people and models say in a run, where files have it: answers, replies, a recording."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from strands_cli.api.workflow import Workflow
    from strands_cli.resources.replay import Replayer
    from strands_cli.testing.answers import AnswerSheet
    from strands_cli.types import HITLHandler


@dataclass
class Prepared:
    """What the options of a run say is in files, or is to be written to one.

    Attributes:
        answers: A file of answers, or None.
        replies: A file of replies, or None.
        record: Where a recording is written, or None.
        replay: A recording, or None.
    """

    answers: str | None = None
    replies: str | None = None
    record: str | None = None
    replay: str | None = None
    _sheet: AnswerSheet | None = None
    _replayed: Replayer | None = None

    def check(self, *, new: bool, offline: bool) -> None:
        """Check that these options go with each other and with the others.

        Args:
            new: Whether a new run begins here.
            offline: Whether it is a rehearsal.

        Raises:
            UsageError: They do not.
        """
        given = {name: getattr(self, name) for name in ("answers", "replies", "record", "replay")}
        for name, file in given.items():
            if file is not None and not new:
                raise click.UsageError(f"--{name} goes with a new run that is driven here")
        if self.replies is not None and not offline:
            raise click.UsageError("--replies needs --offline")
        for name in ("record", "replay"):
            if given[name] is not None and offline:
                raise click.UsageError(f"--{name} goes without --offline")
        if self.record is not None and self.replay is not None:
            raise click.UsageError("--record and --replay exclude each other: one asks the models, the other does not")

    def workflow(self, workflow: Workflow) -> Workflow:
        """Return a workflow whose agents say what the files have.

        Raises:
            StrandsError: A file cannot be read or written, or has something else in it.
        """
        if self.record is not None:
            from strands_cli.resources.recording import Recorder

            return workflow.with_options(stand_in=Recorder(self.record))
        if self.replay is not None:
            from strands_cli.resources.replay import Replayer

            self._replayed = Replayer(self.replay)
            return workflow.with_options(stand_in=self._replayed, offline=True)
        if self.replies is None:
            return workflow
        from strands_cli.testing.files import read_replies
        from strands_cli.testing.scripts import ScriptedAgents

        return workflow.with_options(stand_in=ScriptedAgents(read_replies(self.replies), workflow.spec))

    def handler(self, otherwise: HITLHandler | None, interactive: bool | None) -> HITLHandler | None:
        """Return who answers: the file, else the recording, and `otherwise` what they have no answer to.

        Args:
            otherwise: Who is asked here, if anybody.
            interactive: Whether somebody is to be asked; None leaves it to what there is.

        Raises:
            StrandsError: The file cannot be read, or has something else in it.
        """
        if self.answers is None and (self._replayed is None or interactive is not None):
            return otherwise
        from strands_cli.testing.answers import AnswerSheet, SheetHandler, read_answers

        if self.answers is not None:
            self._sheet = read_answers(self.answers)
            return SheetHandler(self._sheet, otherwise)
        assert self._replayed is not None
        return SheetHandler(AnswerSheet(self._replayed.answers), otherwise, channel="recording")

    def tell_unused(self, *, quiet: bool) -> None:
        """Say which answers nobody asked for."""
        if self._sheet is None or quiet or not self._sheet.unused:
            return
        from strands_cli.cli.errors import say

        say(f"Nobody asked for {', '.join(self._sheet.unused)} of {self.answers}.")
