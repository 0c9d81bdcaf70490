"""`strands graph`: the drawing of a workflow."""

from __future__ import annotations

from pathlib import Path

import click

from strands_cli.cli import completion, options

_ENDINGS = {
    ".svg": "svg",
    ".mmd": "mermaid",
    ".mermaid": "mermaid",
    ".dot": "dot",
    ".gv": "dot",
    ".txt": "text",
}


@click.command("graph")
@options.spec
@click.option(
    "--format",
    "form",
    type=click.Choice(["mermaid", "text", "svg", "dot"]),
    help="How to draw it; dot is for Graphviz. Default: as the name of FILE ends (.mmd, .txt, .svg, .dot), or mermaid.",
)
@click.option(
    "--out", "-o", "out", metavar="FILE", shell_complete=completion.files, help="Write it to FILE; it is replaced."
)
@options.debug
def command(spec: str, form: str | None, out: str | None, debug: bool) -> None:
    """Draw the workflow in SPEC, on standard output or into a file."""
    from strands_cli.cli.errors import say
    from strands_cli.cli.outcome import print_text
    from strands_cli.loader import load_file
    from strands_cli.plan import draw, plan

    form = form or _form_of(out)
    picture = draw(plan(load_file(spec)), form)
    if out is None:
        print_text(picture)
        return
    try:
        Path(out).write_text(picture, encoding="utf-8")
    except OSError as error:
        raise click.UsageError(f"--out {out}: it cannot be written: {error.strerror or error}") from None
    say(f"Wrote {out}")


def _form_of(out: str | None) -> str:
    """The drawing that a file's name asks for."""
    ending = Path(out or "").suffix.lower()
    if ending in (".png", ".pdf", ".jpg", ".jpeg"):
        raise click.UsageError(
            f"--out {out}: pictures are drawn as .svg, which browsers show and print; "
            f"for {ending}: strands graph SPEC --format dot | dot -T{ending[1:]} -o {out}, with Graphviz"
        )
    return _ENDINGS.get(ending, "mermaid")
