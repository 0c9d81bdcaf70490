"""A question in a real terminal: what is shown, what can be typed, what it leaves behind."""

import json
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import Any

import pytest

from support.console import Console, Terminal, until

SCRIPT = """
import asyncio, json, logging, pathlib, sys, time
from strands_cli.terminal.prompt import ask
from strands_cli.types import AnswerLater, HITLState

async def one(**fields):
    try:
        answer = await ask(HITLState(active=True, **fields))
    except AnswerLater:
        answer = {"later": True}
    print("ANSWER", json.dumps(answer))

"""


@pytest.fixture
def console(tmp_path: Path) -> Console:
    return Console(tmp_path)


def asked(console: Console, *, rows: int = 40, columns: int = 100, **fields: Any) -> Terminal:
    text = f"{SCRIPT}asyncio.run(one(**json.loads({json.dumps(fields)!r})))\n"
    return console.script("ask.py", text, rows=rows, columns=columns)


def answer(shown: str) -> Any:
    return json.loads(shown.split("ANSWER ")[1].splitlines()[0])


def test_a_panel_shows_prompt_and_context_and_takes_the_typed_line(console: Console) -> None:
    terminal = asked(console, prompt="Approve?", context_display="1. Superposition", question_id="steps/1")
    terminal.expect("HUMAN INPUT REQUIRED").expect("Approve?").expect("Context:").expect("1. Superposition")
    terminal.expect("steps/1").expect("Your response: ")
    assert answer(terminal.type("Approved - excellent research!").end()) == "Approved - excellent research!"


def test_the_line_can_be_edited_and_a_paste_keeps_its_newlines(console: Console) -> None:
    terminal = asked(console, prompt="Why?").expect("Your response: ")
    terminal.type("\x1b[200~first\rsecond\x1b[201~", enter=False).type("!\x1b[D\x1b[Dx")
    assert answer(terminal.end()) == "first\nseconxd!"


@pytest.mark.parametrize(("typed", "taken"), [("2", "reject"), ("APPROVE", "approve"), ("other", "other")])
def test_choices_by_text_or_number(console: Console, typed: str, taken: str) -> None:
    terminal = asked(console, prompt="Approve?", choices=["approve", "reject"])
    terminal.expect("1. approve").expect("2. reject").expect("Your response: ")
    assert answer(terminal.type(typed).end()) == taken


def test_empty_takes_the_default_and_is_asked_again_without_one(console: Console) -> None:
    terminal = asked(console, prompt="Approve?", default_response="no").expect("(default 'no')")
    assert answer(terminal.type("").end()) == ""
    terminal = asked(console, prompt="Approve?").expect("Your response: ").type("  ")
    terminal.expect("Not taken").expect("Your response: ")
    assert answer(terminal.type("yes").end()) == "yes"


def test_a_refused_answer_is_explained(console: Console) -> None:
    terminal = asked(console, prompt="Approve?", problem="'maybe' is not one of the choices")
    terminal.expect("Not taken: 'maybe' is not one of the choices").expect("Your response: ")
    assert "HUMAN INPUT" not in terminal.shown
    terminal.type("yes").end()


@pytest.mark.parametrize("typed", ["/later\r", "\x04"])
def test_the_question_can_be_left_open(console: Console, typed: str) -> None:
    terminal = asked(console, prompt="Approve?", default_response="yes").expect("/later").expect("Your response")
    assert answer(terminal.type(typed, enter=False).end()) == {"later": True}


def test_a_doubled_slash_writes_one_and_show_prints_the_question_again(console: Console) -> None:
    terminal = asked(console, prompt="Where?").expect("Your response: ").type("/show")
    terminal.expect("HUMAN INPUT REQUIRED").expect("Your response: ")
    assert answer(terminal.type("//later").end()) == "/later"


def test_a_misspelt_command_is_no_answer(console: Console) -> None:
    terminal = asked(console, prompt="Where?").expect("Your response: ").type("/latr")
    terminal.expect("Not taken: '/latr' is not a command: type /later, or //latr where it is your answer.")
    assert answer(terminal.expect("Your response: ").type("//latr").end()) == "/latr"
    terminal = asked(console, prompt="Where?").expect("Your response: ")
    assert answer(terminal.type("/var/log").end()) == "/var/log"


