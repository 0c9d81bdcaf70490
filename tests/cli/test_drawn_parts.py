"""What is drawn below the lines goes without a trace, whatever is printed meanwhile and whenever it ends."""

from __future__ import annotations

import io
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from strands_cli.kernel.events import Event
from strands_cli.terminal.progress import ProgressDisplay
from support.console import Console
from support.screen import Screen
from support.stub_openai import Request, Say, StubOpenAI

PARAGRAPHS = """\
# Rivers

They are **long**, and this line of text goes on for more than the eighty columns that there are.

- a
- b
"""
KEYS = ("branches/web/steps/0", "branches/papers/steps/0")


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("TERM", "xterm-256color"), ("COLUMNS", "80"), ("LINES", "24")):
        monkeypatch.setenv(name, value)


def test_only_settled_lines_are_left_of_several_steps_that_end_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    out = Terminal()
    monkeypatch.setattr(sys, "stdout", Terminal())
    with ProgressDisplay(out, text=True) as display:

        def tell(type: str, key: str, **data: Any) -> None:
            display(Event(type, "s", "w", "p", key, "writer", data=data))

        for key in KEYS:
            tell("step_start", key)
        threads = [threading.Thread(target=write, args=(tell, key, 3 + 3 * number)) for number, key in enumerate(KEYS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    lines = Screen(80, 24).feed(out.getvalue().replace("\n", "\r\n")).lines
    assert [line[:2] for line in lines] == ["✓ ", "✓ "]


def write(tell: Any, key: str, times: int) -> None:
    pause = threading.Event()
    for number in range(times):
        for piece in PARAGRAPHS.splitlines(keepends=True):
            tell("token", key, text=piece, begins=number == 0 and piece.startswith("#"))
            pause.wait(0.02)  # as a model writes; a drawn part is drawn several times meanwhile
    tell("step_complete", key, response="done")


SPEC = """\
version: 0
name: rivers
runtime: {{provider: openai, model_id: m, host: "{url}"}}
agents: {{writer: {{prompt: You write.}}}}
pattern: {{type: chain, config: {{steps: [{{agent: writer, input: one}}]}}}}
"""


def test_ctrl_c_in_the_middle_of_a_text_leaves_the_way_on_and_nothing_else(tmp_path: Path) -> None:
    def slowly(request: Request) -> Say:
        return Say(PARAGRAPHS * 40, pieces=400, chunk_delay=0.05)

    console = Console(tmp_path, {"OPENAI_API_KEY": "none"})
    with StubOpenAI(slowly) as stub:
        console.write("rivers.yaml", SPEC.format(url=stub.url))
        terminal = console.terminal("run", "rivers.yaml", rows=24, columns=80)
        terminal.expect("    They are ").type("\x03", enter=False).end(130)
    first, second = Screen(80, 24).feed(terminal.sent.decode()).lines
    assert first.startswith("Interrupted. Session rivers-") and second.startswith("Resume: strands resume rivers-")
