"""The README shows what a newcomer sees."""

from __future__ import annotations

import sys
from pathlib import Path

from support.console import Terminal, environment
from support.page import blocks
from support.stub_openai import Request, StubOpenAI

README = Path(__file__).parents[2] / "README.md"


def reply(request: Request) -> str:
    if "Write summary" in request.prompt:
        return "Qubits are promising, and noisy."
    return "A qubit holds a superposition of 0 and 1; noise is what keeps machines small today."


def test_the_picture_of_the_terminal_is_what_the_program_shows(tmp_path: Path) -> None:
    found = blocks(README.read_text(encoding="utf-8"))
    for block in found:
        if block.title in ("my_workflow.yaml", "run_workflow.py"):
            (tmp_path / block.title).write_text(block.text, encoding="utf-8")
    picture = next(block.text for block in found if "HUMAN INPUT REQUIRED" in block.text)
    with StubOpenAI(reply) as stub:
        known = {"OPENAI_BASE_URL": stub.url, "OPENAI_API_KEY": "none", "NO_COLOR": "1", "HOME": str(tmp_path)}
        env = environment(tmp_path / "home", known)
        terminal = Terminal([sys.executable, "run_workflow.py"], env, tmp_path, rows=50, columns=80)
        terminal.expect("Your response").type("Approved - excellent research!")
        shown = terminal.end()
    assert [line for line in picture.splitlines() if line not in shown] == []
