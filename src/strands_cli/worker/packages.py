"""Packages that engines need, and that are extras."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from importlib.util import find_spec

from strands_cli.worker.engine import EngineNotReadyError

_PACKAGES: Mapping[str, str] = {"dbos": "dbos", "temporal": "temporalio"}


@contextlib.contextmanager
def missing(engine: str) -> Iterator[None]:
    """Say what to install where an engine's package is not here.

    Raises:
        EngineNotReadyError: It is not.
    """
    try:
        yield
    except ImportError as error:
        raise _not_here(engine, str(error)) from error


def check_installed(engine: str) -> None:
    """Check, without importing it, that the package of an engine of this build is here: a worker asks as it starts.

    Raises:
        EngineNotReadyError: It is not.
    """
    package = _PACKAGES.get(engine)
    if package is not None and find_spec(package) is None:
        raise _not_here(engine, f"No module named {package!r}")


def _not_here(engine: str, why: str) -> EngineNotReadyError:
    return EngineNotReadyError(
        f"the engine {engine!r} needs a package that is not installed ({why})",
        hint=f"Install it: pip install 'strands-cli[{engine}]'.",
    )
