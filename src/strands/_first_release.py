"""What questions of the first release were like, which sessions may still hold."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from strands.interrupt import Interrupt


def is_gate(interrupt: Interrupt) -> bool:
    """The first release told its gates' questions by their shape alone; digests of its form end with it."""
    reason, digest = interrupt.reason, interrupt.digest
    if digest is None or ":" in digest or not isinstance(reason, dict) or not isinstance(reason.get("question"), dict):
        return False
    kind = "approval" if interrupt.name == "approval" else "approval_arguments"
    texts = ("message", "tool", "remember") if kind == "approval" else ("message", "tool")
    return (
        interrupt.name.startswith(kind)
        and reason.get("type") == kind
        and all(isinstance(reason.get(name), str) for name in texts)
        and "input" in reason
    )


def call_digest(name: str, input: Any, schema: Any) -> str:
    """Return what approvals of the first release are bound to: the tool's name, the call's input and its schema."""
    import hashlib

    canonical = json.dumps([name, input, schema], sort_keys=True, separators=(",", ":"), default=repr)
    return hashlib.sha256(canonical.encode()).hexdigest()
