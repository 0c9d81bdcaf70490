"""What governs the agent's loop from outside: retries of model calls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strands._lazy import lazy

from .retry import ModelRetryStrategy as ModelRetryStrategy

if TYPE_CHECKING:
    from . import event_loop as event_loop
    from . import pieces as pieces
    from . import streaming as streaming

else:
    __getattr__, __dir__ = lazy(__name__)
