"""The ids of questions: what they begin with, by the moment at which they are asked, and how they are looked up."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from strands.interrupt import Interrupt
    from strands.types.binding import Binding

BEFORE_INVOCATION = "v1:before_invocation:"
AFTER_INVOCATION = "v1:after_invocation:"
MESSAGE_ADDED = "v1:message_added:"
BEFORE_MODEL_CALL = "v1:before_model_call:"
AFTER_MODEL_CALL = "v1:after_model_call:"
BEFORE_TOOL_CALL = "v1:before_tool_call:"
AFTER_TOOL_CALL = "v1:after_tool_call:"
AFTER_TOOLS = "v1:after_tools:"
"""Beside these, questions are asked about all calls of a message and inside a tool call; see below."""
MOMENTS = (BEFORE_INVOCATION, AFTER_INVOCATION, MESSAGE_ADDED, BEFORE_MODEL_CALL, AFTER_MODEL_CALL, AFTER_TOOLS)
"""What the ids of questions begin with that are about no single tool call."""
PASSING = (MESSAGE_ADDED, BEFORE_MODEL_CALL, AFTER_MODEL_CALL)
"""Those whose answers have served once the model has replied."""


def tool_prefix(tool_use_id: str) -> str:
    """Return what the ids of questions raised inside a tool call begin with."""
    return f"v1:tool_call:{tool_use_id}:"


def hook_prefix(tool_use_id: str) -> str:
    """Return what the ids of questions raised before a tool call begin with."""
    return f"{BEFORE_TOOL_CALL}{tool_use_id}:"


def result_prefix(tool_use_id: str) -> str:
    """Return what the ids of questions raised after a tool call begin with."""
    return f"{AFTER_TOOL_CALL}{tool_use_id}:"


def inside_prefix(tool_use_id: str) -> str:
    """Return what the ids of questions begin with that an agent asks, about no tool call, while it works in one."""
    return f"v1:inside:{tool_use_id}:"


def id_about(before: str, binding: Binding) -> str:
    """Return the id of the question that is asked about a call in the place of the one with the id `before`."""
    prefix, _, suffix = before.rpartition(":")
    return f"{prefix}:{uuid.uuid5(uuid.NAMESPACE_OID, f'{suffix} {binding.digest}')}"


def is_any(ids: Iterable[str], prefix: str) -> bool:
    """Return whether any id begins with a prefix; threads may add to the ids meanwhile."""
    for id in tuple(ids):  # noqa: SIM110 - asked at every moment, and a generator takes twice as long
        if id.startswith(prefix):
            return True
    return False


def has_prefix(interrupt: Interrupt, prefix: str) -> bool:
    """Return whether an id is this prefix and one part more; the id of a tool use may begin with that of another."""
    return interrupt.id.rpartition(":")[0] + ":" == prefix


def looked_up(interrupts: Mapping[str, Interrupt], first: str) -> Interrupt | None:
    """Return the newest question that is looked up by the id `first`, or None."""
    found = interrupts.get(first)
    return found or next((each for each in list(interrupts.values()) if each.first == first), None)
