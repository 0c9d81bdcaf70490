"""The workflows that a process can start and drive, by their names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from strands_cli.errors import AppError, StrandsError

if TYPE_CHECKING:
    from strands_cli.api.session_view import SessionView
    from strands_cli.api.workflow import Workflow
    from strands_cli.spec.inputs import Parameter
    from strands_cli.types import Json


class WorkflowNotFoundError(StrandsError):
    """This process has no workflow of that name."""


class Apps:
    """Workflows by name.

    Args:
        workflows: Workflows whose names differ.

    Raises:
        AppError: Two have the same name.
    """

    def __init__(self, workflows: Iterable[Workflow] = ()) -> None:
        self._by_name: dict[str, Workflow] = {}
        for workflow in workflows:
            if self._by_name.setdefault(workflow.name, workflow) is not workflow:
                raise AppError(
                    f"two workflows are named {workflow.name!r}",
                    hint="A session is found by the name of its workflow: give one of them another.",
                )

    @classmethod
    def of(cls, targets: Sequence[str]) -> Apps:
        """Return the workflows that targets name.

        Args:
            targets: Workflow files, or `module:attribute` of a Workflow, of a list of them, or of a dict of them.

        Raises:
            AppError: One leads to none, or two have the same name.
            StrandsError: A file is no workflow.
        """
        from strands_cli.worker.registry import workflows_of

        return cls(workflows_of(targets).values())

    def rehearsal(self) -> Apps:
        """Return the same workflows, which only rehearse."""
        return Apps(workflow.rehearsal() for workflow in self._by_name.values())

    @property
    def workflows(self) -> Mapping[str, Workflow]:
        """The workflows, by name."""
        return self._by_name

    def __len__(self) -> int:
        return len(self._by_name)

    def workflow(self, name: str) -> Workflow:
        """Return the workflow of a name.

        Raises:
            WorkflowNotFoundError: There is none.
        """
        found = self._by_name.get(name)
        if found is None:
            raise WorkflowNotFoundError(
                f"there is no workflow {name!r} here",
                hint=f"There are: {', '.join(sorted(self._by_name)) or 'none'}. Name it when the server is started.",
            )
        return found

    def why_not(self, session: SessionView) -> str:
        """Return why a session cannot be driven by this process, in a line; "" if it can."""
        return "" if session.workflow_name in self._by_name else f"there is no workflow {session.workflow_name!r} here"


def inputs_schema(workflow: Workflow) -> dict[str, Json]:
    """Return the JSON Schema of an object with a value for each variable that a run needs or may take."""
    from strands_cli.loader.inputs import declared, missing_inputs

    spec = workflow.spec
    needed = missing_inputs(spec, workflow.variables)
    properties = {name: _property(parameter) for name, parameter in {**declared(spec), **needed}.items()}
    for name, value in {**spec.inputs.values, **workflow.variables}.items():
        properties[name] = {**properties.get(name, {}), "default": value}
    return {"type": "object", "properties": properties, "required": list(needed), "additionalProperties": False}


def _property(parameter: Parameter | None) -> dict[str, Json]:
    if parameter is None:
        return {"type": "string"}
    found: dict[str, Json] = {"type": parameter.type}
    if parameter.enum:
        found["enum"] = parameter.enum
    if parameter.description:
        found["description"] = parameter.description
    if parameter.has_default:
        found["default"] = parameter.default
    return found
