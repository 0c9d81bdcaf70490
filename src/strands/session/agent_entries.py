"""What an agent does as entries of a journal, and how something is taken out of them again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from strands.journal import lines
from strands.journal.entries import Encoded
from strands.journal.protocol import Conflict
from strands.types.exceptions import SessionException
from strands.types.session import SessionMessage

from .agent_record import AgentRecord
from .journal_record import JournalRecord, encoded, read_line
from .json_text import to_json
from .layout import message_texts
from .record import SessionDraft
from .redaction import AnyRedaction, Redaction


class AgentEntries(JournalRecord, AgentRecord):
    """An agent's record that is a journal; where that is kept is told by subclasses."""

    def rested(self, next_id: int) -> SessionDraft:
        return SessionDraft("rested", {"next_id": next_id})

    def write(self, drafts: Sequence[SessionDraft], *, durable: bool) -> None:
        if not self._my_driver:
            raise SessionException(self._not_held())
        with self._naming("write"):
            texts = [_as_stored(draft) for draft in drafts]
            items, redactions = [item for item, _ in texts], list(_redactions_in(drafts))
            if redactions:
                items = [_without(redactions, item) for item in items]
                self._append(items, durable, partial(self._redact, items, redactions))
            else:
                self._append(items, durable)
            self.has_rested: bool = bool(drafts) and drafts[-1].kind == "rested"
            self._recorded(drafts, [content for _, content in texts])

    def _recorded(self, drafts: Sequence[SessionDraft], contents: Sequence[bytes]) -> None:
        """Take notice of what is on record by now, and of what a file of the layout says of each."""

    def _redact(self, items: Sequence[Encoded], redactions: Sequence[AnyRedaction]) -> None:
        """Append `items` and take what was said out of the journal, both at once."""

        def cleared(content: bytes, unmoved: bool) -> list[Encoded] | None:
            if not unmoved or self.log.count != self._count:
                return None
            parsed = lines.parse(content, read=read_line)[0]
            there = [encoded(*each[1:3], to_json(each.data), each.at) for each in parsed]
            return [*(_without(redactions, item) for item in there), *items]

        if not self.log.replace(cleared):
            raise Conflict([])


def _as_stored(draft: SessionDraft) -> tuple[Encoded, bytes]:
    """Return the entry of a draft, and what a file of the layout says of it."""
    stored = draft.stored
    if isinstance(stored, SessionMessage):
        text, content = message_texts(stored)
        return encoded(draft.kind, f"messages/{stored.message_id}", text), content
    key = _key(draft.data) if stored is None else ""
    item = encoded(draft.kind, key, draft.text or to_json(draft.data if stored is None else vars(stored)))
    return item, item.data


def _redactions_in(drafts: Sequence[SessionDraft]) -> Iterator[AnyRedaction]:
    for draft in drafts:
        if draft.kind == "redacted" and isinstance(draft.stored, SessionMessage):
            yield Redaction.of(draft.stored)
        if draft.taken is not None:
            yield draft.taken


def _without(redactions: Sequence[AnyRedaction], item: Encoded) -> Encoded:
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
