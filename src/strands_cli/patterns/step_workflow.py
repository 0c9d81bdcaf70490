"""A step that runs another workflow: its pattern is driven below the step's key, as part of the same run."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

from strands.types.json_value import writes_data
from strands_cli.errors import ExecutionError, InputError, StoppedError
from strands_cli.kernel.run import Run
from strands_cli.kernel.types import AgentReply, Names, Within
from strands_cli.kernel.within import run_within
from strands_cli.loader.template import rendered
from strands_cli.patterns.step import StepResult, doer, with_vars

if TYPE_CHECKING:
    from collections.abc import Mapping

    from strands_cli.spec.acts import WorkflowStep


async def workflow(run: Run, step: WorkflowStep, names: Names, key: str) -> StepResult:
    """Run a step's workflow; what it is told, and recorded as its prompt, is the JSON of its inputs.

    Raises:
        ExecutionError: A variable does not fit, or the workflow says no itself.
    """
    inner = run.workflows[step.workflow]
    given = rendered(step.inputs, with_vars(names, step.vars))
    told = json.dumps(given, ensure_ascii=False)
    caught = step.on_error != "fail"
    reply = await run.part(key, doer(step), told, partial(_reply, run, inner, key, given, caught))
    return StepResult.of(doer(step), reply)


async def _reply(run: Run, inner: Within, key: str, given: Mapping[str, Any], caught: bool) -> AgentReply:
    try:
        inputs = inner.inputs(json.loads(json.dumps(given)))
    except InputError as error:
        raise ExecutionError(
            f"{run.below + key!r}: {error.message}", hint=f"Give {inner.path!r} what it needs: inputs."
        ) from error
    try:
        outcome = await run_within(run, inner, key, inputs)
    except StoppedError as error:
        if not caught:
            raise
        raise ExecutionError(error.message, hint=error.hint) from error  # the step has failed, not the whole run
    if outcome.error is not None:
        raise ExecutionError(outcome.error)
    message = {"role": "assistant", "content": [{"text": outcome.response}]}
    return AgentReply(outcome.response, message, is_json=writes_data(outcome.response))
