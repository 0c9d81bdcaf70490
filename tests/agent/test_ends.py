"""A process ends, whatever is still open in it when it does."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import os
import sys
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
