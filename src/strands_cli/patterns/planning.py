"""How the plan of a round comes about: asked of the orchestrator, and reviewed as often as a person sends it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strands_cli.errors import ExecutionError
from strands_cli.kernel.run import Run
from strands_cli.loader.names import own_first
from strands_cli.patterns import shapes
from strands_cli.patterns.answers import approves, asks_for, rejects, understood
from strands_cli.patterns.step import answered, ask, offering, prompt_for, text, visit

if TYPE_CHECKING:
    from strands_cli.spec.orchestrator_workers import OrchestratorWorkersConfig

Scope = dict[str, Any]
_ANSWERS = "approved, reject, a JSON list of tasks, or what is to be planned otherwise"
MAX_REVISIONS = 20
"""How often one plan goes back to the orchestrator before somebody must start anew."""


async def planned(config: OrchestratorWorkersConfig, run: Run, names: Scope, number: int) -> tuple[Scope, bool]:
    """Have a round's tasks planned, and reviewed as often as a person sends the plan back; says if it was rejected."""
    review, prompt, feedback = config.decomposition_review, _briefing(config, run, names, number), ""
    most = config.orchestrator.limits.max_workers
    for attempt in range(1, MAX_REVISIONS + 2):
        expects = {"kind": "orchestrator", "round": number, "feedback": feedback, "max_workers": most}
        key = visit(f"rounds/{number}/plan", attempt)
        said, tasks = await understood(
            run, config.orchestrator, names, key, prompt, shapes.tasks, shape=shapes.TASKS, expects=expects
        )
        scope = _with_tasks({**answered(names, said), "orchestrator_response": said.response}, tasks)
        if review is None or (number > 1 and not tasks):
            return scope, False
        answer = await ask(run, review, scope, visit(f"rounds/{number}/review", attempt), hint=_ANSWERS)
        scope = answered(scope, answer)
        if approves(answer.response) or rejects(answer.response):
            return scope, rejects(answer.response)
        replaced = shapes.replacement(answer.response)
        if replaced is not None:
            return _with_tasks(scope, replaced), False
        feedback = text(answer.response)
        prompt = f"A reviewer sent your plan back with this feedback:\n{feedback}\n\nMake the plan anew. {shapes.TASKS}"
    raise ExecutionError(f"the plan of round {number} was sent back {MAX_REVISIONS + 1} times", hint="Start anew.")


def _briefing(config: OrchestratorWorkersConfig, run: Run, names: Scope, number: int) -> str:
    """Return what the orchestrator is told at the start of a round."""
    if number == 1:
        prompt = prompt_for(run, config.orchestrator, names)
        asked = f"{prompt}\n{run.default_prompt(config.orchestrator.agent, own_first(names))}"
        return prompt if asks_for(asked, "json", "task") else f"{prompt}\n\n{shapes.TASKS}"
    last = [each for each in names["workers"] if each["round"] == number - 1]
    results = "\n\n".join(f"Task: {each['task']}\nResult: {each['response']}" for each in last)
    rounds = f"round {number - 1} of at most {config.orchestrator.limits.max_rounds}"
    return f"These are the results of {rounds}.\n\n{results}\n\nWhich tasks are left? {shapes.TASKS}"


def _with_tasks(names: Scope, tasks: list[dict[str, Any]]) -> Scope:
    return offering({**names, "subtasks": tasks, "task_count": len(tasks)}, tasks=tasks)
