"""`strands explain`: a workflow in words."""

from __future__ import annotations

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
