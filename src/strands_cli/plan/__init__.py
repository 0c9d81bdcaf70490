"""What a workflow will do, before it does it: a plan of nodes and edges, and its drawings."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from strands_cli.plan.model import Edge as Edge
from strands_cli.plan.model import Node as Node
from strands_cli.plan.model import Plan as Plan
from strands_cli.plan.model import beside as beside
from strands_cli.plan.model import step_node as step_node
from strands_cli.plan.model import steps_plan as steps_plan

if TYPE_CHECKING:
    from strands_cli.plan.as_mermaid import mermaid as mermaid
    from strands_cli.plan.as_svg import svg as svg
    from strands_cli.plan.as_text import text as text
    from strands_cli.spec import Spec


def plan(spec: Spec) -> Plan:
    """Return what a spec's pattern will do."""
    module = import_module(f"strands_cli.patterns.{spec.pattern.type}")
    found: Plan = module.plan(spec.pattern.config)
    return found


def __getattr__(name: str) -> object:
    if name not in ("mermaid", "text", "svg"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.as_{name}"), name)
