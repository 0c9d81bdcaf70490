"""orchestrator_workers: one agent splits the work, workers do it at once, another puts it together."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from strands_cli.kernel.run import Run
from strands_cli.kernel.types import Names, Outcome
from strands_cli.loader.names import own_first
from strands_cli.loader.template import render
from strands_cli.patterns.answers import RETRIES, approves, refuses
from strands_cli.patterns.planning import MAX_REVISIONS, planned
from strands_cli.patterns.step import (
    Context,
    Done,
    StepResult,
    answered,
    ask,
    call,
    doer,
    how,
    including,
    is_agent,
    offering,
    prompt_for,
    said_of,
    seconds,
    text,
)
from strands_cli.patterns.step_flow import best_effort, flowing, step
from strands_cli.plan.model import Edge, Plan, one, step_node
from strands_cli.plan.steps import inner_plan, with_inner

if TYPE_CHECKING:
    from strands_cli.spec.orchestrator_workers import OrchestratorWorkersConfig, WorkerTemplate
    from strands_cli.spec.steps import AgentStep, Step

Scope = dict[str, Any]
_ANSWERS = "approved, reject, or what is told to whoever puts the results together"
_WORKER = re.compile(r"rounds/(?P<round>\d+)/workers/(?P<index>\d+)")


async def run(config: OrchestratorWorkersConfig, run: Run, names: Names) -> Outcome:
    """Plan and work in rounds until the orchestrator has no more tasks, then put the results together."""
    limits = config.orchestrator.limits
    scope = offering(_worked(names, [], 0), max_workers=limits.max_workers)
    for number in range(1, limits.max_rounds + 1):
        scope, rejected = await planned(config, run, offering(scope, round=number), number)
        if rejected:
            return _outcome(config, scope, f"the plan of round {number} was rejected in review")
        if not scope["subtasks"]:
            break
        done = await _round(config, run, scope, number)
        scope = {**_worked(scope, [*scope["workers"], *done], number), "last_response": done[-1]["response"]}
    feedback = ""
    if config.reduce_review is not None:
        answer = await ask(run, config.reduce_review, scope, "reduce/review", hint=_ANSWERS)
        scope = answered(scope, answer)
        if refuses(answer.response):
            return _outcome(config, scope, "the results were rejected in review")
        feedback = "" if approves(answer.response) else text(answer.response)
    parts = [text(each["response"]) for each in scope["workers"]]
    results = "\n\n".join(f"## {each['task']}\n\n{said_of(each)}" for each in scope["workers"])
    scope = {**scope, "last_response": results or scope["orchestrator_response"]}
    for key, last in (("reduce", config.reduce), ("writeup", config.writeup)):
        if last is not None:
            result = await _combined(run, last, scope, key, parts, feedback)
            scope = {**answered(scope, result), f"{key}_response": result.response}
            parts, feedback = [text(result.response)], ""
    return _outcome(config, scope)


async def _round(config: OrchestratorWorkersConfig, run: Run, names: Scope, number: int) -> list[dict[str, Any]]:
    """Have a round's tasks done, each in a lane of its own."""
    template, prefix = config.worker_template, f"rounds/{number}/workers"

    async def work(index: int, subtask: dict[str, Any]) -> StepResult:
        scope = own_first(offering(names, task=subtask["task"], subtask=subtask, index=index))
        if "agent" not in vars(template):
            return await step(run, cast("Step", template), scope, f"{prefix}/{index}")
        worker = cast("WorkerTemplate", template)
        job = partial(_worker, run, worker, scope, f"{prefix}/{index}")
        done = await best_effort(run, f"{prefix}/{index}", job, worker.on_failure)
        return done if isinstance(done, StepResult) else StepResult(worker.agent, "", **done)

    jobs = {f"{prefix}/{index}": partial(work, index, each) for index, each in enumerate(names["subtasks"])}
    done = await run.all(jobs, limit=config.orchestrator.limits.max_workers)
    return [
        result.names(index=index, round=number, task=subtask["task"], subtask=subtask)
        for index, (subtask, result) in enumerate(zip(names["subtasks"], done.values(), strict=True))
    ]


