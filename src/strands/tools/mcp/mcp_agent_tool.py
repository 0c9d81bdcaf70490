"""One tool of an MCP server."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from strands._elsewhere import names_of
from strands.types.tools import DirectTool, ToolContext, ToolResult, ToolSpec, ToolUse

if TYPE_CHECKING:
    from .mcp_client import MCPClient


class MCPAgentTool(DirectTool):
    """A tool that runs on an MCP server.

    The server's hints (read-only, idempotent) are not believed unless the client was told to: a call that was cut off
    goes to a person.

    Args:
        mcp_tool: The tool as the MCP SDK lists it.
        mcp_client: The client that it is called through.
        name_override: What the agent calls it, when that is not its name on the server.
        timeout: How long a call may take; None for as long as it takes.
    """

    takes_context = True

    def __init__(
        self,
        mcp_tool: Any,
        mcp_client: MCPClient,
        name_override: str | None = None,
        timeout: timedelta | None = None,
    ) -> None:
        self.mcp_client = mcp_client
        self.timeout = timeout
        self._take(mcp_tool)
        self._name = name_override or self._listed["name"]
        hints = self._listed.get("annotations") or {}
        if getattr(mcp_client, "trust_annotations", False) is True:  # no stand-in for a client is taken at its word
            self.read_only: bool = bool(hints.get("readOnlyHint"))
            self.idempotent: bool = bool(hints.get("idempotentHint"))

    def _take(self, mcp_tool: Any) -> None:
        self.mcp_tool = mcp_tool
        self._listed: dict[str, Any] = mcp_tool.model_dump(by_alias=True, exclude_none=True)

    async def renew(self) -> None:
        """Ask the server how it describes the tool now; an approval holds only for what the person was shown.

        Raises:
            MCPClientInitializationError: The server cannot be reached; an approval is not spent on that.
        """
        found = await self.mcp_client.relisted(self._listed["name"])
        if found is not None:
            self._take(found)

    @property
    def tool_name(self) -> str:
        """What the agent calls it."""
        return self._name

    @property
    def qualified_name(self) -> str:
        """Its server and its name there, `server/tool`: what no other source's tool is called."""
        return f"{self.mcp_client.name}/{self._listed['name']}"

    @property
    def tool_spec(self) -> ToolSpec:
        """What a model is told about it."""
        spec: ToolSpec = {
            "name": self._name,
            "description": self._listed.get("description") or f"Tool {self._listed['name']}",
            "inputSchema": {"json": self._listed["inputSchema"]},
        }
        if "outputSchema" in self._listed:
            spec["outputSchema"] = {"json": self._listed["outputSchema"]}
        if self._listed.get("annotations"):
            spec["annotations"] = self._listed["annotations"]
        return spec

    @property
    def identity(self) -> Any:
        """What the server says that the tool is and does, and which server it is."""
        said = {name: self._listed.get(name) for name in ("title", "description", "inputSchema", "annotations")}
        return [said, self._listed["name"], self.mcp_client.name, *self.mcp_client.place]

    @property
    def approval_basis(self) -> Any:
        """What approvals of the first release are bound to beside a call's arguments."""
        return [self._listed.get("description"), self._listed["inputSchema"]]

    @property
    def tool_type(self) -> str:
        """What kind of tool it is, for display."""
        return "python"

    async def run(
        self,
        tool_use: ToolUse,
        invocation_state: dict[str, Any],
        context: ToolContext[Any] | None,
        emit: Callable[[Any], None] | None,
    ) -> ToolResult:
        """Call it on the server; questions of the server become interrupts."""
        result = await self.mcp_client.call_for_agent(
            tool_use["toolUseId"], self._listed["name"], tool_use["input"], timeout=self.timeout, context=context
        )
        result.pop("isError", None)
        return cast("ToolResult", result)


if not TYPE_CHECKING:
    __getattr__ = names_of(__name__)
