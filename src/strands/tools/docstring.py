"""What a docstring says about a function and its parameters (Google, NumPy and reST styles)."""

from __future__ import annotations

import re

_ARGS = re.compile(r"^(Args|Arguments|Parameters|Params):\s*$")
_SECTION = re.compile(r"^[A-Z][A-Za-z ]*:\s*$")
_ENTRY = re.compile(r"^(\*{0,2}\w+)\s*(?:\([^)]*\))?\s*:\s*(.*)$")
_REST = re.compile(r"^:param\s+(?:[^:]*\s)?(\w+):\s*(.*)$")
_NUMPY = re.compile(r"^(\w+)\s*(?::.*)?$")


def parse(text: str) -> tuple[str, dict[str, str]]:
    """Return a docstring without its parameters, and the parameters' texts by name.

    Args:
        text: The docstring, dedented.

    Returns:
        What the function does, and parameter name to text.
    """
    lines = text.splitlines()
    if lines and _ARGS.match(lines[0]):  # nothing stands above it, so dedenting has put its entries beside it
        lines[1:] = [f"    {line}" for line in lines[1:]]
    for index, line in enumerate(lines):
        if _ARGS.match(line):
            texts, end = _google(lines, index + 1)
            return _joined(lines[:index] + lines[end:]), texts
        if line.strip() == "Parameters" and index + 1 < len(lines) and set(lines[index + 1].strip()) == {"-"}:
            texts, end = _numpy(lines, index + 2)
            return _joined(lines[:index] + lines[end:]), texts
    texts = {match[1]: match[2] for line in lines if (match := _REST.match(line.strip()))}
    return _joined([line for line in lines if not line.strip().startswith(":")] if texts else lines), texts


def _google(lines: list[str], start: int) -> tuple[dict[str, str], int]:
    texts: dict[str, str] = {}
    indent: int | None = None
    name = ""
    for index in range(start, len(lines)):
        line = lines[index]
        if not line.strip():
            continue
        depth = len(line) - len(line.lstrip())
        if depth == 0 or (indent is not None and depth < indent) or (depth == 0 and _SECTION.match(line)):
            return texts, index
        indent = depth if indent is None else indent
        match = _ENTRY.match(line.strip()) if depth == indent else None
        if match:
            name = match[1].lstrip("*")
            texts[name] = match[2]
        elif name:
            texts[name] = f"{texts[name]}\n{line.strip()}".strip()
    return texts, len(lines)


def _numpy(lines: list[str], start: int) -> tuple[dict[str, str], int]:
    texts: dict[str, str] = {}
    name = ""
    for index in range(start, len(lines)):
        line = lines[index]
        if index + 1 < len(lines) and lines[index + 1].strip() and set(lines[index + 1].strip()) == {"-"}:
            return texts, index
        if line and not line[0].isspace():
            match = _NUMPY.match(line)
            name = match[1] if match else ""
            texts.setdefault(name, "")
        elif name and line.strip():
            texts[name] = f"{texts[name]} {line.strip()}".strip()
    return texts, len(lines)


def _joined(lines: list[str]) -> str:
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
