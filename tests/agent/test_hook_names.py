"""A hook has the same name on record in every process."""

from __future__ import annotations

import functools
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from strands.hooks import qualified_name


def gate(event: Any, limit: int = 0) -> None:
    """Ask."""


class Provider:
    def register_hooks(self, registry: Any, **kwargs: Any) -> None:
        """Register."""

    def before(self, event: Any) -> None:
        """Ask."""


class Callback:
    async def __call__(self, event: Any) -> None:
        """Ask."""


def wrapped(event: Any) -> None:
    """Ask."""


@functools.wraps(gate)
def wrapper(event: Any) -> None:
    gate(event)


@pytest.mark.parametrize(
    ("hook", "name"),
    [
        (gate, "gate"),
        (functools.partial(functools.partial(gate, limit=1), limit=2), "gate"),
        (wrapper, "gate"),
        (Provider(), "Provider"),
        (Provider().before, "Provider.before"),
        (Callback(), "Callback"),
        (Provider, "Provider"),
    ],
)
def test_a_hook_is_named_after_its_code(hook: Any, name: str) -> None:
    assert qualified_name(hook) == f"{__name__}:{name}"


def test_a_function_that_is_built_in_has_a_name() -> None:
    assert qualified_name(print) == "builtins:print"
    assert qualified_name([].append).endswith(":list.append")


def test_the_program_that_was_started_is_named_like_the_module_that_it_is(tmp_path: Path) -> None:
    code = "from strands.hooks import qualified_name\ndef gate(event): ...\n"
    (tmp_path / "job.py").write_text(code + "if __name__ == '__main__': print(qualified_name(gate))\n")
    for how in (["job.py"], ["-m", "job"], ["-c", "import job; print(job.qualified_name(job.gate))"]):
        done = subprocess.run([sys.executable, *how], cwd=tmp_path, capture_output=True, text=True, check=True)
        assert done.stdout.strip() == "job:gate"
