"""`strands mcp`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from strands_cli.cli import completion, options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from strands_cli.api.workflow import Workflow

TOKEN = "STRANDS_MCP_TOKEN"
PATH = "/mcp"


@click.command("mcp")
@click.argument("targets", metavar="TARGET...", nargs=-1, required=True, shell_complete=completion.files)
@click.option("--http", "address", metavar="HOST:PORT", help=f"Serve over HTTP, at {PATH}; default: standard input.")
@click.option("--origin", metavar="URL", help="The https address under which other machines reach it.")
@click.option("--url", default="", metavar="URL", help="The address of the server at which people answer.")
@click.option(
    "--wait",
    type=options.FiniteRange(0),
    default=45.0,
    show_default=True,
    metavar="SECONDS",
    help="How long a call waits for a person who answers there.",
)
@options.debug
def command(
    targets: tuple[str, ...], address: str | None, origin: str | None, url: str, wait: float, debug: bool
) -> int:
    """Offer workflows as tools of an MCP server: files, or module:NAME of one, a list or a dict of them.

    A question of a workflow is asked by the client. Over HTTP a client sends the token that STRANDS_MCP_TOKEN holds, or
    else the one that is printed.
    """
    import asyncio

    from strands_cli.cli import logs
    from strands_cli.mcp_server.sdk import check_sdk
    from strands_cli.worker.registry import workflows_of

    logs.configure(debug=debug)
    check_sdk()
    if origin and not address:
        raise click.UsageError("--origin needs --http")
    if address:
        return _over_http(workflows_of(targets), address, origin, url, wait)
    from strands_cli.mcp_server.server import create_server, serve_stdio

    asyncio.run(serve_stdio(create_server(workflows_of(targets), url=url, patience=wait)))
    return 0


def _over_http(workflows: Mapping[str, Workflow], address: str, origin: str | None, url: str, wait: float) -> int:
    from strands_cli.cli.errors import say
    from strands_cli.cli.listening import address_of, serve, token_for
    from strands_cli.mcp_server.app import create_mcp_app

    place = address_of(address, "--http")
    token, is_new = token_for(place, TOKEN, origin)
    app = create_mcp_app(workflows, tokens=token, origins=[origin] if origin else (), url=url, patience=wait, path=PATH)

    def ready(base: str) -> None:
        say(f"MCP server at {base}{PATH}")
        say(f"Clients send: Authorization: Bearer {token if is_new else f'(what {TOKEN} holds)'}")

    serve(app, place, ready)
    return 0
