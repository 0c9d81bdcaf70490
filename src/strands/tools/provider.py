"""Where tools may come from besides the list that an agent is given."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from strands.types.tools import AgentTool


class ToolProvider(ABC):
    """A source of tools that needs to be opened and closed, such as a connection to an MCP server.

    Attributes:
        version: Rises each time its tools change while it is open; agents then take `current_tools`.
    """

    version: int = 0

    @abstractmethod
    async def load_tools(self, **kwargs: Any) -> Sequence[AgentTool]:
        """Open the source if need be and return its tools."""

    @abstractmethod
    def add_consumer(self, consumer_id: Any, **kwargs: Any) -> None:
        """Note that an agent uses the source."""

    @abstractmethod
    def remove_consumer(self, consumer_id: Any, **kwargs: Any) -> None:
        """Note that an agent no longer uses the source; close it after the last."""

    def current_tools(self) -> Sequence[AgentTool]:
        """Return the tools as they are now, of a source whose `version` may rise."""
        return ()


def providers_in(items: Iterable[Any]) -> list[ToolProvider]:
    """Return the sources among what an agent was given, lists of them included, each once."""
    found: dict[int, ToolProvider] = {}
    for item in items:
        if isinstance(item, ToolProvider):
            found[id(item)] = item
        elif isinstance(item, (list, tuple, set)):
            found.update((id(each), each) for each in providers_in(item))
    return list(found.values())
