"""Sessions as snapshots: the whole state of an agent under one key, and older states beside it."""

from __future__ import annotations

import json
import logging
import re
import secrets
import time
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any, Literal, Protocol, get_args

from strands._sync import run
from strands.agent.snapshot import Snapshot, load, take
from strands.hooks import (
    AfterInvocationEvent,
    AfterMultiAgentInvocationEvent,
    AfterNodeCallEvent,
    AgentInitializedEvent,
    HookOrder,
    HookRegistry,
    MessageAddedEvent,
    MultiAgentInitializedEvent,
)
from strands.types.exceptions import SessionException
from strands.types.json_bytes import decode_bytes_values, encode_bytes_values

from .doubled import doubled, undoubled
from .identifiers import checked
from .session_manager import SessionManager

if TYPE_CHECKING:
    from strands.agent.agent import Agent
    from strands.multiagent.base import MultiAgentBase
    from strands.storage import Storage
    from strands.types.content import Message

    from .journal_state import Kind


logger: logging.Logger = logging.getLogger(__name__)

SaveLatestStrategy = Literal["message", "invocation", "trigger"]
"""When the newest snapshot of an agent is written: after each message, after each call, or when a trigger says so."""
MultiAgentSaveLatestStrategy = Literal["node", "invocation"]
"""When the newest snapshot of a graph or swarm is written: after each node, or after each call."""
_ID = re.compile(r"^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")


class SnapshotTrigger(Protocol):
    """Says after each call whether the agent's state is kept for good."""

    def __call__(self, *, agent_data: Any, **kwargs: Any) -> bool:
        """Return True to keep the state of the agent `agent_data`."""
        ...


