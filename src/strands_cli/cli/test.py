"""`strands test`: run the tests of workflows."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from strands_cli.cli import completion, options

if TYPE_CHECKING:
    from strands_cli.testing.evaluating import EvaluationOptions, SuiteResult
    from strands_cli.testing.suites import Suite


@click.command("test")
@click.argument("paths", metavar="[PATH]...", nargs=-1, shell_complete=completion.files)
@click.option(
    "--workflow",
    "workflow",
    metavar="FILE",
    shell_complete=completion.files,
    help="The workflow that is tested; default: the one that the tests name, or NAME.yaml of NAME.tests.yaml.",
)
@click.option("--only", metavar="TEXT", help="Only the tests whose name holds this.")
@click.option(
    "--repeat", metavar="N", type=click.IntRange(1, 1000), default=1, show_default=True, help="Run each so often."
)
@click.option(
    "--jobs", "-j", metavar="N", type=click.IntRange(1, 64), default=4, show_default=True, help="How many at a time."
)
@click.option(
    "--record",
    metavar="DIR",
    shell_complete=completion.directories,
    help="Keep what models reply, for --replay: a file for each test.",
)
@click.option(
    "--replay",
    metavar="DIR",
    shell_complete=completion.directories,
    help="Run with the recordings of each test: no key, no network, no cost.",
)
@click.option("--junit", metavar="FILE", shell_complete=completion.files, help="Write a report as JUnit XML.")
@options.app
@options.offline
@options.real_tools
@options.as_json
@click.option("--quiet", "-q", is_flag=True, help="Print only how many passed.")
@options.debug
def command(
    paths: tuple[str, ...],
    workflow: str | None,
    only: str | None,
    junit: str | None,
    app: str | None,
    as_json: bool,
    quiet: bool,
    debug: bool,
    **how: Any,
) -> int:
    """Run the tests in PATHs: files of tests, workflow files that have tests beside them, or directories.

    A test has a name, variables, answers, replies or a replay, and what to expect: status, agents, asks, tools, steps,
    artifacts, max_tokens, max_cost, fails; of the response contains, not_contains, matches, equals, fields,
    output_schema, min_length, max_length. Tests stand in NAME.tests.yaml, or are the rows of NAME.tests.csv and
    NAME.tests.jsonl. Without replies or a recording the models are asked. Exits with 10 if a test fails.
    """
    from strands_cli.cli import logs
    from strands_cli.cli.errors import say
    from strands_cli.cli.outcome import print_json, print_text
    from strands_cli.cli.resuming import RunOptions
    from strands_cli.cli.running import Stopped, run_until_signal
    from strands_cli.errors import RUNTIME
    from strands_cli.testing import reports
    from strands_cli.testing.evaluating import EvaluationOptions

    logs.configure(debug=debug)
    if how["record"] and (how["replay"] or how["offline"]):
        raise click.UsageError("--record asks the models, so it goes with neither --replay nor --offline")
    suites = _suites(paths, workflow, only)
    chosen = EvaluationOptions(**how, parts=RunOptions(app=app).from_app())
    if chosen.record is not None:
        Path(chosen.record).mkdir(parents=True, exist_ok=True)
    results: list[SuiteResult] = []
    try:
        run_until_signal(_run(suites, chosen, results, shows=not (as_json or quiet)))
    except Stopped as stopped:
        say(f"{stopped}. Until then: {reports.summary(results)}")
        return stopped.exit_code
    if junit is not None:
        _write(junit, reports.as_junit(results))
    if as_json:
        print_json(reports.as_data(results))
    else:
        print_text(reports.summary(results))
    return RUNTIME if any(result.failed for result in results) else 0


def _suites(paths: tuple[str, ...], workflow: str | None, only: str | None) -> list[Suite]:
    from dataclasses import replace

    from strands_cli.errors import InputError
    from strands_cli.testing.suites import find_suites, load_suite

    files: list[Path] = []
    for path in map(Path, paths or (".",)):
        files += find_suites(path) if path.is_dir() else [path]
    suites = [load_suite(file, workflow) for file in files]
    if not suites:
        where = " and ".join(map(repr, paths)) or "here and below"
        raise InputError(
            f"there are no tests in {where}" if paths else f"there are no tests {where}",
            hint="Write them in NAME.tests.yaml beside NAME.yaml: tests: [{name, variables, expect}].",
        )
    if only is not None:
        suites = [replace(each, cases=[case for case in each.cases if only in case.name]) for each in suites]
    suites = [each for each in suites if each.cases]
    if not suites:
        raise InputError(
            f"no test has {only!r} in its name" if only else "there are no tests in these files",
            hint="Leave --only out." if only else "Write some: tests: [{name, variables, expect}].",
        )
    return suites


async def _run(suites: list[Suite], how: EvaluationOptions, results: list[SuiteResult], *, shows: bool) -> None:
    from strands_cli.cli.outcome import print_text
    from strands_cli.testing.evaluating import SuiteResult, evaluate_async
    from strands_cli.testing.reports import verdict_lines

    columns = min(shutil.get_terminal_size().columns, 100)
    for suite in suites:
        if shows:
            print_text(str(suite.path))
        results.append(SuiteResult(suite))
        async for verdict in evaluate_async(suite, how):
            results[-1].verdicts.append(verdict)
            for line in verdict_lines(verdict, columns) if shows else ():
                print_text(line)


def _write(path: str, report: bytes) -> None:
    from strands_cli.errors import StorageError

    try:
        Path(path).write_bytes(report)
    except OSError as error:
        raise StorageError(f"cannot write {path!r}: {error.strerror}", hint="Choose a file that is writable.") from None
