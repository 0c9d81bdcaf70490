"""The API reference of the documentation site: every public module has its place, and docstrings fit what they tell."""

from __future__ import annotations

import ast
import importlib.util
import json
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


def reference(name: str = "reference") -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "docs" / f"{name}.py")
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
        if (path.parent / "__init__.py").exists()
        and not any(part.startswith("_") for part in path.relative_to(SRC).with_suffix("").parts if part != "__init__")
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


def test_without_the_scripts_of_pages_diagrams_are_text_and_nothing_is_loaded(tmp_path: Path) -> None:
    maker = reference()
    maker.__dict__["SCRIPTS"] = scripts = tmp_path / "scripts"
    maker.write(tmp_path / "without")
    assert "mermaid" not in (tmp_path / "without" / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert "offline" not in (tmp_path / "without" / "mkdocs.yml").read_text(encoding="utf-8")
    scripts.mkdir()
    for name in ("mermaid.min.js", "iframe-worker.js"):
        (scripts / name).write_text("")
    maker.write(tmp_path / "with")
    text = (tmp_path / "with" / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert text.count("```mermaid") == 3 and '<script src="javascripts/mermaid.min.js">' in text
    assert (tmp_path / "with" / "docs" / "javascripts" / "iframe-worker.js").exists()
    assert "  - offline\n" in (tmp_path / "with" / "mkdocs.yml").read_text(encoding="utf-8")


def test_a_notebook_is_a_page(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# A title\n", "and text"]},
        {
            "cell_type": "code",
            "source": "print(1)",
            "outputs": [
                {"output_type": "stream", "text": ["1\n"]},
                {"output_type": "display_data", "data": {"text/html": "<b>x</b>\n\n<i>y</i>", "text/plain": "x"}},
                {"output_type": "execute_result", "data": {"image/png": "aGk=", "text/plain": "<image>"}},
            ],
        },
    ]
    (tmp_path / "note.ipynb").write_text(json.dumps({"cells": cells}))
    text = reference("notebooks").page_of(tmp_path / "note.ipynb", tmp_path)
    assert text.startswith(
        "# A title\nand text\n\n```python\nprint(1)\n```\n\n```text\n1\n```\n\n<div><b>x</b>\n<i>y</i></div>"
    )
    assert (tmp_path / "note-1-2.png").read_bytes() == b"hi" and "/note-1-2.png)" in text


def test_a_diagram_has_no_sign_that_ends_a_line_of_it() -> None:
    for page in (ROOT / "docs").glob("*.md"):
        for diagram in re.findall(r"```mermaid\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
            assert ";" not in diagram, page.name


def test_links_and_loads_of_a_built_site_are_checked(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.html").write_text('<h2 id="one">x</h2><a href="sub/b.html#two">y</a><script src="s.js"></script>')
    (tmp_path / "sub" / "b.html").write_text('<h2 id="two"></h2><a href="../a.html#one">z</a><a href="https://x">w</a>')
    (tmp_path / "s.js").write_text("")
    problems = reference("links").problems
    assert list(problems(tmp_path)) == []
    (tmp_path / "c.html").write_text('<a href="d.html">1</a><a href="a.html#three">2</a><img src="https://x/y.png">')
    assert list(problems(tmp_path)) == [
        "c.html loads https://x/y.png",
        "c.html: d.html leads nowhere",
        "c.html: a.html#three names no heading",
    ]


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
