"""Reading an agent's directory back, whatever a crash, another program or a bad disk left in it."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from strands.types.session import SessionAgent, SessionMessage

from .agent_record import Loaded
from .disk import DAMAGED, TEMPORARY
from .ledger import Fold, Kind, Scan, from_json, to_json

if TYPE_CHECKING:
    from strands.agent.recorder import OpenTurn

    from .file_record import FileRecord

logger = logging.getLogger(__name__)

BLOATED = 1 << 20
"""Bytes below which a ledger is never written anew only because much of it is outdated."""

_MESSAGE_NAME = re.compile(r"message_(0|[1-9][0-9]*)\.json")
_Stored = TypeVar("_Stored")


class FileReading:
    """One reading of `record`'s directory. What can be mended is mended, if nobody else is at work in it."""

    def __init__(self, record: FileRecord) -> None:
        self._record = record
        self._disk = record.disk
        self._repairs: list[Callable[[], None]] = []

    def load(self) -> Loaded | None:
        """Return what the directory holds, or None when it holds nothing of an agent."""
        found, fold = self._record.ledger.read()
        messages = self._messages(fold)
        agent, ledger_is_newest = self._agent(fold)
        if agent is None and not messages:
            return None
        if found.damaged:
            _recall(fold)
        turn = fold.open_turn()
        if found.damaged:
            _doubt(turn, fold)
            self._repairs.append(lambda: self._keep_damaged_ledger(found))
        if found.damaged or _is_bloated(found, fold):
            self._write_ledger_anew(fold, turn)
        self._mend()
        next_id = max(messages) + 1 if messages else 0
        gone_on = not ledger_is_newest or (messages and next_id - 1 not in fold.messages)  # without the ledger
        return Loaded(agent, [messages[id] for id in sorted(messages)], None if gone_on else turn, next_id)

    def _messages(self, fold: Fold) -> dict[int, SessionMessage]:
        sizes = self._sizes()
        messages: dict[int, SessionMessage] = {}
        for id in sizes.keys() | fold.messages.keys():
            if id in fold.messages and fold.sizes[id] == sizes.get(id):
                messages[id] = SessionMessage.from_dict(fold.messages[id])
                continue
            stored = self._read(self._record.message_path(id), SessionMessage.from_dict) if id in sizes else None
            if stored is None and id in fold.messages:
                stored = SessionMessage.from_dict(fold.messages[id])
                self._write_again(self._record.message_path(id), stored)
            if stored is not None:
                messages[id] = stored
        return messages

    def _sizes(self) -> dict[int, int]:
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
        kept = self._disk.copy_aside(path)
        logger.warning("lines %s of %r fail their checksum; it is kept as %r", found.damaged, str(path), kept.name)

    def _write_ledger_anew(self, fold: Fold, turn: OpenTurn) -> None:
        from .file_record import message_texts

        items: list[tuple[Kind, str]] = [
            ("message", message_texts(SessionMessage.from_dict(fold.messages[id]))[0]) for id in sorted(fold.messages)
        ]
        if fold.agent is not None:
            items.append(("agent", to_json(fold.agent)))
        items += [("finished", to_json({"tool_use_id": id, "result": result})) for id, result in fold.finished.items()]
        for id, inside in turn.inside.items():
            items.append(("inside", to_json({"path": [id], "what": "whole", **inside.to_dict()})))
        items += [("started", to_json(asdict(start))) for start in turn.started.values()]
        if fold.asked:
            items.append(("asked", to_json({"interrupts": list(fold.asked.values()), "pause": fold.pause})))
        self._repairs.append(lambda: self._record.ledger.rewrite(items))

    def _mend(self) -> None:
        if not self._repairs:
            return
        lease = self._disk.lock(self._record.directory / "lease.lock")
        if lease is None:
            return  # whoever is at work there will write these files, or mend them when it next loads
        try:
            if self._record.ledger.is_as_read():
                for repair in self._repairs:
                    repair()
        finally:
            lease.release()


def _is_bloated(found: Scan, fold: Fold) -> bool:
    """Return whether most of the ledger is agent records that newer ones have replaced."""
    needed = sum(fold.sizes.values()) + len(to_json(fold.agent))
    return found.end > BLOATED and found.end > 4 * needed


def _recall(fold: Fold) -> None:
    """Lines are lost: what the agent's record knows of the open turn, its questions above all, stands in for them."""
    from .history import turn_of

    state = fold.agent["_internal_state"].get("interrupt_state") if fold.agent else None
    known = turn_of(state)
    if known is None or not fold.messages or not isinstance(state, dict):
        return
    newest = fold.messages[max(fold.messages)]["message"]
    if state.get("context", {}).get("tool_use_message", {}).get("content") != newest["content"]:
        return
    fold.finished = {**known.finished, **fold.finished}
    fold.asked = {**{id: each.to_dict() for id, each in known.interrupts.items()}, **fold.asked}


def _doubt(turn: OpenTurn, fold: Fold) -> None:
    """Lines are lost, so each tool of the open turn without a result may have been started."""
    from strands.agent.recorder import ToolStart

    turn.inside.clear()
    newest = fold.messages[max(fold.messages)]["message"] if fold.messages else {"content": []}
    for block in newest["content"]:
        use = block.get("toolUse")
        if use and use["toolUseId"] not in turn.finished:
            turn.started.setdefault(use["toolUseId"], ToolStart(use["toolUseId"], use["name"], "", ""))
