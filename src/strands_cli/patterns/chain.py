"""chain: steps one after another, each seeing what came before."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from strands_cli.errors import ExecutionError
from strands_cli.kernel.run import Run
from strands_cli.kernel.types import Names, Outcome
from strands_cli.patterns.step import (
    Context,
    Done,
    answered,
    final_response,
    last_agent,
    offering,
    text,
    visit,
)
from strands_cli.patterns.step_flow import step
from strands_cli.plan.model import Plan, steps_plan
from strands_cli.spec.flow import END

if TYPE_CHECKING:
    from strands_cli.spec.chain import ChainConfig
    from strands_cli.spec.steps import Step


_STEP = re.compile(r"(?:(?:branches|routes)/(?P<lane>[^/]+)/)?steps/(?P<index>\d+)(?:#\d+)?")
MAX_RETURNS = 100
"""How often steps of one list are gone back to."""


async def run(config: ChainConfig, run: Run, names: Names) -> Outcome:
    """Run the steps; the last response is the outcome."""
    names = await steps(config.steps, run, names)
    response = final_response(zip(config.steps, names["steps"], strict=False))
    return Outcome(
        response=text(response),
        context={"steps": names["steps"]},
        names=offering({**names, "last_response": response}, total_steps=len(names["steps"])),
        agent=last_agent(names["steps"]),
    )


async def steps(config: Sequence[Step], run: Run, names: Names, prefix: str = "steps") -> dict[str, Any]:
    """Run `config` in order under `prefix` and return the names in scope after the last step."""
    scope: dict[str, Any] = {**names, "steps": []}
    visits: Counter[int] = Counter()
    index = 0
    while index < len(config):
        result = await step(run, config[index], scope, visit(f"{prefix}/{index}", visits[index] + 1))
        scope = answered(scope, result)
        scope["steps"][index : index + 1] = [result.names(index=index)]
        if result.to == END:
            break
        if result.to is not None:
            _back(visits, range(int(result.to), index + 1), f"{prefix}/{index}")
        index = index + 1 if result.to is None else int(result.to)
    return scope


def _back(visits: Counter[int], again: range, key: str) -> None:
    """Note that steps are done again."""
    visits.update(again)
    if visits[again[0]] > MAX_RETURNS:
        raise ExecutionError(f"{key!r} went back more than {MAX_RETURNS} times", hint="Start anew.")


def plan(config: ChainConfig) -> Plan:
    """Return the steps as nodes."""
    return steps_plan(config.steps, "steps")


def so_far(done: Done) -> Context:
    """Return the steps that are done."""
    return {"steps": lanes(done).get(None, [])}


def lanes(done: Done) -> dict[str | None, list[dict[str, Any]]]:
    """Return the finished steps by the branch or route that they are in; None for those of a chain."""
    found: dict[str | None, dict[int, dict[str, Any]]] = {}
    for key, shown in done.items():
        match = _STEP.fullmatch(key)
        if match:
            index = int(match["index"])
            found.setdefault(match["lane"], {})[index] = {"index": index, **shown}
    return {lane: [each for _, each in sorted(steps.items())] for lane, steps in found.items()}
