"""The A2A SDK, which is an extra."""

from __future__ import annotations

from importlib.util import find_spec

from strands_cli.errors import StrandsError


class A2ANotReadyError(StrandsError):
    """The A2A SDK is missing or too old; nothing was started."""

    exit_code = 2


def check_sdk() -> None:
    """Check that the A2A SDK is here.

    Raises:
        A2ANotReadyError: It is not.
    """
    if find_spec("a2a") is None or find_spec("a2a.server.routes") is None:
        raise A2ANotReadyError(
            "an A2A server needs the A2A SDK, release 1.1 or newer", hint="Install it: pip install 'strands-cli[a2a]'."
        )