def test_a_schema_is_a_form(console: Console) -> None:
    fields = {"copies": {"type": "integer", "minimum": 1}, "colour": {"type": "boolean", "default": False}}
    terminal = asked(console, prompt="How?", schema={"type": "object", "properties": fields, "required": ["copies"]})
    terminal.expect("copies (integer): ").type("0").expect("Not taken").expect("copies (integer): ").type("2")
    terminal.expect("colour (yes | no) [default false]: ").type("yes")
    assert answer(terminal.end()) == {"copies": 2, "colour": True}


def test_the_deadline_counts_down_and_ends_the_question(console: Console) -> None:
    text = SCRIPT + (
        "async def main():\n"
        "    state = dict(prompt='Soon?', default_response='no', deadline=time.time() + 2)\n"
        "    try:\n"
        "        await asyncio.wait_for(one(**state), 2.1)\n"
        "    except asyncio.TimeoutError:\n"
        "        print('over')\n"
        "asyncio.run(main())\n"
    )
    terminal = console.script("ask.py", text)
    terminal.expect("taken in 0:02").expect("taken in 0:01").expect("Time is up: the default 'no' is taken.")
    assert "over" in terminal.end()


def test_what_is_printed_and_logged_meanwhile_comes_afterwards(console: Console) -> None:
    text = SCRIPT + (
        "logging.basicConfig(level='INFO')\n"
        "async def noise():\n"
        "    await asyncio.sleep(0.3)\n"
        "    print('PRINTED')\n"
        "    print('COMPLAINED', file=sys.stderr)\n"
        "    logging.getLogger('x').info('LOGGED')\n"
        "    open('made', 'w').close()\n"
        "async def main():\n"
        "    await asyncio.gather(one(prompt='Approve?'), noise())\n"
        "asyncio.run(main())\n"
    )
    terminal = console.script("ask.py", text).expect("Your response: ")
    until((console.directory / "made").exists)
    terminal.type("yes")
    shown = terminal.end()
    before, after = shown.split("Your response: yes", 1)
    for word in ("PRINTED", "COMPLAINED", "LOGGED"):
        assert word not in before
        assert after.count(word) == 1


def test_questions_that_come_together_are_asked_one_after_the_other(console: Console) -> None:
    text = SCRIPT + (
        "async def main():\n"
        "    await asyncio.gather(*(one(prompt=f'Number {n}?') for n in range(3)))\n"
        "asyncio.run(main())\n"
    )
    terminal = console.script("ask.py", text)
    for number in range(3):
        terminal.expect(f"Number {number}?").expect("Your response: ").type(f"answer {number}")
    shown = terminal.end()
    places = [shown.index(f"Number {n}?") for n in range(3)] + [shown.index(f'ANSWER "answer {n}"') for n in range(3)]
    assert places[0] < places[3] < places[1] < places[4] < places[2] < places[5]


def test_what_was_typed_before_the_question_answers_nothing(console: Console) -> None:
    text = SCRIPT + "print('WAIT', flush=True); time.sleep(1); asyncio.run(one(prompt='Approve?'))\n"
    terminal = console.script("ask.py", text).expect("WAIT").type("yes").expect("Your response: ").type("no")
    assert answer(terminal.end()) == "no"


def test_ctrl_c_leaves_the_terminal_as_it_was(console: Console) -> None:
    text = SCRIPT + (
        "try:\n"
        "    asyncio.run(one(prompt='Approve?'))\n"
        "except KeyboardInterrupt:\n"
        "    print('LEFT', flush=True); time.sleep(0.5)\n"
    )
    terminal = console.script("ask.py", text).expect("Your response: ")
    until(lambda: not terminal.cooked())
    terminal.process.sendintr()
    terminal.expect("LEFT")
    assert terminal.cooked()
    terminal.end()


