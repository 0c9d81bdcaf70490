"""Sessions: where journals are kept, and what can be done with one between drives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strands._lazy import lazy

if TYPE_CHECKING:
    from strands_cli.api.earlier_names import SessionMetadata as SessionMetadata
    from strands_cli.api.earlier_names import SessionStatus as SessionStatus
else:
    __getattr__, __dir__ = lazy(__name__)
