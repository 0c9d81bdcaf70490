"""`strands sessions`: what is kept, what it waits for, who answered."""

import json
import os
import shlex
import stat
import time
from typing import Any

import pytest

from support.console import QUICK_START, Console

RUN = ("run", "my_workflow.yaml", "--var", "topic=tea", "--offline", "--json")


def paused(console: Console) -> str:
    return str(json.loads(console.run(*RUN, code=19).stdout)["session_id"])


def sessions(console: Console, *arguments: str) -> Any:
    return json.loads(console.run("sessions", *arguments, "--json").stdout)


def test_list(console: Console) -> None:
    assert console.run("sessions", "list").stderr == "No sessions.\n"
    assert sessions(console, "list") == []
    first, second = paused(console), paused(console)
    console.run("resume", second, "--response", "ok")
    lines = console.run("sessions", "list").stdout.splitlines()
    assert lines[0].split() == ["ID", "STATUS", "USED", "TOKENS", "WAITS", "FOR", "WORKFLOW"]
    assert len(lines) == 3
    assert [each["id"] for each in sessions(console, "list", "--status", "paused")] == [first]
    assert [each["id"] for each in sessions(console, "list", "--status", "completed")] == [second]
    assert sessions(console, "list", "--workflow", "other") == []
    assert len(sessions(console, "list", "--limit", "1")) == 1


