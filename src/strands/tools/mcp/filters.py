"""Which tools of a server an agent gets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .mcp_agent_tool import MCPAgentTool
    from .mcp_types import ToolFilters, ToolMatcher


def passes(tool: MCPAgentTool, filters: ToolFilters | None) -> bool:
    """Return whether `filters` let a tool through."""
    if not filters:
        return True
    allowed = filters.get("allowed")
    if allowed is not None and not any(_matches(tool, each) for each in allowed):
        return False
    return not any(_matches(tool, each) for each in filters.get("rejected") or ())


def _matches(tool: MCPAgentTool, matcher: ToolMatcher) -> bool:
    if callable(matcher):
        return bool(matcher(tool))
    names = (tool.mcp_tool.name, tool.tool_name)
    if isinstance(matcher, re.Pattern):
        return any(matcher.fullmatch(name) for name in names)
    return matcher in names
