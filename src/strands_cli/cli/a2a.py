"""`strands a2a`."""

from __future__ import annotations

from typing import Any

import click

from strands_cli.cli import completion, options

TOKEN = "STRANDS_A2A_TOKEN"


@click.command("a2a")
@click.argument("target", metavar="TARGET", shell_complete=completion.files)
@click.option("--host", default="127.0.0.1", show_default=True, metavar="HOST", help="Where to listen.")
@click.option("--port", type=click.IntRange(1, 65535), default=9000, show_default=True, help="At which port.")
@click.option("--origin", metavar="URL", help="The https address under which other machines reach it.")
@click.option("--url", default="", metavar="URL", help="The address of the server at which people answer.")
@options.debug
def command(target: str, host: str, port: int, origin: str | None, url: str, debug: bool) -> int:
    """Offer a workflow to other agents over A2A, or an agent: a file, or module:NAME of a Workflow, Agent or A2AServer.

    Questions are input-required; what has to be approved is left to people. Callers send the token that
    STRANDS_A2A_TOKEN holds, or else the one that is printed.
    """
    from strands_cli.a2a_server.sdk import check_sdk
    from strands_cli.cli import logs
    from strands_cli.cli.errors import say
    from strands_cli.cli.listening import Address, serve, token_for

    logs.configure(debug=debug)
    check_sdk()
    place = Address(host, port)
    token, is_new = token_for(place, TOKEN, origin)
    name, app = _served(target, origin or place.url(port), token, origin, url)

    def ready(base: str) -> None:
        say(f"A2A agent {name} at {base}")
        say(f"Callers send: Authorization: Bearer {token if is_new else f'(what {TOKEN} holds)'}")

    serve(app, place, ready)
    return 0


def _served(target: str, address: str, token: str, origin: str | None, url: str) -> tuple[str, Any]:
    """Return what a target is called, and the application that serves it."""
    from strands.agent import Agent
    from strands.multiagent.a2a import A2AServer
    from strands_cli.a2a_server.app import CARD_PATH, create_a2a_app
    from strands_cli.api.app import load_object
    from strands_cli.callers.guard import CallerGuard
    from strands_cli.worker.registry import workflows_of

    origins = [origin] if origin else []
    held = None if target.lower().endswith((".yaml", ".yml", ".json")) else load_object(target, "TARGET")
    if isinstance(held, (Agent, A2AServer)):
        try:
            server = held if isinstance(held, A2AServer) else A2AServer(held, http_url=address)
            return server.name, CallerGuard(server.to_starlette_app(), token, origins, [CARD_PATH])
        except ValueError as error:
            raise click.UsageError(f"{target}: {error}") from None
    found = workflows_of([target])
    if len(found) != 1:
        raise click.UsageError(f"{target} holds {len(found)} workflows; an agent is one: name it")
    [workflow] = found.values()
    return workflow.name, create_a2a_app(workflow, address, tokens=token, origins=origins, url=url)
