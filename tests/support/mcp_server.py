"""A real MCP server of the official SDK: `python -m support.mcp_server [--http PORT [--sse]] [--log FILE]`."""

from __future__ import annotations

import argparse
import asyncio
import base64
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

if TYPE_CHECKING:
    from mcp.server import MCPServer
    from mcp.server.mcpserver import Context
else:
    try:
        from mcp.server import MCPServer
        from mcp.server.mcpserver import Context
    except ImportError:  # release 1 of the SDK
        from mcp.server.fastmcp import Context
        from mcp.server.fastmcp import FastMCP as MCPServer

parser = argparse.ArgumentParser()
parser.add_argument("--http", type=int, default=0)
parser.add_argument("--sse", action="store_true")
parser.add_argument("--log", default=os.devnull)
options = parser.parse_known_args()[0]
app = MCPServer("files", log_level="ERROR")


class Confirmation(BaseModel):
    sure: bool


class Label(BaseModel):
    label: str
    color: str = "red"


def log(line: str) -> None:
    with Path(options.log).open("a", encoding="utf-8") as file:
        file.write(line + "\n")


@app.tool()
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@app.tool(description="Delete a file.")
def delete(path: str) -> str:
    log(f"delete {path}")
    return f"deleted {path}"


@app.tool()
def reword(description: str) -> str:
    """Describe `delete` in other words from now on."""
    app.remove_tool("delete")
    app.add_tool(delete, description=description)
    return "reworded"


@app.tool()
async def wipe(path: str, ctx: Context) -> str:
    """Wipe a directory, after asking."""
    log(f"wipe {path} called")
    answer: Any = await ctx.elicit(message=f"Really wipe {path}?", schema=Confirmation)
    if answer.action != "accept" or not answer.data.sure:
        return f"{path} is kept: {answer.action}"
    log(f"wiped {path}")
    return f"wiped {path}"


@app.tool()
async def tag(path: str, ctx: Context) -> str:
    """Tag a file, after two questions."""
    labels: list[Any] = [await ctx.elicit(message=f"Label {n} of {path}?", schema=Label) for n in (1, 2)]
    return " ".join(f"{each.data.label}/{each.data.color}" for each in labels if each.action == "accept")


@app.tool()
async def slow(seconds: float) -> str:
    """Take a while."""
    await asyncio.sleep(seconds)
    return "at last"


@app.tool()
def broken() -> str:
    """Fail."""
    raise ValueError("it broke")


@app.tool()
def vanish() -> str:
    """End the server."""
    os._exit(3)


@app.tool()
def picture() -> Any:
    """Draw."""
    from mcp.types import EmbeddedResource, ImageContent, TextContent, TextResourceContents

    data = base64.b64encode(b"\x89PNG").decode()
    note = TextResourceContents(uri="memo://note", text="a note")
    return [
        TextContent(type="text", text="here"),
        ImageContent.model_validate({"type": "image", "data": data, "mimeType": "image/png"}),
        EmbeddedResource(type="resource", resource=note),
    ]


@app.prompt()
def greet(name: str) -> str:
    """Greet."""
    return f"Hello {name}"


@app.resource("memo://today")
def today() -> str:
    """What is up."""
    return "nothing"


if __name__ == "__main__":
    transport: Any = "sse" if options.sse else "streamable-http" if options.http else "stdio"
    if hasattr(app, "settings") and hasattr(app.settings, "port"):  # release 1
        app.settings.port = options.http
        app.run(transport)
    else:
        app.run(transport, **({"port": options.http} if options.http else {}))
