"""SchemaValidationError, and the JSON Schema of a spec for editors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from strands_cli.errors import INVALID_SPEC, StrandsError
from strands_cli.schema.problems import Problem as Problem

if TYPE_CHECKING:
    from strands_cli.types import Json


class SchemaValidationError(StrandsError):
    """A document is well-formed but is not a spec.

    Attributes:
        problems: All that is wrong, in the order of the document.
        json_pointer: Where the first problem is.
        line: Line of the first problem, from 1; 0 when the spec has no file.
        column: Column of the first problem, from 1; 0 when the spec has no file.
    """

    exit_code = INVALID_SPEC

    def __init__(self, problems: Sequence[Problem], *, hint: str = "") -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        first = self.problems[0]
        self.json_pointer: str = first.json_pointer
        self.line: int = first.line
        self.column: int = first.column
        super().__init__("\n".join(str(problem) for problem in self.problems), hint=hint)


def json_schema() -> dict[str, Json]:
    """Return the JSON Schema (2020-12) of a spec."""
    from strands_cli.schema.export import export

    return export()
