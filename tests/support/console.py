"""The `strands` command and Python scripts, in processes and in terminals of their own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pexpect

from support.guide import QUICK_START as QUICK_START

STRANDS = Path(sys.executable).with_name("strands")
_OURS = re.compile(
    rb"\x1b\[[0-9;]*m"  # colour
    rb"|\x1b\[[0-9]*[ABCDJK]"  # cursor up, down, right, left; erase
    rb"|\x1b\[[0-9;]*H"
    rb"|\x1b\[\?(?:25|2004)[hl]"  # cursor shown, bracketed paste
)
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def environment(home: Path, more: Mapping[str, str] | None = None) -> dict[str, str]:
    """Return an environment without keys or endpoints of this machine, with sessions in `home`."""
    names = ("PATH", "HOME", "SYSTEMROOT", "PYTHONPATH", "COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START")
    kept = {name: os.environ[name] for name in names if name in os.environ}
    return {
        **kept,
        "STRANDS_HOME": str(home),
        "LANG": "C.UTF-8",
        "TERM": "xterm-256color",
        "PYTHONWARNINGS": "error::ResourceWarning",
        **(more or {}),
    }


class Console:
    """A directory to work in, and a home for sessions.

    Args:
        directory: Where commands run.
        env: Environment variables beside the usual ones.
    """

    def __init__(self, directory: Path, env: Mapping[str, str] | None = None) -> None:
        self.directory = directory
        self.command = [str(STRANDS)]
        self.home = directory / "home"
        self.env = environment(self.home, env)

    def write(self, name: str, text: str) -> Path:
        path = self.directory / name
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
        return path

    def run(self, *arguments: str, stdin: str = "", code: int | None = 0) -> subprocess.CompletedProcess[str]:
        """Run `strands` with pipes; `code` is the exit code that is expected, None for any."""
        done = subprocess.run(
            [*self.command, *arguments],
            input=stdin,
            capture_output=True,
            text=True,
            encoding="utf-8",
            env=self.env,
            cwd=self.directory,
            timeout=60,
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert code is None or done.returncode == code, (done.returncode, done.stdout, done.stderr)
        return done

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start `strands` with pipes."""
        return subprocess.Popen(
            [*self.command, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env=self.env,
            cwd=self.directory,
        )

    def terminal(self, *arguments: str, rows: int = 40, columns: int = 100) -> Terminal:
        """Start `strands` in a terminal."""
        return Terminal([*self.command, *arguments], self.env, self.directory, rows, columns)

    def script(self, name: str, text: str, *, rows: int = 40, columns: int = 100) -> Terminal:
        """Start a Python script in a terminal."""
        path = self.write(name, text)
        return Terminal([sys.executable, str(path)], self.env, self.directory, rows, columns)


class Terminal:
    """A process in a terminal of its own; remembers all that was sent to the screen."""

    def __init__(self, command: list[str], env: dict[str, str], cwd: Path, rows: int, columns: int) -> None:
        self.sent = bytearray()
        self.process = pexpect.spawn(
            command[0], command[1:], env=env, cwd=str(cwd), dimensions=(rows, columns), timeout=30, echo=True
        )
        self.process.logfile_read = _Log(self.sent)
        self.process.delaybeforesend = 0

    def expect(self, text: str) -> Terminal:
        """Wait until `text` is on the screen."""
        self.process.expect_exact(text.encode())
        return self

    def type(self, text: str, *, enter: bool = True) -> Terminal:
        """Type, when the prompt has had time to set the terminal up."""
        self.process.send(text.encode("utf-8", "surrogateescape") + (b"\r" if enter else b""))
        return self

    def end(self, code: int = 0) -> str:
        """Wait for the process to end with `code`; return all that was shown, without colours."""
        self.process.expect_exact(pexpect.EOF)
        self.process.close()
        shown = self.shown
        assert "Traceback" not in shown, shown
        assert self.process.exitstatus == code, (self.process.exitstatus, self.process.signalstatus, shown)
        return shown

    @property
    def shown(self) -> str:
        """All that was sent to the screen, without our own control sequences."""
        return _OURS.sub(b"", bytes(self.sent)).decode("utf-8", "replace").replace("\r\n", "\n")

    def foreign(self) -> list[bytes]:
        """Return the control characters that were sent and are not part of a sequence of ours."""
        rest = _OURS.sub(b"", bytes(self.sent)).replace(b"\r", b"")
        return _CONTROL.findall(rest)

    def cooked(self) -> bool:
        """Return whether the terminal echoes and edits lines, as a shell left it."""
        import termios

        flags = termios.tcgetattr(self.process.child_fd)[3]
        return bool(flags & termios.ECHO) and bool(flags & termios.ICANON)


class _Log:
    def __init__(self, sent: bytearray) -> None:
        self._sent = sent

    def write(self, data: bytes) -> None:
        self._sent += data

    def flush(self) -> None:
        return


def until(condition: Any, seconds: float = 20) -> None:
    """Wait until `condition()` is true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
