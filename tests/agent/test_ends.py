"""A process ends, whatever is still open in it when it does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import os
import sys
from pathlib import Path
from strands import _sync

class Late:
    def __init__(self):
        self.owned, self.write, self.is_finalizing = _sync._Owned(), os.write, sys.is_finalizing

    def __del__(self):
        self.owned.__del__()
        self.write(1, f"ended {self.is_finalizing()} {self.owned.loop.is_closed()}".encode())

late = Late()  # collected as the interpreter ends
"""


def test_a_loop_that_is_let_go_of_while_the_interpreter_ends_is_closed() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60)
    assert done.stdout == "ended True True", done.stderr


WITHOUT_THREADS = """
import threading
from strands import Agent
from strands.models import ScriptedModel
from strands.session import FileSessionManager

def refuse(self):
    raise RuntimeError("can't start new thread")  # as where a container limits them

threading.Thread.start = refuse
for number in range(40):
    session = FileSessionManager(session_id="s", storage_dir="sessions")
    print(str(Agent(model=ScriptedModel([f"{number}"]), session_manager=session, callback_handler=None)("go")).strip())
"""


def test_where_no_thread_can_be_had_an_agent_waits_for_the_disk_itself(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WITHOUT_THREADS]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == [str(number) for number in range(40)], done.stderr
