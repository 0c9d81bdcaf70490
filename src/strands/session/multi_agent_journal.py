"""The record of a graph or a swarm as a journal: each entry tells what happened, and what it changed of the state."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from strands.journal.entries import Encoded
from strands.journal.errors import SessionDamagedError, SessionNotFoundError
from strands.journal.protocol import Conflict
from strands.types.exceptions import SessionException

from .journal_record import JournalRecord, encoded, opening
from .json_text import to_json
from .multi_agent_record import NOUN, MultiAgentRecord, cannot_be_read
from .multi_agent_state import MultiAgentState
from .record import SessionDraft, StoredState
from .state_changes import StateText

if TYPE_CHECKING:
    from .journal_state import Kind

BLOATED = 1 << 20
"""Bytes below which a journal is never written anew only because much of it is outdated."""


class MultiAgentJournal(JournalRecord, MultiAgentRecord):
    """A graph's or swarm's record that is a journal; where that is kept is told by subclasses.

    Where most of the journal is outdated, it is written anew, with the state as a whole, when a call comes to its end.
    """

    noun: ClassVar[str] = NOUN

    def reset(self) -> None:
        super().reset()
        self._text = StateText()
        self._at_rest = ""  # the state as a call left it
        self._imported = ""  # the digest of a file that is taken in by the next write

    def load(self) -> dict[str, Any] | None:
        with self._naming("read"):
            self.reset()
            journal = self._read()
            return journal.state if journal is not None else None

    def _read(self) -> MultiAgentState | None:
        """Return what the journal says; None when there is none."""
        try:
            journal = MultiAgentState().take(self.log.news())
        except SessionNotFoundError:
            self._must_not_be_there()
            return None
        except SessionDamagedError as error:
            journal = self._healed(error)
        self.known(journal)
        self._text = StateText(journal.state)
        return journal

    def take_in(self, state: Mapping[str, Any]) -> None:
        """Begin the journal with a state that was loaded from elsewhere, durably and at once.

        Raises:
            SessionException: Somebody else has begun it.
        """
        asked = _open_in(state)
        told = f'"interrupts":{to_json(asked)},' if asked else ""
        whole = encoded("asked" if asked else "state", "", f'{{{told}"state":{{"set":{to_json(state)}}}}}')
        with self._naming("write"):
            self.create([whole], {"imported": self._imported} if self._imported else None)

    def _must_not_be_there(self) -> None:
        """Raise an error if something else than the journal tells that there was one."""

    def _healed(self, error: SessionDamagedError) -> MultiAgentState:
        """Return what a damaged journal said, if that is known otherwise."""
        raise self._is_damaged(error.message) from error

    def _is_damaged(self, why: str) -> SessionException:
        return cannot_be_read(self._session_id, self._id, why, "take another session to begin anew")

    # -- writing --------------------------------------------------------------------------------------------------

    def draft(
        self, kind: Kind, key: str, state: Mapping[str, Any], data: Mapping[str, Any], *, whole: bool = False
    ) -> SessionDraft:
        with self._naming("write"):
            change = self._text.change(state)
        members = [f"{to_json(name)}:{to_json(value)}" for name, value in data.items()]
        members += [f'"state":{change}'] if change else []
        stored = StoredState(self._id, {}, self._text.whole if whole else "")
        return SessionDraft(kind, {}, text=f"{{{','.join(members)}}}", key=key, state=stored)

    def rested(self) -> SessionDraft:
        return SessionDraft("rested", {})

    def write(self, drafts: Sequence[SessionDraft], *, durable: bool) -> None:
        if not self._my_driver:
            raise SessionException(self._not_held())
        with self._naming("write"):
            items = [encoded(draft.kind, draft.key, draft.text or to_json(draft.data)) for draft in drafts]
            if self._imported:
                items.insert(0, encoded("imported", "", to_json({"imported": self._imported})))
            self.has_rested = False
            text, after = _whole(drafts)
            is_redacted = any(draft.kind == "redacted" for draft in drafts)
            if is_redacted:
                self._withdraw()
            if is_redacted or self._is_bloated(text):
                rest = items[len(items) - after :] if after else []
                self._append(items, durable, partial(self._write_anew, text, rest))
            else:
                self._append(items, durable)
            self.has_rested: bool = bool(drafts) and drafts[-1].kind == "rested"
            self._imported = ""
            if any(draft.state is not None for draft in drafts):
                self._at_rest = "" if any(draft.state for draft in drafts[len(drafts) - after :]) else text
            if is_redacted:
                self._project(text)
        if is_redacted:
            self.write_layout_files()

    def _is_bloated(self, text: str) -> bool:
        return bool(text) and self.log.size > BLOATED and self.log.size > 4 * len(text)

    def end(self) -> None:
        super().end()
        text, self._at_rest = self._at_rest, ""
        if text:
            self._project(text)

    def _project(self, text: str) -> None:
        """Let others read the state as a call left it."""

    def _withdraw(self) -> None:
        """Let nobody read the state as the last call left it: something in it was taken back."""

    def _write_anew(self, text: str, after: list[Encoded]) -> None:
        """Let the journal say the state as a whole, and nothing of what was before."""

        def anew(content: bytes, unmoved: bool) -> list[Encoded] | None:
            if not unmoved or self.log.count != self._count:
                return None
            said = {"imported": self._imported} if self._imported else {}
            state = encoded("state", "", f'{{"state":{{"set":{text}}}}}')
            return [encoded("opened", "", to_json(opening(said))), self._lease(self._my_driver), state, *after]

        if not self.log.replace(anew):
            raise Conflict([])


def _whole(drafts: Sequence[SessionDraft]) -> tuple[str, int]:
    """Return the last whole state in `drafts`, and how many come after it; "" if there is none."""
    for after, draft in enumerate(reversed(drafts)):
        if draft.state is not None and draft.state.text:
            return draft.state.text, after
    return "", 0


def _open_in(state: Mapping[str, Any]) -> list[str]:
    """Return the ids of the interrupts that nobody has answered in a state."""
    told = (state.get("_internal_state") or {}).get("interrupt_state") or {}
    return [id for id, each in (told.get("interrupts") or {}).items() if each.get("response") is None]
