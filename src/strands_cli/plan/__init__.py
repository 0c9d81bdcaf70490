"""What a workflow will do, before it does it: a plan of nodes and edges, and its drawings."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from typing import TYPE_CHECKING

from strands._lazy import lazy
from strands_cli.plan.model import Edge as Edge
from strands_cli.plan.model import Node as Node
from strands_cli.plan.model import Plan as Plan
from strands_cli.plan.model import beside as beside
from strands_cli.plan.model import one_of as one_of
from strands_cli.plan.model import step_node as step_node
from strands_cli.plan.model import steps_plan as steps_plan

if TYPE_CHECKING:
    from strands_cli.plan.as_dot import dot as dot
    from strands_cli.plan.as_mermaid import mermaid as mermaid
    from strands_cli.plan.as_svg import svg as svg
    from strands_cli.plan.as_text import text as text
    from strands_cli.spec import Spec
else:
    __getattr__, __dir__ = lazy(__name__)

DRAWINGS = ("text", "mermaid", "svg", "dot")


def plan(spec: Spec) -> Plan:
    """Return what a spec's pattern will do, and where else a person may be asked."""
    from strands_cli.plan.gates import with_gates
    from strands_cli.spec.registry import pattern_code

    found: Plan = pattern_code(spec.pattern.type).plan(spec.pattern.config)
    found = with_gates(found, spec)
    return found if not spec.workflows else _with_workflows(found, spec)


def _with_workflows(whole: Plan, spec: Spec) -> Plan:
    """Return a plan with what the workflows do that steps run, each behind an edge from its step."""
    from strands_cli.kernel.within import BELOW
    from strands_cli.plan.steps import with_inner

    found, notes = [], list(whole.notes)
    for node in whole.nodes:
        if node.kind == "workflow":
            inner = plan(spec.within()[node.label]).times(node.at_least, node.at_most).below(f"{node.id}/{BELOW}")
            notes += [f"{note}, in {node.label}" for note in inner.notes]
            found.append(inner.with_edges(*(Edge(node.id, start) for start in inner.starts)))
    return replace(with_inner(whole, *found), notes=tuple(dict.fromkeys(notes)), _index={})


def draw(plan: Plan, format: str = "text") -> str:
    """Return a drawing of a plan.

    Args:
        plan: The plan.
        format: "text", "mermaid", "svg" or "dot" (Graphviz).

    Raises:
        ValueError: There is no such format.
    """
    if format not in DRAWINGS:
        raise ValueError(f"there is no drawing {format!r}; there are {', '.join(DRAWINGS)}")
    drawing: str = getattr(import_module(f"{__name__}.as_{format}"), format)(plan)
    return drawing
