"""One row for each decision: who, how that is known, when, through what, what was shown and what was said."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from strands_cli.audit.anchors import SessionContent, anchored, content_of
from strands_cli.audit.heads import Heads, read_heads
from strands_cli.audit.mended_rights import rights_changes
from strands_cli.audit.verify import lines_of
from strands_cli.errors import SessionDamagedError, SessionNotFoundError
from strands_cli.kernel.state import State
from strands_cli.kernel.types import Entry
from strands_cli.types import Json

if TYPE_CHECKING:
    from strands_cli.session.repository import SessionRepository

_DECISIONS = frozenset({"voted", "answered", "expired", "assigned", "escalated", "cancelled", "deleted"})
COLUMNS = (
    *("session", "workflow", "seq", "at", "kind", "question", "type", "prompt", "shown", "value", "reason"),
    *("by", "id", "person", "roles", "auth", "via", "on_behalf", "votes", "to", "request", "timed_out", "anchored"),
)
"""What is told of a decision.

`by` is the name that people are shown; `id`, `person`, `roles` and `auth` are who it was and how that is known;
`votes` are the numbers of the entries that came to the answer; `to` is whom a question was handed on to; `anchored` is
whether a signed head covers it, null where the store keeps none.
"""

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is worked out by spreadsheets, and people and models write what is in it."""


async def decisions(
    store: SessionRepository, session_ids: Sequence[str] | None = None
) -> AsyncIterator[dict[str, Json]]:
    """Yield a row, with `COLUMNS`, for each decision of some sessions, in the order of their ids.

    Args:
        store: Where they are kept.
        session_ids: The sessions; None for all.

    Raises:
        SessionNotFoundError: One of these is not there.
        SessionDamagedError: A line of one of these cannot be read.
    """
    heads = await read_heads(store)
    for session_id in await store.ids() if session_ids is None else session_ids:
        try:
            content = content_of(await lines_of(store, session_id))
        except (SessionNotFoundError, SessionDamagedError):
            if session_ids is not None:
                raise
            continue
        for row in rows(session_id, content, heads):
            yield row


def rows(session_id: str, content: SessionContent, heads: Heads | None) -> Iterator[dict[str, Json]]:
    """Yield a row for each decision of a session."""
    state = State()
    covered = None if heads is None else anchored(content, heads.of(session_id))
    for entry in content.entries:
        for change in rights_changes(state, entry):
            row = _row(session_id, state, entry, None if covered is None else entry.seq < covered)
            yield row | {"kind": "rights-changed", "question": change.question or None, "value": change.after}
        if entry.kind in _DECISIONS:
            yield _row(session_id, state, entry, None if covered is None else entry.seq < covered)
        state.apply(entry)


def _row(session_id: str, state: State, entry: Entry, is_anchored: bool | None) -> dict[str, Json]:
    data: Mapping[str, Any] = entry.data
    asked: Mapping[str, Any] = state.asked[entry.key].data if entry.key in state.asked else {}
    principal: Mapping[str, Any] = data.get("principal") or {}
    told: dict[str, Json] = {
        "session": session_id,
        "workflow": state.origin.get("workflow"),
        "seq": entry.seq,
        "at": entry.at,
        "kind": entry.kind,
        "question": entry.key or None,
        "type": asked.get("type", "hitl") if asked else None,
        "prompt": asked.get("prompt"),
        "roles": principal.get("roles"),
        "via": data.get("channel") or principal.get("via"),
        "on_behalf": data.get("on_behalf") or principal.get("on_behalf"),
        "reason": data.get("reason") or data.get("why"),
        "timed_out": bool(data.get("timed_out")) or entry.kind == "expired",
        "anchored": is_anchored,
    }
    told |= {name: principal.get(name) for name in ("id", "person", "auth")}
    told |= {name: data.get(name) for name in ("shown", "value", "by", "votes", "to", "request")}
    return {name: told[name] for name in COLUMNS}


def as_jsonl(row: Mapping[str, Json]) -> str:
    """Return a row as a line of JSON, without its newline."""
    return json.dumps(row, ensure_ascii=True)


def csv_header() -> str:
    """Return the names of the columns as a line of CSV."""
    return _csv(COLUMNS)


def as_csv(row: Mapping[str, Json]) -> str:
    """Return a row as a line of CSV, without its newline: what is no text as JSON, times as Unix seconds."""
    return _csv([_cell(row[name]) for name in COLUMNS])


def _csv(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(cells)
    return line.getvalue()


def _cell(value: Json) -> str:
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value)
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return f"'{text}" if text.startswith(_FORMULA) and not is_number else text
