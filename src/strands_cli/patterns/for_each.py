"""for_each: steps for each item of a list, the items side by side."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from strands_cli.errors import ExecutionError
from strands_cli.kernel.run import Run
from strands_cli.kernel.types import Names
from strands_cli.loader.data import as_data
from strands_cli.loader.names import own_first
from strands_cli.loader.template import rendered
from strands_cli.patterns import chain
from strands_cli.patterns.step import StepResult, doer, final_response
from strands_cli.patterns.step_flow import best_effort

if TYPE_CHECKING:
    from strands_cli.spec.acts import EachStep

MAX_ITEMS = 10_000


async def each(run: Run, step: EachStep, names: Names, key: str) -> StepResult:
    """Do the steps for each item, each in a lane of its own; the response is the list of what the items came to.

    Raises:
        ExecutionError: There is no list, or one of too many items.
    """
    items = rendered(step.for_each, own_first(names))
    if not isinstance(items, (list, tuple)):
        cause = f"{run.below + key!r}: for_each needs a list, and {step.for_each!r} gives a {type(items).__name__}"
        raise ExecutionError(cause, hint="A text of JSON becomes one by the filter fromjson.")
    if len(items) > MAX_ITEMS:
        raise ExecutionError(
            f"{run.below + key!r}: for_each has {len(items):,} items, at most {MAX_ITEMS:,}", hint="Give it fewer."
        )
    lanes = [f"{key}/items/{number}" for number in range(len(items))]
    jobs = {
        lane: partial(_one, run, step, names, lane, number, item)
        for number, (lane, item) in enumerate(zip(lanes, items, strict=True))
    }
    done = list((await run.all(jobs, limit=step.max_parallel)).values())
    steps = [result for one in done for result in one["steps"]]
    return StepResult(
        doer(step),
        as_data([one["response"] for one in done]),
        sum(one["tokens"] for one in steps),
        sum(one["duration"] for one in steps),
        more={"items": done},
    )


async def _one(run: Run, step: EachStep, names: Names, key: str, number: int, item: Any) -> dict[str, Any]:
    scope = {**names, step.as_: as_data(item), "index": number}
    job = partial(chain.steps, step.steps, run, scope, f"{key}/steps")
    ended = await best_effort(run, key, job, step.on_failure)
    if "steps" not in ended:
        return {"item": item, "response": "", "steps": [], **ended}
    response = final_response(zip(step.steps, ended["steps"], strict=False))
    return {"item": item, "response": response, "status": "completed", "steps": ended["steps"]}
