"""What a drawing says of a node: its headline, and what stands below it."""

from __future__ import annotations

from dataclasses import dataclass

from strands_cli.plan.model import Node


@dataclass(slots=True, frozen=True)
class Caption:
    """The texts of a node, none of them cut.

    Attributes:
        headline: Its own name, or what it does where it has none.
        does: What it does, where the headline is its name; else "".
        detail: What it is for, what a person sees, or the start of the input.
        approvals: Before which of its calls a person is asked.
        foot: How often it happens, and its key where the headline does not tell it.
    """

    headline: str
    does: str
    detail: str
    approvals: tuple[str, ...]
    foot: str


def caption(node: Node) -> Caption:
    """Return what a drawing says of a node."""
    name = node.name
    does = "" if not name or name == node.label else f"agent {node.label}" if node.kind == "agent" else node.said
    named = name and node.id.count("/") <= 1 and "*" not in node.id
    foot = " · ".join(part for part in ("" if named else node.id, node.repeated) if part)
    approvals = tuple(f"? {asked}" for asked in node.approvals)
    return Caption(name or node.said, does, node.detail, approvals, foot)