def test_a_stopped_process_asks_again_when_it_continues(console: Console) -> None:
    terminal = asked(console, prompt="Approve?").expect("Your response: ").type("ye", enter=False).expect("ye")
    terminal.process.kill(signal.SIGSTOP)
    time.sleep(0.1)
    mode = termios.tcgetattr(terminal.process.child_fd)
    mode[3] |= termios.ICANON | termios.ECHO
    termios.tcsetattr(terminal.process.child_fd, termios.TCSANOW, mode)
    terminal.process.kill(signal.SIGCONT)
    until(lambda: not terminal.cooked())
    assert answer(terminal.type("s").end()) == "yes"


def test_a_plain_terminal_is_enough(tmp_path: Path) -> None:
    console = Console(tmp_path, {"TERM": "dumb", "LANG": "C", "PYTHONIOENCODING": "ascii"})
    terminal = asked(console, prompt="Genehmigt? ü", context_display="中").expect("Your response: ").type("yes")
    shown = terminal.end()
    assert answer(shown) == "yes"
    assert "\\xfc" in shown and "\\u4e2d" in shown


HOSTILE = (
    "start \x1b[2J\x1b[31mred\x1b[0m \x1b]8;;http://evil.example\x07click\x1b]8;;\x07 \x1b]52;c;aGk=\x07 "
    "[/b] [red]x[/red] [link=http://evil.example]y[/link] \u202ereversed\u202c \x9b31m \x00 \x7f "
)


def test_case_30_hostile_text_is_readable_and_harmless(console: Console) -> None:
    words = " ".join(f"word{number:04}" for number in range(560))
    terminal = asked(
        console,
        rows=24,
        columns=80,
        prompt=HOSTILE,
        context_display=HOSTILE + words + " END",
        choices=["ok\x1b[2J", "no"],
        default_response="\x1b]0;title\x07",
        question_id="steps/\x1b[1m",
    )
    terminal.expect("Your response").type("2")
    shown = terminal.end()
    assert answer(shown) == "no"
    assert terminal.foreign() == []
    assert "\u202e" not in shown and "\x9b" not in shown
    flat = "".join(line.strip("│╭╰─ ") for line in shown.splitlines())
    for part in (
        "\\x1b[2J",
        "\\x1b]52;c;aGk=\\x07",
        "[/b]",
        "[red]x[/red]",
        "\\u202ereversed\\u202c",
        "\\x9b31m",
        "\\x00",
    ):
        assert part.replace(" ", "") in flat.replace(" ", "")
    assert all(f"word{number:04}" in flat.replace(" ", "") for number in range(560))
    assert "scroll up to read all of it" in shown


def test_case_30_lone_surrogates_are_shown(console: Console) -> None:
    terminal = asked(console, prompt="bad \ud800 \udcff text").expect("Your response: ")
    terminal.type("ok")
    assert "bad \\ud800 \\udcff text" in terminal.end()


def test_input_from_a_pipe_is_one_line_a_question_and_its_end_leaves_it_open(console: Console) -> None:
    text = SCRIPT + (
        "first = sys.stdin.readline().strip()\n"
        "async def main():\n"
        "    for n in range(3):\n"
        "        await one(prompt=f'Number {n}?', default_response='d')\n"
        "asyncio.run(main())\n"
        "print(first)\n"
    )
    path = console.write("ask.py", text)
    done = subprocess.run(
        [sys.executable, str(path)],
        input="topic\none\ntwo",
        capture_output=True,
        text=True,
        env=console.env,
        timeout=30,
    )
    assert done.stdout == 'ANSWER "one"\nANSWER "two"\nANSWER {"later": true}\ntopic\n'
    assert "\x1b" not in done.stderr


