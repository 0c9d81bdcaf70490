"""A person at a terminal: the printed stream, and the gate that asks there."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from strands import Agent
from strands.handlers import PrintingCallbackHandler
from strands.models import ScriptedModel
from support.console import Console

SCRIPT = """
from strands import Agent, tool
from strands.models.scripted import ScriptedModel, ToolCall
from strands.vended_interventions import HumanInTheLoop


@tool
def delete(path: str) -> str:
    '''Delete.'''
    return "deleted"


@tool
def send(to: str) -> str:
    '''Send.'''
    return "sent"


calls = {calls}
gate = HumanInTheLoop(ask="stdio", {options})
agent = Agent(model=ScriptedModel([calls, "Done."]), tools=[delete, send], interventions=[gate])
agent("go")
print()
for block in agent.messages[2]["content"]:
    print("RESULT", block["toolResult"]["status"])
"""
DELETE = 'ToolCall("delete", {"path": "a.txt"})'


@pytest.fixture
def console(tmp_path: Path) -> Console:
    source = os.pathsep.join(filter(None, [str(Path(__file__).parents[2] / "src"), os.environ.get("PYTHONPATH")]))
    return Console(tmp_path, {"PYTHONPATH": source})


def ask(console: Console, calls: str, options: str = "") -> Any:
    return console.script("ask.py", SCRIPT.replace("{calls}", calls).replace("{options}", options))


def test_calls_that_are_made_at_once_are_asked_one_after_the_other(console: Console) -> None:
    terminal = ask(console, f'[{DELETE}, ToolCall("send", {{"to": "bob"}})]')
    terminal.expect('Approve "delete"?').expect("(y/n) ").type("y")
    terminal.expect('Approve "send"?').expect("(y/n) ").type("n")
    shown = terminal.end()
    assert shown.count("RESULT success") == 1 and shown.count("RESULT error") == 1
    assert shown.index("(y/n) y") < shown.index('Approve "send"?')


def test_trust_is_offered_where_it_can_be_given(console: Console) -> None:
    terminal = ask(
        console, f'[{DELETE}, ToolCall("send", {{"to": "b"}})]', 'enable_trust=True, allowed_tools=["!send"]'
    )
    terminal.expect("(y/n/t) [t: always] ").type("t")
    terminal.expect('Approve "send"?').expect("(y/n) ").type("t")
    assert terminal.end().count("RESULT success") == 1


def test_the_end_of_the_input_is_a_no(console: Console) -> None:
    terminal = ask(console, f"[{DELETE}]")
    terminal.expect("(y/n) ").process.sendeof()
    assert "RESULT error" in terminal.end()


def test_what_a_model_makes_up_cannot_act_on_the_terminal(console: Console) -> None:
    hostile = r'"a\x1b]52;c;x\x07\x9b31m\u202etxt.exe\x7f [/b] \ud800" + 5000 * "x" + "end"'
    terminal = ask(console, f'[ToolCall("delete", {{"path": {hostile}}})]')
    terminal.expect("(y/n) ").type("y")
    shown = terminal.end()
    assert terminal.foreign() == []
    assert r"\u001b]52;c;x\u0007\x9b31m\u202etxt.exe\x7f [/b] \ud800" in shown and 'xxend"}' in shown.replace("\n", "")
    assert "RESULT success" in shown


def test_what_the_output_cannot_encode_is_printed_as_its_code(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    Agent(model=ScriptedModel(["Caf\u00e9 \ud83d."]))("go")
    sys.stdout.flush()
    assert written.getvalue() == b"Caf\\xe9 \\ud83d."


def test_thoughts_and_the_answer_stand_apart(capsys: pytest.CaptureFixture[str]) -> None:
    handler = PrintingCallbackHandler()
    for event in ({"reasoningText": "Let me "}, {"reasoningText": "think."}, {"data": "Yes"}, {"data": "."}):
        handler(**event)
    assert capsys.readouterr().out == "Let me think.\n\nYes."


def test_an_error_tells_only_of_itself() -> None:
    agent = Agent(model=ScriptedModel(["ok"]), callback_handler=None)
    with pytest.raises(ValueError) as caught:
        agent(3)  # type: ignore[arg-type]
    assert caught.value.__context__ is None


def test_the_printed_stream_is_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    handler = PrintingCallbackHandler()
    handler(reasoningText="\x1b[2J think")
    handler(data="\x1b]0;title\x07 pay\u202epal")
    handler(data="a\r", complete=True)
    handler(event={"contentBlockStart": {"start": {"toolUse": {"name": "rm\x9b"}}}})
    printed = capsys.readouterr().out
    assert "\\x1b[2J think" in printed and "\\x1b]0;title\\x07 pay\\u202epal" in printed and "a\\x0d" in printed
    assert "rm\\x9b" in printed
    assert not {"\x1b", "\x07", "\r", "\u202e", "\x9b"} & set(printed)
