"""What patterns ask of a run is there wherever they are driven: in a run, in a workflow within one, and in a check."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

import strands_cli.patterns
from strands_cli.api.mending import Replay
from strands_cli.kernel.run import Run
from strands_cli.kernel.within import RunWithin

PATTERNS = Path(strands_cli.patterns.__file__).parent


def asked_of_runs() -> set[str]:
    """The attributes of `run` that the patterns' files name."""
    nodes = [node for path in PATTERNS.rglob("*.py") for node in ast.walk(ast.parse(path.read_text("utf-8")))]
    runs = [each for each in nodes if isinstance(each, ast.Attribute) and ast.unparse(each.value) == "run"]
    return {each.attr for each in runs}


def attributes(kind: type) -> set[str]:
    """What instances of a class have: its members, and what its and its bases' `__init__` set."""
    found = set(dir(kind))
    for each in kind.__mro__[:-1]:
        module = ast.parse(Path(str(sys.modules[each.__module__].__file__)).read_text("utf-8"))
        found |= {
            node.attr
            for node in ast.walk(module)
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and ast.unparse(node.value) == "self"
        }
    return found


@pytest.mark.parametrize("kind", [Run, RunWithin, Replay])
def test_whatever_patterns_are_driven_in_has_all_that_they_ask_of_a_run(kind: type) -> None:
    asked = asked_of_runs()
    assert {"agent", "ask", "below"} <= asked
    assert sorted(asked - attributes(kind)) == []
