"""Reading an agent back from its journal and the files beside it, whatever a crash, another program or damage left."""

from __future__ import annotations

import contextlib
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

from strands.journal.entries import FORMAT, Encoded, Entry
from strands.journal.errors import StrandsError
from strands.journal.salvage import Salvaged
from strands.types.exceptions import SessionException
from strands.types.session import SessionAgent, SessionMessage

from .agent_record import Loaded
from .history import open_turn
from .journal_record import encoded, newer, opening
from .journal_state import JournalState
from .json_text import to_json
from .layout import message_texts

if TYPE_CHECKING:
    from strands._core.recorder import OpenTurn

    from .agent_journal import AgentWithFiles

BLOATED = 1 << 20
"""Bytes below which a journal is never written anew only because much of it is outdated."""


class FilesRead(Protocol):
    """One reading of an agent's files in the layout that other programs read.

    Attributes:
        repairs: What is to be done to mend them.
    """

    repairs: list[Callable[[], None]]

    def sizes(self) -> dict[int, int]:
        """Return the size in bytes of each message's file."""
        ...

    def read_ahead(self, ids: list[int]) -> None:
        """Read the files of several messages at once, where that takes less time."""
        ...

    def is_of(self, id: int, updated_at: str) -> bool:
        """Whether a message's file is as it was written for a message of this time, as `sizes` came past it."""
        ...

    def check_missing(self, id: int) -> None:
        """Check that nothing else stands in the place of a message's file that `sizes` did not come past.

        Raises:
            OSError: Something does.
        """
        ...

    def message(self, id: int) -> SessionMessage | None:
        """Return a message as its file has it; None when there is none that can be read."""
        ...

    def agent(self) -> SessionAgent | None:
        """Return the agent as its file has it."""
        ...

    def write_message(self, stored: SessionMessage) -> None:
        """Let a message's file be mended."""
        ...

    def write_agent(self, stored: SessionAgent) -> None:
        """Let the agent's file be mended."""
        ...


