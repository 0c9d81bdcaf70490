"""What the page of troubles quotes is what the product says."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
OF_THE_SHELL = {"strands: command not found"}
FIRST_CELL = re.compile(r"^\| (?:[^|`]* )?`([^|]+)`[^|]* \|", re.MULTILINE)
QUOTED = [text for text in FIRST_CELL.findall(PAGE) if text not in OF_THE_SHELL]


@cache
def said() -> list[str]:
    """Return every text of the sources, with a mark for what is put in."""
    found = []
    for path in (ROOT / "src").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                parts = (str(each.value) if isinstance(each, ast.Constant) else "\0" for each in node.values)
                found.append("".join(parts).replace("`", ""))
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.append(node.value.replace("`", ""))
    return found


@pytest.mark.parametrize("quoted", QUOTED)
def test_a_message_is_one_of_the_product(quoted: str) -> None:
    pattern = re.compile(".*".join(re.escape(part.strip()) for part in quoted.split("…")), re.DOTALL)
    assert any(pattern.search(text) for text in said()), f"nothing says {quoted!r}"


def test_every_row_quotes_something() -> None:
    assert len(QUOTED) > 25