class SnapshotSessionManager(SessionManager):
    """Keeps the newest state of an agent, a graph or a swarm, and, when asked to, older states to go back to.

    A state is stored when a call has ended (or a message was added, or a node has run). What happens in between is not
    on record: after a crash in the middle of a call its tools may run again. `FileSessionManager` keeps that record.

    Args:
        session_id: The session.
        storage: Where it is kept; files in `./.strands/` when None.
        save_latest_on: When the newest state of an agent is stored: "message" with each message, "invocation" after
            each call, "trigger" after the calls for which `snapshot_trigger` returns True.
        multi_agent_save_latest_on: When that of a graph or swarm is stored: "node" after each node, or "invocation".
        snapshot_trigger: Asked after each call; True keeps the agent's state besides the newest one. When it raises,
            that is logged, and the newest state is stored.
        without_hooks: Let a turn that waits for answers go on although hooks that judge tool calls, and that it was
            begun with, are missing.
        **kwargs: Not used.

    Raises:
        ValueError: `session_id` cannot be part of a key, or a strategy is unknown.
    """

    def __init__(
        self,
        session_id: str = "default-session",
        *,
        storage: Storage | None = None,
        save_latest_on: SaveLatestStrategy = "invocation",
        multi_agent_save_latest_on: MultiAgentSaveLatestStrategy = "node",
        snapshot_trigger: SnapshotTrigger | None = None,
        without_hooks: bool = False,
        **kwargs: Any,
    ) -> None:
        self.session_id: str = checked("session_id", session_id)
        if not session_id.strip():
            raise ValueError(f"session_id {session_id!r} is blank; give a text with letters or digits")
        _known("save_latest_on", save_latest_on, SaveLatestStrategy)
        _known("multi_agent_save_latest_on", multi_agent_save_latest_on, MultiAgentSaveLatestStrategy)
        if storage is None:
            from strands.storage import LocalFileStorage

            storage = LocalFileStorage()
        self._storage = storage
        self._save_latest_on = save_latest_on
        self._multi_agent_save_latest_on = multi_agent_save_latest_on
        self._trigger = snapshot_trigger
        self.without_hooks = without_hooks

    def register_hooks(self, registry: HookRegistry, **kwargs: Any) -> None:
        """Listen to an agent, a graph or a swarm: restore it once it is ready, and store it as it changes."""
        first = HookOrder.SDK_FIRST
        registry.add_callback(AgentInitializedEvent, lambda event: self.initialize(event.agent), order=first)
        if self._save_latest_on == "message":
            registry.add_callback(MessageAddedEvent, lambda event: self._save_latest(event.agent), order=first)
        registry.add_callback(AfterInvocationEvent, self._called, order=first)
        registry.add_callback(
            MultiAgentInitializedEvent, lambda event: self.initialize_multi_agent(event.source), order=first
        )
        if self._multi_agent_save_latest_on == "node":
            registry.add_callback(AfterNodeCallEvent, self._multi_agent_changed, order=first)
        registry.add_callback(AfterMultiAgentInvocationEvent, self._multi_agent_changed, order=first)

    async def _called(self, event: AfterInvocationEvent) -> None:
        failed = False
        try:
            wanted = self._trigger is not None and self._trigger(agent_data=event.agent)
        except Exception:
            # what the agent has done is kept, whatever its trigger does
            logger.exception("the snapshot_trigger of session %r failed; the newest state is kept", self.session_id)
            wanted, failed = False, True
        if wanted:
            await self.save_snapshot(event.agent, is_latest=False)
        if wanted or failed or self._save_latest_on != "trigger":
            await self.save_snapshot(event.agent, is_latest=True)

    def _save_latest(self, agent: Agent) -> Awaitable[Any]:
        return self.save_snapshot(agent, is_latest=True)

    def initialize(self, agent: Agent, **kwargs: Any) -> None:
        """Give an agent the newest state that is stored of it, if there is one."""
        given = len(agent.messages)
        if run(self.restore_snapshot(agent)) and given:
            logger.warning(
                "agent %r was made with %d messages; those of session %r take their place",
                agent.agent_id,
                given,
                self.session_id,
            )

    def sync_agent(self, agent: Agent, **kwargs: Any) -> None:
        """Store the agent's state as its newest one."""
        run(self.save_snapshot(agent, is_latest=True))

    def append_message(self, message: Message, agent: Agent, **kwargs: Any) -> None:
        """Do nothing: a state holds all messages."""

    def redact_latest_message(self, redact_message: Message, agent: Agent, **kwargs: Any) -> None:
        """Store the agent's state at once, so that what was taken out is nowhere at rest."""
        self.sync_agent(agent)

    def initialize_multi_agent(self, source: MultiAgentBase, **kwargs: Any) -> None:
        """Give a graph or swarm the state that is stored of it, if there is one.

        Raises:
            SessionException: What is stored is damaged.
        """
        data = run(self._storage.read(self._latest("multiAgent", source.id)))
        if data is not None:
            source.deserialize_state(_multi_agent_state(data, source.id))

    def sync_multi_agent(self, source: MultiAgentBase, **kwargs: Any) -> None:
        """Store the state of a graph or swarm."""
        run(self.save_multi_agent(source))

    async def save_multi_agent(self, source: MultiAgentBase, kind: Kind = "state", key: str = "") -> None:
        data = {"orchestrator_id": source.id, "state": source.serialize_state()}
        snapshot = Snapshot("multiAgent", "1.0", data, {}, _now())
        await self._storage.write(self._latest("multiAgent", source.id), doubled(snapshot.to_dict()))

    async def save_snapshot(self, agent: Agent, *, is_latest: bool) -> str | None:
        """Store the agent's state as it is now.

        Args:
            agent: The agent.
            is_latest: True in place of the newest one; False besides it, to go back to.

        Returns:
            The id to go back to it by, or None for the newest one.

        Raises:
            StorageError: It could not be stored.
        """
        snapshot = take(agent, preset="session", include=["system_prompt"])
        if is_latest:
            await self._write(self._latest("agent", agent.agent_id), snapshot)
            return None
        id = _time_ordered_id()
        await self._write(self._kept(agent, id), snapshot)
        return id

    async def restore_snapshot(self, agent: Agent, *, snapshot_id: str | None = None) -> bool:
        """Give an agent a state that is stored of it.

        Args:
            agent: The agent.
            snapshot_id: Which one, as `save_snapshot` or `list_snapshot_ids` named it; None for the newest.

        Returns:
            Whether there is such a state.

        Raises:
            ValueError: The id is not one of a snapshot.
            SessionException: What is stored cannot be read.
            StorageError: It could not be read.
        """
        key = self._latest("agent", agent.agent_id)
        if snapshot_id is not None:
            key = self._kept(agent, _checked_id(snapshot_id))
        data = await self._storage.read(key)
        if data is None:
            return False
        load(agent, _snapshot(data, agent.agent_id))
        return True

    async def list_snapshot_ids(
        self, agent: Agent, *, limit: int | None = None, start_after: str | None = None
    ) -> list[str]:
        """Return the ids of the states that are kept of an agent besides the newest, oldest first.

        Args:
            agent: The agent.
            limit: At most so many.
            start_after: Only those after this one.

        Raises:
            ValueError: `start_after` is not the id of a snapshot.
            StorageError: They could not be listed.
        """
        after = _checked_id(start_after) if start_after is not None else ""
        prefix = self._history(agent)
        names = [key[len(prefix) :].removesuffix(".json") for key in await self._storage.list(prefix)]
        ids = sorted(name for name in names if _ID.match(name) and name > after)
        return ids if limit is None else ids[:limit]

    async def delete_session(self) -> None:
        """Remove everything that is stored of the session.

        Raises:
            StorageError: It could not be removed.
        """
        for key in await self._storage.list(f"{self._place()}/"):
            await self._storage.delete(key)

    def _place(self) -> str:
        # who gives a view below a prefix has chosen the place
        return self.session_id if getattr(self._storage, "namespaced", False) else f"session/{self.session_id}"

    def _latest(self, scope: str, id: str) -> str:
        return f"{self._place()}/scopes/{scope}/{checked('id', id)}/snapshots/snapshot_latest.json"

    def _history(self, agent: Agent) -> str:
        id = checked("agent_id", agent.agent_id)
        return f"{self._place()}/scopes/agent/{id}/snapshots/immutable_history/snapshot_"

    def _kept(self, agent: Agent, id: str) -> str:
        return f"{self._history(agent)}{id}.json"

    async def _write(self, key: str, snapshot: Snapshot) -> None:
        await self._storage.write(key, json.dumps(encode_bytes_values(snapshot.to_dict())).encode())