class JournalReading(ABC):
    """One reading of what `record` keeps. What can be mended is mended, if nobody else is at work in it.

    Args:
        record: The record.
        layout: A reading of the files beside the journal.
    """

    def __init__(self, record: AgentWithFiles, layout: FilesRead) -> None:
        self._record = record
        self._layout = layout
        self._exists = self._is_sound = False
        self._size = 0
        self._ledger: dict[str, Any] | None = None
        self._driver = ""
        self._anew: list[Encoded] | None = None

    # -- what a store does in its own way -------------------------------------------------------------------------

    @abstractmethod
    def _read(self) -> Salvaged:
        """Return what the journal holds, or else the ledger; say whether there is a journal, and how large it is."""

    @abstractmethod
    def _read_ledger(self) -> Salvaged:
        """Return what the ledger of release 0.1.0 holds, and note which it is."""

    @abstractmethod
    def _ledger_size(self) -> int:
        """Return the size of that ledger; -1 when there is none."""

    @property
    @abstractmethod
    def _name(self) -> str:
        """What was read, for people."""

    @abstractmethod
    def _keep_damaged(self, found: Salvaged) -> None:
        """Keep a copy of what is damaged."""

    def _locked(self) -> AbstractContextManager[Any]:
        """Let nobody else mend it, or write the files, while the block runs."""
        return contextlib.nullcontext()

    def _alone(self) -> AbstractContextManager[bool]:
        """Keep release 0.1.0 out while the block runs; gives False where it is at work."""
        return contextlib.nullcontext(True)

    # -- reading --------------------------------------------------------------------------------------------------

    @property
    def mended(self) -> bool:
        """Whether there is nothing left to mend."""
        return not self._layout.repairs and self._anew is None

    def load(self) -> Loaded | None:
        """Return what the directory holds, or None when it holds nothing of an agent."""
        found = self._read()
        state = self._healed(found) if found.gaps else JournalState().take(found.entries)
        if state.format > FORMAT:
            raise newer(self._record.log.path, state.format)
        self._driver = state.driver
        is_outdated = self._exists and self._take_in_newer_ledger(state)
        self._record.known(state)
        messages, sizes = self._messages(state)
        agent, journal_is_newest = self._agent(state)
        if agent is None and not messages and not found.gaps:
            return None
        if found.gaps:
            self._layout.repairs.append(lambda: self._keep_damaged(found))
            self._settle(found, state, messages, agent)
            journal_is_newest = True
        loaded = self._loaded(state, messages, agent, journal_is_newest)
        if is_outdated or not self._is_sound or _is_bloated(self._size, state):
            self._write_anew(state, loaded, sizes)
        try:
            self.mend()
        except (SessionException, StrandsError, OSError):
            if self._exists:
                raise  # else it is as it was, and is taken in by the first call, or by who was faster
        return loaded

    def _take_in_newer_ledger(self, state: JournalState) -> bool:
        """Take in what release 0.1.0 has done since its ledger was taken in; return whether it has done anything."""
        if self._ledger_size() == (state.ledger[1] if state.ledger[0] else -1):
            self._ledger = {"ledger": {"name": state.ledger[0], "size": state.ledger[1]}} if state.ledger[0] else None
            return False
        found = self._read_ledger()
        newer = JournalState().take(found.entries)
        if not newer.messages or max(newer.messages) < max(state.messages, default=-1):
            return False
        state.messages.update(newer.messages)
        state.sizes.update(newer.sizes)
        if newer.agent is not None:
            state.agent = newer.agent
        state.finished, state.started, state.inner = newer.finished, newer.started, newer.inner
        state.asked, state.pause = newer.asked, newer.pause
        return True

    def _loaded(
        self,
        state: JournalState,
        messages: dict[int, SessionMessage],
        agent: SessionAgent | None,
        journal_is_newest: bool,
    ) -> Loaded:
        next_id = max(messages) + 1 if messages else 0
        kept = [messages[id] for id in sorted(messages)]
        if messages and next_id - 1 not in state.messages:
            return Loaded(agent, kept, None, next_id)  # another program went on without the journal
        turn = state.open_turn()
        if not journal_is_newest and agent is not None:
            turn = _joined(turn, agent)
        return Loaded(agent, kept, turn, next_id)

    def _healed(self, found: Salvaged) -> JournalState:
        """Return what the journal says once messages whose lines are broken are read from their files."""
        from .lost_lines import lost_in

        for gap in found.gaps:
            for each in lost_in(gap) or ():
                stored = self._layout.message(each.message_id) if each.message_id is not None else None
                if stored is not None and each.kind == "message":
                    data = {"size": len(message_texts(stored)[1]), "stored": stored.to_dict()}
                    found.entries.append(Entry(each.seq, "message", "", data, 0.0))
        found.entries.sort(key=lambda entry: entry.seq)
        return JournalState().take(found.entries)

    def _settle(
        self, found: Salvaged, state: JournalState, messages: dict[int, SessionMessage], agent: SessionAgent | None
    ) -> None:
        """Let nothing happen unasked that the lost lines may have told of."""
        from .lost_turn import LostTurn, recall

        lost = self._lost(found, state, messages)
        for id in messages.keys() - state.messages.keys():
            state.messages[id] = messages[id].to_dict()
        if agent is not None:
            state.agent = vars(agent)
        recall(state)
        changed = LostTurn(state, lost, f"{self._name}: {found.lost_text()} lost").settle()
        if changed is None:
            return
        for id in sorted(state.messages):
            if id == changed or id not in messages:
                messages[id] = SessionMessage.from_dict(state.messages[id])
                self._layout.write_message(messages[id])

    def _lost(self, found: Salvaged, state: JournalState, messages: dict[int, SessionMessage]) -> float:
        """Return how many lost lines may have told of calls that came after the newest message of the journal."""
        from .lost_lines import hidden

        newest = max((entry.seq for entry in found.entries if entry.kind == "message"), default=-1)
        gaps = [gap for gap in found.gaps if gap.after >= newest]
        lost = sum(hidden(gap, known=messages.keys()) for gap in gaps)
        if lost and _was_over(found, state, max(messages, default=-1) + 1):
            return 1
        adopted = len(messages.keys() - state.messages.keys())
        return max(lost - adopted, 1) if lost else 0

    def _messages(self, state: JournalState) -> tuple[dict[int, SessionMessage], dict[int, int]]:
        sizes = self._layout.sizes()
        messages: dict[int, SessionMessage] = {}
        same = {
            id
            for id, recorded in state.messages.items()
            if state.sizes[id] == sizes.get(id) and self._layout.is_of(id, recorded["updated_at"])
        }
        self._layout.read_ahead([id for id in sizes if id not in same])
        for id in sizes.keys() | state.messages.keys():
            if id in same:
                messages[id] = SessionMessage.from_dict(state.messages[id])
                continue
            if id not in sizes:
                self._layout.check_missing(id)
            stored = self._layout.message(id) if id in sizes else None
            if stored is None and id in state.messages:
                stored = SessionMessage.from_dict(state.messages[id])
                self._layout.write_message(stored)
                sizes.pop(id, None)
            if stored is not None:
                messages[id] = stored
        return messages, sizes

    def _agent(self, state: JournalState) -> tuple[SessionAgent | None, bool]:
        stored = self._layout.agent()
        recorded = SessionAgent.from_dict(state.agent) if state.agent is not None else None
        if recorded is None or (stored is not None and stored.updated_at > recorded.updated_at):
            return stored, recorded is None
        if stored is not None and stored.updated_at == recorded.updated_at:
            return stored, True  # edited by hand, perhaps; what the open turn has come to, the journal knows
        if stored is None or stored.updated_at < recorded.updated_at:
            self._layout.write_agent(recorded)
        return recorded, True

    # -- mending --------------------------------------------------------------------------------------------------

    def _write_anew(self, state: JournalState, loaded: Loaded, sizes: dict[int, int]) -> None:
        """Let the journal hold what is known now, and nothing else."""
        agent = loaded.agent
        turn = loaded.turn if loaded.turn is not None else (open_turn(agent) if agent is not None else None)
        items: list[Encoded] = []
        for stored in loaded.messages:
            text, content = message_texts(stored)
            size = sizes.get(stored.message_id, len(content))
            text = text.replace(f'{{"size":{len(content)},', f'{{"size":{size},', 1)
            items.append(encoded("message", f"messages/{stored.message_id}", text))
        if agent is not None:
            items.append(encoded("agent", "", to_json(vars(agent))))
        if turn is not None:
            items += _of_turn(turn)
        self._anew = items

    def mend(self) -> bool:
        """Mend what can be mended; False if somebody else is at work there."""
        if self.mended:
            return True
        if self._driver and self._record.is_alive(self._driver):
            return False
        if not self._exists:
            return self._take_in()
        with self._locked():
            self._record.log.replace(self._mended)
        self._record.mended()
        return True

    def _mended(self, content: bytes, unmoved: bool) -> list[Encoded] | None:
        if not (unmoved if self._is_sound else len(content) == self._size):
            return None  # somebody has written since it was read, and mended it
        self._repair()
        items, self._anew = self._anew, None
        return None if items is None else [encoded("opened", "", to_json(opening(self._ledger))), *items]

    def _take_in(self) -> bool:
        """Begin a journal with what a ledger or another program has left."""
        with self._alone() as alone:
            if not alone:
                return False
            self._repair()
            if self._anew:
                self._record.create(self._anew, self._ledger)
            self._anew = None
        return True

    def _repair(self) -> None:
        while self._layout.repairs:
            self._layout.repairs[0]()
            del self._layout.repairs[0]


