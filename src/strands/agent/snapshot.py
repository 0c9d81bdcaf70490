"""An agent's state as plain values, to keep anywhere and load into another agent."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, Literal

from strands._core.brought import noted
from strands.interrupt import InterruptState
from strands.types._snapshot import SCHEMA_VERSION, Field
from strands.types._snapshot import Snapshot as Snapshot
from strands.types.exceptions import SnapshotException
from strands.types.json_dict import JSONSerializableDict

if TYPE_CHECKING:
    from strands._core.host import Host

_SESSION: tuple[Field, ...] = ("messages", "state", "conversation_manager_state", "interrupt_state", "model_state")
_ALL: tuple[Field, ...] = (*_SESSION, "system_prompt")


def take(
    agent: Host,
    *,
    preset: Literal["session"] | None = None,
    include: Iterable[Field] | None = None,
    exclude: Iterable[Field] | None = None,
    app_data: dict[str, Any] | None = None,
) -> Snapshot:
    """Return an agent's state.

    Args:
        agent: Whose state it is.
        preset: "session" takes messages, state, conversation manager, open questions and the model's state.
        include: Fields to take besides.
        exclude: Fields to leave out.
        app_data: Kept with it.

    Raises:
        SnapshotException: No field is left, or one is unknown.
    """
    fields = _fields(preset, include, exclude)
    values: dict[str, Callable[[], Any]] = {
        "messages": lambda: agent.messages,
        "state": agent.state.get,
        "conversation_manager_state": agent.conversation_manager.get_state,
        "interrupt_state": lambda: _open_questions(agent),
        "model_state": lambda: agent.model_state,
        "system_prompt": lambda: agent._system_blocks,
    }
    data: dict[str, Any] = {name: copy.deepcopy(values[name]()) for name in fields}
    now = datetime.now(timezone.utc).isoformat().replace("+00:00", "Z")
    return Snapshot("agent", SCHEMA_VERSION, data, copy.deepcopy(app_data or {}), now)


def load(agent: Host, snapshot: Snapshot) -> None:
    """Give an agent what a snapshot holds; what it does not hold stays.

    Raises:
        SnapshotException: It cannot be loaded here.
    """
    if not isinstance(snapshot, Snapshot):
        raise SnapshotException(
            f"{type(snapshot).__name__} is not a snapshot; make one of data by Snapshot.from_dict(...)"
        )
    snapshot.validate()
    data = copy.deepcopy(snapshot.data)
    if "messages" in data:
        agent.messages = data["messages"]
        agent.turn.open = None
    if "state" in data:
        agent.state = JSONSerializableDict(data["state"])
    if "conversation_manager_state" in data:
        agent.conversation_manager.restore_from_session(data["conversation_manager_state"])
    if "interrupt_state" in data:
        agent.turn.interrupts = InterruptState.from_dict(data["interrupt_state"])
        if agent._session_manager is not None:  # who loads it by hand sees to the hooks
            agent.turn.brought = data["interrupt_state"].get("brought")
    if "model_state" in data:
        agent.model_state = data["model_state"]
    if "system_prompt" in data:
        agent.system_prompt = data["system_prompt"]


def _open_questions(agent: Host) -> dict[str, Any]:
    """Return the questions, and the hooks without which their turn does not go on elsewhere."""
    state = agent.turn.interrupts
    return {**state.to_dict(), "brought": noted(agent)} if state.activated else state.to_dict()


def _fields(preset: str | None, include: Iterable[Field] | None, exclude: Iterable[Field] | None) -> list[Field]:
    if preset not in (None, "session"):
        raise SnapshotException(f"preset {preset!r} is unknown; there is 'session'")
    wanted = {*(_SESSION if preset else ()), *(include or ())}
    unknown = (wanted | set(exclude or ())) - set(_ALL)
    if unknown:
        raise SnapshotException(f"fields {sorted(unknown)} are unknown; there are {list(_ALL)}")
    fields = [name for name in _ALL if name in wanted and name not in set(exclude or ())]
    if not fields:
        raise SnapshotException("no field is left to take; give preset='session' or include=[...]")
    return fields
