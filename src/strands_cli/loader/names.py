"""Which names a template needs, and which names the engine has."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from strands_cli.loader.template import plain_paths
from strands_cli.loader.words import words

if TYPE_CHECKING:
    from jinja2 import nodes

EVERYWHERE = frozenset(("last_response", "hitl_response", "execution_context", "TRACE"))
"""Names of every pattern; no variable may take them."""

OF_PATTERN: dict[str, frozenset[str]] = {
    "chain": frozenset(("steps",)),
    "workflow": frozenset(("tasks",)),
    "routing": frozenset(("router", "steps")),
    "parallel": frozenset(("branches", "steps")),
    "evaluator_optimizer": words("draft iteration evaluation iterations current_draft current_evaluation"),
    "orchestrator_workers": words(
        "subtasks task_count orchestrator_response workers num_workers round_count reduce_response"
    ),
    "graph": frozenset(("nodes",)),
}
"""Names of one pattern; no variable of a spec of that pattern may take them."""

SOFT_OF_PATTERN: dict[str, frozenset[str]] = {
    "chain": frozenset(("total_steps",)),
    "workflow": frozenset(("total_tasks",)),
    "routing": frozenset(("chosen_route", "router_agent", "total_steps")),
    "parallel": frozenset(("reduce", "total_branches")),
    "evaluator_optimizer": words(
        "iteration_index iteration_count total_iterations final_score score issues fixes feedback min_score max_iters"
    ),
    "orchestrator_workers": words(
        "worker_count writeup_response task subtask index decomposition tasks rounds round max_workers"
    ),
    "graph": frozenset(["total_steps", "terminal_node", "execution_path", "current_node", "iteration"]),
}
"""Names that the engine has too, and that a variable may take over."""

OF_SPEC = words("name version description tags metadata runtime context_policy timestamp inputs")
"""The spec's own keys and the time; a variable may take them over."""


def reserved(pattern: str) -> frozenset[str]:
    """Return the names that no variable of a spec of this pattern may have."""
    return EVERYWHERE | OF_PATTERN.get(pattern, frozenset())


def engine_names(pattern: str) -> frozenset[str]:
    """Return all names that a template of this pattern may use without anybody giving them."""
    return reserved(pattern) | OF_SPEC | SOFT_OF_PATTERN.get(pattern, frozenset())


def needed(template: str, *, expression: bool = False) -> frozenset[str]:
    """Return the names that must be defined for the template to render.

    Names used only where `is defined` or `default` guards them are left out.

    Raises:
        TemplateError: The template is malformed.
    """
    if not expression:
        paths = plain_paths(template)
        if paths is not None:
            return frozenset(str(path[0]) for path in paths)
    elif template.strip() == "else":
        return frozenset()
    from strands_cli.loader.sandbox import expression_tree, tree
    from strands_cli.loader.scopes import free_names

    found: nodes.Template = expression_tree(template) if expression else tree(template)
    return free_names(found) - {"range", "dict"}


def all_needed(templates: Iterable[str]) -> frozenset[str]:
    """Return the names that any of the templates needs."""
    return frozenset(name for template in templates for name in needed(template))
