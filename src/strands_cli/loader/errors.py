"""LoadError: a document that cannot be read."""

from __future__ import annotations

from strands_cli.errors import FILE, INVALID_SPEC, StrandsError
from strands_cli.schema.problems import Problem


class LoadError(StrandsError):
    """A file is missing, unreadable, or not YAML or JSON as a spec may use it.

    Attributes:
        problems: The problem, as a list of one.
        json_pointer: Where it is, or "".
        line: Counted from 1; 0 when there is no document.
        column: Counted from 1; 0 when there is no document.
    """

    exit_code: int = INVALID_SPEC

    def __init__(self, problem: Problem, *, hint: str = "", unreadable: bool = False) -> None:
        super().__init__(str(problem), hint=hint)
        self.problems: tuple[Problem, ...] = (problem,)
        self.json_pointer: str = problem.json_pointer
        self.line: int = problem.line
        self.column: int = problem.column
        if unreadable:
            self.exit_code = FILE
