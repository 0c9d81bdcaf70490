"""`strands worker`: one file a command; a target without a command is what `run` takes."""

from __future__ import annotations

from typing import Any

import click

from strands_cli.cli.app import WORKER_COMMANDS, LazyGroup


class WorkerGroup(LazyGroup):
    """A group in which what is no command is a target of `run`."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] in WORKER_COMMANDS:
            return super().resolve_command(ctx, args)
        return "run", self.get_command(ctx, "run"), args

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        from click.shell_completion import CompletionItem

        return super().shell_complete(ctx, incomplete) or [CompletionItem(incomplete, type="file")]


@click.group(
    "worker",
    cls=WorkerGroup,
    package="strands_cli.cli.worker",
    listing=WORKER_COMMANDS,
    context_settings={"ignore_unknown_options": True},
    subcommand_metavar="TARGET... [OPTIONS] | COMMAND",
)
def command() -> None:
    """Drive the sessions of the store that are due, on as many machines as you like.

    `strands worker my_app:workflows` is short for `strands worker run my_app:workflows`; the options of both
    (--slots, --engine ...) are listed by `strands worker run --help`.
    """
