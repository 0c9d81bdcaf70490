"""tools: Python functions, MCP servers and HTTP services."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from strands_cli.spec.base import Closed, Id


class PythonTool(Closed):
    """A function of the user's, decorated with @tool or a plain one."""

    callable: str = Field(pattern=r"^[\w.]+(:[\w.]+)?$", description='"package.module:function".')
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


class McpServer(Closed):
    """A server of the Model Context Protocol: a command to start, or a URL."""

    id: Id
    command: str | None = None
    args: list[str] = Field(default_factory=list)
    env: dict[str, str] = Field(default_factory=dict)
    cwd: str | None = None
    url: str | None = None
    headers: dict[str, str] = Field(default_factory=dict)
    startup_timeout: float | None = Field(default=None, gt=0, description="Seconds.")
    prefix: str | None = None

    @model_validator(mode="after")
    def _one_way(self) -> McpServer:
        if bool(self.command) == bool(self.url):
            raise ValueError("an mcp server needs either a command or a url")
        return self


Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"]


class HttpCall(Closed):
    """An endpoint, or an example of a call, that the model is told about."""

    description: str | None = None
    method: Method = "GET"
    path: str = ""
    body: Any = None
    json_data: Any = None
    params: dict[str, Any] | None = None
    headers: dict[str, str] | None = None
    response: Any = None


class HttpExecutor(Closed):
    """A tool that calls one HTTP service. Headers may hold ${NAME} of a secret."""

    id: Id
    base_url: str = Field(pattern=r"^https?://")
    headers: dict[str, str] = Field(default_factory=dict)
    timeout_ms: Annotated[int, Field(ge=1, le=3_600_000)] = 30_000
    description: str | None = None
    examples: list[HttpCall] = Field(default_factory=list)
    common_endpoints: list[HttpCall] = Field(default_factory=list)
    response_format: str | None = None
    authentication_info: str | None = None


class Tools(Closed):
    """What agents may use."""

    python: list[str | PythonTool] = Field(default_factory=list)
    mcp: list[McpServer] = Field(default_factory=list)
    http_executors: list[HttpExecutor] = Field(default_factory=list)


def tool_id(name: str) -> str:
    """Return the id of a Python tool: the last part of "package.module:function" or of a dotted name."""
    return name.replace(":", ".").rpartition(".")[2]
