"""`strands graph`: the drawing of a workflow."""

from __future__ import annotations

import click

from strands_cli.cli import options


@click.command("graph")
@options.spec
@click.option(
    "--format",
    "form",
    type=click.Choice(["mermaid", "text", "svg"]),
    default="mermaid",
    show_default=True,
    help="What to print on standard output.",
)
@options.debug
def command(spec: str, form: str, debug: bool) -> None:
    """Draw the workflow in SPEC."""
    from strands_cli import plan as drawing
    from strands_cli.cli.outcome import print_text
    from strands_cli.loader import load_file

    draw = {"mermaid": drawing.mermaid, "text": drawing.text, "svg": drawing.svg}[form]
    print_text(draw(drawing.plan(load_file(spec))))
