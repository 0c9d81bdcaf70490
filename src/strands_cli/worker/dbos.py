"""DBOS as an engine, on the store's own PostgreSQL: it delivers wakes, the journal keeps what comes of them.

Of DBOS it takes the SQL function `enqueue_workflow`, `register_queue` and `resume_workflows`, beside listing,
cancelling and deleting. Its package is needed by workers alone: who answers queues with a statement.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from strands.journal.locate import database_at, shown
from strands_cli.worker.dbos_worker import APPLICATION, DbosWorker
from strands_cli.worker.engine import EngineNotReadyError, Wake, queue_for
from strands_cli.worker.packages import missing

if TYPE_CHECKING:
    from strands.journal.database import Database, Transaction
    from strands_cli.worker.engine import Drive

_OPTIONS: Mapping[str, tuple[Callable[[str], Any], Any]] = {
    "schema": (str, "dbos"),
    "queue": (str, None),
    "poll": (float, 0.2),
    "unfit": (float, 30.0),
    "keep": (float, 86400.0),
}
_STORE_OPTIONS = ("schema", "pool", "lease", "namespace", "codec")
_OPEN = ("ENQUEUED", "DELAYED", "PENDING")
_OVER = ("SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")
_SAVEPOINT = "strands_engine"
_BATCH, _CLEAN_SECONDS, _MOST_KNOWN = 500, 60.0, 10_000
_log = logging.getLogger(__name__)


def open_engine(store: str, options: Mapping[str, str]) -> DbosEngine:
    """Return the engine for a store.

    Args:
        store: The URL of a store in PostgreSQL.
        options: `schema` of DBOS's tables (`dbos`). `queue` (`strands`, of a namespace `strands/NAMESPACE`). `poll`:
            seconds between two looks for what is queued (0.2). `unfit`: seconds after which at most a wake comes again
            that a worker was not fit for (30). `keep`: seconds for which DBOS's rows of what is over are kept (86400).

    Raises:
        EngineNotReadyError: The store is none of PostgreSQL, or an option is unknown or wrong.
    """
    if not store.startswith(("postgresql://", "postgres://")):
        raise EngineNotReadyError(
            f"the engine 'dbos' works on PostgreSQL, and the store is {shown(store)}",
            hint="Name a store with --store postgresql://USER@HOST/DATABASE, or leave --engine out.",
        )
    return DbosEngine(store, **{"queue": queue_for(store, "strands"), **_read(options)})


def _read(options: Mapping[str, str]) -> dict[str, Any]:
    read = {name: default for name, (_, default) in _OPTIONS.items() if default is not None}
    for name, text in options.items():
        if name not in _OPTIONS:
            raise EngineNotReadyError(
                f"the engine 'dbos' has no option {name!r}", hint=f"There are {', '.join(_OPTIONS)}."
            )
        try:
            read[name] = _OPTIONS[name][0](text)
            if not read[name] or (isinstance(read[name], float) and not 0 < read[name] < 1e9):
                raise ValueError
        except ValueError:
            hint = "Give a name." if _OPTIONS[name][0] is str else "Give seconds: a number greater than 0."
            raise EngineNotReadyError(f"option {name!r} of the engine 'dbos' is {text!r}", hint=hint) from None
    return read


class DbosEngine:
    """Wakes as workflows of DBOS; see `strands_cli.worker.engine.Engine` and `open_engine`.

    A wake is the workflow `NAMESPACE/SESSION/TOKEN`; one that is tried again has `#` and a number behind.
    """

    def __init__(self, store: str, *, schema: str, queue: str, poll: float, unfit: float, keep: float) -> None:
        self._store = store
        self._schema = schema
        self._queue = queue
        self._poll = poll
        self._unfit = unfit
        self._keep = keep
        self._cleaned = 0.0
        self._submitted: set[Wake] = set()
        self._worker: DbosWorker | None = None
        self._held: Database | None = None
        self._working: asyncio.Event = asyncio.Event()
        self._statement = (
            f"select {_quoted(schema)}.enqueue_workflow(workflow_name => '{APPLICATION}', queue_name => ?, "
            "positional_args => array[to_json(?::text), to_json(?::text), to_json(?::text), to_json(?::int)], "
            f"workflow_id => ?, app_version => '{APPLICATION}', application_name => '{APPLICATION}', "
            "delay_until_epoch_ms => ?)"
        )

    def enqueue(self, transaction: Transaction, wake: Wake) -> bool:
        """Queue a wake in a transaction of the store; False where DBOS's tables are not there, or are out of reach."""
        transaction.execute(f"savepoint {_SAVEPOINT}")
        try:
            self._insert(transaction, wake)
        except Exception as error:
            transaction.execute(
                f"rollback to savepoint {_SAVEPOINT}"
            )  # fails where the connection is lost, as it should
            _log.warning("DBOS takes no wakes, and the relay will submit them: %s", error)
            return False
        transaction.execute(f"release savepoint {_SAVEPOINT}")
        return True

    async def submit(self, wake: Wake) -> None:
        """Queue a wake, unless it is queued or at work."""
        await asyncio.to_thread(self._submit, wake)

    async def work(self, drive: Drive, *, slots: int, alive_as: str) -> None:
        """Deliver wakes until this is cancelled; one process has one such worker."""
        self._worker = DbosWorker(
            self._connection,
            self._schema,
            self._queue,
            poll=self._poll,
            unfit=self._unfit,
            retry=self._retry,
            calls=self._calls,
            store=shown(_database_of(self._store)),
            launches=self._working.set,
        )
        try:
            await self._worker.work(drive, slots=slots, alive_as=alive_as)
        finally:
            self._worker = None

    async def ready(self) -> None:
        """Return once wakes are delivered here: DBOS has found its tables, and runs."""
        await self._working.wait()

    async def cancel(self, namespace: str, session_id: str) -> None:
        """Forget what is queued for a session."""
        await asyncio.to_thread(self._cancel, f"{namespace}/{session_id}/")

    async def reap(self, alive: Collection[str]) -> int:
        """Queue anew what workers held that are not alive, and remove rows of what has been over for long."""
        return await asyncio.to_thread(self._reap, frozenset(alive))

    # -- in a thread --------------------------------------------------------------------------------------------------

    def _insert(self, transaction: Transaction, wake: Wake, number: int = 0, delay: float = 0.0) -> None:
        name = f"{wake.key}#{number}" if number else wake.key
        until = int((time.time() + delay) * 1000) if delay else None
        transaction.execute(self._statement, self._queue, *wake, number, name, until)

    def _submit(self, wake: Wake) -> None:
        if wake not in self._submitted:  # one that another process has had driven is looked at when it comes again
            if len(self._submitted) >= _MOST_KNOWN:
                self._submitted.clear()
            self._submitted.add(wake)
            self._write(lambda each: self._insert(each, wake))
            return
        number = 0
        with self._calls() as calls:
            for known in _listed(calls, workflow_ids=[wake.key]):
                if known.status in _OPEN:
                    return
                tries = [each for each in _listed(calls, workflow_id_prefix=f"{wake.key}#") if _number(wake, each)]
                if any(each.status in _OPEN for each in tries):
                    return
                number = max((_number(wake, each) for each in tries), default=0) + 1
        self._write(lambda each: self._insert(each, wake, number))

    def _retry(self, wake: Wake, number: int, delay: float) -> None:
        self._write(lambda each: self._insert(each, wake, number, delay))

    def _cancel(self, prefix: str) -> None:
        with self._calls() as calls:
            queued = _listed(calls, workflow_id_prefix=prefix, status=["ENQUEUED", "DELAYED"], queue_name=self._queue)
            names = [each.workflow_id for each in queued if "/" not in each.workflow_id[len(prefix) :]]
            if names:
                calls.cancel_workflows(names)

    def _reap(self, alive: frozenset[str]) -> int:
        with self._calls() as calls:
            held = _listed(calls, status="PENDING", queue_name=self._queue)
            names = [each.workflow_id for each in held if each.executor_id not in alive]
            if names:
                calls.resume_workflows(names, queue_name=self._queue)
            if time.monotonic() - self._cleaned > _CLEAN_SECONDS:
                self._cleaned = time.monotonic()
                self._clean(calls)
            return len(names)

    def _clean(self, calls: Any) -> None:
        before = time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(time.time() - self._keep))
        while True:
            over = _listed(calls, status=list(_OVER), queue_name=self._queue, completed_before=before, limit=_BATCH)
            if over:
                calls.delete_workflows([each.workflow_id for each in over])
            if len(over) < _BATCH:
                return

    def _write(self, work: Callable[[Transaction], None]) -> None:
        if self._held is None:
            self._held = database_at(self._store)[0]
        self._held.write(work)

    @contextlib.contextmanager
    def _calls(self) -> Iterator[Any]:
        """Yield what DBOS's calls are made on: this process's DBOS where it runs, or a client for a moment."""
        if self._worker is not None and self._worker.launched is not None:
            yield self._worker.launched
            return
        with missing("dbos"):
            from dbos import DBOSClient
        from sqlalchemy import create_engine
        from sqlalchemy.pool import NullPool

        engine = create_engine("postgresql+psycopg://", creator=self._connection, poolclass=NullPool)
        client = DBOSClient(
            system_database_engine=engine,
            dbos_system_schema=self._schema,
            application_name=APPLICATION,
            lazy=True,
            retry_connection_errors=False,
        )
        try:
            yield client
        finally:
            client.destroy()
            engine.dispose()

    def _connection(self) -> Any:
        import psycopg

        return psycopg.connect(_database_of(self._store), prepare_threshold=None, connect_timeout=10)


def _database_of(store: str) -> str:
    """Return a store's URL without what is the store's own in it: what the server is asked with."""
    parts = urlsplit(store)
    rest = [(key, value) for key, value in parse_qsl(parts.query) if key not in _STORE_OPTIONS]
    return parts._replace(scheme="postgresql", query=urlencode(rest, safe="/", quote_via=quote)).geturl()


def _listed(calls: Any, **how: Any) -> list[Any]:
    return list(calls.list_workflows(load_input=False, load_output=False, **how))


def _number(wake: Wake, workflow: Any) -> int:
    """Return which try of a wake a workflow is; 0 if it is none."""
    rest = workflow.workflow_id[len(wake.key) + 1 :]
    return int(rest) if rest.isdecimal() else 0


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
