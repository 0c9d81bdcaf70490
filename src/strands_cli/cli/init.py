"""`strands init`: a workflow file to start from."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from strands_cli.cli import completion, options

_TEMPLATES = Path(__file__).with_name("templates")
_DEFAULT = "chain"
SCHEMA = "strands.schema.json"
"""The file, beside workflows, that editors complete and check them with."""


@click.command("init")
@click.argument("path", metavar="[FILE]", default="", shell_complete=completion.files)
@click.option(
    "--template",
    "-t",
    type=click.Choice(sorted(each.stem for each in _TEMPLATES.glob("[a-z]*.*"))),
    default=_DEFAULT,
    show_default=True,
    help="What to start from.",
)
@click.option("--list", "listed", is_flag=True, help="List the templates, and what each is.")
@click.option("--force", is_flag=True, help="Overwrite the file if it exists.")
@options.debug
def command(path: str, template: str, listed: bool, force: bool, debug: bool) -> None:
    """Write a commented workflow to FILE (workflow.yaml), or an agent in Python (agent.py).

    A workflow's first line names its JSON Schema for editors, which is written beside it as strands.schema.json.
    """
    from strands_cli.cli.errors import say
    from strands_cli.cli.outcome import print_text

    if listed:
        print_text("\n".join(f"{each.stem:<22}{_says(each)}" for each in sorted(_TEMPLATES.glob("[a-z]*.*"))))
        return
    source = next(_TEMPLATES.glob(f"{template}.*"))
    text = source.read_text(encoding="utf-8")
    if source.suffix == ".py":
        path = path or "agent.py"
        if Path(path).suffix in (".yaml", ".yml", ".json"):
            raise click.BadParameter(f"the template {template!r} is a program in Python: give FILE a name in .py.")
        _write(path, text.replace("agent.py", Path(path).name), force)
        say(f"Wrote {path}. Rehearse it without a key: python {shlex.quote(path)} --offline")
        return
    path = path or "workflow.yaml"
    quoted = shlex.quote(path)
    _write(path, f"# yaml-language-server: $schema=./{SCHEMA}\n{text.replace('workflow.yaml', quoted)}", force)
    _write_schema(Path(path).with_name(SCHEMA))
    given = " --var topic=tea" if template == _DEFAULT else ""
    say(f"Wrote {path}. Rehearse it without a key: strands run {quoted} --offline{given}")


def _says(template: Path) -> str:
    """The first line of a template says what it is."""
    return template.read_text(encoding="utf-8").partition("\n")[0].strip('#" ')


def _write_schema(path: Path) -> None:
    """Write the schema of this version; a file that stands there is one."""
    import json

    from strands_cli.schema.validator import json_schema

    _write(str(path), json.dumps(json_schema(), indent=1, ensure_ascii=False) + "\n", True)


def _write(path: str, text: str, force: bool) -> None:
    from strands_cli.errors import StorageError

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
