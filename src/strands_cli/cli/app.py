"""The tree of commands. A command's module is imported when the command is used, not to print the list of them."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

import click

from strands.journal.errors import StrandsError
from strands_cli.cli import completion

COMMANDS = {
    "run": "Run a workflow; it asks you, or pauses for a person.",
    "resume": "Go on with a session where it stopped.",
    "validate": "Check a workflow file and name all that is wrong with it.",
    "plan": "Show what would run, in which order.",
    "explain": "Say in words what a workflow does.",
    "graph": "Draw a workflow (mermaid, text, svg, dot).",
    "sessions": "List, show, answer and clean up sessions.",
    "store": "Check, copy and prune what sessions are kept in.",
    "webhooks": "Send what happens to other systems; list what was sent.",
    "audit": "Say who decided what, and verify that nothing was changed.",
    "worker": "Drive the sessions that are due; list who does.",
    "serve": "Serve the inbox, the REST interface and the pages.",
    "token": "Make, list and revoke API tokens of a server.",
    "mcp": "Offer workflows as tools to MCP clients.",
    "a2a": "Offer a workflow to other agents over A2A.",
    "tick": "Remind, escalate and expire what is due, once; for cron.",
    "approvals": "List what holds in every session; revoke it.",
    "test": "Run the tests of workflows, and report.",
    "memory": "List, show and clear what runs remember.",
    "atomic": "List, run and test single-purpose agents.",
    "init": "Write a commented workflow file to start from.",
    "schema": "Print the JSON Schema of workflow files, for editors.",
    "list-tools": "List the tools that come with this build, or those of a workflow.",
    "list-supported": "List the patterns, providers and step types of this build.",
    "doctor": "Check this installation and say what is missing.",
    "version": "Print the version.",
}
SESSIONS = {
    "list": "List sessions, newest first.",
    "show": "Show a session: its state, timeline and tokens.",
    "watch": "Follow a session until it rests.",
    "questions": "List the questions that wait for an answer.",
    "answer": "Answer a question, without running anything.",
    "claim": "Take a question on, for half an hour.",
    "release": "Give a question back.",
    "delegate": "Hand a question to somebody else.",
    "fork": "Copy a session up to a step, to go on differently.",
    "cancel": "End a session; nothing of it runs again.",
    "delete": "Delete a session and its files.",
    "cleanup": "Delete old sessions; open questions are kept.",
    "export": "Write a session as JSON: spec, inputs, history.",
}
STORE_COMMANDS = {
    "migrate": "Make the tables of a database, or bring them up to date.",
    "check": "Read every session and name what is wrong.",
    "copy": "Copy all sessions to another store, line by line.",
    "prune": "Delete sessions that are over and old.",
}
WEBHOOKS = {
    "add": "Send events to an address.",
    "receive": "Take messages of another system.",
    "list": "List the webhooks.",
    "remove": "Remove a webhook.",
    "enable": "Send events again to one that was disabled.",
    "rotate": "Give one a new secret.",
    "deliveries": "List what was sent, and what is still to be sent.",
    "redeliver": "Send a message once more.",
}
AUDIT = {
    "verify": "Verify what was decided, and by whom.",
    "export": "Print one row for each decision (JSONL, CSV).",
    "tail": "Print the last decisions, and go on with new ones.",
}
WORKER_COMMANDS = {
    "run": "Drive sessions of some workflows until told to drain.",
    "list": "List the workers that are alive.",
}
TOKEN_COMMANDS = {
    "create": "Make a token for somebody, and print it.",
    "list": "List tokens, without their secrets.",
    "revoke": "Have a token be worth nothing.",
}
APPROVALS = {
    "list": "List the approvals that hold in every session.",
    "revoke": "End one: its calls are asked about again.",
}
MEMORY = {
    "list": "List what is remembered.",
    "show": "Print what a memory holds.",
    "clear": "Forget what a memory holds.",
}
ATOMIC = {
    "list": "List the atomic agents.",
    "describe": "Say what an agent is for, what it takes and gives.",
    "validate": "Check an agent, its contract and its tests.",
    "run": "Run an agent on one input.",
    "test": "Run the tests of an agent.",
    "init": "Write an agent with a contract and tests to start from.",
}


class LazyGroup(click.Group):
    """A group that knows its commands' names and one-line helps, and imports one when it is called.

    Args:
        package: The package of the command modules; each has a `command`.
        listing: Command name to one-line help, in the order of the list.
        others: Whether packages installed beside this one may add commands.
    """

    def __init__(
        self, *args: Any, package: str, listing: Mapping[str, str], others: bool = False, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self._package = package
        self._listing = listing
        self._others = others

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except StrandsError as error:  # it is printed when the context, which knows the store, is gone
            from strands_cli.cli.errors import locate_hint

            locate_hint(error)
            raise

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self._listing)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in self._listing:
            return self._of_others(name)
        module = import_module(f"{self._package}.{name.replace('-', '_')}")
        command = module.command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name in self._listing or name.startswith("-") or self._of_others(name):
            return super().resolve_command(ctx, args)
        near = difflib.get_close_matches(name, self._listing, n=1)
        known = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(self._listing)}."
        raise click.UsageError(f"{name!r} is not a command of {ctx.command_path!r}: {known}", ctx)

    def _of_others(self, name: str) -> click.Command | None:
        if not self._others:
            return None
        from strands_cli.cli.others import find

        return find(name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(self._listing.items()))

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[Any]:
        from click.shell_completion import CompletionItem

        names = [CompletionItem(name, help=text) for name, text in self._starting(incomplete)]
        return names + click.Command.shell_complete(self, ctx, incomplete)

    def _starting(self, incomplete: str) -> Iterator[tuple[str, str]]:
        return ((name, text) for name, text in self._listing.items() if name.startswith(incomplete))


def _version(ctx: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from strands._version import __version__

        click.echo(f"strands {__version__}")
        ctx.exit()


def _keep_in(ctx: click.Context, _: click.Parameter, place: str | None) -> None:
    if place == "":
        from strands.journal.locate import check_no_file

        check_no_file(place)
    if place:
        before = os.environ.get(STORE)
        os.environ[STORE] = place
        ctx.call_on_close(lambda: os.environ.pop(STORE) if before is None else os.environ.update({STORE: before}))
        ctx.ensure_object(dict)["store"] = place


STORE = "STRANDS_STORE"


@click.group(
    cls=LazyGroup,
    package="strands_cli.cli",
    listing=COMMANDS,
    others=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog='\b\nTab completion (zsh_source and fish_source, too):\n  eval "$(_STRANDS_COMPLETE=bash_source strands)"',
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Print the version."
)
@click.option(
    "--store",
    metavar="PLACE",
    shell_complete=completion.directories,
    expose_value=False,
    is_eager=True,
    callback=_keep_in,
    help="Where sessions are kept: a directory, sqlite:///PATH, postgresql://...; default: STRANDS_STORE.",
)
def app() -> None:
    """Agents and agent workflows that stop and ask a person, and never lose the answer."""
