"""`strands webhooks add`."""

from __future__ import annotations

import click

from strands_cli.cli import options
from strands_cli.cli.webhooks import _open


@click.command("add")
@click.argument("url", metavar="URL")
@click.option("--event", "events", metavar="EVENT", multiple=True, help="Only this, as question.opened; default: all.")
@click.option("--workflow", "workflows", metavar="NAME", multiple=True, help="Only of this workflow; default: all.")
@click.option("--full", is_flag=True, help="Send what is asked and said, too; by default the ids alone.")
@click.option("--private", is_flag=True, help="The address may be in a private network, or on this machine.")
@_open.data
@options.as_json
@options.debug
def command(
    url: str,
    events: tuple[str, ...],
    workflows: tuple[str, ...],
    full: bool,
    private: bool,
    data: str | None,
    as_json: bool,
    debug: bool,
) -> None:
    """Send events to URL from now on. The secret that they are signed with is printed once."""
    from strands_cli.cli.errors import say
    from strands_cli.cli.outcome import print_json, print_text

    endpoints = _open.outbox(data).endpoints
    endpoint, secret = endpoints.add(url, events=events, workflows=workflows, full=full, private=private)
    if as_json:
        print_json({**endpoint.to_dict(), "secret": secret})
        return
    say(f"Webhook {endpoint.id} is sent {', '.join(events) or 'all events'}. Its secret, which is not shown again:")
    print_text(secret)
