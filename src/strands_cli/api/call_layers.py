"""What stands around each agent call by what a workflow says: tries again, budgets, times."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from strands_cli.errors import UnusableReplyError
from strands_cli.kernel import layers

if TYPE_CHECKING:
    from strands_cli.spec.root import Spec


def layers_of(way: Sequence[Spec]) -> list[layers.Layer]:
    """Return the layers around the calls of a workflow's agents, the outermost first.

    Args:
        way: The workflow that is run, those that steps run in it, and last the one whose agents are called. How often
            a call is tried again says the last that says so; the budgets and times of all hold.
    """
    outer, said = way[0].runtime, [each.runtime for each in way if "failure_policy" in each.runtime.model_fields_set]
    policy, found = (said or [outer])[-1].failure_policy, list[layers.Layer]()
    if policy.retries:
        found.append(_retry(policy.retries, policy.backoff, policy.wait_min, policy.wait_max))
    if outer.budgets is not None:
        from strands_cli.api.limits import limits_of

        found.append(layers.budget(limits_of(outer.budgets)))
    if len(way) > 1:
        found.append(layers.budget_below)
    return [*found, *(layers.timeout(each.runtime.timeout_s) for each in way)]


@lru_cache(maxsize=64)
def _retry(retries: int, backoff: Any, wait_min: float, wait_max: float) -> layers.Layer:
    """Return the layer that tries again; the runs of a workflow have it in common."""
    return layers.retry(layers.RetryPolicy(retries, backoff, wait_min, wait_max), transient)


def transient(error: BaseException) -> bool:
    """Whether a failed call may succeed when it is tried again.

    Throttling, an unreachable provider, a timeout and an empty reply may pass; a filter says the same again.
    """
    from strands.types.exceptions import ModelQuotaError, ModelThrottledException, ModelUnavailableError

    again = isinstance(error, (ModelThrottledException, ModelUnavailableError, layers.CallTimeoutError))
    again = again or getattr(error, "repeatable", False)
    again = again or (isinstance(error, UnusableReplyError) and error.stop_reason == "end_turn")
    return again and not isinstance(error, ModelQuotaError)
