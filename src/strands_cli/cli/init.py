"""`strands init`: a workflow file to start from."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from strands_cli.cli import completion, options


@click.command("init")
@click.argument("path", metavar="[FILE]", default="workflow.yaml", shell_complete=completion.files)
@click.option("--force", is_flag=True, help="Overwrite the file if it exists.")
@options.debug
def command(path: str, force: bool, debug: bool) -> None:
    """Write a commented workflow to FILE (workflow.yaml): two agents and a question between them."""
    from strands_cli.cli.errors import say
    from strands_cli.errors import StorageError

    text = Path(__file__).with_name("scaffold.yaml").read_text(encoding="utf-8")
    try:
        with open(path, "w" if force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise StorageError(
            f"{path!r} exists already", hint="Choose another name, or overwrite it with --force."
        ) from None
    except OSError as error:
        raise StorageError(
            f"cannot write {path!r}: {error.strerror}", hint="Choose a directory that exists and is writable."
        ) from None
    quoted = shlex.quote(path)
    say(f"Wrote {path}. Rehearse it without a key: strands run {quoted} --offline --var topic=tea")
