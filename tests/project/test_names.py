"""Names: a public class is defined once, and what was renamed does not come back."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from pathlib import Path

SRC = Path(__file__).parents[2] / "src"
FILES = sorted(SRC.rglob("*.py"))
TWICE = {
    # The Strands Agents SDK has both.
    "ContentBlockDelta": "types/content types/streaming",
    "Trace": "telemetry/metrics types/guardrails",
    # The SDK has one for agents, and workflows have one of the same name.
    "GraphBuilder": "multiagent/builder api/builders/graph",
    "Session": "types/session api/session",
    "SessionManager": "session/session_manager api/session_manager",
    "StorageError": "journal/errors types/exceptions",
    # What a workflow file has is called as there.
    "GraphEdge": "multiagent/graph_parts spec/graph",
    "Limits": "types/agent spec/orchestrator_workers",
    "Route": "models/routing/router spec/routing",
    "Skill": "vended_plugins/skills/skill spec/skills",
}
FORMER = frozenset(
    (
        *("Asker", "Blotter", "Ending", "Equipment", "Gatherer", "Inside", "InsideRecorder", "LastResort", "Pace"),
        *("MultiAgentSeat", "Perform", "Performer", "Rest", "Seat", "Surroundings", "Vault", "Watched"),
        *("begins_at_once", "rooted", "settle_doubt", "tidy", "told"),
    )
)
"""Names that were metaphors, or taken twice."""


def public(path: Path) -> bool:
    parts = path.relative_to(SRC).with_suffix("").parts
    return not any(part.startswith("_") for part in parts if part != "__init__")


def test_no_public_class_is_defined_twice() -> None:
    found: dict[str, list[str]] = defaultdict(list)
    for path in filter(public, FILES):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(path.relative_to(SRC).with_suffix("").as_posix())
    several = {name: places for name, places in found.items() if len(places) > 1}
    assert {name: sorted(places) for name, places in several.items() if name not in TWICE} == {}
    for name, places in several.items():
        known = TWICE[name].split()
        assert len(places) == len(known), name
        assert all(any(place.endswith(each) for each in known) for place in places), name
    assert TWICE.keys() == several.keys(), "what is defined once needs no line here"


def test_former_names_do_not_come_back() -> None:
    for path in FILES:
        names = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                names.add(node.name)
            elif isinstance(node, ast.Attribute):
                names.add(node.attr)
        assert names.isdisjoint(FORMER), path


def test_no_call_is_in_doubt() -> None:
    """The word for a call of which nobody knows whether it happened is "ambiguous"."""
    for path in FILES:
        told = re.findall(r"[^\n]*\bin doubt\b[^\n]*", path.read_text(encoding="utf-8"))
        assert [line for line in told if "when in doubt" not in line] == [], path
