"""DBOS in a worker's process: it takes workflows off the queue, and each is one drive on the worker's own event loop.

DBOS keeps to one instance a process, and its threads to themselves: what it runs here only hands over and waits.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import shlex
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from strands_cli.worker.engine import EngineNotReadyError, Wake
from strands_cli.worker.packages import missing

if TYPE_CHECKING:
    from strands_cli.worker.engine import Drive

APPLICATION = "strands"
"""What DBOS knows the application, its version and its one workflow by: a new build takes what an older one queued."""

MOST_SECONDS = 60.0
"""How long is waited at most before a drive that raised is tried again; the wait begins with a second and doubles."""

_FOREVER = 10**9
_log = logging.getLogger(__name__)
_working: DbosWorker | None = None


class DbosWorker:
    """Works off one queue; see `DbosEngine.work`.

    Args:
        connect: Makes a connection of psycopg.
        schema: Where DBOS's tables are.
        queue: The queue's name.
        poll: Seconds between two looks for what is queued.
        unfit: Seconds after which at most a wake comes again that this worker was not fit for.
        retry: Queues a wake as its try with a number, after seconds.
        calls: Yields what calls of DBOS are made on before it runs here.
        store: The database, as it is called in messages.
        launches: Called when it runs.

    Attributes:
        launched: What calls of DBOS are made on; None while it does not run.
    """

    def __init__(
        self,
        connect: Callable[[], Any],
        schema: str,
        queue: str,
        *,
        poll: float,
        unfit: float,
        retry: Callable[[Wake, int, float], None],
        calls: Callable[[], contextlib.AbstractContextManager[Any]],
        store: str,
        launches: Callable[[], None],
    ) -> None:
        self.launched: Any = None
        self._connect = connect
        self._schema = schema
        self._queue = queue
        self._poll = poll
        self._unfit = unfit
        self._retry = retry
        self._calls = calls
        self._store = store
        self._launches = launches
        self._drives: set[asyncio.Task[str]] = set()
        self._closing = False

    async def work(self, drive: Drive, *, slots: int, alive_as: str) -> None:
        """Deliver until this is cancelled; a second cancellation ends what is at work."""
        global _working
        if _working is not None:
            raise EngineNotReadyError(
                "DBOS works in this process already", hint="Start another process for another worker."
            )
        self._loop = asyncio.get_running_loop()
        self._drive, self._slots = drive, asyncio.Semaphore(slots)
        _working = self
        try:
            launching = asyncio.create_task(asyncio.to_thread(self._launch, slots, alive_as))
            await _finished(launching)
            self._launches()
            await asyncio.get_running_loop().create_future()
        finally:
            try:
                if self.launched is not None:
                    await self._drained()
            finally:
                _working = None

    async def _drained(self) -> None:
        """Take nothing more, and return when what is at work has ended."""
        self._closing = True
        closing = asyncio.create_task(asyncio.to_thread(self._close))
        while not closing.done():
            try:
                await asyncio.shield(closing)
            except asyncio.CancelledError:
                for each in self._drives:
                    each.cancel()

    def _launch(self, slots: int, alive_as: str) -> None:
        with missing("dbos"):
            from dbos import DBOS
        from sqlalchemy import create_engine

        if not logging.getLogger("dbos").handlers:  # its messages go where the program's go, and not to the terminal
            logging.getLogger("dbos").addHandler(logging.NullHandler())
        self._engine = create_engine(
            "postgresql+psycopg://", creator=self._connect, pool_size=3, max_overflow=5, pool_pre_ping=True
        )
        DBOS(
            config={
                "name": APPLICATION,
                "application_version": APPLICATION,
                "executor_id": alive_as,
                "system_database_engine": self._engine,
                "dbos_system_schema": self._schema,
                "run_migrations": False,
                "use_listen_notify": False,
                "log_level": "WARNING",
                "scheduler_polling_interval_sec": 3600.0,
            }
        )
        if DBOS.executor_id != alive_as:
            raise EngineNotReadyError(
                "DBOS is used by something else in this process", hint="Run the worker in a process of its own."
            )
        DBOS.workflow(name=APPLICATION, max_recovery_attempts=None)(_deliver)
        DBOS.listen_queues([self._queue])
        try:
            with self._calls() as calls:  # before it starts: it then works this queue off from the first moment
                how = {"worker_concurrency": slots, "polling_interval_sec": self._poll}
                calls.register_queue(self._queue, **how, on_conflict="always_update", application_name=APPLICATION)
            DBOS.launch()
        except Exception as error:
            self._close()
            raise EngineNotReadyError(
                f"DBOS does not start on {self._store}: {str(error).strip().splitlines()[0]}",
                hint=f"Make its tables, as a role that may: {self._migrate()}",
            ) from error
        self.launched = DBOS

    def _migrate(self) -> str:
        """Return the command that makes DBOS's tables, and grants them to the role that works here."""
        words = ["dbos", "migrate", "--sys-db-url", self._store, "--schema", self._schema]
        role = unquote(urlsplit(self._store).username or "")
        return shlex.join([*words, *(["--app-role", role] if role else [])])

    def _close(self) -> None:
        from dbos import DBOS

        DBOS.destroy(workflow_completion_timeout_sec=_FOREVER if self.launched else 0)
        self.launched = None
        self._engine.dispose()

    async def deliver(self, wake: Wake, number: int) -> str:
        """Drive, on the worker's loop, and queue the wake anew if that did not come to an end. Runs on DBOS's loop."""
        outcome = await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(self._driven(wake), self._loop))
        if outcome in ("unfit", "raised"):
            most = self._unfit if outcome == "unfit" else MOST_SECONDS
            delay = 0.0 if self._closing else min(2.0 ** min(number, 30), most)
            await self._queued_again(wake, number + 1, delay)
        return outcome

    async def _driven(self, wake: Wake) -> str:
        async with self._slots:
            task: asyncio.Task[str] = asyncio.ensure_future(self._drive(wake))
            self._drives.add(task)
            try:
                return await task
            except Exception as error:
                _log.warning("session %s is delivered again: %s: %s", wake.session_id, type(error).__name__, error)
                return "raised"
            finally:
                self._drives.discard(task)

    async def _queued_again(self, wake: Wake, number: int, delay: float) -> None:
        while True:
            try:
                await asyncio.to_thread(self._retry, wake, number, delay)
                return
            except Exception as error:
                _log.warning("session %s cannot be queued yet: %s", wake.session_id, error)
                await asyncio.sleep(1.0)


async def _deliver(namespace: str, session_id: str, token: str, number: int) -> str:
    """The workflow of DBOS: it has no steps, so one that is run again begins again."""
    if _working is None:
        raise asyncio.CancelledError
    return await _working.deliver(Wake(namespace, session_id, token), number)


async def _finished(task: asyncio.Task[None]) -> None:
    """Wait for what must not be left half done, though this is cancelled."""
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
