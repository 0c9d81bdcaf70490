"""parallel: branches at the same time, then perhaps one step that sees them all."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from strands_cli.kernel.run import Run
from strands_cli.kernel.types import Names, Outcome
from strands_cli.patterns import chain
from strands_cli.patterns.step import Context, Done, answered, last_agent, offering, step, text
from strands_cli.plan.model import Plan, beside, one, step_node, steps_plan

if TYPE_CHECKING:
    from strands_cli.spec.parallel import ParallelConfig


async def run(config: ParallelConfig, run: Run, names: Names) -> Outcome:
    """Run the branches, each a lane of its own; without `reduce` their responses are joined under their ids."""
    jobs = {
        f"branches/{branch.id}": partial(chain.steps, branch.steps, run, names, f"branches/{branch.id}/steps")
        for branch in config.branches
    }
    ended = await run.all(jobs)
    branches = {branch.id: _summary(ended[f"branches/{branch.id}"]) for branch in config.branches}
    scope = offering({**names, "branches": branches}, total_branches=len(branches))
    agent = last_agent(one for branch in branches.values() for one in branch["steps"])
    context: dict[str, Any] = {"branches": branches}
    if config.reduce is None:
        joined = "\n\n".join(f"## {name}\n\n{text(branch['response'])}" for name, branch in branches.items())
        return Outcome(joined, context, {**scope, "last_response": joined}, agent)
    result = await step(run, config.reduce, scope, "reduce")
    context["reduce"] = result.names()
    scope = offering(answered(scope, result), reduce=context["reduce"])
    return Outcome(text(result.response), context, scope, last_agent(({"agent": agent}, context["reduce"])))


def _summary(scope: dict[str, Any]) -> dict[str, Any]:
    steps = scope["steps"]
    return {
        "response": scope["last_response"],
        "stop_reason": steps[-1]["stop_reason"] if steps else "",
        "status": "completed",
        "tokens": sum(one["tokens"] for one in steps),
        "duration": sum(one["duration"] for one in steps),
        "steps": steps,
    }


def plan(config: ParallelConfig) -> Plan:
    """Return the branches side by side, then the reduce step."""
    lanes = ((branch.steps, f"branches/{branch.id}") for branch in config.branches)
    branches = beside(*(steps_plan(steps, f"{lane}/steps", group=lane) for steps, lane in lanes))
    return branches.then(one(step_node(config.reduce, "reduce"))) if config.reduce else branches


def so_far(done: Done) -> Context:
    """Return what is done of each branch, and the reduce step."""
    branches = {
        lane: {
            "response": steps[-1]["response"],
            "tokens": sum(step["tokens"] for step in steps),
            "duration": sum(step["duration"] for step in steps),
            "steps": steps,
        }
        for lane, steps in chain.lanes(done).items()
        if lane is not None
    }
    return {"branches": branches, **({"reduce": done["reduce"]} if "reduce" in done else {})}