def _of_turn(turn: OpenTurn) -> list[Encoded]:
    items = [
        encoded("finished", f"tools/{id}", to_json({"tool_use_id": id, "result": result}))
        for id, result in turn.finished.items()
    ]
    for id, inside in turn.subagents.items():
        items.append(encoded("inside", f"tools/{id}", to_json({"path": [id], "what": "whole", **inside.to_dict()})))
    items += [encoded("started", f"tools/{id}", to_json(start.to_dict())) for id, start in turn.started.items()]
    if turn.interrupts:
        asked = [interrupt.to_dict() for interrupt in turn.interrupts.values()]
        items.append(encoded("asked", "", to_json({"interrupts": asked, "pause": turn.pause})))
    return items


def _joined(turn: OpenTurn, agent: SessionAgent) -> OpenTurn:
    """The agent's own record is newer: its questions and results count; a call that is ambiguous stays one."""
    newer = open_turn(agent)
    if newer is None:
        return turn
    turn.finished.update(newer.finished)
    for tool_use_id in newer.finished:
        turn.forget(tool_use_id)
    turn.interrupts.update(newer.interrupts)
    turn.pause = newer.pause or turn.pause
    return turn


def _was_over(found: Salvaged, state: JournalState, next_id: int) -> bool:
    """Whether the last call was over, nothing came since, and all of its messages are known."""
    is_last = all(gap.after < found.entries[-1].seq for gap in found.gaps) if found.entries else False
    return is_last and state.at_rest is not None and next_id >= state.at_rest


def _is_bloated(size: int, state: JournalState) -> bool:
    """Return whether most of the journal is agent records that newer ones have replaced."""
    needed = sum(state.sizes.values()) + len(to_json(state.agent))
    return size > BLOATED and size > 4 * needed
