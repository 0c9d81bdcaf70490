"""parallel: branches at the same time, then perhaps one step that sees them all."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from strands_cli.kernel.run import Run
from strands_cli.kernel.types import Names, Outcome
from strands_cli.patterns import chain
from strands_cli.patterns.step import Context, Done, answered, last_agent, offering, said_of, text
from strands_cli.patterns.step_flow import best_effort, step
from strands_cli.plan.model import Plan, beside, one, step_node, steps_plan
from strands_cli.plan.steps import inner_plan, with_inner

if TYPE_CHECKING:
    from strands_cli.spec.parallel import Branch, ParallelConfig


async def run(config: ParallelConfig, run: Run, names: Names) -> Outcome:
    """Run the branches, each a lane of its own; without `reduce` their responses are joined under their ids."""
    jobs = {f"branches/{branch.id}": partial(_branch, branch, run, names) for branch in config.branches}
    ended = await run.all(jobs)
    branches = {branch.id: _summary(ended[f"branches/{branch.id}"]) for branch in config.branches}
    scope = offering({**names, "branches": branches}, total_branches=len(branches))
    agent = last_agent(one for branch in branches.values() for one in branch["steps"])
    context: dict[str, Any] = {"branches": branches}
    if config.reduce is None:
        joined = "\n\n".join(f"## {name}\n\n{said_of(branch)}" for name, branch in branches.items())
        return Outcome(joined, context, {**scope, "last_response": joined}, agent)
    result = await step(run, config.reduce, scope, "reduce")
    context["reduce"] = result.names()
    scope = offering(answered(scope, result), reduce=context["reduce"])
    return Outcome(text(result.response), context, scope, last_agent(({"agent": agent}, context["reduce"])))


async def _branch(branch: Branch, run: Run, names: Names) -> dict[str, Any]:
    key = f"branches/{branch.id}"
    job = partial(chain.steps, branch.steps, run, names, f"{key}/steps")
    if branch.on_failure == "fail":
        return await job()

    return await best_effort(run, key, job, branch.on_failure)


def _summary(scope: dict[str, Any]) -> dict[str, Any]:
    if "steps" not in scope:
        return {"response": "", "stop_reason": "", "tokens": 0, "duration": 0.0, "steps": [], **scope}
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
    if config.reduce is None:
        return branches
    return with_inner(branches.then(one(step_node(config.reduce, "reduce"))), inner_plan(config.reduce, "reduce"))


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
