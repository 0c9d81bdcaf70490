"""`strands worker run`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from strands_cli.cli import completion, options

if TYPE_CHECKING:
    from strands_cli.api.workflow import Workflow
    from strands_cli.session.repository import SessionRepository


@click.command("run")
@click.argument("targets", metavar="TARGET...", nargs=-1, required=True, shell_complete=completion.files)
@click.option(
    "--engine",
    "engine",
    metavar="NAME",
    shell_complete=completion.engines,
    help="What delivers: dbos, temporal, ...; else the store itself.",
)
@click.option("--engine-option", "engine_options", metavar="NAME=VALUE", multiple=True, help="An option of the engine.")
@click.option("--slots", type=click.IntRange(1), default=8, show_default=True, help="So many sessions at a time.")
@options.grace
@click.option("--health-port", type=click.IntRange(0, 65535), metavar="PORT", help="Say on 127.0.0.1 how it stands.")
@click.option(
    "--health-file", metavar="FILE", shell_complete=completion.files, help="Write twice a second how it stands."
)
@click.option(
    "--base-dir",
    metavar="DIRECTORY",
    type=click.Path(exists=True, file_okay=False),
    help="Stands in for where a session was started, if that is not on this machine; default: the current directory.",
)
@options.as_json
@options.debug
def command(
    targets: tuple[str, ...],
    engine: str | None,
    engine_options: tuple[str, ...],
    slots: int,
    grace: float,
    health_port: int | None,
    health_file: str | None,
    base_dir: str | None,
    as_json: bool,
    debug: bool,
) -> int:
    """Drive what is due of the workflows that TARGETs name: files, or module:NAME of one, a list or a dict of them.

    SIGTERM or Ctrl-C lets it drain: what is at work goes on to its next rest, or is given back before its next step. A
    second one ends it at once.
    """
    from strands_cli.cli import logs
    from strands_cli.cli.worker._serving import end_before_the_interpreter, output, serve

    end_before_the_interpreter()
    from strands_cli.session.repository import STORE, store_at
    from strands_cli.worker.engine import open_engine
    from strands_cli.worker.packages import check_installed
    from strands_cli.worker.registry import workflows_of
    from strands_cli.worker.worker import Worker

    logs.configure(debug=debug)
    store = store_at()
    workflows = workflows_of(targets)
    _tell_of_other_stores(store, workflows)
    chosen = None
    if engine is not None:
        place = os.environ.get(STORE) or str(getattr(store, "root", ""))
        chosen = open_engine(engine, place, dict(_option(each) for each in engine_options))
        check_installed(engine)
    elif engine_options:
        raise click.UsageError("--engine-option needs --engine")

    def make() -> Worker:
        return Worker(
            store,
            workflows,
            engine=chosen,
            engine_name=engine or "",
            slots=slots,
            grace=grace,
            tell=output(as_json),
            health_port=health_port,
            health_file=health_file,
            base_dir=Path(base_dir).resolve() if base_dir else None,
        )

    return serve(make)


def _tell_of_other_stores(store: SessionRepository, workflows: Mapping[str, Workflow]) -> None:
    """Warn of workflows that submit to another store than the one whose sessions are driven here."""
    from strands_cli.cli.errors import say

    here = _place(store)
    for name, workflow in workflows.items():
        own = workflow.options.repository
        if own is not None and _place(own) != here:
            say(
                f"Warning: {name} keeps its sessions in {_place(own)}, and this worker drives those in {here}: "
                "leave out its store=, or name the same with --store."
            )


def _place(store: SessionRepository) -> str:
    database = getattr(store, "database", None)
    if database is None:
        return os.path.abspath(str(getattr(store, "root", store)))
    namespace = getattr(store, "namespace", "")
    place = database.name if "://" in database.name else os.path.abspath(database.name)
    return f"{place}, namespace {namespace}" if namespace else place


def _option(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise click.UsageError(f"--engine-option {text!r} is not NAME=VALUE")
    return name, value
