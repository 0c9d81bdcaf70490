"""Reading an agent's directory back, whatever a crash, another program or a bad disk left in it."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from strands.types.session import SessionAgent, SessionMessage

from .agent_record import Loaded
from .disk import DAMAGED, TEMPORARY
from .file_record import LEASE, message_texts
from .ledger import Entry, Fold, Kind, from_json, to_json
from .ledger_scan import Head, Scan
from .lost_turn import LostTurn, recall

if TYPE_CHECKING:
    from strands.agent.recorder import OpenTurn

    from .file_record import FileRecord
    from .lease import Lease

logger: logging.Logger = logging.getLogger(__name__)

BLOATED = 1 << 20
"""Bytes below which a ledger is never written anew only because much of it is outdated."""

_MESSAGE_NAME = re.compile(r"message_(0|[1-9][0-9]*)\.json")
_Stored = TypeVar("_Stored")


class FileReading:
    """One reading of `record`'s directory. What can be mended is mended, if nobody else is at work in it."""

    def __init__(self, record: FileRecord, head: Head | None) -> None:
        self._record = record
        self._head = head
        self._disk = record.disk
        self._files: dict[int, SessionMessage | None] = {}
        self._repairs: list[Callable[[], None]] = []

    @property
    def mended(self) -> bool:
        """Whether there is nothing left to mend."""
        return not self._repairs

    def load(self) -> Loaded | None:
        """Return what the directory holds, or None when it holds nothing of an agent."""
        found, fold = self._record.ledger.read(self._head)
        if found.gaps:
            fold = self._healed(found)
        messages = self._messages(fold)
        agent, ledger_is_newest = self._agent(fold)
        if agent is None and not messages and not found.gaps:
            return None
        if found.gaps:
            self._repairs.append(lambda: self._keep_damaged_ledger(found))
            self._settle(found, fold, messages, agent)
            ledger_is_newest = True
        turn = fold.open_turn()
        if found.gaps or _is_bloated(found, fold):
            self._write_ledger_anew(fold, turn)
        elif found.unclosed:
            self._repairs.append(self._record.ledger.close_line)
        self.mend()
        return self._loaded(fold, messages, agent, turn, ledger_is_newest)

    def _loaded(
        self,
        fold: Fold,
        messages: dict[int, SessionMessage],
        agent: SessionAgent | None,
        turn: OpenTurn,
        ledger_is_newest: bool,
    ) -> Loaded:
        next_id = max(messages) + 1 if messages else 0
        kept = [messages[id] for id in sorted(messages)]
        if messages and next_id - 1 not in fold.messages:
            return Loaded(agent, kept, None, next_id)  # it went on without the ledger
        if not ledger_is_newest and agent is not None:
            turn = _joined(turn, agent)
        return Loaded(agent, kept, turn, next_id)

    def _healed(self, found: Scan) -> Fold:
        """Return what the ledger says once messages whose lines are broken are read from their files."""
        for gap in found.gaps:
            for told in gap.told() or ():
                stored = self._message_file(told.message_id) if told.message_id is not None else None
                if stored is not None and told.kind == "message":
                    data = {"size": len(message_texts(stored)[1]), "stored": stored.to_dict()}
                    found.entries.append(Entry(told.seq, "message", 0.0, data))
        found.entries.sort(key=lambda entry: entry.seq)
        return Fold().take(found.entries)

    def _settle(self, found: Scan, fold: Fold, messages: dict[int, SessionMessage], agent: SessionAgent | None) -> None:
        """Let nothing happen unasked that the lost lines may have told of."""
        lost = self._lost(found, fold, messages)
        for id in messages.keys() - fold.messages.keys():
            fold.messages[id] = messages[id].to_dict()
        if agent is not None:
            fold.agent = vars(agent)
        recall(fold)
        where = f"{self._record.ledger.path.name}: {_lines(found)} lost"
        changed = LostTurn(fold, lost, where).settle()
        if changed is None:
            return
        for id in sorted(fold.messages):
            if id == changed or id not in messages:
                messages[id] = SessionMessage.from_dict(fold.messages[id])
                self._write_again(self._record.message_path(id), messages[id])

    def _lost(self, found: Scan, fold: Fold, messages: dict[int, SessionMessage]) -> float:
        """Return how many lost lines may have told of calls that came after the newest message of the ledger."""
        newest = max((entry.seq for entry in found.entries if entry.kind == "message"), default=-1)
        gaps = [gap for gap in found.gaps if gap.after >= newest]
        lost = sum(gap.hidden(known=messages.keys()) for gap in gaps)
        head, next_id = self._head, max(messages, default=-1) + 1
        if lost and head is not None and head.covers(found, next_id):
            return 1  # the call was over, and all of its messages are in their files
        adopted = len(messages.keys() - fold.messages.keys())
        return max(lost - adopted, 1) if lost else 0

    def _messages(self, fold: Fold) -> dict[int, SessionMessage]:
        sizes = self._sizes()
        messages: dict[int, SessionMessage] = {}
        for id in sizes.keys() | fold.messages.keys():
            if id in fold.messages and fold.sizes[id] == sizes.get(id):
                messages[id] = SessionMessage.from_dict(fold.messages[id])
                continue
            stored = self._message_file(id) if id in sizes else None
            if stored is None and id in fold.messages:
                stored = SessionMessage.from_dict(fold.messages[id])
                self._write_again(self._record.message_path(id), stored)
            if stored is not None:
                messages[id] = stored
        return messages

    def _message_file(self, id: int) -> SessionMessage | None:
        if id not in self._files:
            self._files[id] = self._read(self._record.message_path(id), SessionMessage.from_dict)
        return self._files[id]

    def _sizes(self) -> dict[int, int]:
        if any(name.endswith(TEMPORARY) for name in self._disk.scan(self._record.directory)):
            self._repairs.append(lambda: self._disk.remove_temporary(self._record.directory))
        directory = self._record.directory / "messages"
        sizes = {}
        for name, size in self._disk.scan(directory).items():
            match = _MESSAGE_NAME.fullmatch(name)
            if match:
                sizes[int(match[1])] = size
            elif name.endswith(TEMPORARY):
                self._repairs.append(lambda path=directory / name: self._disk.remove(path))  # type: ignore[misc]
            elif DAMAGED not in name:
                logger.warning("file %r is not part of the session and is left alone", str(directory / name))
        return sizes

    def _agent(self, fold: Fold) -> tuple[SessionAgent | None, bool]:
        path = self._record.directory / "agent.json"
        stored = self._read(path, SessionAgent.from_dict)
        recorded = SessionAgent.from_dict(fold.agent) if fold.agent is not None else None
        if recorded is None or (stored is not None and stored.updated_at > recorded.updated_at):
            return stored, recorded is None
        if stored is None or stored.updated_at < recorded.updated_at:
            self._write_again(path, recorded)
        return recorded, True

    def _read(self, path: Path, parse: Callable[[dict[str, Any]], _Stored]) -> _Stored | None:
        content = self._disk.read(path)
        if content is None:
            return None
        try:
            return parse(from_json(content))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            self._repairs.append(lambda: self._set_aside(path))
            return None

    def _write_again(self, path: Path, stored: SessionMessage | SessionAgent) -> None:
        def repair() -> None:
            self._disk.make_directory(path.parent)
            self._disk.replace(path, to_json(stored.to_dict()).encode())
            logger.info("%r was missing or torn; mended from the ledger", str(path))

        self._repairs.append(repair)

    def _set_aside(self, path: Path) -> None:
        target = self._disk.set_aside(path)
        logger.warning("%r is damaged; it is kept as %r and the session goes on without it", str(path), target.name)

    def _keep_damaged_ledger(self, found: Scan) -> None:
        path = self._record.ledger.path
        if self._disk.size(path) < 0:
            logger.warning("%r is gone", str(path))
            return
        kept = self._disk.copy_aside(path)
        logger.warning("%r: %s lost; it is kept as %r", str(path), _lines(found), kept.name)

    def _write_ledger_anew(self, fold: Fold, turn: OpenTurn) -> None:
        items: list[tuple[Kind, str]] = [
            ("message", message_texts(SessionMessage.from_dict(fold.messages[id]))[0]) for id in sorted(fold.messages)
        ]
        if fold.agent is not None:
            items.append(("agent", to_json(fold.agent)))
        items += [("finished", to_json({"tool_use_id": id, "result": result})) for id, result in fold.finished.items()]
        for id, inside in turn.inside.items():
            items.append(("inside", to_json({"path": [id], "what": "whole", **inside.to_dict()})))
        items += [("started", to_json(start.to_dict())) for start in turn.started.values()]
        if fold.asked:
            items.append(("asked", to_json({"interrupts": list(fold.asked.values()), "pause": fold.pause})))
        self._repairs.append(lambda: self._record.ledger.rewrite(items))

    def mend(self) -> None:
        """Mend what can be mended, unless somebody is at work there: the next call mends it under its own lease."""
        if not self._repairs:
            return
        lease = self._disk.lock(self._record.directory / LEASE)
        if lease is None:
            return
        try:
            if self._record.ledger.is_as_read():
                self.mend_under(lease)
        finally:
            lease.release()

    def mend_under(self, lease: Lease) -> None:
        """Mend under a lease that is held."""
        repairs, self._repairs = self._repairs, []
        for repair in repairs:
            repair()
        self._record.note_head(lease, at_rest=False)


def _joined(turn: OpenTurn, agent: SessionAgent) -> OpenTurn:
    """The agent's own record is newer: its questions and results count, and what the ledger has in doubt stays so."""
    from .history import open_turn

    newer = open_turn(agent)
    if newer is None:
        return turn
    turn.finished.update(newer.finished)
    for tool_use_id in newer.finished:
        turn.forget(tool_use_id)
    turn.interrupts.update(newer.interrupts)
    turn.pause = newer.pause or turn.pause
    return turn


def _lines(found: Scan) -> str:
    numbers = ", ".join(map(str, found.damaged[:10]))
    return f"what stood in line {numbers} is"


def _is_bloated(found: Scan, fold: Fold) -> bool:
    """Return whether most of the ledger is agent records that newer ones have replaced."""
    needed = sum(fold.sizes.values()) + len(to_json(fold.agent))
    return found.end > BLOATED and found.end > 4 * needed
