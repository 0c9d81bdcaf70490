"""Which files and hosts the tools of a run may touch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from strands_cli.builtin import ToolAccess
from strands_cli.builtin.confined import Confined
from strands_cli.errors import ExecutionError
from strands_cli.net.client import Network

if TYPE_CHECKING:
    from strands_cli.spec.root import Spec


def tool_access(spec: Spec, directory: str | Path, rehearses: bool) -> ToolAccess:
    """Return the files and hosts that tools of ours may touch.

    Args:
        spec: The workflow.
        directory: What the paths of tools are relative to.
        rehearses: Nothing is sent anywhere.

    Raises:
        ExecutionError: The spec allows a host that is not one.
    """
    security = spec.security
    guardrails = security.guardrails if security is not None else None
    denied = "security.guardrails.deny_network forbids it" if guardrails and guardrails.deny_network else ""
    denied = "this is a rehearsal: nothing is sent" if rehearses else denied
    base = spec.base_dir or Path(directory)
    mounts = spec.env.mounts if spec.env is not None else {}
    files = Confined(Path(directory), {name: base / Path(path).expanduser() for name, path in mounts.items()})
    try:
        network = Network(denied, guardrails.allow_hosts if guardrails else ())
    except ValueError as error:
        raise ExecutionError(f"security.guardrails.allow_hosts: {error}", hint="Write hosts, or host:port.") from error
    return ToolAccess(files, network, rehearses, mounts=tuple(sorted(mounts.items())))
