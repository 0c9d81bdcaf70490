"""`strands explain`: a workflow in words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from strands_cli.cli import options

if TYPE_CHECKING:
    from strands_cli.plan import Node
    from strands_cli.spec import Spec


@click.command("explain")
@options.spec
@options.debug
def command(spec: str, debug: bool) -> None:
    """Say in words what the workflow in SPEC needs, does and writes. Nothing is run."""
    from strands_cli.cli.outcome import print_text
    from strands_cli.cli.phrases import folded
    from strands_cli.loader import load_file

    print_text("\n".join(map(folded, _words(load_file(spec)))))


def _words(spec: Spec) -> Iterator[str]:
    from strands_cli.spec.registry import pattern_record

    model = " ".join(part for part in (spec.runtime.provider, spec.runtime.model_id) if part)
    yield f"{spec.name} ({spec.pattern.type}): {pattern_record(spec.pattern.type).says}. Model: {model}."
    if spec.description:
        yield spec.description.strip()
    yield from _needs(spec)
    yield from _happens(spec)
    yield from _remembers(spec)
    yield from _limits(spec)
    for artifact in spec.outputs.artifacts:
        yield f"It writes {artifact.path}"


def _needs(spec: Spec) -> Iterator[str]:
    for title, parameters in (("It needs", spec.inputs.required), ("It takes", spec.inputs.optional)):
        for name, parameter in parameters.items():
            allowed = f", one of {', '.join(map(str, parameter.enum))}" if parameter.enum else ""
            about = f": {parameter.description}" if parameter.description else ""
            yield f"{title} {name} ({parameter.type}{allowed}){about}"


def _happens(spec: Spec) -> Iterator[str]:
    from strands_cli.cli.phrases import count
    from strands_cli.plan import plan
    from strands_cli.plan.gates import gates

    planned = plan(spec)
    yield "What happens:"
    for number, node in enumerate(planned.nodes, 1):
        yield f"  {number}. {_node(node)}"
    questions = len(planned.questions)
    if questions:
        yield f"A person is asked at {count(questions, 'point')}; the run waits there at no cost."
    for gate in gates(spec):
        yield f"A person is asked {gate}."
    if not questions and not gates(spec):
        yield "It never stops for a person."


def _remembers(spec: Spec) -> Iterator[str]:
    """Yield what agents remember from step to step, and what runs keep for later ones."""
    from strands_cli.plan import plan

    if spec.pattern.type not in _EACH_ANEW:
        together: dict[tuple[str, str], list[str]] = {}
        for node in plan(spec).nodes:
            if node.kind == "agent":
                together.setdefault((node.group, node.label), []).append(node.id)
        for (_, agent), ids in together.items():
            if len(ids) > 1:
                anew = "; a step that is fresh begins anew" if '"fresh": true' in json.dumps(spec.plain()) else ""
                yield f"{agent} remembers what it was told and said from {ids[0]} on: {', '.join(ids[1:])}{anew}."
    for name, memory in spec.memory.items():
        whose = "all workflows" if memory.shared else f"workflows called {spec.name}"
        of = f", one for each {memory.key}" if memory.key else ""
        about = f": {memory.description.strip()}" if memory.description else ""
        yield f"It remembers {name} across runs of {whose}{of}{about}"


_EACH_ANEW = frozenset(("workflow", "orchestrator_workers"))
"""Patterns in which agents begin anew in each step."""

_HAPPENS = {
    "agent": "{} works",
    "hitl": "a person is asked: {}",
    "tool": "{}, without a model",
    "fail": "the run fails: {}",
    "workflow": "the workflow {} runs",
}


def _node(node: Node) -> str:
    label, about = " ".join(node.label.split()), " ".join(node.detail.split())
    what = _HAPPENS[node.kind].format(label)
    detail = f" ({about})" if about else ""
    repeated = f", {node.repeated}" if node.repeated else ""
    return f"{node.id}: {what}{detail}{repeated}"


def _limits(spec: Spec) -> Iterator[str]:
    from strands_cli.kernel.usage import money

    budgets = spec.runtime.budgets
    if budgets is not None:
        limits = {"steps": budgets.max_steps, "tokens": budgets.max_tokens, "seconds": budgets.max_duration_s}
        said = ", ".join(
            f"{limit:g} {name[:-1] if limit == 1 else name}" for name, limit in limits.items() if limit is not None
        )
        if budgets.max_cost is not None:
            said = f"{said}, {money(budgets.max_cost)}" if said else money(budgets.max_cost)
        then = "a person is asked" if budgets.on_exceed == "ask" else "the run fails"
        if said:
            yield f"At most {said}; beyond that {then}."
