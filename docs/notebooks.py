"""Notebooks as pages of the documentation site: what stands in their cells, and what these have shown."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any


def page_of(notebook: Path, images: Path) -> str:
    """Return a notebook as Markdown.

    Args:
        notebook: The file.
        images: Where pictures of its outputs are written.
    """
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    parts = []
    for number, cell in enumerate(cells):
        text = _joined(cell["source"])
        if cell["cell_type"] != "code":
            parts.append(text)
            continue
        parts.append(_fenced("python", text))
        for place, output in enumerate(cell["outputs"]):
            parts.append(_shown(output, images / f"{notebook.stem}-{number}-{place}.png"))
    return "\n\n".join(part for part in parts if part) + "\n"


def _shown(output: dict[str, Any], image: Path) -> str:
    if output["output_type"] == "stream":
        return _fenced("text", _joined(output["text"]))
    data = output.get("data", {})
    if "image/png" in data:
        image.write_bytes(base64.b64decode(_joined(data["image/png"])))
        return f"![What the cell shows]({image.parent.name}/{image.name})"
    for kind in ("image/svg+xml", "text/html"):
        if kind in data:  # an empty line would end what Markdown takes as HTML
            return "<div>" + "\n".join(line for line in _joined(data[kind]).splitlines() if line.strip()) + "</div>"
    if "text/markdown" in data:
        return _joined(data["text/markdown"])
    return _fenced("text", _joined(data["text/plain"])) if "text/plain" in data else ""


def _joined(text: str | list[str]) -> str:
    return text if isinstance(text, str) else "".join(text)


def _fenced(language: str, text: str) -> str:
    return f"```{language}\n{text.rstrip()}\n```"
