"""The API reference of the documentation site: every public module has its place, and docstrings fit what they tell."""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src"
FILES = sorted(SRC.rglob("*.py"))
_SECTION = re.compile(r"^(Args|Raises|Attributes):\n((?:    .*\n?|\n)+)", re.MULTILINE)
_ENTRY = re.compile(r"^    (\S.*?)(?: \(.*?\))?:(?: |$)", re.MULTILINE)


def reference() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reference", ROOT / "docs" / "reference.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def placed(nav: list[Any]) -> Iterator[str]:
    """Yield the pages that a navigation names."""
    for each in nav:
        if isinstance(each, str):
            yield each
            continue
        for below in each.values():
            yield from placed(below if isinstance(below, list) else [below])


def test_every_page_and_every_public_module_has_its_place_on_the_site(tmp_path: Path) -> None:
    reference().write(tmp_path)
    pages = {path.relative_to(tmp_path / "docs").as_posix() for path in (tmp_path / "docs").rglob("*.md")}
    # Tags that name Python objects are for the tool that builds the site.
    text = re.sub(r"!!python/\S+", "", (tmp_path / "mkdocs.yml").read_text(encoding="utf-8"))
    assert sorted(placed(YAML(typ="safe").load(text)["nav"])) == sorted(pages)
    shown = "\n".join(path.read_text(encoding="utf-8") for path in (tmp_path / "docs" / "reference").iterdir())
    public = [
        ".".join(path.relative_to(SRC).with_suffix("").parts).removesuffix(".__init__")
        for path in FILES
        if not any(part.startswith("_") for part in path.relative_to(SRC).with_suffix("").parts if part != "__init__")
    ]
    described = re.findall(r"^::: (\S+)$", shown, re.MULTILINE)
    assert sorted(name for name in described if "._" not in name) == sorted(public)
    assert {"strands.agent.agent", "strands_cli.api.workflow", "strands_cli"} <= set(public)


def test_links_out_of_the_pages_lead_to_the_repository(tmp_path: Path) -> None:
    reference().write(tmp_path)
    for page in tmp_path.rglob("*.md"):
        text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        for link in re.findall(r"\]\((\.[^)#\s]*)", text):
            assert (page.parent / link).resolve().is_relative_to(tmp_path), f"{page.name}: {link}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(SRC)))
def test_a_docstring_tells_of_parameters_that_are_there(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            told = dict(_SECTION.findall(ast.get_docstring(node) or ""))
            args = [name.lstrip("*") for name in _ENTRY.findall(told.get("Args", ""))]
            assert set(args) <= parameters(node) or is_made_elsewhere(node), f"{node.name} in line {node.lineno}"
            raised = re.findall(r"^    (\S.*)$", told.get("Raises", ""), re.MULTILINE)
            assert all(re.match(r"[\w.]+(, [\w.]+)*: ", line) for line in raised), f"{node.name} in line {node.lineno}"


def parameters(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> set[str]:
    if isinstance(node, ast.ClassDef):
        made = [each for each in node.body if isinstance(each, ast.FunctionDef) and each.name == "__init__"]
        fields = {
            each.target.id
            for each in node.body
            if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
        }
        return parameters(made[0]) if made else fields
    given = node.args
    named = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    return {each.arg for each in named if each is not None}


def is_made_elsewhere(node: ast.AST) -> bool:
    """Whether a class is made as another class says."""
    own = [each for each in getattr(node, "body", ()) if isinstance(each, ast.FunctionDef) and each.name == "__init__"]
    return isinstance(node, ast.ClassDef) and bool(node.bases) and not own
