"""`strands tick`: what a server does all the time, once, for cron."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import click

from strands_cli.cli import completion, options

if TYPE_CHECKING:
    from strands_cli.inbox.data import ServerData
    from strands_cli.inbox.sweeper import Swept
    from strands_cli.session.repository import SessionRepository

DELIVERS = ("strands_cli.inbox.deliver:deliver",)
"""What hands out notices of what was recorded, where it is there: `async deliver(store, data) -> int`, how many it has
handed out."""

_WORDS = {"reminded": "reminder", "escalated": "escalation", "expired": "expired question", "answered": "default"}


@click.command("tick")
@click.argument("targets", metavar="[TARGET]...", nargs=-1, shell_complete=completion.files)
@click.option("--drive", is_flag=True, help="Go on with what is ready of the workflows that the TARGETs name.")
@click.option(
    "--limit",
    type=options.FiniteRange(0),
    default=20.0,
    show_default=True,
    metavar="SECONDS",
    help="Begin nothing more after this; what is at work may go on for another 25 s.",
)
@options.as_json
@options.debug
def command(targets: tuple[str, ...], drive: bool, limit: float, as_json: bool, debug: bool) -> None:
    """Remind, escalate and expire what is due in the store, deliver notices, and go on with what is ready.

    A TARGET is a workflow file, or module:NAME of a workflow, a list or a dict of them. Any number of ticks, servers
    and workers may run on one store: each reminder is recorded once.
    """
    from strands_cli.api.bridge import run_sync
    from strands_cli.cli import logs
    from strands_cli.cli.errors import say
    from strands_cli.cli.outcome import print_json
    from strands_cli.session.repository import store_at

    logs.configure(debug=debug)
    if drive and not targets:
        raise click.UsageError("--drive needs a TARGET: a workflow file, or module:NAME of workflows")
    if targets and not drive:
        raise click.UsageError("a TARGET is for --drive")
    store = store_at()
    swept, delivered = run_sync(lambda: _tick(store, targets, limit))
    if as_json:
        print_json(_told(swept, delivered))
        return
    for line in _lines(swept, delivered):
        say(line)


async def _tick(store: SessionRepository, targets: tuple[str, ...], limit: float) -> tuple[Swept, int]:
    from strands_cli.inbox.sweeper import Sweeper

    apps = None
    if targets:
        from strands_cli.worker.registry import workflows_of

        apps = _Named(workflows_of(targets))
    swept = await Sweeper(store, apps, drive=8 if targets else 0).once(limit)
    delivers = _delivers()
    if not delivers:
        return swept, 0
    from strands_cli.inbox.data import ServerData

    data = ServerData.of(store)
    return swept, sum([await deliver(store, data) for deliver in delivers])


class _Named:
    def __init__(self, workflows: dict[str, Any]) -> None:
        self.workflows: dict[str, Any] = workflows


def _delivers() -> list[Callable[[SessionRepository, ServerData], Awaitable[int]]]:
    found = []
    for each in DELIVERS:
        module, _, name = each.partition(":")
        if find_spec(module) is not None:
            found.append(getattr(import_module(module), name))
    return found


def _told(swept: Swept, delivered: int) -> dict[str, Any]:
    return {
        "fired": [
            {"session": session_id, "question": entry.key, "kind": entry.kind, "seq": entry.seq}
            for session_id, entries in swept.fired.items()
            for entry in entries
        ],
        "driven": swept.driven,
        "unfit": swept.unfit,
        "delivered": delivered,
        "more": swept.more,
    }


def _lines(swept: Swept, delivered: int) -> list[str]:
    from strands_cli.cli.phrases import count

    kinds = Counter(entry.kind for entries in swept.fired.values() for entry in entries)
    lines = [f"{session_id}: {entry.kind} {entry.key}" for session_id, each in swept.fired.items() for entry in each]
    lines += [f"{session_id}: {outcome}" for session_id, outcome in swept.driven.items()]
    lines += [f"{session_id}: not driven: {reason}" for session_id, reason in swept.unfit.items()]
    parts = [count(number, _WORDS[kind]) for kind, number in kinds.items()]
    parts += [count(delivered, "notice")] * bool(delivered)
    lines.append(f"{', '.join(parts)}." if parts else "Nothing was due.")
    if swept.more:
        lines.append("There was no time for all of it: the next tick goes on.")
    return lines
