"""Steps without an agent: a tool's call, a request, data that is put together, a failure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeAlias

from strands_cli.errors import StoppedError
from strands_cli.kernel.run import Run
from strands_cli.kernel.types import Names
from strands_cli.loader.template import render, rendered
from strands_cli.patterns.step import StepResult, doer, seconds, with_vars

if TYPE_CHECKING:
    from strands_cli.spec.acts import FailStep, HttpStep, SetStep, ToolStep

    Act: TypeAlias = ToolStep | HttpStep | SetStep | FailStep


async def act(run: Run, step: Act, names: Names, key: str) -> StepResult:
    """Do a step that needs no agent, once: what it came to is on record like an agent's reply.

    What it is told, and recorded as its prompt, is the JSON of its arguments.

    Raises:
        StoppedError: It says that the run fails here.
    """
    said = vars(step)
    scope = with_vars(names, said.get("vars") or {})
    if "message" in said:
        raise StoppedError(render(said["message"], scope), exit_code=said["exit_code"])
    told = json.dumps(rendered(_arguments(said), scope), ensure_ascii=False)
    limit = seconds(said.get("timeout_s"), scope)
    reply = await run.agent(key, doer(step), told, names=scope, timeout=limit, act=step, goes_on=True)
    return StepResult.of(doer(step), reply)


def _arguments(said: dict[str, Any]) -> Any:
    if "set" in said:
        return said["set"]
    return said["args"] if "tool" in said else said["http"].model_dump(exclude_unset=True)
