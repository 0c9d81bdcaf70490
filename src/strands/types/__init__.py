"""The shapes that travel between agent, model and tools: Bedrock Converse dictionaries, typed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strands._lazy import lazy

if TYPE_CHECKING:
    from ._snapshot import Snapshot as Snapshot
    from .agent import Limits as Limits
    from .collections import PaginatedList as PaginatedList
    from .json_dict import JSONSerializableDict as JSONSerializableDict
else:
    __getattr__, __dir__ = lazy(__name__)
