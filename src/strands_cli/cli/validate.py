"""`strands validate`: check a workflow file."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from strands_cli.cli import options
from strands_cli.errors import StrandsError

if TYPE_CHECKING:
    from strands_cli.spec import Spec


@click.command("validate")
@options.spec
@options.as_json
@options.quiet
@options.debug
def command(spec: str, as_json: bool, quiet: bool, debug: bool) -> int:
    """Check the workflow in SPEC: all that is wrong with it, each with file, line and column.

    Tools that it names are imported, as a run would do: check only files whose tools you would run.
    """
    from strands_cli.cli.errors import say
    from strands_cli.cli.lines import laid_out
    from strands_cli.cli.outcome import print_json, print_text
    from strands_cli.loader import load_file

    try:
        loaded = load_file(spec)
        warnings = [*loaded.warnings, *_preflight(loaded)]
    except StrandsError as error:
        if not as_json:
            raise
        print_json({"valid": False, "problems": _problems(error)})
        return error.exit_code
    if as_json:
        print_json({"valid": True, "name": loaded.name, "problems": [], "warnings": warnings})
        return 0
    for warning in warnings:
        say(f"Warning: {warning}")
    if not quiet:
        print_text(laid_out(f"{spec}: valid. {_summary(loaded)}", sys.stdout))
    return 0


def _preflight(spec: Spec) -> list[str]:
    """Return what this machine lacks for a run; raises SchemaValidationError for what would stop it anywhere."""
    from strands_cli.api.preflight import located, preflight
    from strands_cli.schema.validator import SchemaValidationError

    findings = list(preflight(spec))
    problems = [located(spec, each) for each in findings if not each.warning]
    if problems:
        raise SchemaValidationError(problems)
    return [str(located(spec, each)) for each in findings]


def _summary(spec: Spec) -> str:
    from strands_cli.cli.phrases import count
    from strands_cli.plan import plan
    from strands_cli.plan.gates import gates

    questions = len(plan(spec).questions) + len(gates(spec))
    return f"{spec.name}: {spec.pattern.type}, {count(len(spec.agents), 'agent')}, {count(questions, 'question')}."


def _problems(error: StrandsError) -> list[dict[str, Any]]:
    names = ("message", "json_pointer", "line", "column", "source", "hint")
    problems = getattr(error, "problems", ())
    if not problems:
        return [{"message": error.message, "hint": error.hint}]
    return [{name: getattr(problem, name) for name in names if hasattr(problem, name)} for problem in problems]
