"""The shapes that travel between agent, model and tools: Bedrock Converse dictionaries, typed."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from strands.agent.snapshot import Snapshot

    from .agent import Limits
    from .collections import PaginatedList
    from .json_dict import JSONSerializableDict

_HOMES = {
    "JSONSerializableDict": "strands.types.json_dict",
    "Limits": "strands.types.agent",
    "PaginatedList": "strands.types.collections",
    "Snapshot": "strands.agent.snapshot",
}

__all__ = ["JSONSerializableDict", "Limits", "PaginatedList", "Snapshot"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
