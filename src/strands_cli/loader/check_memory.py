"""Memories: every name of one that a step writes or a template reads is declared."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from strands_cli.loader.finding import Finding
from strands_cli.loader.parts import parts, templates
from strands_cli.loader.template import sound_uses
from strands_cli.loader.walk import at
from strands_cli.schema.problems import did_you_mean


def check_memory(data: dict[str, Any]) -> Iterator[Finding]:
    """Yield names of memories that are not declared."""
    said = data.get("memory")
    known = [said] if isinstance(said, str) else list(map(str, said)) if isinstance(said, (dict, list)) else []
    hint = "Declare it: memory: [NAME]."
    for part in parts(data):
        name = part.value.get("memory")
        if isinstance(name, str) and "set" in part.value and name not in known:
            yield Finding((*part.path, "memory"), f"there is no memory {name!r}", did_you_mean(name, known) or hint)
    if not known:
        return
    for group in ("required", "optional", "values"):
        named = at(data, ("inputs", group))
        if isinstance(named, dict) and "memory" in named:
            yield Finding(("inputs", group, "memory"), "the variable 'memory' would hide the memories", "Rename it.")
    for site in templates(data):
        for root, key in sorted(sound_uses(site.text, expression=site.expression).references, key=str):
            if root == "memory" and isinstance(key, str) and key not in known:
                yield Finding(site.path, f"there is no memory {key!r}", did_you_mean(key, known) or hint)
