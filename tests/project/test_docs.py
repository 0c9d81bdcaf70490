"""The documentation does what it says: every page runs, every link leads somewhere, generated pages are current."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from support.page import blocks

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
LANGUAGES = {"python", "shell", "yaml", "json", "toml", "text", "mermaid", "stub"}


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_the_code_of_a_page_runs(page: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-W", "error", "-m", "support.page", str(page)]
    env = {"PYTHONPATH": str(ROOT / "tests"), "PATH": "/usr/bin:/bin", "HOME": str(tmp_path)}
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr[-4000:]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_block_says_what_it_is(page: Path) -> None:
    unknown = [block.line for block in blocks(page.read_text(encoding="utf-8")) if block.language not in LANGUAGES]
    assert unknown == [], f"lines {unknown}: use one of {sorted(LANGUAGES)}"


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CHANGELOG.md", *ROOT.glob("*/README.md")], ids=name)
def test_every_link_leads_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    links = re.findall(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"", text)
    for target in (first or second for first, second in links):
        if target.startswith(("https://", "http://", "mailto:")):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), f"{target} leads nowhere"
        if anchor and file.suffix == ".md":
            assert anchor in anchors(file.read_text(encoding="utf-8")), f"{target}: no such heading"


def test_the_generated_pages_are_current() -> None:
    command = [sys.executable, str(ROOT / "docs" / "generate.py"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_promise_is_proven_by_tests_that_exist() -> None:
    promise = (ROOT / "README.md").read_text(encoding="utf-8").split("## The promise")[1].split("\n## ")[0]
    points = re.findall(r"^\d\..*?(?=^\d\.|\Z)", promise, re.MULTILINE | re.DOTALL)
    assert len(points) == 6
    for point in points:
        tests = re.findall(r"\]\((tests/[^)]+)\)", point)
        assert tests, f"no test is named for: {point}"


def test_each_threat_is_tried_by_a_test_that_exists() -> None:
    page = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
    threats = [line for line in page.splitlines() if line.startswith("| ") and not line.startswith("| who tries")]
    assert len(threats) > 30
    for threat in threats:
        tests = re.findall(r"\[`(\w+)`\]\(\.\./(tests/[\w/]+\.py)\)", threat)
        assert tests, f"no test is named for: {threat}"
        for function, file in tests:
            assert f"def {function}(" in (ROOT / file).read_text(encoding="utf-8"), f"{file} has no {function}"


def anchors(text: str) -> set[str]:
    """Return the anchors that the headings of a page get."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
