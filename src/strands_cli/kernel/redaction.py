"""What a guardrail took back goes out of the journal: something stands in for it, and what was said is nowhere."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from strands.types.json_bytes import encode_bytes_values
from strands_cli.kernel.types import Entry
from strands_cli.types import Json

if TYPE_CHECKING:
    from strands._core.taken_back import TakenBack
    from strands_cli.kernel.journal import Journal
    from strands_cli.kernel.state import State

Change = Callable[[Entry], Mapping[str, Json]]
"""Returns what an entry says from now on."""


class Recording(Protocol):
    """What a record is written with: a run."""

    @property
    def state(self) -> State:
        """What is on record."""

    @property
    def journal(self) -> Journal:
        """Where it is recorded."""

    @property
    def record(self) -> Callable[..., Awaitable[Entry | None]]:
        """The one write of the engine; see `Run.record`."""

    def fresh_key(self, base: str) -> str:
        """Return a key that nothing has."""


async def redact(run: Recording, owner: str, taken: TakenBack) -> None:
    """Record what stands in for the newest message of an agent, and take what it said out of the entries.

    Args:
        run: The run.
        owner: The key of the agent's step, or of the tool use in which it works.
        taken: What was taken back.
    """
    begun = run.state.started.get(owner)
    change = _change(owner, taken)
    if begun is None or taken.tool_use_ids:
        data: dict[str, Json] = {"of": owner, "note": "redacted", "message": encode_bytes_values(taken.message)}
        await run.record("redacted", run.fresh_key(f"{owner}/redacted/0"), data, sync=True, change=change)
    elif taken.text == begun.data["prompt"] or not any(
        "message" in each.data for each in run.state.inner.get(owner, ())
    ):
        await run.record("redacted", owner, {"prompt": taken.stand_in}, sync=True, change=change)


def _change(owner: str, taken: TakenBack) -> Change:
    from strands._core.taken_back import emptied

    inside = tuple(f"{owner}/tools/{id}" for id in taken.tool_use_ids)

    def change(entry: Entry) -> Mapping[str, Json]:
        if entry.key == owner and "prompt" in entry.data and not taken.tool_use_ids:
            return {**entry.data, "prompt": taken.stand_in}
        if not entry.key.startswith(f"{owner}/"):
            return entry.data
        if _is_of(entry.data.get("of"), inside):
            told: Mapping[str, Any] = emptied(entry.data)
            return told
        found: Mapping[str, Any] = taken.cleared(entry.data)
        return found

    return change


def _is_of(owner: Any, keys: tuple[str, ...]) -> bool:
    """Whether an agent's key is one of these tool uses, a later try of one, or inside one."""
    return any(owner == key or str(owner).startswith((f"{key}/", f"{key}#")) for key in keys)