def test_waiting_for_a_pipe_can_be_cancelled(console: Console) -> None:
    text = SCRIPT + (
        "async def main():\n"
        "    try:\n"
        "        await asyncio.wait_for(one(prompt='Soon?'), 0.3)\n"
        "    except asyncio.TimeoutError:\n"
        "        print('over')\n"
        "asyncio.run(main())\n"
    )
    path = console.write("ask.py", text)
    with subprocess.Popen(
        [sys.executable, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=console.env
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        assert process.wait(20) == 0
        assert process.stdout.read() == "over\n"


def test_a_context_of_any_length_is_shown_whole(console: Console) -> None:
    lines = "\n".join(f"line {number} \x1b[2J" for number in range(8000))
    context = console.write("context.txt", lines)
    text = f"{SCRIPT}asyncio.run(one(prompt='Approve?', context_display=pathlib.Path({str(context)!r}).read_text()))\n"
    terminal = console.script("ask.py", text)
    shown = terminal.expect("scroll up").expect("Your response: ").type("yes").end()
    assert all(f"line {number} \\x1b[2J" in shown for number in range(0, 8000, 37))
    assert terminal.foreign() == []


@pytest.mark.parametrize("length", [5000, 200_000])
def test_a_long_answer_is_taken_whole(console: Console, length: int) -> None:
    text = f"{SCRIPT}asyncio.run(one(prompt='Approve?'))\n".replace("json.dumps(answer)", "len(answer)")
    terminal = console.script("ask.py", text, rows=20).expect("Your response: ")
    terminal.type("\x1b[200~" + "word\r" * (length // 5) + "\x1b[201~")
    assert answer(terminal.end()) == length


@pytest.mark.parametrize(
    ("typed", "answer"),
    [
        (["1"], "run again"),
        (["Skip"], "skip"),
        (["3", "", "paid 5"], {"result": "paid 5"}),
        (["result", '{"id": 7}'], {"result": {"id": 7}}),
        (["result: paid"], "result: paid"),
    ],
)
def test_what_happened_to_a_call_is_chosen_and_its_result_asked_for_next(
    console: Console, typed: list[str], answer: Any
) -> None:
    schema = {"anyOf": [{"enum": ["run again", "skip"]}]}
    choices = ["run again", "skip", "result"]
    fields: dict[str, Any] = {"prompt": "Again?", "kind": "ambiguous_tool", "schema": schema, "choices": choices}
    terminal = asked(console, **fields).expect("result asks next").expect("Your response: ")
    for number, line in enumerate(typed):
        terminal.type(line)
        if number + 1 < len(typed):
            terminal.expect("not a result" if not line else "What the call returned").expect("list): ")
    terminal.expect(f"ANSWER {json.dumps(answer)}")
    terminal.end()


def editor(console: Console, writes: str) -> None:
    """An editor that writes a text into the file that it is given; "" leaves it as it is."""
    script = console.directory / "editor.py"
    script.write_text(f"import pathlib, sys\nif {writes!r}:\n    pathlib.Path(sys.argv[1]).write_text({writes!r})\n")
    console.env["EDITOR"] = f"{sys.executable} {script}"


def test_a_long_answer_is_written_in_the_editor(console: Console) -> None:
    editor(console, "first line\n\n//second\n")
    terminal = asked(console, prompt="Why?").expect("/edit").expect("Your response: ")
    assert answer(terminal.type("/edit").end()) == "first line\n\n//second"


def test_an_editor_that_saves_nothing_answers_nothing(console: Console) -> None:
    editor(console, "")
    terminal = asked(console, prompt="Why?").expect("Your response: ").type("/edit").expect("Nothing was saved")
    assert answer(terminal.expect("Your response: ").type("typed").end()) == "typed"


def test_without_an_editor_it_says_what_to_set(console: Console) -> None:
    console.env["EDITOR"] = str(console.directory / "no-such-editor")
    terminal = asked(console, prompt="Why?").expect("Your response: ").type("/edit").expect("that is installed")
    assert answer(terminal.expect("Your response: ").type("typed").end()) == "typed"


def test_json_with_lines_is_written_in_the_editor(console: Console) -> None:
    editor(console, "[[1, 2],\n [3]]\n")
    terminal = (
        asked(console, prompt="Rows?", schema={"type": "array", "items": {"type": "array"}})
        .expect("JSON")
        .type("/edit")
    )
    assert answer(terminal.end()) == [[1, 2], [3]]
