"""What a run may use, in tokens, calls, seconds and money, as its spec says."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from strands_cli.api.results import is_rehearsal
from strands_cli.kernel.layers import RunLimits
from strands_cli.spec.asking import rights_of
from strands_cli.spec.within import plain_agents

if TYPE_CHECKING:
    from strands_cli.api.options import Options
    from strands_cli.spec.root import Spec
    from strands_cli.spec.runtime import Budgets


def limits_of(budgets: Budgets, below: str = "") -> RunLimits:
    """Return the limits of a run, or of what has keys that begin with `below`."""
    spent = None
    if budgets.max_cost is not None:
        from strands_cli.costs import Costs

        spent = partial(Costs().spent, below=below)
    return RunLimits(
        budgets.max_steps,
        budgets.max_tokens,
        budgets.max_duration_s,
        budgets.warn_threshold,
        budgets.on_exceed,
        rights_of(budgets),
        budgets.timeout_seconds or None,
        max_cost=budgets.max_cost,
        spent=spent,
    )


def check_prices(spec: Spec, options: Options) -> None:
    """Check that what models cost can be said, and that a budget in money can be kept.

    Raises:
        InputError: The user's file of prices cannot be read, or a model that a budget is for has no price.
    """
    origin: dict[str, Any] = {"spec": spec.plain()}
    if options.model is not None:
        origin["model_id"] = model_id(options.model)
    if is_rehearsal(origin):
        return
    from strands_cli import costs

    budgets = spec.runtime.budgets
    capped = budgets is not None and budgets.max_cost is not None
    if not costs.costs_nothing(origin):
        agents = [name for name, _, whole in plain_agents(spec.plain()) if capped or _is_capped(whole)]
        costs.check_prices(origin, agents)


def _is_capped(spec: Mapping[str, Any]) -> bool:
    return "max_cost" in ((spec.get("runtime") or {}).get("budgets") or {})


def model_id(model: Any) -> str:
    """Return the id by which a model given in Python has its price."""
    try:
        found = model.get_config().get("model_id")
    except Exception:  # a model of others, which may lack it
        found = None
    return str(found or type(model).__name__)
