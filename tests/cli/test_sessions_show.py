"""What `sessions show` and `watch` tell of questions, in 80 columns; a drawing in a file, a trace of a resumed run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from strands_cli.kernel.handlers import current_user
from support.console import Console

VOTES = """\
version: 0
name: votes
runtime: {provider: scripted}
agents: {a: {prompt: You work.}}
pattern:
  type: chain
  config:
    steps:
      - {type: hitl, prompt: "Is the text good enough to be printed?", choices: [approve, reject], DELEGATE}
      - {agent: a, input: go}
      - {type: hitl, prompt: "Sure?"}
"""


@pytest.fixture
def console(tmp_path: Path) -> Console:
    console = Console(tmp_path)
    console.write("votes.yaml", VOTES.replace("DELEGATE", "delegate: anyone"))
    console.write("two.yaml", VOTES.replace("DELEGATE", "quorum: {approve: 2}"))
    return console


def paused(console: Console, name: str = "votes.yaml") -> str:
    return str(json.loads(console.run("run", name, "--json", code=19).stdout)["session_id"])


def shown(console: Console, *arguments: str) -> dict[str, Any]:
    return dict(json.loads(console.run("sessions", "show", *arguments, "--json").stdout))


def test_who_answered_through_what_when_and_why_is_told_with_the_question(console: Console) -> None:
    id_ = paused(console)
    console.run("sessions", "delegate", id_, "q1", "--to", "zoe", "--why", "she knows it")
    console.run("sessions", "release", id_, "q1")
    console.run("sessions", "answer", id_, "-a", "q1=approve", "--by", "Ada", "--reason", "I have read it")
    told = console.run("sessions", "show", id_).stdout
    answered = told.split("Answered\n")[1]
    assert "  q1  steps/0: Is the text good enough to be printed?\n      Answer: approve\n" in answered
    assert "Given by Ada through terminal at 20" in answered and "Why: I have read it" in answered
    timeline = told.split("Answered\n")[0]
    assert "assigned" in timeline and f"to zoe by {current_user()} through terminal: she knows it" in timeline
    assert "given back by " in timeline
    assert f"No question waits: each is answered or past its deadline. Go on: strands resume {id_}" in told
    acts = shown(console, id_)["on_questions"]
    assert [act["kind"] for act in acts] == ["assigned", "assigned", "answered"]
    named = {name: acts[2][name] for name in ("question", "value", "by", "channel", "reason")}
    expected = ("steps/0", "approve", "Ada", "terminal", "I have read it")
    assert tuple(named.values()) == expected and acts[0]["to"] == "zoe"


def test_a_vote_is_a_line_of_the_timeline(console: Console) -> None:
    id_ = paused(console, "two.yaml")
    console.run("sessions", "answer", id_, "-a", "q1=approve", "--reason", "fine")
    (line,) = (line for line in console.run("sessions", "show", id_).stdout.splitlines() if " voted " in line)
    assert line.endswith(f"approve by {current_user()} through terminal: fine")


def test_in_80_columns_no_line_is_wider(console: Console) -> None:
    id_ = paused(console)
    console.run("sessions", "answer", id_, "-a", "q1=approve", "--by", "Ada", "--reason", "I have read it " * 9)
    for arguments in (("list",), ("show", id_), ("watch", id_)):
        for line in console.terminal("sessions", *arguments, columns=80).end().splitlines():
            assert len(line.rstrip()) <= 80, line


def test_watch_follows_a_run_to_its_rest_and_changes_nothing(console: Console) -> None:
    id_ = paused(console)
    before = shown(console, id_)
    watched = console.run("sessions", "watch", id_)
    assert f"Session {id_} is paused." in watched.stdout and "--answer 'q1=<approve|reject>'" in watched.stdout
    assert shown(console, id_) == before
    console.run("resume", id_, "-a", "q1=approve", code=19)
    console.run("resume", id_, "-a", "q2=yes")
    over = console.run("sessions", "watch", id_)
    assert f"Session {id_} is completed." in over.stdout and "steps/1" in over.stderr
    assert json.loads(console.run("sessions", "watch", id_, "--json").stdout)["status"] == "completed"


def test_a_resumed_run_leaves_a_trace(console: Console) -> None:
    id_ = paused(console)
    console.run("resume", id_, "-a", "q1=approve", "--trace", code=19)
    trace = json.loads((console.directory / "votes-trace.json").read_text())
    assert trace["session_id"] == id_ and "steps/1" in {event["step_id"] for event in trace["events"]}


@pytest.mark.parametrize(
    ("form", "begins"), [("svg", "<svg "), ("mermaid", "flowchart TD"), ("text", ""), ("dot", "digraph")]
)
def test_a_drawing_goes_into_a_file(console: Console, form: str, begins: str) -> None:
    done = console.run("graph", "votes.yaml", "--format", form, "-o", "drawing.txt")
    assert done.stdout == "" and "Wrote drawing.txt" in done.stderr
    drawn = (console.directory / "drawing.txt").read_text()
    assert drawn.startswith(begins) and drawn == console.run("graph", "votes.yaml", "--format", form).stdout
    refused = console.run("graph", "votes.yaml", "-o", "no/such/place.svg", code=None)
    assert refused.returncode == 2 and "cannot be written" in refused.stderr


def test_the_name_of_a_file_says_how_it_is_drawn(console: Console) -> None:
    for name, begins in (
        ("a.svg", "<svg "),
        ("a.mmd", "flowchart"),
        ("a.gv", "digraph"),
        ("a.txt", "?"),
        ("a", "flow"),
    ):
        console.run("graph", "votes.yaml", "-o", name)
        assert (console.directory / name).read_text().startswith(begins)
    refused = console.run("graph", "votes.yaml", "-o", "a.png", code=2)
    assert "--format dot | dot -Tpng -o a.png" in " ".join(refused.stderr.split())


FORMS = """
version: 0
name: forms
runtime: {provider: scripted}
pattern:
  type: parallel
  config:
    branches:
      - {id: northern, steps: [{type: hitl, prompt: Size, schema: {type: object, properties: {n: {type: integer}}}}]}
      - {id: southern, steps: [{type: hitl, prompt: "And there?"}, {set: {done: "{{ hitl_response }}"}}]}
"""


def test_branches_are_told_from_each_other_and_data_is_json(console: Console) -> None:
    console.write("forms.yaml", FORMS)
    id_ = paused(console, "forms.yaml")
    listed = console.run("sessions", "questions", id_).stdout
    assert "JSON that fits its schema)" in listed and "n: integer" in listed
    console.run("sessions", "answer", id_, "-a", 'q1={"n": 3}', "-a", "q2=" + "many words " * 9)
    seen = console.terminal("sessions", "show", id_, columns=72).end()
    timeline, answered = seen.split("Answered")
    assert "northern" in timeline and "southern" in timeline
    assert 'Answer: {"n": 3}' in answered
