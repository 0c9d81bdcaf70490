"""tools: Python functions, MCP servers and HTTP services."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from strands_cli.spec.base import Closed, Id


class PythonTool(Closed):
    """A function of the user's, decorated with @tool or a plain one."""

    callable: str = Field(
        pattern=r"^(\.{0,2}/?[^:\0]+\.py|[\w.]+)(:[\w.]+)?$",
        description='"package.module:function", or "./file.py:function" beside the spec; a module or file alone where '
        "it has a TOOL_SPEC.",
    )
    isolation: Literal["kernel", "none"] = Field(
        default="kernel", description='For python_exec: "none" runs code also where the kernel cannot confine it.'
    )

    @model_validator(mode="after")
    def _isolates(self) -> PythonTool:
        if self.isolation == "none" and self.id != "python_exec":
            raise ValueError("isolation is for python_exec alone; other tools run in the process of the workflow")
        return self

    @property
    def id(self) -> str:
        """The name that agents list it by."""
        return tool_id(self.callable)


class McpAuth(Closed):
    """OAuth client credentials for a server over HTTP. The secret is a ${NAME} of env.secrets."""

    type: Literal["client_credentials"] = Field(default="client_credentials", description="The way to sign in.")
    client_id: str = Field(description="The client's id.")
    client_secret: str = Field(description="${NAME} of a secret of env.secrets.")
    scope: str | None = Field(default=None, description="Scopes, separated by spaces.")
    issuer: str | None = Field(
        default=None,
        pattern=r"^https?://",
        description="The authorization server that the secret is for; without it the MCP server decides who gets it.",
    )


class McpToolFilters(Closed):
    """Which tools of a server agents get: globs of their names on the server."""

    allowed: list[str] | None = Field(default=None, description="Globs of the tools that agents get; left out: all.")
    rejected: list[str] = Field(default_factory=list, description="Globs of the tools that they do not get.")


class McpServer(Closed):
    """A server of the Model Context Protocol: a command to start, or a URL."""

    id: Id = Field(description="Its name, which nothing else of its kind has.")
    command: str | None = Field(default=None, description="The program to start.")
    args: list[str] = Field(default_factory=list, description="The program's arguments.")
    env: dict[str, str] = Field(
        default_factory=dict, description="Variables of the process; ${NAME} of a secret, or ${NAME:-default}."
    )
    cwd: str | None = Field(default=None, description="The directory to start it in.")
    url: str | None = Field(default=None, description="The URL of a server that runs already.")
    transport: Literal["streamable-http", "sse"] | None = Field(
        default=None, description='How to talk to the url; default "streamable-http".'
    )
    headers: dict[str, str] = Field(
        default_factory=dict, description="Headers that go with every request; ${NAME} stands for a secret."
    )
    auth: McpAuth | None = Field(default=None, description="How to sign in to the url.")
    startup_timeout: float | None = Field(
        default=None, gt=0, description="Seconds to connect and to list its tools in; default 30."
    )
    call_timeout: float | None = Field(default=None, gt=0, description="Seconds that a call may take; default 300.")
    prefix: str | None = Field(default=None, description="What is put before the names of its tools.")
    tool_filters: McpToolFilters | None = Field(default=None, description="Which of its tools agents get.")

    @model_validator(mode="after")
    def _one_way(self) -> McpServer:
        if bool(self.command) == bool(self.url):
            raise ValueError("an mcp server needs either a command or a url")
        if self.command and (self.transport or self.headers or self.auth):
            raise ValueError("transport, headers and auth go with a url, not with a command")
        return self


Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]


class HttpCall(Closed):
    """An endpoint, or an example of a call, that the model is told about."""

    description: str | None = Field(default=None, description="What it does.")
    method: Method = Field(default="GET", description="The method.")
    path: str = Field(default="", description="The path, behind the base URL.")
    body: Any = Field(default=None, description="What is sent as it is.")
    json_data: Any = Field(default=None, description="What is sent as JSON.")
    params: dict[str, Any] | None = Field(default=None, description="Parameters of the query.")
    headers: dict[str, str] | None = Field(default=None, description="Headers that are sent.")
    response: Any = Field(default=None, description="What comes back.")


class HttpExecutor(Closed):
    """A tool that calls one HTTP service. Headers may hold ${NAME} of a secret."""

    id: Id = Field(description="Its name, which nothing else of its kind has.")
    base_url: str = Field(pattern=r"^https?://", description="The URL that all paths stand behind.")
    headers: dict[str, str] = Field(
        default_factory=dict, description="Headers that go with every request; ${NAME} stands for a secret."
    )
    timeout_ms: Annotated[int, Field(ge=1, le=3_600_000)] = Field(
        default=30_000, description="Milliseconds that a request may take."
    )
    description: str | None = Field(default=None, description="What the service is for; the model reads it.")
    examples: list[HttpCall] = Field(default_factory=list, description="Calls that the model is shown.")
    common_endpoints: list[HttpCall] = Field(
        default_factory=list, description="Endpoints that the model is told about."
    )
    response_format: str | None = Field(default=None, description="What answers look like; the model reads it.")
    authentication_info: str | None = Field(default=None, description="How requests are signed; the model reads it.")


class Tools(Closed):
    """What agents may use."""

    python: list[str | PythonTool] = Field(default_factory=list, description="Functions, by their ids.")
    mcp: list[McpServer] = Field(default_factory=list, description="Servers of the Model Context Protocol.")
    http_executors: list[HttpExecutor] = Field(default_factory=list, description="HTTP services.")


def file_of(name: str) -> tuple[str, str] | None:
    """Return the file and the function ("" for its one tool) of "./file.py:function", or None for another name."""
    file, colon, function = name.rpartition(":")
    if not colon:
        file, function = name, ""
    return (file, function) if file.endswith(".py") and len(file) > 3 else None


def tool_id(name: str) -> str:
    """Return the id of a Python tool: the last part of "package.module:function", of a dotted name or of a file's."""
    file = file_of(name)
    if file is not None:
        return file[1] or PurePosixPath(file[0]).stem
    return name.replace(":", ".").rpartition(".")[2]
