"""`strands graph`: the drawing of a workflow."""

from __future__ import annotations

import click

from strands_cli.cli import completion, options


@click.command("graph")
@options.spec
@click.option(
    "--format",
    "form",
    type=click.Choice(["mermaid", "text", "svg"]),
    default="mermaid",
    show_default=True,
    help="How to draw it.",
)
@click.option(
    "--out", "-o", "out", metavar="FILE", shell_complete=completion.files, help="Write it to FILE; it is replaced."
)
@options.debug
def command(spec: str, form: str, out: str | None, debug: bool) -> None:
    """Draw the workflow in SPEC, on standard output or into a file."""
    from pathlib import Path

    from strands_cli import plan as drawing
    from strands_cli.cli.errors import say
    from strands_cli.cli.outcome import print_text
    from strands_cli.loader import load_file

    draw = {"mermaid": drawing.mermaid, "text": drawing.text, "svg": drawing.svg}[form]
    picture = draw(drawing.plan(load_file(spec)))
    if out is None:
        print_text(picture)
        return
    try:
        Path(out).write_text(picture, encoding="utf-8")
    except OSError as error:
        raise click.UsageError(f"--out {out}: it cannot be written: {error.strerror or error}") from None
    say(f"Wrote {out}")
