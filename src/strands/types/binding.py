"""What an answer is bound to."""

from __future__ import annotations

from typing import Protocol


class Binding(Protocol):
    """What an answer is bound to."""

    @property
    def digest(self) -> str:
        """The hash of all of it."""

    @property
    def basis(self) -> str | None:
        """The hash of the tool alone, or None when it is not about one."""

    def holds(self, digest: str | None) -> bool:
        """Return whether `digest`, also in the form of the first release, is of this very call."""
