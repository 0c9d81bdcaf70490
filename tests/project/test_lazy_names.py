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


def test_they_are_found_where_pytest_rewrites_the_assertions_of_this_distribution(copied: Path, tmp_path: Path) -> None:
    about = copied / "strands_cli-9.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: strands-cli\nVersion: 9\n")
    (about / "entry_points.txt").write_text("[pytest11]\nstrands = strands_cli.pytest_plugin\n")
    files = (path.relative_to(copied).as_posix() for path in copied.rglob("*.py"))
    (about / "RECORD").write_text("".join(f"{name},,\n" for name in files))
    (tmp_path / "test_use.py").write_text("def test_use():\n    from strands import Agent, SessionManager, Workflow\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path / "test_use.py")]
    env = {**os.environ, "PYTHONPATH": str(copied)}
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
