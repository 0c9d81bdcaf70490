"""`strands list-tools`: the tools that come with this build, or those of a workflow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from strands_cli.cli import completion, options

if TYPE_CHECKING:
    from strands_cli.spec import Spec


@click.command("list-tools")
@click.argument("spec", metavar="[SPEC]", required=False, shell_complete=completion.files)
@options.as_json
@options.debug
def command(spec: str | None, as_json: bool, debug: bool) -> None:
    """List the tools that come with this build; with SPEC, the tools that each of its agents has.

    To tell them, the Python modules that SPEC names are imported, also those beside it: their code runs. MCP servers
    are not started.
    """
    from strands_cli.cli.outcome import print_json, print_text
    from strands_cli.cli.phrases import table

    rows = _built_in() if spec is None else _of_spec(spec)
    if as_json:
        print_json(rows)
        return
    titles = list(rows[0]) if rows else ["name"]
    cells = [[_cell(row[title]) for title in titles] for row in rows]
    print_text(table([[title.upper().replace("_", " ") for title in titles], *cells]))


def _built_in() -> list[dict[str, Any]]:
    from strands_cli.capability.builtin_tools import TOOLS

    return [
        {"name": name, "read_only": tool.read_only, "network": tool.network, "description": tool.summary}
        for name, tool in TOOLS.items()
    ]


def _of_spec(path: str) -> list[dict[str, Any]]:
    from strands_cli.loader import load_file
    from strands_cli.resources import AgentResources

    spec = load_file(path)
    resources = AgentResources(spec, _no_model, offline=True, real_tools=True)
    return [
        {
            "agent": agent,
            "name": tool.tool_name,
            "read_only": bool(getattr(tool, "read_only", False)),
            "description": tool.tool_spec["description"].strip().splitlines()[0],
        }
        for agent in spec.agents
        for tool in resources.tools(agent)
    ] + _servers(spec)


def _servers(spec: Spec) -> list[dict[str, Any]]:
    """What an MCP server offers is known only once it runs."""
    servers = spec.tools.mcp if spec.tools is not None else ()
    return [
        {"agent": "", "name": f"{server.id} (mcp)", "read_only": False, "description": server.command or server.url}
        for server in servers
    ]


def _no_model(agent: str, model_id: str | None = None) -> Any:
    raise AssertionError("listing tools asks no model")


def _cell(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
