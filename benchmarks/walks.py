"""How far a reader walks: the files of `src` that six runs touch, and how often one file hands over to another.

    python benchmarks/walks.py [--src DIRECTORY]

A step of a walk is a function that begins, outside of imports; a change of file is a step into another file than the
one before. What is printed says how the code is cut, not how quick it is.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

HERE = Path(__file__).resolve().parent
WORKFLOW = HERE.parent / "examples" / "approval.yaml"
FIRST_INSTRUCTIONS = 4
"""A call with an earlier instruction behind it is a coroutine or a generator that goes on."""


class Walk:
    """The files in which functions begin, in order, with all threads.

    Args:
        source: The directory whose files count.
    """

    def __init__(self, source: Path) -> None:
        self.steps: list[str] = []
        self._source = f"{source}{os.sep}"
        self._imports = threading.local()

    def follow(self, run: Callable[[], object]) -> None:
        """Follow a call."""
        threading.setprofile(self._profile)
        sys.setprofile(self._profile)
        try:
            run()
        finally:
            sys.setprofile(None)
            threading.setprofile(None)

    @property
    def changes(self) -> int:
        """How often a step goes into another file than the step before."""
        return sum(before != after for before, after in zip(self.steps, self.steps[1:], strict=False))

    def _profile(self, frame: FrameType, event: str, _: Any) -> None:
        code, depth = frame.f_code, getattr(self._imports, "depth", 0)
        if code.co_name == "<module>" and event in ("call", "return"):
            self._imports.depth = depth + (1 if event == "call" else -1)
        elif event != "call" or depth or frame.f_lasti > FIRST_INSTRUCTIONS:
            return
        elif code.co_filename.startswith(self._source):
            self.steps.append(code.co_filename.removeprefix(self._source))


def agent(session: bool) -> Any:
    """Return an agent whose one tool is called once; with a session, a hook asks before."""
    from strands import Agent, tool
    from strands.hooks import BeforeToolCallEvent
    from strands.models.scripted import ScriptedModel, ToolCall
    from strands.session import FileSessionManager

    @tool
    def pay(amount: int) -> str:
        """Pay."""
        return f"paid {amount}"

    def reply(messages: list[dict[str, Any]]) -> Any:
        return "done" if len(messages) > 1 else ToolCall("pay", {"amount": 5}, id="t1")

    def approve(event: Any) -> None:
        if event.interrupt("approve", reason=event.tool_use["input"]) != "y":
            event.cancel_tool = "no"

    manager = FileSessionManager("s", storage_dir="sessions") if session else None
    made = Agent(model=ScriptedModel(reply), tools=[pay], session_manager=manager, callback_handler=None)
    if session:
        made.add_hook(approve, BeforeToolCallEvent)
    return made


def answer(made: Any) -> None:
    """Answer what an agent asks."""
    made([{"interruptResponse": {"interruptId": each.id, "response": "y"}} for each in made.pending_interrupts])


def command(*arguments: str) -> None:
    """Run a command of the CLI."""
    from strands_cli.cli.main import main

    main(list(arguments))


def waiting_session() -> str:
    """Return the id of the session that waits."""
    (journal,) = Path(os.environ["STRANDS_HOME"]).rglob("journal.jsonl")
    return journal.parent.name.removeprefix("session_")


WALKS: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
    "an agent's turn with a tool": (lambda: None, lambda: agent(False)("go")),
    "an agent with a session, to a question": (lambda: None, lambda: agent(True)("go")),
    "the same, from the answer on": (lambda: agent(True)("go"), lambda: answer(agent(True))),
    "strands validate": (lambda: None, lambda: command("validate", str(WORKFLOW))),
    "strands run to a pause": (lambda: None, lambda: command("run", str(WORKFLOW), "--offline")),
    "strands resume to the next pause": (
        lambda: command("run", str(WORKFLOW), "--offline"),
        lambda: command("resume", waiting_session(), "--response", "approved"),
    ),
}
"""Name: what comes before, in a process of its own, and the walk."""


def walk(source: Path, name: str, part: str) -> None:
    """Do what comes before a walk, or the walk, in this process."""
    sys.path.insert(0, str(source))
    before, run = WALKS[name]
    if part == "before":
        before()
        return
    walked = Walk(source)
    walked.follow(run)
    print(len(set(walked.steps)), walked.changes, file=sys.stderr)


def figures(source: Path, name: str) -> tuple[int, int]:
    """Return the files that a walk touches, and its changes of file."""
    said = ""
    with tempfile.TemporaryDirectory() as home:
        env = {**os.environ, "STRANDS_HOME": home, "HOME": home, "PYTHONDONTWRITEBYTECODE": "1"}
        for part in ("before", "walk"):
            call = [sys.executable, "-W", "ignore", __file__, "--src", str(source), "--walk", name, "--part", part]
            done = subprocess.run(
                call, cwd=home, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
            )
            said = done.stderr
    files, changes = said.strip().splitlines()[-1].split()
    return int(files), int(changes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--src", type=Path, default=HERE.parent / "src", help="the directory of the packages")
    parser.add_argument("--walk", choices=WALKS, help=argparse.SUPPRESS)
    parser.add_argument("--part", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    source = arguments.src.resolve()
    if arguments.walk:
        walk(source, arguments.walk, arguments.part)
        return
    print("| walk | files | changes of file |\n|---|---|---|")
    for name in WALKS:
        files, changes = figures(source, name)
        print(f"| {name} | {files} | {changes} |")


if __name__ == "__main__":
    main()