async def _worker(run: Run, worker: WorkerTemplate, scope: Names, key: str) -> StepResult:
    prompt = scope["task"] if worker.input is None else render(worker.input, scope)
    tools = worker.tool_overrides if worker.tools is None else worker.tools
    limit = seconds(worker.timeout_s, scope)
    reply = await run.agent(
        key, worker.agent, prompt, names=scope, tools=tools, timeout=limit, how=how(worker), goes_on=True
    )
    return StepResult.of(worker.agent, reply)


async def _combined(run: Run, last: Step, names: Scope, key: str, parts: list[str], feedback: str) -> StepResult:
    """Do a step that sees the results; a reviewer's feedback, and without an input the results, are always told."""
    if "agent" not in vars(last):
        return await step(run, last, names, key)
    agent = cast("AgentStep", last)

    async def summed_up() -> StepResult:
        prompt = prompt_for(run, agent, names)
        if agent.input is None and not any(part.strip() and part.strip() in prompt for part in parts):
            prompt = including(prompt, "The results:", text(names["last_response"]))
        return await call(run, agent, names, key, prompt=including(prompt, "The reviewer's feedback:", feedback))

    return await flowing(run, last, names, key, summed_up)


def _worked(names: Names, workers: list[dict[str, Any]], rounds: int) -> Scope:
    """Return `names` with all the work that is done after so many rounds."""
    count = len(workers)
    scope = {**names, "workers": workers, "num_workers": count, "round_count": rounds}
    return offering(scope, worker_count=count, rounds=rounds, decomposition=[each["subtask"] for each in workers])


def _outcome(config: OrchestratorWorkersConfig, names: Scope, error: str | None = None) -> Outcome:
    shown = ("workers", "round_count", "orchestrator_response", "reduce_response", "writeup_response")
    context = {name: names[name] for name in shown if name in names}
    context["decomposition"] = [each["subtask"] for each in names["workers"]] or names["subtasks"]
    ran = [doer(last) for last in (config.reduce, config.writeup) if error is None and last]
    agents = [config.orchestrator.agent, *(each["agent"] for each in names["workers"][-1:]), *ran]
    return Outcome(text(names["last_response"]), context, names, next(filter(is_agent, reversed(agents))), error)


def plan(config: OrchestratorWorkersConfig) -> Plan:
    """Return the rounds of plan, review and work, and what puts the results together."""
    rounds = config.orchestrator.limits.max_rounds
    plans = rounds if config.decomposition_review is None else rounds * (1 + MAX_REVISIONS)
    planner = step_node(config.orchestrator, "rounds/*/plan", group="rounds", at_most=plans * (1 + RETRIES))
    worker = config.worker_template
    work = step_node(worker, "rounds/*/workers/*", group="rounds", at_least=0, at_most=None)
    whole, loops = one(planner), []
    if config.decomposition_review is not None:
        gate = step_node(config.decomposition_review, "rounds/*/review", group="rounds", at_most=plans)
        whole, loops = whole.then(one(gate)), [Edge(gate.id, planner.id, "sent back")]
    whole = whole.then(one(work))
    if rounds > 1:
        loops.append(Edge(work.id, planner.id, "next round"))
    for key, last in (("reduce/review", config.reduce_review), ("reduce", config.reduce), ("writeup", config.writeup)):
        whole = with_inner(whole.then(one(step_node(last, key))), inner_plan(last, key)) if last is not None else whole
    return whole.with_edges(*loops)


def so_far(done: Done) -> Context:
    """Return the tasks that are done, and what was made of them."""
    workers = []
    for key, shown in done.items():
        match = _WORKER.fullmatch(key)
        if match:
            workers.append({"index": int(match["index"]), "round": int(match["round"]), **shown})
    workers.sort(key=lambda each: (each["round"], each["index"]))
    context: Context = {"workers": workers, "round_count": max((each["round"] for each in workers), default=0)}
    for name in ("reduce", "writeup"):
        if name in done:
            context[f"{name}_response"] = done[name]["response"]
    return context
