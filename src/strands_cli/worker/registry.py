"""Which workflows a worker holds: those that its targets name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from strands_cli.api.app import load_object
from strands_cli.api.workflow import Workflow
from strands_cli.errors import AppError

_FILES = (".yaml", ".yml", ".json")


def workflows_of(targets: Sequence[str]) -> dict[str, Workflow]:
    """Return the workflows that targets name, by their names.

    Args:
        targets: Workflow files, or `module:attribute` of a Workflow, of a list of them, or of a dict of them.

    Raises:
        AppError: One leads to none, or two have the same name.
        StrandsError: A file is no workflow.
    """
    found: dict[str, tuple[str, Workflow]] = {}
    for target in targets:
        for workflow in _named(target):
            known = found.get(workflow.name)
            if known is not None and known[1] is not workflow:
                raise AppError(
                    f"two workflows are named {workflow.name!r}: in {known[0]!r} and in {target!r}",
                    hint="A session is found by the name of its workflow: give one of them another.",
                )
            found[workflow.name] = target, workflow
    return {name: workflow for name, (_, workflow) in found.items()}


def _named(target: str) -> Iterator[Workflow]:
    if target.lower().endswith(_FILES):
        yield Workflow.from_file(Path(target))
        return
    held: Any = load_object(target, "TARGET")
    several = list(held.values()) if isinstance(held, Mapping) else held
    if isinstance(held, Workflow):
        several = [held]
    if isinstance(several, str) or not isinstance(several, Sequence) or not several:
        raise AppError(
            f"{target!r} is a {type(held).__name__}, not workflows",
            hint="Name a Workflow, a list of them, or a dict of them by name.",
        )
    for each in several:
        if not isinstance(each, Workflow):
            raise AppError(f"{target!r} holds a {type(each).__name__}, which is no Workflow", hint="Take it out.")
        yield each
