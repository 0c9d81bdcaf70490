"""What a session holds of one graph or swarm: reading it back, and the one write."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from strands.types.exceptions import SessionException

from .json_text import from_json, to_json
from .numbers import plain_numbers
from .record import Record, SessionDraft, StoredState, stale

if TYPE_CHECKING:
    from .journal_state import Kind
    from .session_repository import SessionRepository

NOUN = "graph or swarm"


class MultiAgentRecord(Record):
    """The stored side of one graph or swarm."""

    @abstractmethod
    def load(self) -> dict[str, Any] | None:
        """Return the state that it takes up, or None when there is nothing yet."""

    @abstractmethod
    def draft(
        self, kind: Kind, key: str, state: Mapping[str, Any], data: Mapping[str, Any], *, whole: bool = False
    ) -> SessionDraft:
        """Return what is to be recorded of something that happened.

        Args:
            kind: What happened.
            key: Where.
            state: The state since then; it is read at once.
            data: What else there is to say.
            whole: The whole state is needed of this moment, as a call comes to its end, or something was taken back.

        Raises:
            SessionException: The state cannot be stored.
        """

    def rested(self) -> SessionDraft | None:
        """Return what is to be recorded last when a call comes to its end, if anything is."""
        return None


class RepositoryMultiAgentRecord(MultiAgentRecord):
    """A graph's or swarm's record in any `SessionRepository`: its whole state, each time."""

    def __init__(self, repository: SessionRepository, session_id: str, id: str) -> None:
        self._repository = repository
        self._session_id = session_id
        self._id = id
        self._known = to_json(None)
        self._is_new = True
        self._has_written = False
        self._release: Callable[[], None] | None = None

    def load(self) -> dict[str, Any] | None:
        state: dict[str, Any] | None = plain_numbers(self._repository.open_multi_agent(self._session_id, self._id))
        self._is_new = state is None
        self._known = to_json(state)
        return state

    def begin(self) -> None:
        if self._release is not None:
            return
        release = self._repository.lease_multi_agent(self._session_id, self._id)
        try:
            if self._read() != self._known:
                raise self.refusal(stale(self._session_id, self._id, "another one has written to it", NOUN))
        except BaseException:
            release()
            raise
        self._release = release

    def end(self) -> None:
        release, self._release = self._release, None
        try:
            if self._has_written:
                self._known, self._has_written = self._read(), False
        finally:
            if release is not None:
                release()

    def forked(self) -> None:
        self._release = None

    def draft(
        self, kind: Kind, key: str, state: Mapping[str, Any], data: Mapping[str, Any], *, whole: bool = False
    ) -> SessionDraft:
        try:
            moment = from_json(to_json(state))  # what happens until it is written is not of this moment
        except TypeError as error:
            raise SessionException(f"the state of {self._id!r} cannot be stored: {error}") from error
        return SessionDraft(kind, {}, state=StoredState(self._id, moment))

    def write(self, drafts: Sequence[SessionDraft], *, durable: bool) -> None:
        states = [draft.state for draft in drafts if draft.state is not None]
        if not states:
            return
        newest: Any = states[-1]
        if self._is_new:
            self._repository.create_multi_agent(self._session_id, newest)
        else:
            self._repository.update_multi_agent(self._session_id, newest)
        self._is_new, self._has_written = False, True

    def _read(self) -> str:
        return to_json(plain_numbers(self._repository.read_multi_agent(self._session_id, self._id)))


def cannot_be_read(session_id: str, id: str, why: str, remedy: str) -> SessionException:
    """Return the error for a state that is damaged: what was done is not known, so nothing begins anew by itself."""
    return SessionException(
        f"the state of {id!r} in session {session_id!r} is damaged ({why}), so it is not known what it has done. Find "
        f"that out first; then {remedy}"
    )