def _snapshot(data: bytes, id: str) -> Snapshot:
    try:
        return Snapshot.from_dict(decode_bytes_values(json.loads(data)))
    except ValueError as error:
        raise SessionException(f"the stored state of {id!r} is not JSON; remove it or go back to another") from error


def _multi_agent_state(data: bytes, id: str) -> dict[str, Any]:
    try:
        state: dict[str, Any] = Snapshot.from_dict(undoubled(data)[0]).data["state"]
        return state
    except (ValueError, KeyError) as error:
        raise SessionException(
            f"the stored state of {id!r} is damaged ({error}), so it is not known what it has done. Find that out "
            "first; then remove it to begin anew"
        ) from error


def _known(name: str, value: str, strategies: Any) -> None:
    if value not in get_args(strategies):
        raise ValueError(f"{name} is {value!r}; there are {list(get_args(strategies))}")


def _checked_id(id: str) -> str:
    if not _ID.match(id):
        raise ValueError(f"{id!r} is not the id of a snapshot; list_snapshot_ids names them")
    return id


_last = 0


def _time_ordered_id() -> str:
    """Return a UUID of version 7 that is greater than all before it in this process."""
    global _last
    _last = max(_last + 1, time.time_ns() * 4096 // 1_000_000)  # milliseconds, and 12 bits of what is below
    moment, fraction, rest = _last >> 12, _last & 0xFFF, secrets.randbits(62) | 1 << 63
    text = f"{moment:012x}7{fraction:03x}{rest:016x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
