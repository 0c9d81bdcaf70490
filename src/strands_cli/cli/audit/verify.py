"""`strands audit verify`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from strands_cli.cli import completion, options

if TYPE_CHECKING:
    from strands_cli.audit.findings import AuditFinding, AuditReport


@click.command("verify")
@click.argument("session_ids", metavar="[ID]...", nargs=-1, shell_complete=completion.sessions)
@click.option("--all", "is_all", is_flag=True, help="All sessions, and whether one was removed; so it is without ID.")
@options.as_json
@options.debug
def command(session_ids: tuple[str, ...], is_all: bool, as_json: bool, debug: bool) -> int:
    """Verify that sessions are what they were when something was decided in them, and that who decided was entitled.

    Checked are the checksums of each journal, the signed heads of the store, and every decision once more: who gave it,
    what was shown, whether the votes come to it, and whether tools ran only after their approval. Exit code 1 says that
    something does not hold; what is merely not anchored yet is told, and is no fault.
    """
    from strands_cli.api.bridge import run_sync
    from strands_cli.audit.verify import verify
    from strands_cli.cli.audit import _open
    from strands_cli.cli.outcome import print_json

    if session_ids and is_all:
        raise click.UsageError("give the ids of sessions, or --all")
    store = _open.store()
    report = run_sync(lambda: verify(store, _open.ids(session_ids)))
    if as_json:
        print_json(_told(report))
    else:
        _print(report)
    return 1 if report.faults else 0


def _told(report: AuditReport) -> dict[str, object]:
    return {
        "sessions": report.sessions,
        "decisions": report.decisions,
        "heads": report.heads,
        "last_head": report.last_head or None,
        "is_marked": report.is_marked,
        "faults": [each.to_dict() for each in report.faults],
        "notices": [each.to_dict() for each in report.notices],
    }


def _print(report: AuditReport) -> None:
    from strands_cli.cli.errors import say
    from strands_cli.cli.phrases import count

    for each in report.notices:
        say(f"Note: {_where(each)}: {each.message}.")
    for each in report.faults:
        say(f"Fault: {_where(each)}: {each.rule}: {each.message}.")
    said = f"{count(report.sessions, 'session')} verified with {count(report.decisions, 'decision')}"
    if report.heads is None:
        say("This store keeps no signed heads: a journal that was written anew as a whole is not noticed.")
    elif report.heads and not report.is_marked:
        say("Not known here is how long the heads log was: a store that was set back as a whole is not noticed.")
    kept = f"; {count(report.heads, 'head')}, the last {report.last_head}" if report.heads else ""
    say(f"{said}, {count(len(report.faults), 'fault') if report.faults else 'no faults'}{kept}.")


def _where(each: AuditFinding) -> str:
    from strands_cli.terminal.escape import one_line

    of = f"session {one_line(each.session)}" if each.session else "the store"
    return of if each.seq is None else f"{of}, {'entry' if each.session else 'line'} {each.seq}"
