"""What an agent does as entries of a journal, and how something is taken out of them again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from strands.journal import lines
from strands.journal.entries import Encoded
from strands.journal.log import Log
from strands.types.session import SessionMessage

from .journal_record import encoded, read_line
from .json_text import to_json
from .layout import message_texts
from .record import SessionDraft
from .redaction import AnyRedaction, Redaction


def as_stored(draft: SessionDraft) -> tuple[Encoded, bytes]:
    """Return the entry of a draft, and what a file of the layout says of it."""
    stored = draft.stored
    if isinstance(stored, SessionMessage):
        text, content = message_texts(stored)
        return encoded(draft.kind, f"messages/{stored.message_id}", text), content
    key = _key(draft.data) if stored is None else ""
    item = encoded(draft.kind, key, draft.text or to_json(draft.data if stored is None else vars(stored)))
    return item, item.data


def redacted(log: Log, count: int, items: Sequence[Encoded], redactions: Sequence[AnyRedaction]) -> bool:
    """Append `items` and take what was said out of the journal, both at once; False if somebody else has written."""

    def cleared(content: bytes, unmoved: bool) -> list[Encoded] | None:
        if not unmoved or log.count != count:
            return None
        there = [encoded(*each[1:3], to_json(each.data), each.at) for each in lines.parse(content, read=read_line)[0]]
        return [*(without(redactions, item) for item in there), *items]

    return log.replace(cleared)


def redactions_in(drafts: Sequence[SessionDraft]) -> Iterator[AnyRedaction]:
    for draft in drafts:
        if draft.kind == "redacted" and isinstance(draft.stored, SessionMessage):
            yield Redaction.of(draft.stored)
        if draft.taken is not None:
            yield draft.taken


def without(redactions: Sequence[AnyRedaction], item: Encoded) -> Encoded:
    """Return an entry without what was taken back."""
    for each in redactions:
        cleared = each.cleared(item.kind, read_line(item.data))
        if cleared is not None:
            item = encoded(item.kind, item.key, to_json(cleared), item.at)
    return item


def _key(data: Mapping[str, Any]) -> str:
    """Return the key of an entry that tells of a tool use; "" for others."""
    tool_use_id = data.get("tool_use_id") or (data["path"][0] if "path" in data else "")
    return f"tools/{tool_use_id}" if tool_use_id else ""
