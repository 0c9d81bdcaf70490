"""80 columns: what matters of a line is seen on it."""

import asyncio
import json
from pathlib import Path

import pytest

from strands.journal import wake
from strands_cli.session.repository import store_at
from support.console import Console

APPROVAL = """
from strands import Workflow
from strands.models.scripted import ScriptedModel, ToolCall

agent = {"prompt": "p", "tools": ["file_write"], "approvals": [{"tools": ["file_write"]}]}
spec = {
    "version": 0,
    "name": "notes",
    "runtime": {"provider": "scripted"},
    "tools": {"python": ["file_write"]},
    "agents": {"a": agent},
    "pattern": {"type": "chain", "config": {"steps": [{"agent": "a", "input": "go"}]}},
}
model = ScriptedModel([ToolCall("file_write", {"path": "a.txt", "content": "x"}), "Written."])
print(Workflow.from_dict(spec, model=model).run_interactive().last_response)
"""
DECLINED = """
import asyncio
from strands_cli.terminal.prompt import ask
from strands_cli.types import HITLState

schema = {"type": "object", "properties": {"colour": {"type": "string"}}, "required": ["colour"]}
print(asyncio.run(ask(HITLState(active=True, prompt="Which?", schema=schema, kind="elicitation"))))
"""
ASKED = """
import asyncio
from strands_cli.terminal.prompt import ask
from strands_cli.types import AnswerLater, HITLState

try:
    asyncio.run(ask({state}))
except AnswerLater:
    pass
"""


@pytest.fixture
def console(tmp_path: Path) -> Console:
    return Console(tmp_path)


def line_with(shown: str, text: str) -> str:
    return next(line.rstrip() for line in shown.splitlines() if text in line)


def test_a_list_of_sessions_shows_what_each_waits_for(console: Console) -> None:
    console.write("w.yaml", json.dumps(WAITING))
    console.run("run", "w.yaml", "--offline", "--pause", code=19)
    shown = console.terminal("sessions", "list", columns=80).end()
    line = line_with(shown, "a-workflow-with-a-long-name")
    assert "steps/0" in line and len(line) <= 80


def test_an_answer_to_an_approval_stands_on_its_steps_line(console: Console) -> None:
    terminal = console.script("notes.py", APPROVAL, columns=80).expect("Your response: ").type("approve")
    answered = line_with(terminal.end(), "✓ steps/0/interrupts/")
    assert "answered  approve" in answered and len(answered) <= 80


def test_an_explanation_is_folded_between_words(console: Console) -> None:
    question = "Is what was found about it good enough to be printed now?"
    console.write("w.yaml", json.dumps(WAITING).replace("Go?", question))
    lines = [line.rstrip() for line in console.terminal("explain", "w.yaml", columns=80).end().splitlines()]
    assert max(map(len, lines)) <= 80
    assert question in " ".join(line.strip() for line in lines)
    assert question in console.run("explain", "w.yaml").stdout, "a pipe gets whole lines"


def test_a_panel_says_what_kind_of_question_it_is_however_long_its_id(console: Console) -> None:
    state = "HITLState(active=True, prompt='Again?', question_id='steps/' + 'x' * 90, kind='ambiguous_tool')"
    terminal = console.script("long.py", ASKED.format(state=state), columns=80).expect("Your response: ")
    assert "…: a tool call that may already have happened ─╯" in terminal.type("/later").end()


def test_what_the_doctor_finds_is_read_to_its_end(console: Console) -> None:
    shown = console.terminal("doctor", columns=80).end()
    assert all(len(line.rstrip()) <= 80 for line in shown.splitlines() if "provider " in line)
    assert "…" not in shown and "GEMINI_API_KEY" in shown


def test_the_help_of_a_question_is_not_broken_within_a_word(console: Console) -> None:
    terminal = console.script("form.py", DECLINED, columns=80).expect("colour").type("/decline")
    shown = terminal.end()
    assert line_with(shown, "/decline:") == "/decline: say no to the server"
    assert line_with(shown, "/later:").endswith("Alt-Enter: a new line")


LONG = "call_9f8e7d6c5b4a39281706f5e4d3c2b1a0"
PROMPT = "Is this text good enough to be printed tomorrow, or should somebody who knows more about it look at it first?"


@pytest.fixture
def waiting(console: Console) -> str:
    """The id of a session that waits at a question with a long id."""
    made = APPROVAL.replace('"x"})', f'"x"}}, "{LONG}")').replace("run_interactive().last_response", "run().session_id")
    return console.script("made.py", made, columns=200).end().split()[-1]


@pytest.mark.parametrize("command", [("sessions", "list"), ("sessions", "show"), ("sessions", "questions")])
def test_a_long_id_wrecks_no_line(console: Console, waiting: str, command: tuple[str, ...]) -> None:
    more = () if command[-1] == "list" else (waiting,)
    shown = console.terminal(*command, *more, columns=80).end()
    for line in shown.splitlines():
        words = line.split()
        whole = words[:1] == ["strands"] or len(words) == 1  # a command to copy, or the id by itself
        assert whole or len(line.rstrip()) <= 80, line
    if command[-1] != "questions":
        assert any(word.startswith("steps/0") and "…" in word for word in shown.split())
        full = console.terminal(*command, *more, "--full", columns=80).end()
        assert LONG in full.split("Waits for")[0]


