"""The results as a table, a plot and JSON."""

from __future__ import annotations

import json
import shutil
from html import escape
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- measured -->", "<!-- /measured -->"
COLOURS = {"floor": "#b8bec9", "ours": "#2f6fde"}


def write(directory: Path, data: dict[str, Any]) -> None:
    """Write `results.json`, `results.md` and `results.svg` into a directory."""
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "results.json").write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (directory / "results.md").write_text(table(data), encoding="utf-8")
    (directory / "results.svg").write_text(plot(data), encoding="utf-8")


def publish(directory: Path, docs: Path) -> None:
    """Put the table between the marks of `performance.md`, and the plot beside it."""
    page = docs / "performance.md"
    text = page.read_text(encoding="utf-8")
    head, rest = text.split(BEGIN)
    tail = rest.split(END)[1]
    measured = (directory / "results.md").read_text(encoding="utf-8")
    page.write_text(f"{head}{BEGIN}\n{measured}{END}{tail}", encoding="utf-8")
    shutil.copy(directory / "results.svg", docs / "images" / "performance.svg")


def table(data: dict[str, Any]) -> str:
    """Return the rows as a Markdown table."""
    labels = data["labels"]
    lines = [f"| | {' | '.join(labels.values())} |", f"|---|{'---:|' * len(labels)}"]
    for row in data["rows"]:
        values = [row["values"][name] for name in labels]
        if any(value is not None for value in values):
            cells = (number(value, row["unit"]) for value in values)
            lines.append(f"| {row['title']} | {' | '.join(cells)} |")
    facts = data["facts"]
    lines.append("")
    lines.append(
        f"Measured on {facts['date']} with Python {facts['python']} on {facts['machine']}, {facts['cores']} cores."
    )
    return "\n".join(lines) + "\n"


def number(value: float | None, unit: str) -> str:
    """Return a number with its unit, in three significant digits or so; a dash for what is not offered."""
    if value is None:
        return "–"
    digits = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    text = f"{value:,.{digits}f}"
    return f"{text}{unit}" if unit == "×" else f"{text} {unit}"


def plot(data: dict[str, Any]) -> str:
    """Return small bar charts, one a row marked for it, as an SVG picture."""
    labels = data["labels"]
    charts = [row for row in data["rows"] if row["plot"] and any(value is not None for value in row["values"].values())]
    columns, width, line = 2, 470, 17
    height = 34 + line * len(labels)
    pieces = [_chart(row, labels, line) for row in charts]
    rows = -(-len(pieces) // columns)
    body = "".join(
        f'<g transform="translate({16 + (n % columns) * width},{10 + (n // columns) * height})">{piece}</g>'
        for n, piece in enumerate(pieces)
    )
    size = f'width="{columns * width + 16}" height="{rows * height + 16}"'
    style = "text{font:12px system-ui,sans-serif;fill:#333}.t{font-weight:600}.v{font-size:11px}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="Benchmark results, shorter is better">'
        f'<style>{style}</style><rect width="100%" height="100%" fill="#fff"/>{body}</svg>\n'
    )


def _chart(row: dict[str, Any], labels: dict[str, str], line: int) -> str:
    most = max(value for value in row["values"].values() if value is not None) or 1
    lines = [f'<text class="t" y="14">{escape(row["title"])}</text>']
    for n, (name, label) in enumerate(labels.items()):
        value, y = row["values"][name], 22 + n * line
        lines.append(f'<text x="164" y="{y + 12}" text-anchor="end">{escape(label)}</text>')
        if value is not None:
            length = max(1.0, 210 * max(value, 0) / most)
            colour = COLOURS.get(name, "#e0a458")
            lines.append(f'<rect x="170" y="{y + 2}" width="{length:.1f}" height="{line - 5}" rx="2" fill="{colour}"/>')
        x = 174 + (0 if value is None else max(1.0, 210 * max(value, 0) / most))
        lines.append(f'<text class="v" x="{x:.1f}" y="{y + 12}">{escape(number(value, row["unit"]))}</text>')
    return "".join(lines)
