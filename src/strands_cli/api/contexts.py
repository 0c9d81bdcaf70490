"""What is done of a run that is not: its `execution_context` so far, read from the keys of what is on record."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from strands_cli.kernel.state import State
from strands_cli.patterns.step import HITL, StepResult
from strands_cli.types import Json

Context: TypeAlias = dict[str, Any]
Done: TypeAlias = dict[str, dict[str, Any]]

_STEP = re.compile(r"(?:(?:branches|routes)/(?P<lane>.+)/)?steps/(?P<index>\d+)")
_VISIT = re.compile(r"nodes/(?P<id>[^#]+)(?:#(?P<number>\d+))?")
_ITERATION = re.compile(r"iterations/(?P<number>\d+)/(?P<part>draft|review)")
_WORKER = re.compile(r"rounds/(?P<round>\d+)/workers/(?P<index>\d+)")


def so_far(pattern: str, state: State) -> dict[str, Json]:
    """Return the part of `execution_context` that is done, in the form that the whole one of the pattern has.

    Args:
        pattern: The pattern's name.
        state: The fold of the session's journal.
    """
    read = _READERS.get(pattern)
    return read(_done(state)) if read is not None else {}


def _done(state: State) -> Done:
    """Return each finished step, and each answered question of the workflow, by its key, in the order they ended."""
    ended: list[tuple[int, str, StepResult]] = []
    for key, entry in state.done.items():
        reply = state.reply(key)
        assert reply is not None
        ended.append((entry.seq, key, StepResult.of(state.started[key].data["agent"], reply)))
    for key, entry in state.answered.items():
        if "of" not in entry.data and not key.startswith("budget/"):
            ended.append((entry.seq, key, StepResult(HITL, entry.data["value"])))
    return {key: result.names() for _, key, result in sorted(ended, key=lambda each: each[0])}


def _lanes(done: Done) -> dict[str | None, list[dict[str, Any]]]:
    """Return the finished steps by the branch or route that they are in; None for those of a chain."""
    found: dict[str | None, list[tuple[int, dict[str, Any]]]] = {}
    for key, shown in done.items():
        match = _STEP.fullmatch(key)
        if match:
            index = int(match["index"])
            found.setdefault(match["lane"], []).append((index, {"index": index, **shown}))
    return {lane: [each for _, each in sorted(steps, key=lambda step: step[0])] for lane, steps in found.items()}


def _chain(done: Done) -> Context:
    return {"steps": _lanes(done).get(None, [])}


def _workflow(done: Done) -> Context:
    return {"tasks": {key.removeprefix("tasks/"): shown for key, shown in done.items() if key.startswith("tasks/")}}


def _parallel(done: Done) -> Context:
    branches = {
        lane: {
            "response": steps[-1]["response"],
            "tokens": sum(step["tokens"] for step in steps),
            "duration": sum(step["duration"] for step in steps),
            "steps": steps,
        }
        for lane, steps in _lanes(done).items()
        if lane is not None
    }
    return {"branches": branches, **({"reduce": done["reduce"]} if "reduce" in done else {})}


def _graph(done: Done) -> Context:
    nodes: Context = {}
    path: list[str] = []
    for key, shown in done.items():
        match = _VISIT.fullmatch(key)
        if match:
            path.append(match["id"])
            nodes[match["id"]] = {"iteration": int(match["number"] or 1), "step": len(path), **shown}
    return {"nodes": nodes, "execution_path": path, "total_steps": len(path)}


def _routing(done: Done) -> Context:
    router = [shown for key, shown in done.items() if re.fullmatch(r"router(/\d+)?", key)]
    context: Context = {"router": router[-1], "router_agent": router[-1]["agent"]} if router else {}
    for route, steps in _lanes(done).items():
        context.update(chosen_route=route, steps=steps)
    return context


def _evaluator(done: Done) -> Context:
    iterations: dict[int, dict[str, Any]] = {}
    for key, shown in done.items():
        match = _ITERATION.fullmatch(key)
        if match is None:
            continue
        number = int(match["number"])
        one = iterations.setdefault(number, {"iteration": number})
        if match["part"] == "draft":
            draft = shown["response"]
            one.update(draft=draft, producer_response=draft, tokens=shown["tokens"], duration=shown["duration"])
        else:
            one["feedback"] = shown["response"]
    return {"iterations": [iterations[number] for number in sorted(iterations)], "total_iterations": len(iterations)}


def _orchestrator(done: Done) -> Context:
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


_READERS: Mapping[str, Callable[[Done], Context]] = {
    "chain": _chain,
    "workflow": _workflow,
    "parallel": _parallel,
    "graph": _graph,
    "routing": _routing,
    "evaluator_optimizer": _evaluator,
    "orchestrator_workers": _orchestrator,
}
