"""CapabilityError, and the check whether this build can run a spec."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strands_cli.errors import UNSUPPORTED, StrandsError

if TYPE_CHECKING:
    from strands_cli.spec import Spec


class CapabilityError(StrandsError):
    """A spec is valid and asks for what this build does not do."""

    exit_code = UNSUPPORTED


def check(spec: Spec) -> None:
    """Raise CapabilityError when this build cannot run the spec."""
