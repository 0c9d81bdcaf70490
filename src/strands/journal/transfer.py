"""Sessions from one store to another, line by line, and what is wrong with those of one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, NamedTuple

from strands.journal import lines
from strands.journal.entries import Draft
from strands.journal.errors import (
    SessionDamagedError,
    SessionError,
    SessionExistsError,
    SessionNotFoundError,
    StorageError,
)
from strands.journal.projection import change_of
from strands.journal.protocol import Repository, blob, is_alive, put_blob


class SessionOutcome(NamedTuple):
    """What became of a session.

    Attributes:
        id: The session.
        problem: What is wrong with it; "" if nothing is.
        was_there: The other store had it already, line by line the same.
    """

    id: str
    problem: str = ""
    was_there: bool = False


async def exported(store: Repository, session_id: str) -> bytes:
    """Return the lines of a session, as a file holds them.

    Raises:
        SessionNotFoundError: There is none.
        SessionDamagedError: A line is not what was written.
    """
    own = getattr(store, "export", None)
    if own is not None:
        content = await own(session_id)
    else:
        entries = await (await store.open(session_id)).load()
        content = lines.encode([Draft(*entry[1:]) for entry in entries], 0, "")[0]
    parsed = lines.parse(content)
    if parsed.damage is not None and not parsed.damage.torn:
        raise SessionDamagedError(
            f"session {session_id!r}, line {parsed.damage.line}: {parsed.damage.cause}",
            hint="Restore it from a backup, or give it up.",
        )
    return bytes(content[: parsed.size])


async def imported(store: Repository, session_id: str, content: bytes) -> None:
    """Begin a session with the lines of another store's, durably and at once.

    Raises:
        SessionExistsError: The id is taken.
        StorageError: It cannot be written.
    """
    own = getattr(store, "restore", None)
    if own is not None:
        await own(session_id, content)
        return
    opened, *rest = (Draft(*entry[1:]) for entry in lines.parse(content).entries)
    await store.create(session_id, opened, rest)


async def copy_all(source: Repository, target: Repository) -> AsyncIterator[SessionOutcome]:
    """Copy each session that the other store lacks; what is there already, and the same, is left as it is.

    One that is being run is not copied: two would go on with it.
    """
    for session_id in await source.ids():
        try:
            content = await exported(source, session_id)
            if await _is_driven(source, session_id, content):
                yield SessionOutcome(session_id, "it is being run; copy it again when it rests")
            else:
                yield await _copied(source, target, session_id, content)
        except SessionNotFoundError:
            continue  # deleted meanwhile
        except (SessionError, StorageError) as error:
            yield SessionOutcome(session_id, error.message)


async def _is_driven(source: Repository, session_id: str, content: bytes) -> bool:
    """Whether somebody who is alive drives the session of these lines."""
    driver = change_of(lines.parse(content).entries, 0).driver
    return bool(driver) and await is_alive(await source.open(session_id), str(driver))


async def _copied(source: Repository, target: Repository, session_id: str, content: bytes) -> SessionOutcome:
    try:
        for digest in change_of(lines.parse(content).entries, 0).files:
            await put_blob(target, await blob(source, digest))
        await imported(target, session_id, content)
    except SessionExistsError:
        if await exported(target, session_id) == content:
            return SessionOutcome(session_id, was_there=True)
        return SessionOutcome(
            session_id,
            "another session has its id there, or one of the two went on since; delete it there to copy it anew",
        )
    return SessionOutcome(session_id)


async def check_all(store: Repository) -> AsyncIterator[SessionOutcome]:
    """Read each session with its files; where the store keeps more than lines, see whether that agrees with them."""
    look: Any = getattr(store, "check", None)
    for session_id in await store.ids():
        try:
            content = await exported(store, session_id)
            for digest in change_of(lines.parse(content).entries, 0).files:
                await blob(store, digest)
            yield SessionOutcome(session_id, await look(session_id) if look is not None else "")
        except SessionNotFoundError:
            continue
        except (SessionError, StorageError) as error:
            yield SessionOutcome(session_id, error.message)
