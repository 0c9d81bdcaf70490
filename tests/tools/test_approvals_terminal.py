"""A tool approval in a terminal, and on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from support.console import Console

SPEC = """\
version: 0
name: writer
runtime: {provider: scripted}
tools: {python: ["tool:publish"]}
agents:
  writer:
    prompt: You publish.
    approvals: [{tools: [publish], options: [approve, edit, reject], prompt: "Publish {{ args.title }}?"}]
pattern: {type: chain, config: {steps: [{agent: writer, input: Publish it}]}}
"""
TOOL = """\
from strands import tool

@tool
def publish(title: str) -> str:
    '''Publish a text.

    Args:
        title: Its title.
    '''
    with open("published.txt", "a") as file:
        file.write(title + "\\n")
    return "published " + title
"""


@pytest.fixture
def console(tmp_path: Path) -> Console:
    console = Console(tmp_path)
    console.write("w.yaml", SPEC)
    console.write("tool.py", TOOL)
    return console


def published(console: Console) -> list[str]:
    path = console.directory / "published.txt"
    return path.read_text().splitlines() if path.exists() else []


def test_a_person_approves_at_the_prompt(console: Console) -> None:
    terminal = console.terminal("run", "w.yaml")
    terminal.expect("Publish ").expect("approve").expect("Your response").type("approve")
    terminal.end()
    assert len(published(console)) == 1


def test_a_person_rejects_with_a_reason(console: Console) -> None:
    terminal = console.terminal("run", "w.yaml")
    terminal.expect("Your response").type("reject: not yet")
    terminal.end()
    assert published(console) == []


def test_a_person_responds_in_place_of_the_call(console: Console) -> None:
    console.write("w.yaml", SPEC.replace("edit, reject", "respond, reject"))
    terminal = console.terminal("run", "w.yaml")
    terminal.expect("Your response").type("respond")
    terminal.expect("in place of the call's result").type("It is published already")
    terminal.end()
    assert published(console) == []


def test_a_person_edits_in_a_form(console: Console) -> None:
    terminal = console.terminal("run", "w.yaml")
    terminal.expect("Your response").type("edit")
    terminal.expect("title - Its title.").type("My title")
    assert "With which arguments" not in terminal.end()
    assert published(console) == ["My title"]


def test_it_pauses_and_is_answered_on_the_command_line(console: Console) -> None:
    paused = json.loads(console.run("run", "w.yaml", "--json", code=19).stdout)
    [question] = paused["questions"]
    assert question["kind"] == "approval"
    assert question["choices"] == ["approve", "edit", "reject"]
    answer = f'{question["id"]}=edit: {{"title": "Edited"}}'
    console.run("resume", paused["session_id"], "--answer", answer)
    assert published(console) == ["Edited"]


def test_an_answer_that_is_none_is_refused_and_asked_for_again(console: Console) -> None:
    paused = json.loads(console.run("run", "w.yaml", "--json", code=19).stdout)
    refused = console.run("resume", paused["session_id"], "--response", "maybe", code=17)
    assert "approve, edit, reject" in refused.stderr
    assert published(console) == []
    console.run("resume", paused["session_id"], "--response", "approve")
    assert len(published(console)) == 1
