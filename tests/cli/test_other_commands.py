"""Commands of packages installed beside this one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from support.console import Console
from support.packages import install

HELLO = '''
import click

@click.command()
@click.argument("name")
def hello(name):
    """Greet NAME."""
    click.echo(f"Hello, {name}!")
    raise SystemExit(3)
'''


@pytest.fixture
def theirs(tmp_path: Path) -> Console:
    console = Console(tmp_path)
    files = {"acme_commands.py": HELLO + "\nnothing = 3\n", "acme_broken.py": "import no_such_thing"}
    points = {"hello": "acme_commands:hello", "number": "acme_commands:nothing", "broken": "acme_broken:command"}
    install(tmp_path / "site", "acme", files, {f"strands.commands/{name}": value for name, value in points.items()})
    console.env["PYTHONPATH"] = os.pathsep.join([str(tmp_path / "site"), console.env.get("PYTHONPATH", "")])
    return console


def test_a_command_runs_and_ends_as_it_says(theirs: Console) -> None:
    assert theirs.run("hello", "Ada", code=3).stdout == "Hello, Ada!\n"
    assert "Greet NAME." in theirs.run("hello", "--help").stdout


def test_it_is_listed(theirs: Console) -> None:
    assert "commands: broken, hello, number" in theirs.run("list-supported").stdout


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("broken", "command 'broken' cannot be loaded from 'acme_broken:command': ModuleNotFoundError"),
        ("number", "command 'number' of 'acme_commands:nothing' is int, not a click.Command"),
    ],
)
def test_a_broken_one_is_named(theirs: Console, name: str, told: str) -> None:
    shown = theirs.run(name, code=18).stderr
    assert told in " ".join(shown.split()) and "Traceback" not in shown


def test_no_package_takes_the_place_of_a_command_of_ours(theirs: Console, tmp_path: Path) -> None:
    install(tmp_path / "site", "evil", {"evil.py": HELLO}, {"strands.commands/run": "evil:hello"})
    assert "Run the workflow" in theirs.run("run", "--help").stdout