def test_a_command_to_copy_stands_on_its_own_line_whole(console: Console, waiting: str) -> None:
    shown = console.terminal("sessions", "show", waiting, "--full", columns=80).end()
    (command,) = (line.strip() for line in shown.splitlines() if line.strip().startswith("strands "))
    assert command.startswith(f"strands resume {waiting} --answer 'steps/0/interrupts/") and LONG in command
    assert command.endswith("=<approve|reject>'")


def test_hints_and_questions_are_folded_between_words(console: Console) -> None:
    console.write("w.yaml", json.dumps(WAITING).replace("Go?", PROMPT))
    shown = console.terminal("run", "w.yaml", "--offline", "--pause", columns=80).end(19)
    lines = [line.strip() for line in shown.splitlines()]
    assert max(len(line) for line in lines if not line.startswith("strands ")) <= 80
    assert PROMPT in " ".join(line.strip() for line in shown.splitlines())
    piped = console.run("run", "w.yaml", "--offline", "--pause", code=19).stderr
    assert f"steps/0: {PROMPT}\n" in piped, "a pipe gets whole lines"


def test_what_is_asked_about_is_folded_between_words_with_all_its_spaces(console: Console) -> None:
    context = "  if text is good:   print it tomorrow;   " + "and somebody who knows more looks at it " * 2
    asked = json.dumps(WAITING).replace('"Go?"', f'"{PROMPT}", "context_display": "{context}end"')
    console.write("w.yaml", asked)
    console.run("run", "w.yaml", "--offline", "--pause", code=19)
    shown = console.terminal("sessions", "questions", columns=80).end().splitlines()
    assert max(len(line.rstrip()) for line in shown if not line.strip().startswith("strands ")) <= 80
    assert PROMPT in " ".join(line.strip() for line in shown)
    bars = [line[len("  | ") :] for line in shown if line.startswith("  | ")]
    assert len(bars) > 1 and "".join(bars).replace(" ", "") == f"{context}end".replace(" ", "")
    assert bars[0].startswith("  if text is good:   print it")
    assert not [bar for bar in bars[1:] if bar.startswith(" ")], "a space between two lines ends the first"
    assert f"  | {context}end" in console.run("sessions", "questions").stdout, "a pipe gets whole lines"


def test_the_name_of_a_workflow_that_does_not_fit_is_cut_and_not_left_out(console: Console) -> None:
    console.write("w.yaml", json.dumps(WAITING).replace("a-workflow-with-a-long-name", "another-long-workflow"))
    console.run("run", "w.yaml", "--offline", "--pause", code=19)
    line = line_with(console.terminal("sessions", "list", columns=80).end(), "another-long-workflow-")
    assert "  another-" in line and line.endswith("…") and len(line) <= 80


def test_why_a_worker_is_unfit_is_folded_between_words(console: Console) -> None:
    url = f"sqlite:///{console.directory}/runs.db"
    reason = (
        "session 'refunds-41c0ffee12' was started with the hook 'my_app:Approval', which this process does not have"
    )
    said = {"host": "web1", "pid": 7, "since": 0, "engine": "", "workflows": ["refunds"], "slots": 8, "at_work": 0}

    async def listed() -> str:
        store = store_at(url)
        async with wake.entered(store) as me:
            await wake.put_worker(store, me, {**said, "draining": False, "unfit": {"refunds-41c0ffee12": reason}})
            return await asyncio.to_thread(lambda: console.terminal("--store", url, "worker", "list", columns=80).end())

    shown = asyncio.run(listed())
    assert f"Unfit: web1 7 for refunds-41c0ffee12: {reason}" in " ".join(shown.split())
    assert max(len(line.rstrip()) for line in shown.splitlines()) <= 80


@pytest.mark.parametrize("command", [("--help",), ("list-supported",), ("validate", "w.yaml")], ids=" ".join)
def test_what_a_command_says_is_no_wider_than_the_terminal(console: Console, command: tuple[str, ...]) -> None:
    console.write("w.yaml", json.dumps(WAITING).replace("a-workflow-with", f"a-workflow-with-{'long-' * 5}"))
    shown = console.terminal(*command, columns=80).end()
    assert max(len(line.rstrip()) for line in shown.splitlines()) <= 80


def test_a_refused_answer_names_no_id_below_its_question(console: Console) -> None:
    console.write("w.yaml", json.dumps(WAITING).replace('"Go?"', '"Go?", "choices": ["yes", "no"]'))
    terminal = console.terminal("run", "w.yaml", "--offline", columns=80).expect("Your response: ").type("maybe")
    terminal.expect("Not taken: ")
    shown = terminal.expect("Your response: ").type("yes").end()
    assert "Not taken: 'maybe' is not one of the choices\n" in shown.replace(" \n", "\n")


WAITING = {
    "version": 0,
    "name": "a-workflow-with-a-long-name",
    "runtime": {"provider": "scripted"},
    "agents": {"a": {"prompt": "p"}},
    "pattern": {"type": "chain", "config": {"steps": [{"type": "hitl", "prompt": "Go?"}]}},
}
