"""For `make coverage`: measures the process of python_exec, which gets no environment and writes in one directory.

It is told by a file of settings where to leave its figures; they are taken from there before the directory goes.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_CHILD = "python_child.py"
_SETTINGS = """
[run]
branch = true
data_file = ${HOME}/.coverage
include = */builtin/python_child.py, */builtin/python_confinement.py
disable_warnings = no-data-collected, module-not-imported
"""


@contextmanager
def confined_processes_measured(folder: Path) -> Iterator[None]:
    """While the tests themselves are measured, measure the processes of python_exec as well.

    Args:
        folder: Where the settings for them are written.
    """
    if "COVERAGE_PROCESS_CONFIG" not in os.environ:
        yield
        return
    from coverage import Coverage

    running = Coverage.current()
    assert running is not None
    kept = os.path.abspath(str(running.get_option("run:data_file")))
    settings = folder / "confined.coveragerc"
    settings.write_text(_SETTINGS, encoding="utf-8")
    plain = subprocess.Popen

    class Measured(subprocess.Popen[Any]):
        def __init__(self, args: Any, *more: Any, **options: Any) -> None:
            self._figures: Path | None = None
            if isinstance(args, list) and any(str(each).endswith(_CHILD) for each in args):
                self._figures = Path(options["cwd"], ".coverage")
                options["env"] = {**options["env"], "COVERAGE_PROCESS_START": str(settings)}
            super().__init__(args, *more, **options)

        def wait(self, timeout: float | None = None) -> int:
            status: int = super().wait(timeout)
            if self._figures is not None and self._figures.is_file():
                shutil.move(self._figures, f"{kept}.confined.{secrets.token_hex(8)}")
            return status

    subprocess.Popen = Measured  # type: ignore[misc]
    try:
        yield
    finally:
        subprocess.Popen = plain  # type: ignore[misc]
