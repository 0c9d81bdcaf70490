"""Short names of questions: q1, q2, a number, a beginning of the id; none ever means another question."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

from strands_cli.kernel.shown import numbers
from strands_cli.kernel.state import State
from strands_cli.kernel.types import Draft, Entry
from support.console import Console

GATES = """\
version: 0
name: gates
runtime: {provider: scripted}
agents: {a: {prompt: You work.}}
pattern:
  type: parallel
  config:
    branches:
      - {id: web, steps: [{type: hitl, prompt: "Web fine?"}, {type: hitl, prompt: "Sure?"}]}
      - {id: docs, steps: [{type: hitl, prompt: "Docs fine?"}]}
    reduce: {agent: a, input: go}
"""


@pytest.fixture
def console(tmp_path: Path) -> Console:
    console = Console(tmp_path)
    console.write("gates.yaml", GATES)
    return console


def paused(console: Console) -> str:
    return str(json.loads(console.run("run", "gates.yaml", "--json", code=19).stdout)["session_id"])


def questions(console: Console, id_: str) -> list[dict[str, Any]]:
    return list(json.loads(console.run("sessions", "questions", id_, "--json").stdout))


def answers(console: Console, id_: str) -> dict[str, Any]:
    told = json.loads(console.run("sessions", "export", id_, "--audit", "--json").stdout)
    return {entry["key"]: entry["value"] for entry in told if entry["kind"] == "answered"}


@pytest.mark.parametrize("name", ["q2", "Q2", "2", "branches/d", "branches/docs/steps/0"])
def test_each_name_that_a_question_has_answers_it(console: Console, name: str) -> None:
    id_ = paused(console)
    console.run("sessions", "answer", id_, "--answer", f"{name}=a=b")
    assert answers(console, id_) == {"branches/docs/steps/0": "a=b"}


def test_each_question_is_printed_with_its_short_name(console: Console) -> None:
    run = console.run("run", "gates.yaml", code=19).stderr
    id_ = run.split("strands resume ")[1].split()[0]
    shown = console.run("sessions", "show", id_).stdout
    for text in (run, shown):
        assert "  q1  branches/web/steps/0: Web fine?" in text and "  q2  branches/docs/steps/0: Docs fine?" in text
        assert f"Resume: strands resume {id_} --answer 'q1=<TEXT>' --answer 'q2=<TEXT>'" in text
    listed = console.run("sessions", "questions", id_).stdout
    assert f"{id_}  q2  branches/docs/steps/0" in listed and f"resume {id_} --answer 'q2=<TEXT>'" in listed
    for command in ("show", "questions"):
        assert "--answer 'branches/docs/steps/0=<TEXT>'" in console.run("sessions", command, id_, "--full").stdout
    assert [each["number"] for each in questions(console, id_)] == [1, 2]


def test_a_name_does_not_pass_to_the_next_question(console: Console) -> None:
    id_ = paused(console)
    console.run("resume", id_, "--answer", "q1=yes", code=19)
    assert {each["number"]: each["prompt"] for each in questions(console, id_)} == {2: "Docs fine?", 3: "Sure?"}
    again = console.run("resume", id_, "--answer", "q1=no", code=17)
    assert "already answered" in again.stderr
    console.run("resume", id_, "--answer", "q3=go", "--answer", "2=yes")
    assert answers(console, id_) == {
        "branches/web/steps/0": "yes",
        "branches/web/steps/1": "go",
        "branches/docs/steps/0": "yes",
    }


def test_a_question_of_a_mended_workflow_has_a_number_of_its_own(console: Console) -> None:
    id_ = paused(console)
    console.write("mended.yaml", GATES.replace("id: web", "id: site").replace("Web fine?", "Site fine?"))
    mended = console.run("resume", id_, "--spec", "mended.yaml", "--accept-changes", "--json", code=19)
    found = {each["prompt"]: each["number"] for each in json.loads(mended.stdout)["questions"]}
    assert found == {"Docs fine?": 2, "Site fine?": 3}
    refused = console.run("sessions", "answer", id_, "--answer", "q1=yes", code=17)
    assert "does not come to 'branches/web/steps/0' any more" in refused.stderr
    assert answers(console, id_) == {}


def test_a_question_that_takes_the_id_of_another_does_not_take_its_number() -> None:
    state = State()
    for kind, key, data in (
        ("asked", "a", {"prompt": "1"}),
        ("asked", "b", {"prompt": "2"}),
        ("leased", "", {"driver": "d", "changed": {"spec": {}, "left": ["a"]}}),
        ("asked", "a", {"prompt": "3"}),
    ):
        state.apply(Entry(state.count, *Draft(kind, key, data, 0.0)))
    assert numbers(state) == {"b": 2, "a": 3}


def test_what_names_several_or_none_is_refused(console: Console) -> None:
    id_ = paused(console)
    several = console.run("resume", id_, "--answer", "branches=yes", code=17).stderr
    assert "names 2 questions" in several and "branches/web/steps/0 (q1), branches/docs/steps/0 (q2)" in several
    for name in ("q3", "0", "q", "", "q01", "web"):
        none = console.run("resume", id_, "--answer", f"{name}=yes", code=17).stderr
        assert "with an open question" in none and "q1 (branches/web/steps/0)" in none, name
    twice = console.run("resume", id_, "--answer", "q1=yes", "--answer", "branches/web/steps/0=no", code=17).stderr
    assert "answered twice" in twice and answers(console, id_) == {}


def test_with_whom_a_question_is_takes_short_names(console: Console) -> None:
    console.write("gates.yaml", GATES.replace('"Docs fine?"', '"Docs fine?", delegate: anyone'))
    id_ = paused(console)
    key = "branches/docs/steps/0"
    assert f"{key} is with " in console.run("sessions", "claim", id_, "q2").stderr
    assert f"{key} is with nobody" in console.run("sessions", "release", id_, "2").stderr
    handed = console.run("sessions", "delegate", id_, "branches/docs", "--to", "zoe", "--json").stdout
    assert json.loads(handed) == {"session_id": id_, "question": key, "assignee": "zoe"}


STEPS = "version: 0\nname: one\nruntime: {provider: scripted%s}\nagents: {a: {prompt: You work.%s}}\n%s"
STEPS += "pattern: {type: chain, config: {steps: [%s{agent: a, input: go}, {agent: a, input: on}]}}\n"
FORM = "{type: object, properties: {name: {type: string}, age: {type: integer}}, required: [name]}"
TILL = """\
from strands import tool

