"""workflow: tasks that start as soon as the tasks they depend on are done."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

from strands_cli.kernel.run import Run
from strands_cli.kernel.types import Names, Outcome
from strands_cli.patterns.step import Context, Done, final_response, is_hitl, last_agent, text
from strands_cli.patterns.step_flow import step
from strands_cli.plan.model import Edge, Plan, step_node
from strands_cli.plan.steps import inner_plan, with_inner

if TYPE_CHECKING:
    from strands_cli.spec.steps import Task
    from strands_cli.spec.workflow import WorkflowConfig

_WITHOUT_RESPONSE = ("skipped", "failed")

_TASK = re.compile(r"tasks/[^/#]+")


async def run(config: WorkflowConfig, run: Run, names: Names) -> Outcome:
    """Run each task in a lane of its own; the last listed task that nothing depends on has the final response."""
    done: dict[str, dict[str, Any]] = {}
    before = _before(config)
    people = frozenset(task.id for task in config.tasks if is_hitl(task))

    async def work(task: Task) -> None:
        result = await step(run, task, _scope(names, before[task.id], done, people), f"tasks/{task.id}")
        done[task.id] = result.names()

    jobs = {f"tasks/{task.id}": partial(work, task) for task in config.tasks}
    after = {f"tasks/{task.id}": [f"tasks/{id_}" for id_ in task.deps] for task in config.tasks}
    await run.all(jobs, after)
    order = _order(config)
    by_id = {task.id: task for task in config.tasks}
    response = final_response((by_id[id_], done[id_]) for id_ in (*order, _ends(config)[-1]))
    tasks = {task.id: done[task.id] for task in config.tasks}
    scope = {**_scope(names, order, done, people), "tasks": tasks, "total_tasks": len(tasks), "last_response": response}
    return Outcome(text(response), {"tasks": tasks}, scope, last_agent(tasks[id_] for id_ in order))


def _scope(names: Names, ids: list[str], done: dict[str, dict[str, Any]], people: frozenset[str]) -> dict[str, Any]:
    """Return the names of a task that comes after `ids`; what else is done by now is not for it to see.

    Only so does a resumed task see what it saw before, whichever of the others have finished meanwhile. `people` are
    the tasks that ask somebody.
    """
    scope: dict[str, Any] = {**names, "tasks": dict(zip(ids, map(done.__getitem__, ids), strict=True))}
    newest = next((id_ for id_ in reversed(ids) if done[id_]["status"] not in _WITHOUT_RESPONSE), None)
    if newest is not None:
        scope["last_response"] = done[newest]["response"]
    answers = [id_ for id_ in ids if id_ in people and done[id_]["status"] not in _WITHOUT_RESPONSE] if people else []
    if answers:
        scope["hitl_response"] = done[answers[-1]]["response"]
        scope["hitl_timed_out"] = bool(done[answers[-1]].get("timed_out"))
    return scope


def _before(config: WorkflowConfig) -> dict[str, list[str]]:
    """Return for each task all that is done before it, dependencies first."""
    deps = {task.id: task.deps for task in config.tasks}
    order = _order(config)
    position = {id_: place for place, id_ in enumerate(order)}
    above: dict[str, set[int]] = {}  # of places in the order, for they are quick to unite and to sort
    for id_ in order:
        places = [position[each] for each in deps[id_]]
        above[id_] = set(places).union(*(above[each] for each in deps[id_]))
    return {id_: [order[place] for place in sorted(places)] for id_, places in above.items()}


def _order(config: WorkflowConfig) -> list[str]:
    """Return the ids with dependencies first, otherwise as listed."""
    waiting = {task.id: len(set(task.deps)) for task in config.tasks}
    dependents: dict[str, list[str]] = {id_: [] for id_ in waiting}
    for task in config.tasks:
        for id_ in set(task.deps):
            dependents[id_].append(task.id)
    order = [id_ for id_, count in waiting.items() if count == 0]
    for id_ in order:
        for dependent in dependents[id_]:
            waiting[dependent] -= 1
            if waiting[dependent] == 0:
                order.append(dependent)
    return order


def _ends(config: WorkflowConfig) -> list[str]:
    needed = {id_ for task in config.tasks for id_ in task.deps}
    return [task.id for task in config.tasks if task.id not in needed]


def plan(config: WorkflowConfig) -> Plan:
    """Return the tasks, and an edge for each dependency."""
    nodes = tuple(step_node(task, f"tasks/{task.id}") for task in config.tasks)
    edges = (Edge(f"tasks/{id_}", f"tasks/{task.id}") for task in config.tasks for id_ in task.deps)
    starts = tuple(f"tasks/{task.id}" for task in config.tasks if not task.deps)
    whole = Plan(nodes, tuple(dict.fromkeys(edges)), starts, tuple(f"tasks/{id_}" for id_ in _ends(config)))
    return with_inner(whole, *(inner_plan(task, f"tasks/{task.id}") for task in config.tasks))


def so_far(done: Done) -> Context:
    """Return the tasks that are done."""
    return {"tasks": {key.removeprefix("tasks/"): shown for key, shown in done.items() if _TASK.fullmatch(key)}}
