"""`strands webhooks list`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from strands_cli.cli import options
from strands_cli.cli.webhooks import _open

if TYPE_CHECKING:
    from strands_cli.inbox.hooks import Hook


@click.command("list")
@_open.data
@options.as_json
@options.debug
def command(data: str | None, as_json: bool, debug: bool) -> None:
    """List the webhooks, and what is taken of other systems."""
    from strands_cli.cli.outcome import print_json, print_text
    from strands_cli.cli.phrases import table

    found = _open.outbox(data).endpoints.list()
    hooks = _open.hooks(data).list()
    if as_json:
        print_json({"out": [each.to_dict() for each in found], "in": [_hook(each) for each in hooks]})
        return
    rows = [
        (
            each.id,
            "disabled" if each.disabled_at is not None else "enabled",
            each.url,
            " ".join(each.events) or "all events",
            each.problem,
        )
        for each in found
    ]
    rows += [(f"/hooks/{each.name}", "in", each.workflow or "an answer", " ".join(each.fields), "") for each in hooks]
    print_text(table(rows) if rows else "No webhooks. Add one: strands webhooks add URL.")


def _hook(each: Hook) -> dict[str, Any]:
    return {"name": each.name, "workflow": each.workflow or None, "fields": dict(each.fields)}
