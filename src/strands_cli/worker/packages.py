"""Packages that engines need, and that are extras."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from strands_cli.worker.engine import EngineNotReadyError


@contextlib.contextmanager
def missing(engine: str) -> Iterator[None]:
    """Say what to install where an engine's package is not here.

    Raises:
        EngineNotReadyError: It is not.
    """
    try:
        yield
    except ImportError as error:
        raise EngineNotReadyError(
            f"the engine {engine!r} needs a package that is not installed ({error})",
            hint=f"Install it: pip install 'strands-cli[{engine}]'.",
        ) from error
