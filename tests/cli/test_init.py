"""`strands init`: every template is a file that validates, and runs without a key."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from strands_cli.cli import init
from strands_cli.spec.registry import own_patterns
from support.console import Console

TEMPLATES = {each.stem: each for each in (Path(init.__file__).with_name("templates")).glob("[a-z]*.*")}
WORKFLOWS = [name for name, each in TEMPLATES.items() if each.suffix == ".yaml"]


def test_there_is_a_template_of_every_pattern_and_all_are_listed(console: Console) -> None:
    assert {*own_patterns(), "gate", "approvals", "agent"} == {*TEMPLATES}
    listed = dict(line.split(maxsplit=1) for line in console.run("init", "--list").stdout.splitlines())
    assert listed.keys() == TEMPLATES.keys() and all(says.endswith(".") for says in listed.values())


@pytest.mark.parametrize("name", WORKFLOWS)
def test_a_template_validates_and_runs_offline(console: Console, name: str) -> None:
    wrote = console.run("init", "mine.yaml", "--template", name)
    command = wrote.stderr.partition("strands ")[2].split()
    assert json.loads(console.run("validate", "mine.yaml", "--json").stdout)["valid"] is True
    done = console.run(*command, code=None)
    assert done.returncode in (0, 19), done.stderr
    assert "strands resume" in done.stdout + done.stderr or done.returncode == 0


@pytest.mark.parametrize("name", WORKFLOWS)
def test_editors_find_the_schema_without_a_network(console: Console, name: str) -> None:
    from jsonschema import Draft202012Validator
    from ruamel.yaml import YAML

    console.run("init", "mine.yaml", "-t", name)
    text = (console.directory / "mine.yaml").read_text()
    first = text.splitlines()[0]
    assert first.startswith("# yaml-language-server: $schema=./")
    schema = json.loads((console.directory / first.partition("=./")[2]).read_text())
    Draft202012Validator(schema).validate(YAML(typ="safe").load(text))


def test_an_agent_in_python_asks_and_goes_on(console: Console) -> None:
    console.run("init", "--template", "agent")

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "agent.py", "--offline", *arguments],
            cwd=console.directory,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "May I delete ['old.txt']?" in run()
    assert "Deleted old.txt" in run("y")


def test_a_file_that_stands_there_is_kept(console: Console) -> None:
    (console.directory / "mine.yaml").write_text("mine")
    refused = console.run("init", "mine.yaml", "-t", "gate", code=12)
    assert "--force" in refused.stderr and (console.directory / "mine.yaml").read_text() == "mine"
    assert not (console.directory / init.SCHEMA).exists()
    unknown = console.run("init", "-t", "gatee", code=2)
    assert "gate" in unknown.stderr


def test_a_program_is_not_written_into_a_workflow_file(console: Console) -> None:
    refused = console.run("init", "mine.yaml", "--template", "agent", code=2)
    assert "'agent' is a program in Python" in refused.stderr and not (console.directory / "mine.yaml").exists()
