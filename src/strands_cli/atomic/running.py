"""Running an atomic agent: its input checked before any model call, its output before anybody gets it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from strands_cli.atomic.agent import AtomicAgent
from strands_cli.errors import InputError

if TYPE_CHECKING:
    from strands_cli.api.workflow import Workflow
    from strands_cli.types import HITLHandler, RunResult


@dataclass(frozen=True)
class AtomicResult:
    """What an atomic agent came to.

    Attributes:
        output: The value its output_schema describes; without one the text.
        run: The result of the run as a whole.
    """

    output: Any
    run: RunResult


def workflow(agent: AtomicAgent, **options: Any) -> Workflow:
    """Return the workflow that runs an agent; `options` are those of `Workflow`."""
    from strands_cli.api.workflow import Workflow

    return Workflow(agent.spec, **options)


def variables(agent: AtomicAgent, value: Any) -> dict[str, Any]:
    """Return the variables that stand for an input.

    Raises:
        InputError: The input does not fit the agent's input_schema or its variables.
    """
    from strands_cli.resources.contracts import problems

    schema = agent.agent.input_schema
    wrong = problems(schema, value) if schema is not None else []
    if wrong:
        raise InputError(
            f"the input of agent {agent.name!r} does not fit its input_schema: {'; '.join(wrong)}",
            hint=f"See what it takes: strands atomic describe {agent.name}.",
        )
    if agent.alone:
        return _of_message(agent, value)
    if isinstance(value, dict):
        return value
    required = list(agent.spec.inputs.required)
    if value is None and not required:
        return {}
    if len(required) != 1 or value is None:
        raise InputError(
            f"agent {agent.name!r} takes {', '.join(required) or 'no input'}", hint="Give them as a JSON object."
        )
    return {required[0]: value}


def run(agent: AtomicAgent, value: Any = None, *, handler: HITLHandler | None = None, **options: Any) -> AtomicResult:
    """Run an agent; see `run_async`."""
    from strands_cli.api.bridge import run_sync

    return run_sync(lambda: run_async(agent, value, handler=handler, **options))


async def run_async(
    agent: AtomicAgent, value: Any = None, *, handler: HITLHandler | None = None, **options: Any
) -> AtomicResult:
    """Run an agent on one input.

    Args:
        agent: The agent.
        value: Its input: a text, or what its input_schema describes.
        handler: Answers questions, such as tool approvals; without one the run pauses.
        options: As for `Workflow`: tools, hooks, model, repository, offline, ...

    Raises:
        InputError: The input does not fit; no model was called.
        ExecutionError: It failed, or its output does not fit its output_schema.
    """
    given = variables(agent, value)
    flow = workflow(agent, **options)
    if handler is None:
        result = await flow.run_async(variables=given)
    else:
        result = await flow.run_interactive_async(hitl_handler=handler, keep_session=True, variables=given)
    return AtomicResult(output(agent, result), result)


def output(agent: AtomicAgent, result: RunResult) -> Any:
    """Return the output of a run that was completed: a value with an output_schema, else the text."""
    if agent.agent.output_schema is None or not result.success:
        return result.last_response
    return json.loads(result.last_response)


def _of_message(agent: AtomicAgent, value: Any) -> dict[str, Any]:
    message = value if isinstance(value, str) else "" if value is None else json.dumps(value, ensure_ascii=False)
    if not message:
        raise InputError(f"agent {agent.name!r} needs an input", hint="Give a text or a JSON value.")
    names = agent.spec.inputs.optional
    parts = {name: item for name, item in value.items() if name in names} if isinstance(value, dict) else {}
    return {**parts, "input": message}
