"""Which names a template needs, and which names the engine has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from strands_cli.loader.template import plain_paths
from strands_cli.loader.words import words

if TYPE_CHECKING:
    from jinja2 import nodes

EVERYWHERE = frozenset(("last_response", "hitl_response"))
"""Names of every pattern that it cannot do without; no variable may take them."""

OF_PATTERN: dict[str, frozenset[str]] = {
    "chain": frozenset(("steps",)),
    "workflow": frozenset(("tasks",)),
    "routing": frozenset(("steps",)),
    "parallel": frozenset(("branches", "steps")),
    "evaluator_optimizer": frozenset(),
    "orchestrator_workers": frozenset(),
    "graph": frozenset(("nodes",)),
}
"""Names of one pattern that it cannot do without; no variable of a spec of that pattern may take them."""

CONVENIENT_EVERYWHERE = frozenset(("execution_context", "TRACE"))
"""Names of artifacts; a variable may take them over."""

CONVENIENT: dict[str, frozenset[str]] = {
    "chain": words("total_steps"),
    "workflow": words("total_tasks"),
    "routing": words("router chosen_route router_agent total_steps"),
    "parallel": words("reduce total_branches"),
    "evaluator_optimizer": words(
        "draft iteration evaluation iterations current_draft current_evaluation "
        "iteration_index iteration_count total_iterations final_score score issues fixes feedback min_score max_iters"
    ),
    "orchestrator_workers": words(
        "subtasks task_count orchestrator_response workers num_workers round_count reduce_response "
        "worker_count writeup_response task subtask index decomposition tasks rounds round max_workers"
    ),
    "graph": words("total_steps terminal_node execution_path current_node iteration"),
}
"""Names that a pattern has too, and that a variable may take over."""

NOT_YET = (
    EVERYWHERE.union(CONVENIENT_EVERYWHERE, *OF_PATTERN.values())
    | words("router draft iteration evaluation iterations current_draft current_evaluation subtasks task_count")
    | words("orchestrator_response workers num_workers round_count reduce_response")
)
"""Names that count as false in a template while the engine has no value for them yet."""

OF_SPEC = words("name version description tags metadata runtime context_policy timestamp inputs")
"""The spec's own keys and the time; a variable may take them over."""


def reserved(pattern: str) -> frozenset[str]:
    """Return the names that no variable of a spec of this pattern may have."""
    return EVERYWHERE | OF_PATTERN.get(pattern, frozenset())


def own_first(names: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the names of a pattern as templates see them: the workflow's own variables win over convenient names."""
    own = names.get("inputs")
    if not own or not isinstance(own, Mapping):
        return names
    won = {name: own[name] for name in own.keys() & names.keys() if name not in _NEVER and names[name] is not own[name]}
    return {**names, **won} if won else names


_NEVER = EVERYWHERE.union(*OF_PATTERN.values()) | {"inputs"}


@cache
def engine_names(pattern: str) -> frozenset[str]:
    """Return all names that a template of this pattern may use without anybody giving them."""
    return reserved(pattern) | OF_SPEC | CONVENIENT_EVERYWHERE | CONVENIENT.get(pattern, frozenset())


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
