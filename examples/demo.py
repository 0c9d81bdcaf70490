"""Three agents, two people, several processes: what `make demo` shows.

In a terminal it asks you. Without one it pauses at each gate and answers from a second process.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from pathlib import Path

from demo_output import ROOT, program, run, say, show_command, styled

OUT = ROOT / "demo-out"
WORKFLOW = "examples/approval.yaml"
PAUSED = 19


def main() -> int:
    started = time.monotonic()
    for old in OUT.glob("*.md"):  # sessions stay: a question that was left open waits
        old.unlink()
    os.environ["STRANDS_HOME"] = str(OUT / "sessions")
    say("A refund: an analyst looks into it, a clerk prepares it, a writer tells the customer. Two people must agree.")
    say(f"The workflow is {WORKFLOW}. --offline: the models are rehearsed, so it needs no key and no server.")
    code = ask_here() if sys.stdin.isatty() and sys.stdout.isatty() else pause_and_resume()
    if code == PAUSED:
        say("You left a question open. It waits, and costs nothing. To answer it later, first:")
        print(f"export STRANDS_HOME={shlex.quote(os.environ['STRANDS_HOME'])}")
        print(f"export PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH")
        return 0
    if code:
        return code
    show_result()
    say(f"That took {time.monotonic() - started:.1f} s. Next: README.md, or edit {WORKFLOW} and run it again.")
    say("With a server, two votes and an audit: make demo-team.")
    return 0


def ask_here() -> int:
    say("Answer the questions as you like: text for the first, approved or rejected for the second.")
    return strands("run", WORKFLOW, "--offline", "--out", OUT.name)


def pause_and_resume() -> int:
    say("No terminal here, so the run stops at the first gate. Its process ends (exit code 19).")
    if (code := strands("run", WORKFLOW, "--offline", "--out", OUT.name)) != PAUSED:
        return code or 1
    say("Hours later, another process. The analyst's step is finished, so it does not run again.")
    if (code := strands("resume", session_id(), "--answer", "steps/1=approved")) != PAUSED:
        return code or 1
    say("And the second gate, in a third process.")
    return strands("resume", session_id(), "--answer", "steps/3=approved")


def show_result() -> None:
    say("The artifact:")
    for artifact in sorted(OUT.glob("*.md")):
        print(f"--- {artifact.relative_to(ROOT)}\n{artifact.read_text(encoding='utf-8').rstrip()}\n---")
    say("And what is on record: who did what, who answered, when, for how many tokens.")
    strands("sessions", "show", session_id())


def session_id() -> str:
    command = [*program(), "sessions", "list", "--json"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    newest: str = json.loads(listed.stdout)[0]["id"]
    return newest


def strands(*arguments: str) -> int:
    """Show the command and run it in a process of its own."""
    show_command(shlex.join(arguments))
    code = run(*arguments)
    if code:
        print(styled("2", f"(exit code {code})"))
    return code


if __name__ == "__main__":
    sys.exit(main())
