"""What is raised for a spec that asks for what this build does not do."""

from __future__ import annotations

from collections.abc import Sequence

from strands_cli.errors import UNSUPPORTED, StrandsError
from strands_cli.schema.problems import Problem


class CapabilityError(StrandsError):
    """A spec is valid and asks for what this build does not do.

    Attributes:
        problems: All that is asked for and not done.
    """

    exit_code = UNSUPPORTED

    def __init__(self, problems: Sequence[Problem] | str, *, hint: str = "") -> None:
        self.problems: tuple[Problem, ...] = (
            (Problem(problems, hint=hint),) if isinstance(problems, str) else tuple(problems)
        )
        super().__init__("\n".join(str(problem) for problem in self.problems))
