"""Temporal as an engine: a wake is a workflow of one activity, and the activity is one drive.

Its package is needed by workers alone: who answers leaves what is due to them.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING, Any

from strands_cli.worker.engine import EngineNotReadyError, queue_for
from strands_cli.worker.packages import missing

if TYPE_CHECKING:
    from strands.journal.database import Transaction
    from strands_cli.worker.engine import Drive, Wake

NAME = "strands"
"""What its workflow is called, and how the task queue's name begins unless an option names it."""

_VARIABLES: Mapping[str, str] = {
    "address": "TEMPORAL_ADDRESS",
    "namespace": "TEMPORAL_NAMESPACE",
    "api_key": "TEMPORAL_API_KEY",
    "tls": "TEMPORAL_TLS",
    "profile": "TEMPORAL_PROFILE",
}
_OWN: Mapping[str, tuple[Callable[[str], Any], Any]] = {
    "task_queue": (str, NAME),
    "heartbeat": (float, 15.0),
    "unfit": (float, 30.0),
}


def open_engine(store: str, options: Mapping[str, str]) -> TemporalEngine:
    """Return the engine; it serves a store of any kind.

    Args:
        store: The store.
        options: `address`, `namespace`, `api_key`, `tls` (`true` or `false`) and `profile` come before Temporal's
            environment variables and its configuration file. `task_queue` (`strands`, of a namespace
            `strands/NAMESPACE`). `heartbeat`: seconds after which a worker that is not heard of is taken for dead (15).
            `unfit`: seconds after which at most a wake comes again that a worker was not fit for (30).

    Raises:
        EngineNotReadyError: An option is unknown or wrong.
    """
    own: dict[str, Any] = {name: default for name, (_, default) in _OWN.items()}
    own["task_queue"] = queue_for(store, NAME)
    for name, text in options.items():
        if name not in _OWN and name not in _VARIABLES:
            hint = f"There are {', '.join([*_VARIABLES, *_OWN])}."
            raise EngineNotReadyError(f"the engine 'temporal' has no option {name!r}", hint=hint)
        try:
            own[name] = _OWN[name][0](text) if name in _OWN else text
            if not own[name] or (isinstance(own[name], float) and not 0 < own[name] < 1e9):
                raise ValueError
        except ValueError:
            hint = "Give seconds: a number greater than 0." if name in ("heartbeat", "unfit") else "Give a name."
            raise EngineNotReadyError(f"option {name!r} of the engine 'temporal' is {text!r}", hint=hint) from None
    kept = {name: own.pop(name) for name in _VARIABLES if name in own}
    return TemporalEngine(kept, **own)


class TemporalEngine:
    """Wakes as workflows of Temporal, `NAMESPACE/SESSION/TOKEN`; see `strands_cli.worker.engine.Engine`."""

    def __init__(self, connection: Mapping[str, str], *, task_queue: str, heartbeat: float, unfit: float) -> None:
        self._connection = connection
        self._task_queue = task_queue
        self._heartbeat = heartbeat
        self._unfit = unfit
        self._connecting = asyncio.Lock()
        self._client: Any = None
        self._working: asyncio.Event = asyncio.Event()

    def enqueue(self, transaction: Transaction, wake: Wake) -> bool:
        """Leave it to the relay: the server has a database of its own."""
        return False

    async def submit(self, wake: Wake) -> None:
        """Start the workflow of a wake, unless it runs."""
        client = await self._connected()
        from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy

        await client.start_workflow(
            NAME,
            args=[*wake, self._heartbeat],
            id=wake.key,
            task_queue=self._task_queue,
            id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        )

    async def work(self, drive: Drive, *, slots: int, alive_as: str) -> None:
        """Deliver wakes until this is cancelled; a second cancellation ends what is at work."""
        client = await self._connected()
        from strands_cli.worker.temporal_worker import work

        self._working.set()
        await work(
            client,
            drive,
            task_queue=self._task_queue,
            heartbeat=self._heartbeat,
            unfit=self._unfit,
            slots=slots,
            alive_as=alive_as,
        )

    async def ready(self) -> None:
        """Return once wakes are delivered here: the server has been reached."""
        await self._working.wait()

    async def cancel(self, namespace: str, session_id: str) -> None:
        """End the workflows of a session that the server's list has; a drive that is at work goes on."""
        client = await self._connected()
        prefix = f"{namespace}/{session_id}/"
        written, queue = (each.replace("\\", "\\\\").replace("'", "\\'") for each in (prefix, self._task_queue))
        query = f"WorkflowId STARTS_WITH '{written}' AND ExecutionStatus = 'Running' AND TaskQueue = '{queue}'"
        async for each in client.list_workflows(query):
            if "/" not in each.id[len(prefix) :]:
                await client.get_workflow_handle(each.id, run_id=each.run_id).terminate("the session was cancelled")

    async def reap(self, alive: Collection[str]) -> int:
        """Nothing: the server gives what a worker held to another when it misses the heartbeats."""
        return 0

    async def _connected(self) -> Any:
        async with self._connecting:
            if self._client is None:
                with missing("temporal"):
                    from temporalio.client import Client
                    from temporalio.envconfig import ClientConfig
                told = {_VARIABLES[name]: value for name, value in self._connection.items()}
                address = ""
                try:
                    how = ClientConfig.load_client_connect_config(override_env_vars={**os.environ, **told})
                    address = how.setdefault("target_host", "localhost:7233")
                    self._client = await Client.connect(**how)
                except Exception as error:
                    said = f"{address}: {_cause(error)}" if address else _cause(error)
                    hint = "Start it, or name it: --engine-option address=HOST:PORT, or TEMPORAL_ADDRESS."
                    raise EngineNotReadyError(f"Temporal cannot be reached: {said}", hint=hint) from error
            return self._client


def _cause(error: Exception) -> str:
    """Return what the system said, which the client's library wraps in its own types; else the error's first line."""
    found = re.search(r'\bmessage: "([^"]+)"', str(error))
    return found[1] if found else str(error).splitlines()[0]
