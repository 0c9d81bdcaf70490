"""Packages of other people, installed into a directory of their own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path


def install(site: Path, name: str, files: Mapping[str, str], entry_points: Mapping[str, str]) -> None:
    """Write a distribution's files into `site`, a directory for PYTHONPATH.

    Args:
        entry_points: "group/name" to "module" or "module:object".
    """
    site.mkdir(exist_ok=True)
    for file, text in files.items():
        site.joinpath(file).write_text(text, encoding="utf-8")
    about = site / f"{name}-1.0.dist-info"
    about.mkdir()
    about.joinpath("METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n", encoding="utf-8")
    lines = []
    for key, target in entry_points.items():
        group, _, point = key.rpartition("/")
        lines.append(f"[{group}]\n{point} = {target}\n")
    about.joinpath("entry_points.txt").write_text("\n".join(lines), encoding="utf-8")
