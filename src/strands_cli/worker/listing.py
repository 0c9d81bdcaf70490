"""Who works for a store, and which sessions wait for a worker that none is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from strands.journal import wake

if TYPE_CHECKING:
    from strands_cli.session.repository import SessionRepository

_WAITING = ("queued", "answered", "interrupted")


async def alive(store: SessionRepository) -> list[dict[str, Any]]:
    """Return what the workers of a store that are alive say of themselves, the longest there first."""
    told = await wake.workers(store)
    return sorted(({"id": id, **said} for id, said in told.items()), key=lambda each: each["since"])


async def unfit(store: SessionRepository, sessions: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return why no worker that is alive drives a session, for those that wait for one, by their ids.

    Args:
        store: Where they are kept.
        sessions: What lists say of them.
    """
    waiting = [each for each in sessions if each["status"] in _WAITING]
    workers = await alive(store) if waiting else []
    found: dict[str, str] = {}
    for each in waiting:
        reasons = {str(worker["unfit"][each["id"]]) for worker in workers if each["id"] in worker["unfit"]}
        is_held = any(each["workflow"] in worker["workflows"] for worker in workers)
        if reasons:
            found[each["id"]] = "; ".join(sorted(reasons))
        elif workers and not is_held and each["status"] != "interrupted":
            found[each["id"]] = f"no worker has the workflow {each['workflow']!r}"
    return found
