"""The record of an agent, a graph or a swarm in an object store: its journal, and the objects that others read.

The lease is written together with what a call brings, so that taking it costs no request of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, ClassVar

from strands.journal.entries import Encoded
from strands.journal.head import Head
from strands.types.exceptions import SessionException

from .agent_journal import AgentWithFiles
from .directory_record import FilesBeside, RecordWithFiles
from .journal_record import read_line
from .multi_agent_record import cannot_be_read
from .multi_agent_state import StateFile
from .multi_agent_with_file import MultiAgentWithFile
from .s3_content import OLDER
from .s3_files import S3AgentFiles, S3Files
from .s3_lease import LEASE_SECONDS, S3Drivers
from .s3_log import NAME, S3Log
from .s3_store import S3Store

if TYPE_CHECKING:
    from .journal_reading import JournalReading

_WRITER = "writer"
"""What release 0.1.0 added to the state of a graph or swarm, to tell its writes apart."""


class S3Record(RecordWithFiles):
    """The record below the key `prefix`.

    Args:
        store: The bucket.
        prefix: What its keys begin with.
        session_id: The session.
        id: The agent, graph or swarm.
        layout: The objects beside the journal.
        lease_seconds: How long whoever drives it is taken to be alive after it was heard of.

    Attributes:
        strays: Objects of the journal that nothing refers to any more.
    """

    lease_is_cheap: ClassVar[bool] = False
    log: S3Log
    has_rested: bool

    def __init__(
        self,
        store: S3Store,
        prefix: str,
        session_id: str,
        id: str,
        layout: FilesBeside,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self.store: S3Store = store
        self.prefix: str = prefix
        self.strays: list[str] = []
        self._seconds = lease_seconds
        self._outside: Future[str] | None = None
        self._s3_drivers = S3Drivers(store, f"{prefix}{NAME}", lease_seconds)
        place = PurePosixPath(store.name(prefix))
        super().__init__(place, session_id, id, layout, self._s3_drivers)

    def new_log(self) -> S3Log:
        return S3Log(self.store, self.prefix, self._id, read_line)

    def is_gone(self) -> bool:
        return not self.store.exists(self.log.key)

    def forked(self) -> None:
        super().forked()
        self.log.forked()

    @property
    def lease_is_due(self) -> bool:
        return self._leased is not None and bool(self._my_driver)

    def begin(self) -> None:
        driver = self._my_driver
        super().begin()
        if driver != self._my_driver:
            self._s3_drivers.keep_warm(self._my_driver, self.log)

    def end(self) -> None:
        if self._leased is not None:
            self.has_rested = True  # it was not taken
        self._leased = self._outside = None
        super().end()

    def _take_lease(self, leased: Encoded, driver: str) -> None:
        """Let the lease be written with what comes next; what another program has added is looked for meanwhile."""
        self._check_free(driver)
        self._leased = leased
        self._outside = self.store.start(self._changed_outside)
        self.has_rested = True

    def _append(self, items: list[Encoded], durable: bool, rewrite: Callable[[], None] | None = None) -> None:
        if self._leased is not None and self._count:
            alone = rewrite is not None
            self._write_leased([] if alone else items)
            if alone:
                super()._append(items, durable, rewrite)
        else:
            super()._append(items, durable, rewrite)
        outside, self._outside = self._outside, None
        changed = outside.result() if outside is not None else ""
        if changed:
            self.has_rested = False  # so that the lease is given back
            raise self.refusal(self._stale(changed))
        self._remove_strays()

    def _write_leased(self, items: Sequence[Encoded]) -> None:
        """Take the lease, if nobody was faster, and write what is to be written first."""
        leased = self._leased
        assert leased is not None
        while not self._has_written_lease([leased, *items]):
            self._check_free(self._my_driver)
        self._leased = None

    def _remove_strays(self) -> None:
        """Remove what is of no use: who holds the lease knows that nobody else is about to refer to it."""
        strays, self.strays = self.strays, []
        if strays:  # what has been written since may be what a dead writer was about to refer to
            self.store.delete_unneeded([key for key in strays if key not in self.log.older])

    def _held(self) -> str:
        return f"{super()._held()}. A lease lapses {self._seconds:g} seconds after its holder was last heard of"


class S3AgentJournal(AgentWithFiles, S3Record):
    """The record below `prefix`, which is `[<prefix>/]session_<id>/agents/agent_<id>/`."""

    layout: S3AgentFiles

    def __init__(
        self, store: S3Store, prefix: str, session_id: str, agent_id: str, lease_seconds: float = LEASE_SECONDS
    ) -> None:
        super().__init__(store, prefix, session_id, agent_id, S3AgentFiles(store, prefix), lease_seconds)

    def new_reading(self) -> JournalReading:
        from .s3_reading import S3Reading

        return S3Reading(self)


class S3MultiAgentJournal(MultiAgentWithFile, S3Record):
    """The record below `prefix`, which is `[<prefix>/]session_<id>/multi_agents/multi_agent_<id>/`."""

    layout: S3Files

    def __init__(
        self, store: S3Store, prefix: str, session_id: str, id: str, lease_seconds: float = LEASE_SECONDS
    ) -> None:
        self._key = f"{prefix}multi_agent.json"
        super().__init__(store, prefix, session_id, id, S3Files(store, prefix), lease_seconds)

    @property
    def _opening(self) -> str:
        return self.log.opening

    @property
    def _file_name(self) -> str:
        return self.store.name(self._key)

    def _read_file(self) -> tuple[bytes | None, object]:
        found = self.store.fetch(self._key)
        return (None, "") if found is None else (found.content, found.version)

    def _stamp(self) -> object:
        return self.store.version(self._key)

    def write_layout_files(self) -> None:
        self.layout.expected[self._key] = str(self._seen or "")
        super().write_layout_files()

    def _read_journal(self) -> tuple[bytes, Head | None]:
        return self.log.whole()

    def _is_damaged(self, why: str) -> SessionException:
        remedy = f"move the objects below {self.store.name(self.prefix)!r} away to begin anew"
        if self._file is not None:
            remedy += f", or {NAME} and those below {OLDER} among them to go on from where its last call ended"
        return cannot_be_read(self._session_id, self._id, why, remedy)

    def _taken_in(self, file: StateFile) -> dict[str, Any]:
        state = super()._taken_in(file)
        state.pop(_WRITER, None)
        return state

    def _put_file(self, content: bytes) -> None:
        self.layout.put(self._key, content)

    def _remove_file(self) -> None:
        self.layout.remove(self._key)

    def _set_file_aside(self) -> str:
        kept = self.store.copy_aside(self._key)
        self.store.delete([self._key])
        return kept

    def _keep_journal(self) -> str:
        return self.store.copy_aside(self.log.key)
