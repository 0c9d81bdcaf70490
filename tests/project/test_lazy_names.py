"""Public names are written once, in the block for type checkers, and are found from source, bytecode and archives."""

from __future__ import annotations

import compileall
import os
import pickle
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

SRC = Path(__file__).parents[2] / "src"
LAZY = sorted(
    ".".join(path.relative_to(SRC).with_suffix("").parts).removesuffix(".__init__")
    for path in SRC.rglob("*.py")
    if "= lazy(__name__)" in path.read_text(encoding="utf-8") and path.name != "_lazy.py"
)
USE = """
import strands, strands.models
from strands import *
from strands import Agent as A, Workflow
from strands_cli.plan import text
from strands_cli.spec import known_patterns

assert Agent is A and "Workflow" not in strands.__all__ and "Workflow" in dir(strands)
assert strands.models.ScriptedModel.__module__ == "strands.models.scripted"
try:
    strands.Agnet
except AttributeError as error:
    print(error)
print(strands.__file__, *known_patterns())
"""


@pytest.mark.parametrize("name", LAZY)
def test_every_name_is_there_and_no_other(name: str) -> None:
    module = import_module(name)
    public = [each for each in dir(module) if not each.startswith("_")]
    assert public and all(hasattr(module, each) for each in public)
    starred: dict[str, object] = {}
    exec(f"from {name} import *", starred)
    assert starred.keys() - {"__builtins__"} == set(module.__all__) <= set(dir(module))
    with pytest.raises(AttributeError, match=f"module '{name}' has no attribute 'nothing'"):
        _ = module.nothing


def test_what_they_name_can_be_pickled() -> None:
    import strands

    assert pickle.loads(pickle.dumps(strands.AgentResult)) is strands.AgentResult


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of both packages."""
    site = tmp_path / "site"
    for package in ("strands", "strands_cli"):
        shutil.copytree(SRC / package, site / package, ignore=shutil.ignore_patterns("__pycache__"))
    return site


def used(site: Path) -> str:
    env = {**os.environ, "PYTHONPATH": str(site)}
    return subprocess.run([sys.executable, "-c", USE], env=env, capture_output=True, text=True, check=True).stdout


def check(site: Path) -> None:
    unknown, found = used(site).splitlines()
    assert unknown == "module 'strands' has no attribute 'Agnet'"
    assert found.startswith(str(site)) and " chain " in found and found.endswith(" workflow")


def test_they_are_found_without_source(copied: Path) -> None:
    compileall.compile_dir(copied, quiet=2, legacy=True, workers=1)
    for path in copied.rglob("*.py"):
        path.unlink()
    check(copied)


def test_they_are_found_in_an_archive(copied: Path) -> None:
    check(Path(shutil.make_archive(str(copied), "zip", copied)))
