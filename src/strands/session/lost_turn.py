"""What an agent may have done in lines of its journal that are lost: each call that may have happened is a question."""

from __future__ import annotations

import json
from typing import Any

from strands.types.session import SessionMessage, now

from .journal_state import JournalState

UNKNOWN_CALL = "unknown_call"
_LOST = "lost-"
_BEGINNING_LOST = "(The beginning of this conversation is lost.)"


class LostTurn:
    """Works on what a damaged journal says, `fold`, so that nothing that may have happened happens unasked.

    Args:
        fold: What the readable lines say.
        lost: How many lines behind the newest message are lost and may have told of calls.
        where: What is damaged, for people.
    """

    def __init__(self, fold: JournalState, lost: float, where: str) -> None:
        self._fold = fold
        self._lost = lost
        self._where = where
        self._newest = max(fold.messages, default=-1)
        message: dict[str, Any] = {"role": "", "content": []}
        if fold.messages:
            message = fold.messages[self._newest]["message"]
        self._role = message["role"]
        self._uses: list[dict[str, Any]] = [block["toolUse"] for block in message["content"] if "toolUse" in block]

    def settle(self) -> int | None:
        """Let each call that may have happened be asked about; return the id of the message that this changed."""
        known = {use["toolUseId"] for use in self._uses}
        unfinished = known - self._fold.finished.keys()
        strangers = (self._fold.started.keys() | self._fold.finished.keys()) - self._asked_for()
        is_asked = any(id.startswith(_LOST) for id in known)
        hidden = not is_asked and self._lost >= self._least_for_another_call(len(unfinished))
        for use in self._uses:
            if use["toolUseId"] in (unfinished if self._lost else self._fold.started):
                self._doubt(use)
        if self._lost:
            self._fold.inner = None
        if not strangers and not hidden:
            return None
        calls = [self._stranger(id) for id in sorted(strangers)] + ([self._unknown()] if hidden else [])
        for use in calls:
            if use["toolUseId"] not in self._fold.finished:
                self._doubt(use)
        return self._add(calls)

    def _asked_for(self) -> set[str]:
        messages = [stored["message"] for stored in self._fold.messages.values()]
        return {block["toolUse"]["toolUseId"] for each in messages for block in each["content"] if "toolUse" in block}

    def _least_for_another_call(self, unfinished: int) -> int:
        """How many lines tell at least of a call that belongs to a later message than the newest."""
        if self._uses:
            return unfinished + 3  # their results, two messages, its start
        return 2 if self._role == "user" else 3

    def _doubt(self, use: dict[str, Any]) -> None:
        from strands._core.recorder import raised_in
        from strands.interrupt import Interrupt

        id = use["toolUseId"]
        known = {"tool_use_id": id, "name": use["name"], "digest": "", "idempotency_key": ""}
        self._fold.started.setdefault(id, known)
        for asked, data in list(self._fold.asked.items()):
            if raised_in(Interrupt.from_dict(data)) == id:
                del self._fold.asked[asked]  # whether it was answered, and the call went on, is what is not known
                self._ask(use)

    def _ask(self, use: dict[str, Any]) -> None:
        from strands._core.ambiguous_call import MESSAGE, OPTIONS
        from strands._core.recorder import AMBIGUOUS, ambiguous_question_id
        from strands.interrupt import Interrupt

        reason = {"tool": use["name"], "input": use["input"], "message": MESSAGE, "options": OPTIONS}
        asked = Interrupt(ambiguous_question_id(use["toolUseId"]), AMBIGUOUS, reason)
        self._fold.asked[asked.id] = asked.to_dict()

    def _stranger(self, id: str) -> dict[str, Any]:
        start = self._fold.started.get(id, {})
        given = start.get("input")
        try:
            given = json.loads(given) if isinstance(given, str) else given
        except ValueError:
            given = None
        known = given if isinstance(given, dict) else {"note": self._where}
        return {"toolUseId": id, "name": start.get("name", UNKNOWN_CALL), "input": known}

    def _unknown(self) -> dict[str, Any]:
        return {"toolUseId": f"{_LOST}{self._newest + 1}", "name": UNKNOWN_CALL, "input": {"note": self._where}}

    def _add(self, calls: list[dict[str, Any]]) -> int:
        content = [{"toolUse": use} for use in calls]
        if self._role == "assistant":
            stored = self._fold.messages[self._newest]
            stored["message"] = {**stored["message"], "content": [*stored["message"]["content"], *content]}
            stored["updated_at"] = now()
            return self._newest
        if self._newest < 0:
            self._store(0, {"role": "user", "content": [{"text": _BEGINNING_LOST}]})
        self._store(max(self._newest, 0) + 1, {"role": "assistant", "content": content})
        return max(self._newest, 0) + 1

    def _store(self, id: int, message: Any) -> None:
        self._fold.messages[id] = SessionMessage.from_message(message, id).to_dict()


def recall(fold: JournalState) -> None:
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
