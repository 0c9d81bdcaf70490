"""chain: steps one after another, each seeing what came before."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from strands_cli.kernel.run import Run
from strands_cli.kernel.types import Names, Outcome
from strands_cli.patterns.step import Context, Done, answered, last_agent, offering, step, text
from strands_cli.plan.model import Plan, steps_plan

if TYPE_CHECKING:
    from strands_cli.spec.chain import ChainConfig
    from strands_cli.spec.steps import Step


_STEP = re.compile(r"(?:(?:branches|routes)/(?P<lane>.+)/)?steps/(?P<index>\d+)")


async def run(config: ChainConfig, run: Run, names: Names) -> Outcome:
    """Run the steps; the last response is the outcome."""
    names = await steps(config.steps, run, names)
    return Outcome(
        response=text(names["last_response"]),
        context={"steps": names["steps"]},
        names=offering(names, total_steps=len(names["steps"])),
        agent=last_agent(names["steps"]),
    )


async def steps(config: Sequence[Step], run: Run, names: Names, prefix: str = "steps") -> dict[str, Any]:
    """Run `config` in order under `prefix` and return the names in scope after the last step."""
    scope: dict[str, Any] = {**names, "steps": []}
    for index, one in enumerate(config):
        result = await step(run, one, scope, f"{prefix}/{index}")
        scope = answered(scope, result)
        scope["steps"].append(result.names(index=index))
    return scope


def plan(config: ChainConfig) -> Plan:
    """Return the steps as nodes."""
    return steps_plan(config.steps, "steps")


def so_far(done: Done) -> Context:
    """Return the steps that are done."""
    return {"steps": lanes(done).get(None, [])}


def lanes(done: Done) -> dict[str | None, list[dict[str, Any]]]:
    """Return the finished steps by the branch or route that they are in; None for those of a chain."""
    found: dict[str | None, list[tuple[int, dict[str, Any]]]] = {}
    for key, shown in done.items():
        match = _STEP.fullmatch(key)
        if match:
            index = int(match["index"])
            found.setdefault(match["lane"], []).append((index, {"index": index, **shown}))
    return {lane: [each for _, each in sorted(steps, key=lambda step: step[0])] for lane, steps in found.items()}
