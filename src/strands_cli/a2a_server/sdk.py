"""The A2A SDK, which is an extra."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

from strands_cli.errors import StrandsError

_LEAST = (1, 3)


class A2ANotReadyError(StrandsError):
    """The A2A SDK is missing or too old; nothing was started."""

    exit_code = 2


def check_sdk() -> None:
    """Check that the A2A SDK is here.

    Raises:
        A2ANotReadyError: It is not.
    """
    if find_spec("a2a") is None or _release() < _LEAST:
        raise A2ANotReadyError(
            "an A2A server needs the A2A SDK, release 1.3 or newer", hint="Install it: pip install 'strands-cli[a2a]'."
        )


def _release() -> tuple[int, ...]:
    try:
        parts = version("a2a-sdk").split(".")[:2]
    except PackageNotFoundError:
        return _LEAST  # put there by other means
    return tuple(int(part) for part in parts if part.isdigit())