def test_files_are_private_whatever_the_umask(console: Console) -> None:
    import os

    before = os.umask(0)
    try:
        session_id = paused(console)
    finally:
        os.umask(before)
    for path in (console.home / "workflows", *(console.home / "workflows").rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    assert session_id


def test_show_has_the_timeline(console: Console) -> None:
    session_id = paused(console)
    shown = console.run("sessions", "show", session_id).stdout
    for part in (
        session_id,
        "paused",
        "interactive-research (chain)",
        "topic = tea",
        "steps/0",
        "researcher",
        "tokens",
    ):
        assert part in shown
    assert f"Resume: strands resume {session_id} --answer 'q1=<TEXT>'" in shown
    console.run("resume", session_id, "--response", "approved")
    told = sessions(console, "show", session_id)
    assert told["status"] == "completed"
    assert [item["key"] for item in told["history"]] == ["steps/0", "steps/1", "steps/2"]
    assert told["history"][1]["text"] == "approved"
    assert told["tokens"] == sum(told["token_usage"].values()) > 0
    assert "Resume" not in console.run("sessions", "show", session_id).stdout


def test_questions_show_the_whole_context(console: Console) -> None:
    session_id = paused(console)
    (question,) = sessions(console, "questions")
    assert (question["session_id"], question["id"]) == (session_id, "steps/1")
    shown = console.run("sessions", "questions", session_id).stdout
    assert question["prompt"] in shown and question["context"] in shown
    console.run("resume", session_id, "--response", "ok")
    assert sessions(console, "questions") == []


PAYING = """\
version: 0
name: paying
runtime: {provider: scripted}
tools: {python: [{callable: "till:pay"}]}
agents:
  a: {prompt: You pay., tools: [pay], approvals: [{tools: [pay], options: [approve, edit, reject]}]}
pattern: {type: chain, config: {steps: [{agent: a, input: pay}]}}
"""
TILL = """\
from strands import tool

@tool
def pay(to: str, amount: int = 3, note: str = "%s") -> str:
    "Pay."
    return "paid"
"""


def test_what_may_be_answered_is_told_in_short_and_whole_on_demand(console: Console) -> None:
    console.write("paying.yaml", PAYING)
    console.write("till.py", TILL % ("n" * 5_000))
    session_id = json.loads(console.run("run", "paying.yaml", "--json", code=19).stdout)["session_id"]
    shown = console.run("sessions", "questions").stdout
    assert "anyOf" not in shown
    assert "or: edit: ALL ARGUMENTS AS A JSON OBJECT, or reject: WHY" in shown
    assert "anyOf" in console.run("sessions", "questions", "-v").stdout
    console.run("resume", session_id, "--response", "edit", code=19)
    shown = console.run("sessions", "questions").stdout
    assert "to: string" in shown and "amount: integer, default 3" in shown
    assert "nnnnnnnn" in shown and len(shown) < 3_000
    assert "n" * 5_000 in console.run("sessions", "questions", "--verbose").stdout
    assert "n" * 5_000 in sessions(console, "questions")[0]["schema"]["properties"]["note"]["default"]


TWO_GATES = """\
version: 0
name: two
runtime: {provider: scripted}
agents: {a: {prompt: You work.}}
pattern:
  type: chain
  config: {steps: [{type: hitl, prompt: "First?"}, {type: hitl, prompt: "Second?"}, {agent: a, input: go}]}
"""


def test_the_command_that_is_printed_answers_the_question_it_was_printed_for(console: Console) -> None:
    console.write("two.yaml", TWO_GATES)
    run = console.run("run", "two.yaml", code=19).stderr
    session_id = run.split("strands resume ")[1].split()[0]
    said = [run, console.run("sessions", "show", session_id).stdout, console.run("sessions", "questions").stdout]
    assert all(f"strands resume {session_id} --answer 'q1=<TEXT>'" in text for text in said)
    assert not any("--response" in text for text in said)
    pasted = ("resume", session_id, "--answer", "steps/0=yes")
    first = console.run(*pasted, code=19)
    assert "--answer 'q2=<TEXT>'" in first.stderr
    console.run(*pasted, code=19)  # the same answer again is a success, and none to the second question
    assert "already answered" in console.run("resume", session_id, "--answer", "steps/0=no", code=17).stderr
    assert [each["id"] for each in sessions(console, "questions")] == ["steps/1"]
    console.run("resume", session_id, "--response", "go")


def test_an_answer_of_a_command_line_is_told_from_one_of_a_program(console: Console) -> None:
    console.write("two.yaml", TWO_GATES)
    for arguments in (["--response", "yes"], ["--answer", "steps/0=yes"]):
        session_id = json.loads(console.run("run", "two.yaml", "--json", code=19).stdout)["session_id"]
        console.run("resume", session_id, *arguments, code=19)
        [line] = [each for each in sessions(console, "export", session_id, "--audit") if each["kind"] == "answered"]
        assert line["channel"] == "terminal"


def test_answer_records_and_the_next_resume_goes_on(console: Console) -> None:
    session_id = paused(console)
    console.run("sessions", "answer", session_id, "--response", "yes", "--by", "Ada", "--reason", "read it")
    taken = console.run("sessions", "answer", session_id, "--answer", "steps/1=no", code=17)
    assert "Ada" in taken.stderr or "no open question" in taken.stderr or "open" in taken.stderr
    assert json.loads(console.run("resume", session_id, "--json").stdout)["status"] == "completed"
    (line,) = [line for line in sessions(console, "export", session_id, "--audit") if line["kind"] == "answered"]
    assert (line["value"], line["by"], line["reason"]) == ("yes", "Ada", "read it")


@pytest.mark.parametrize("command", [["resume"], ["sessions", "answer"]])
def test_two_answers_to_one_question_are_refused_and_none_is_taken(console: Console, command: list[str]) -> None:
    session_id = paused(console)
    taken = console.run(*command, session_id, "--answer", "steps/1=no", "--answer", "steps/1=yes", code=17)
    assert "answered twice" in taken.stderr
    assert [each["id"] for each in sessions(console, "questions")] == ["steps/1"]


def test_export(console: Console) -> None:
    session_id = paused(console)
    exported = sessions(console, "export", session_id)
    assert exported["id"] == session_id
    assert exported["spec"]["name"] == "interactive-research"
    assert exported["inputs"] == {"topic": "tea"}
    assert exported["questions"][0]["id"] == "steps/1"
    shown = sessions(console, "show", session_id)
    for name in ("token_usage", "usage", "cost", "cost_by_agent", "unpriced_models"):
        assert exported[name] == shown[name]


def test_fork_goes_on_differently_from_a_step(console: Console) -> None:
    original = paused(console)
    console.run("resume", original, "--response", "yes")
    forked = console.run("sessions", "fork", original, "--at", "steps/1").stdout.strip()
    told = sessions(console, "show", forked)
    assert (told["status"], [item["key"] for item in told["history"]]) == ("paused", ["steps/0", "steps/1"])
    console.run("resume", forked, "--response", "no")
    texts = [sessions(console, "show", each)["history"][1]["text"] for each in (original, forked)]
    assert texts == ["yes", "no"]
    unknown = console.run("sessions", "fork", original, "--at", "steps/9", code=17)
    assert "'steps/9'" in unknown.stderr and "steps/0, steps/1, steps/2" in unknown.stderr


def test_delete_and_cancel(console: Console) -> None:
    first, second = paused(console), paused(console)
    console.run("sessions", "cancel", first)
    assert sessions(console, "show", first)["status"] == "cancelled"
    console.run("sessions", "delete", second)
    assert [each["id"] for each in sessions(console, "list")] == [first]


def test_case_10_cleanup_keeps_open_questions(console: Console) -> None:
    first, second = paused(console), paused(console)
    console.run("resume", second, "--response", "ok")
    console.run("sessions", "cleanup")
    assert len(sessions(console, "list")) == 2
    dry = sessions(console, "cleanup", "--max-age-days", "0", "--dry-run")
    assert dry == {"deleted": [], "would_delete": [second], "kept": {first: "paused: it waits for an answer"}}
    assert len(sessions(console, "list")) == 2
    told = console.run("sessions", "cleanup", "--max-age-days", "0", "--json")
    assert json.loads(told.stdout) == {"deleted": [second]}
    assert f"Kept {first}: paused: it waits for an answer." in told.stderr
    assert [each["id"] for each in sessions(console, "list")] == [first]
    assert sessions(console, "cleanup", "--max-age-days", "0", "--paused") == {"deleted": [first]}


def test_a_damaged_session_is_kept_and_deleted_when_told(console: Console) -> None:
    session_id = paused(console)
    journal = console.home / "workflows" / f"session_{session_id}" / "journal.jsonl"
    content = bytearray(journal.read_bytes())
    content[len(content) // 2] ^= 1
    journal.write_bytes(content)
    assert sessions(console, "cleanup", "--max-age-days", "0", "--paused") == {"deleted": []}
    refused = console.run("sessions", "delete", session_id, code=17).stderr
    assert f"strands sessions delete {session_id} --force" in refused and journal.read_bytes() == content
    console.run("sessions", "delete", session_id, "--force")
    assert not journal.parent.exists()


def test_hostile_names_stay_on_their_line(console: Console) -> None:
    console.write("my_workflow.yaml", QUICK_START.replace("name: interactive-research", 'name: "a\\e[2Jb\\nc [/b]"'))
    session_id = paused(console)
    terminal = console.terminal("sessions", "list")
    shown = terminal.end()
    assert terminal.foreign() == []
    assert "a\\x1b[2Jb\\nc [/b]" in shown
    terminal = console.terminal("sessions", "show", session_id)
    terminal.end()
    assert terminal.foreign() == []


@pytest.mark.parametrize("command", ["show", "questions", "export"])
def test_a_shortened_id_is_enough(console: Console, command: str) -> None:
    session_id = paused(console)
    assert session_id in console.run("sessions", command, session_id[:-4]).stdout


BRANCHES = """\
version: 0
name: two
runtime: {provider: openai, model_id: m}
agents: {a: {prompt: "You are a"}}
pattern:
  type: parallel
  config:
    branches:
      - {id: x, steps: [{type: hitl, prompt: "x?"}, {agent: a, input: x}]}
      - {id: y, steps: [{type: hitl, prompt: "y?", choices: [go, halt]}, {agent: a, input: y}]}
"""


def test_several_answers_are_taken_together_or_not_at_all(console: Console) -> None:
    console.write("two.yaml", BRANCHES)
    session_id = json.loads(console.run("run", "two.yaml", "--offline", "--json", code=19).stdout)["session_id"]
    both = ("-a", "branches/x/steps/0=yes", "-a", "branches/y/steps/0=go")
    refused = console.run(
        "sessions", "answer", session_id, both[0], both[1], "-a", "branches/y/steps/0=perhaps", code=17
    )
    assert "'perhaps'" in refused.stderr
    assert len(sessions(console, "questions", session_id)) == 2
    assert console.run("resume", session_id, *both[:3], "branches/y/steps/0=perhaps", code=17).stderr
    assert len(sessions(console, "questions", session_id)) == 2
    for _ in range(2):  # the same by the same person again is a success
        console.run("sessions", "answer", session_id, *both)
    (found,) = sessions(console, "list", "--status", "answered")
    assert found["id"] == session_id and found["questions"] == []
    assert f"Go on: strands resume {session_id}" in console.run("sessions", "show", session_id).stdout
    assert json.loads(console.run("resume", session_id, "--json").stdout)["status"] == "completed"


def test_deleting_says_what_is_lost(console: Console) -> None:
    first, second = (json.loads(console.run(*RUN, code=19).stdout)["session_id"] for _ in range(2))
    console.run("sessions", "answer", second, "--response", "approved")
    assert "waited for an answer to steps/1" in console.run("sessions", "delete", first).stderr
    assert "was answered and had not gone on" in console.run("sessions", "delete", second).stderr


@pytest.mark.parametrize(
    ("question", "stands_for", "answer"),
    [
        ({"prompt": "Go?"}, "<TEXT>", "yes"),
        ({"prompt": "Go?", "choices": ["yes", "no"]}, "<yes|no>", "yes"),
        (
            {"prompt": "Go?", "choices": [f"choice number {number}" for number in range(9)]},
            "<CHOICE>",
            "choice number 3",
        ),
        ({"prompt": "How many?", "schema": {"type": "integer"}}, "<JSON>", "3"),
    ],
    ids=["text", "choices", "many choices", "a form"],
)
def test_a_printed_command_that_is_not_filled_in_answers_nothing(
    console: Console, question: dict[str, Any], stands_for: str, answer: str
) -> None:
    steps = [{"type": "hitl", **question}]
    runtime, pattern = {"provider": "scripted"}, {"type": "chain", "config": {"steps": steps}}
    spec = {"version": 0, "name": "t", "runtime": runtime, "agents": {"a": {"prompt": "p"}}, "pattern": pattern}
    console.write("t.json", json.dumps(spec))
    printed = console.run("run", "t.json", code=19).stderr.split("Resume: ")[1]
    command = shlex.split(printed)
    assert command[-1] == f"q1={stands_for}"
    commands = (
        command[1:],
        ["sessions", "answer", command[2], *command[3:]],
        [*command[1:3], "--response", stands_for],
    )
    for pasted in commands:
        refused = console.run(*pasted, code=17)
        assert f"Error: {stands_for} stands for the answer to 'steps/0'" in refused.stderr
        assert "in its place, without < and >." in refused.stderr
    console.run(*command[1:-1], f"steps/0={answer}")


def test_deleting_asks_in_a_terminal(online: Console) -> None:
    online.run("run", "my_workflow.yaml", "--var", "topic=tea", code=19)
    (session,) = json.loads(online.run("sessions", "list", "--json").stdout)
    beginning, whole = session["id"][:-3], session["id"]
    refused = online.run("sessions", "delete", beginning, code=2)
    assert f"only the beginning of session '{whole}'" in refused.stderr and "--yes" in refused.stderr
    terminal = online.terminal("sessions", "delete", beginning).expect("waits for steps/1? [y/N]: ").type("n")
    assert "Nothing was deleted." in terminal.end()
    assert len(json.loads(online.run("sessions", "list", "--json").stdout)) == 1
    terminal = online.terminal("sessions", "delete", whole).expect("[y/N]: ").type("y")
    assert f"Deleted {whole}" in terminal.end()


@pytest.mark.parametrize("arguments", [("ID",), ("BEGINNING", "--yes"), ("ID", "--force")])
def test_deleting_asks_nobody_elsewhere(online: Console, arguments: tuple[str, ...]) -> None:
    online.run("run", "my_workflow.yaml", "--var", "topic=tea", code=19)
    (session,) = json.loads(online.run("sessions", "list", "--json").stdout)
    named = {"ID": session["id"], "BEGINNING": session["id"][:-3]}
    online.run("sessions", "delete", *(named.get(each, each) for each in arguments))
    assert json.loads(online.run("sessions", "list", "--json").stdout) == []


DEADLINE = """
version: 0
name: late
runtime: {provider: scripted}
agents: {a: {prompt: Hi.}}
pattern:
  type: chain
  config:
    steps:
      - {type: hitl, prompt: "May we?", choices: ["yes", "no"], default: "no", timeout_seconds: 1}
      - {type: hitl, prompt: "Sure?"}
"""


def test_the_timeline_says_which_answer_nobody_gave(console: Console) -> None:
    console.write("late.yaml", DEADLINE)
    session_id = json.loads(console.run("run", "late.yaml", "--json", code=19).stdout)["session_id"]
    time.sleep(1.1)
    console.run("resume", session_id, code=19)
    console.run("sessions", "answer", session_id, "--response", "yes")
    shown = console.run("sessions", "show", session_id).stdout.splitlines()
    (late,) = (line for line in shown if " steps/0 " in line)
    (given,) = (line for line in shown if " steps/1 " in line and "hitl" in line)
    assert late.endswith("no (nobody answered in time)") and "nobody" not in given
    assert [each["timed_out"] for each in sessions(console, "show", session_id)["history"]] == [True, False]


@pytest.mark.parametrize("place", ["sqlite:///misspelt.db", "misspelt"])
@pytest.mark.parametrize(
    "command",
    [
        ("sessions", "list"),
        ("sessions", "questions"),
        ("sessions", "show", "s1"),
        ("sessions", "answer", "s1", "--response", "yes"),
        ("resume", "s1"),
        ("worker", "list"),
    ],
    ids=" ".join,
)
def test_a_store_that_is_not_there_is_named_and_not_made(
    console: Console, place: str, command: tuple[str, ...]
) -> None:
    done = console.run("--store", place, *command, code=12)
    assert f"there is no store {place}" in done.stderr and done.stderr.count("\n") == 2
    assert not list(console.directory.glob("misspelt*"))


def test_the_doctor_makes_no_store(console: Console) -> None:
    assert "misspelt.db (made when it is needed)" in console.run("--store", "sqlite:///misspelt.db", "doctor").stdout
    assert not list(console.directory.glob("misspelt*"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_database_that_cannot_be_made_is_not_laid_to_the_home(console: Console) -> None:
    (console.directory / "closed").mkdir(mode=0o500)
    console.write("late.yaml", DEADLINE)
    done = console.run("--store", "sqlite:///closed/runs.db", "run", "late.yaml", code=12)
    assert "name another file" in done.stderr and "STRANDS_HOME" not in done.stderr