@tool
def pay(to: str, amount: int = 3) -> str:
    "Pay."
    return "paid"
"""
KINDS = {
    "text": (STEPS % ("", "", "", '{type: hitl, prompt: "Why?"}, '), "<TEXT>", "it's = fine"),
    "choices": (
        STEPS % ("", "", "", '{type: hitl, prompt: "Go?", choices: ["yes, do", no]}, '),
        "<yes, do|no>",
        "yes, do",
    ),
    "form": (STEPS % ("", "", "", f'{{type: hitl, prompt: "Who?", schema: {FORM}}}, '), "<JSON>", '{"name": "Ann"}'),
    "budget": (STEPS % (", budgets: {max_steps: 1, on_exceed: ask}", "", "", ""), "<extend|stop>", "extend"),
    "approval": (
        STEPS % ("", " , tools: [pay], approvals: [{tools: [pay]}]", 'tools: {python: [{callable: "till:pay"}]}\n', ""),
        "<approve|reject>",
        "approve",
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_the_command_that_is_printed_for_each_kind_of_question_works_once_it_is_filled_in(
    console: Console, kind: str
) -> None:
    spec, stands_for, answer = KINDS[kind]
    console.write("till.py", TILL)
    console.write("one.yaml", spec)
    printed = shlex.split(console.run("run", "one.yaml", code=19).stderr.split("Resume: strands ")[1])
    assert printed[2:] == ["--answer", f"q1={stands_for}"]
    assert "stands for the answer" in console.run(*printed, code=17).stderr
    console.run(*printed[:3], f"q1={answer}", code=None)
    (given,) = list(answers(console, printed[1]).values())[:1]
    assert given == (json.loads(answer) if kind == "form" else answer)


def test_the_command_that_is_printed_for_several_works_once_it_is_filled_in(console: Console) -> None:
    command = console.run("run", "gates.yaml", code=19).stderr.split("Resume: strands ")[1]
    filled = shlex.split(command.replace("<TEXT>", "yes please"))
    console.run(*filled, code=19)
    assert set(answers(console, filled[1]).values()) == {"yes please"} and len(answers(console, filled[1])) == 2


def test_an_answer_that_could_be_meant_for_several_is_told_how_each_is_answered(console: Console) -> None:
    id_ = paused(console)
    refused = console.run("resume", id_, "--response", "yes", code=17).stderr
    hint = refused.split(f"strands resume {id_} ")[1]
    assert hint.strip() == "--answer q1=... --answer q2=..."
    console.run("resume", id_, *shlex.split(hint.replace("...", "yes")), code=19)
