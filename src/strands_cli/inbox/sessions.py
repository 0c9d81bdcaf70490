"""The sessions of an inbox: started, looked at, ended."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from strands._threads import in_thread
from strands.journal.find import Page
from strands_cli.api import listing
from strands_cli.api.history import HistoryItem
from strands_cli.api.options import Options
from strands_cli.api.running import new_id
from strands_cli.api.session import Session
from strands_cli.errors import SessionError, SessionExistsError, SessionNotFoundError, StorageError
from strands_cli.inbox.apps import Apps
from strands_cli.inbox.errors import ArtifactNotFoundError, RequestReusedError
from strands_cli.inbox.lists import cursor, read_cursor, well_formed
from strands_cli.inbox.views import Started
from strands_cli.kernel.principal import Principal
from strands_cli.kernel.types import Entry
from strands_cli.types import Json

if TYPE_CHECKING:
    from strands_cli.session.repository import SessionRepository


class InboxSessions:
    """A part of `Inbox`."""

    store: SessionRepository
    apps: Apps
    only_rehearsals: bool

    async def sessions(
        self, principal: Principal, *, status: str = "", workflow: str = "", limit: int = 50, after: str = ""
    ) -> Page[dict[str, Any]]:
        """Return sessions, the newest first: for each id, status, workflow, pattern, created_at, updated_at, tokens.

        Args:
            principal: Who looks.
            status: Only those with this status.
            workflow: Only those of the workflow with this name.
            limit: At most so many; a page may have fewer although there is another.
            after: Where the page before said that this one begins.
        """
        (begin,) = read_cursor(after, "sessions", 1) or ("",)
        with well_formed(after):
            found = await listing.page(
                self._options(), status=status or None, workflow=workflow or None, limit=limit, after=str(begin)
            )
        items = found.items
        if self.only_rehearsals:
            items = [each for each in items if await self._is_shown(each["id"], principal)]
        return Page(items, cursor("sessions", found.after) if found.after else "")

    async def _is_shown(self, session_id: str, principal: Principal) -> bool:
        try:
            await self.session(session_id, principal)
        except (SessionError, StorageError):
            return False
        return True

    async def session(self, session_id: str, principal: Principal) -> Session:
        """Return a session by its whole id.

        Raises:
            SessionNotFoundError: There is none.
        """
        session = await Session.found(self._options(), session_id)
        hidden = self.only_rehearsals and not session.is_rehearsal
        if session.id != session_id or hidden:  # the beginning of an id is for people who type
            raise SessionNotFoundError(f"there is no session {session_id!r}", hint="Name it by its whole id.")
        return session

    async def start(
        self, workflow: str, inputs: Mapping[str, Json], principal: Principal, *, request: str | None = None
    ) -> Started:
        """Start a session, which a server or a worker drives; it is on record when this returns.

        Args:
            workflow: The name of the workflow.
            inputs: Values for its variables.
            principal: Who starts it.
            request: An id of this request: the same again starts nothing, and returns the same session.

        Raises:
            WorkflowNotFoundError: There is no such workflow here.
            InputError: An input is missing, unknown or of the wrong type.
            RequestReusedError: The request id was used for another workflow or other inputs.
        """
        found = self.apps.workflow(workflow)
        if not request:
            session = await found.open(inputs, started_by=principal, repository=self.store)
            return Started(session.id)
        digest = _digest(workflow, inputs)
        named = hashlib.sha256(f"{principal.who}\0{request}".encode("utf-8", "surrogatepass")).hexdigest()[:20]
        session_id = f"{new_id(workflow).rpartition('-')[0]}-{named}"
        try:
            await found.open(inputs, session_id=session_id, started_by=principal, repository=self.store, request=digest)
        except SessionExistsError:
            session = await self.session(session_id, principal)
            if (await session.entries_async())[0].data.get("request") != digest:
                raise RequestReusedError(
                    "this request id was used for another request", hint="Take a new id for each new request."
                ) from None
            return Started(session_id, replayed=True)
        return Started(session_id)

    async def cancel(self, session_id: str, principal: Principal) -> None:
        """End a session for good.

        Raises:
            SessionFinishedError: It has ended already.
        """
        await (await self.session(session_id, principal)).cancel_async(by=principal.shown)

    async def resume(self, session_id: str, principal: Principal) -> None:
        """Have a session that has failed or was interrupted go on.

        Raises:
            SessionFinishedError, LeaseHeldError, AnswerError: There is nothing to go on with.
        """
        await (await self.session(session_id, principal)).queue_async(by=principal.shown)

    async def fork(self, session_id: str, at: str, principal: Principal) -> str:
        """Copy a session but for the step `at` and what follows from it; return the copy's id.

        Raises:
            SessionError: It has no such step.
        """
        return (await (await self.session(session_id, principal)).fork_async(at, by=principal)).id

    async def delete(self, session_id: str, principal: Principal) -> None:
        """Remove a session and all that it holds.

        Raises:
            LeaseHeldError: It is being run.
        """
        await (await self.session(session_id, principal)).delete_async(force=True, by=principal.shown)

    async def timeline(self, session_id: str, principal: Principal) -> list[HistoryItem]:
        """Return who did what in a session, when, and what came of it."""
        return (await self.session(session_id, principal)).history

    async def entries(self, session_id: str, principal: Principal, *, after: int = 0) -> list[Entry]:
        """Return the entries of a session from number `after` on."""
        return await (await self.session(session_id, principal)).entries_async(after)

    async def result(self, session_id: str, principal: Principal) -> dict[str, Json]:
        """Return what a session has come to so far."""
        session = await self.session(session_id, principal)
        return {
            "session": session.id,
            "status": session.status,
            "response": session.response,
            "error": session.error,
            "token_usage": session.token_usage,
            "questions": [question.id for question in session.questions],
        }

    async def artifact(self, session_id: str, name: str, principal: Principal) -> bytes:
        """Return the content of a file that a session has written, which is as it wrote it.

        Args:
            session_id: The session.
            name: The end of the file's path: its name, or more where several have that name.
            principal: Who looks.

        Raises:
            ArtifactNotFoundError: It wrote none of this name, or it is not there as it was written.
        """
        from strands_cli.outputs import File

        session = await self.session(session_id, principal)
        for note in session.artifacts:
            path = str(note["path"])
            if path != name and not path.endswith(f"/{name}"):
                continue
            content = await in_thread(partial(_read, path))
            if content is not None and File(name, path, content).digest == note["digest"]:
                return content
        raise ArtifactNotFoundError(
            f"session {session_id!r} has written no {name!r} that is still there as it was written",
            hint="Look for it where the session puts its files.",
        )

    def _options(self) -> Options:
        return Options(repository=self.store)


def _read(path: str) -> bytes | None:
    try:
        return Path(path).read_bytes()
    except (OSError, ValueError):
        return None


def item_of(item: HistoryItem) -> dict[str, Json]:
    """Return a line of a timeline as plain JSON values."""
    return asdict(item)


def _digest(workflow: str, inputs: Mapping[str, Json]) -> str:
    told = json.dumps([workflow, dict(inputs)], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(told.encode()).hexdigest()
