"""What a journal says: status, replies, conversations, questions and usage are folds over its entries."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, cast

from strands._core.recorder import OpenTurn, SubagentRecord, ToolStart, raised_in
from strands.interrupt import Interrupt
from strands.types.json_bytes import decode_bytes_values
from strands.types.json_value import as_json
from strands_cli.kernel.types import AgentReply, Answer, Entry, Message, Progress
from strands_cli.kernel.usage import Used
from strands_cli.kernel.usage import total_tokens as total_tokens
from strands_cli.types import Json


class State:
    """The fold of a journal's entries. `apply` is the only way it changes.

    Attributes:
        opened: The first entry.
        origin: What a drive begins from: the data of `opened`, and what later drives changed of it.
        lost: How many drives ended without a word, as where a process was killed: how long they took is not known.
        left: Questions that a mended workflow does not come to any more: nobody waits for their answers.
        unheard: What became of questions since anything else was recorded: nobody who drove the session told of it.
        on_questions: Votes, assignments, reminders and escalations, by question.
    """

    left: frozenset[str] = frozenset()

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.count: int = 0
        self.opened: Entry | None = None
        self.origin: Mapping[str, Json] = {}
        self.rest: Entry | None = None
        self.driver: str = ""
        self.drives: int = 0
        self.seconds: float = 0.0
        self.lost: int = 0
        self.started: dict[str, Entry] = {}
        self.done: dict[str, Entry] = {}
        self.failed: dict[str, Entry] = {}
        self.asked: dict[str, Entry] = {}
        self.numbered: list[str] = []
        self.answered: dict[str, Entry] = {}
        self.expired: dict[str, Entry] = {}
        self.unheard: tuple[Entry, ...] = ()
        self.on_questions: dict[str, list[Entry]] = {}
        self.noted: dict[str, Json] = {}
        self.inner: dict[str, list[Entry]] = {}
        self.lanes: dict[tuple[str, str], str | list[str]] = {}
        self._owners: dict[str, str] = {}
        self.tokens: dict[str, int] = {}
        self.agent_tokens: dict[str, int] = {}
        self.used: list[Used] = []
        for entry in entries:
            self.apply(entry)

    def apply(self, entry: Entry) -> None:
        """Take one more entry into account."""
        self.count = entry.seq + 1
        owner = entry.data.get("of")
        if entry.kind in _CLOSING or entry.kind in ON_QUESTIONS:
            self.unheard = (*self.unheard, entry)
        elif self.unheard:
            self.unheard = ()
        if owner is not None:
            self.inner.setdefault(owner, []).append(entry)
        handler = _APPLY.get(entry.kind)
        if handler is not None:
            handler(self, entry, owner)

    def change(self, change: Callable[[Entry], Mapping[str, Json]]) -> None:
        """Have what agents were told and did say what `change` returns."""
        for key, entry in self.started.items():
            self.started[key] = entry._replace(data=change(entry))
        for entries in self.inner.values():
            entries[:] = [entry._replace(data=change(entry)) for entry in entries]

    # -- agent calls ---------------------------------------------------------------------------------------------

    def reply(self, key: str) -> AgentReply | None:
        """Return the recorded reply of the call `key`, or None."""
        entry = self.done.get(key)
        if entry is None:
            return None
        data = entry.data
        return AgentReply(
            text=text_of(data["message"]),
            message=data["message"],
            usage=data.get("usage") or {},
            stop_reason=data.get("stop", "end_turn"),
            tokens=self.tokens.get(key, 0),
            duration=data.get("seconds", 0.0),
            is_json=bool(data.get("json")),
        )

    def conversation(self, lane: str, agent: str) -> list[Message]:
        """Return what `agent` said and was told in the finished calls of `lane`, oldest first."""
        messages: list[Message] = []
        calls = self.lanes.get((lane, agent), [])
        for key in (calls,) if isinstance(calls, str) else calls:
            messages = [] if self.started[key].data.get("fresh") else messages
            messages += self._messages(key)[0]
            messages.append(self.done[key].data["message"])
        return messages

    def progress(self, key: str) -> Progress | None:
        """Return where the unfinished call `key` stopped, or None when nothing of it is on record."""
        if key not in self.inner:
            return None
        messages, turn = self._messages(key, whole=False)
        return Progress(messages, turn)

    def _messages(self, key: str, *, whole: bool = True) -> tuple[list[Message], OpenTurn]:
        prompt = self.started[key].data["prompt"]
        record = SubagentRecord(messages=[{"role": "user", "content": [{"text": prompt}]}])
        self._fold(record, [key])
        if whole:
            record.close()
        return cast("list[Message]", record.messages), record.turn

    def _fold(self, record: SubagentRecord, keys: Sequence[str]) -> None:
        """Read what is on record of one agent: of the step, or of the tries of a tool use."""
        fold = _CallFold(record)
        for key in keys:
            for entry in self.inner.get(key, ()):
                turn = record.turn
                fold.apply(entry)
                if record.turn is not turn:
                    fold.tries.clear()
        for tool_use_id, inside in record.turn.subagents.items():
            self._fold(inside, fold.tries.get(tool_use_id, ()))

    def step(self, owner: str) -> str:
        """Return the step that an entry belongs to whose owner is a step, or a tool use at any depth inside one."""
        while owner in self._owners:
            owner = self._owners[owner]
        return owner

    def interrupt_key(self, key: str, interrupt_id: str) -> str | None:
        """Return the question key under which the open tool-use message of `key` asked `interrupt_id` last."""
        found = None
        for entry in self.inner.get(key, ()):
            if entry.kind == "done" and "message" in entry.data:
                found = None
            elif entry.kind == "asked" and entry.data["interrupt"]["id"] == interrupt_id:
                found = entry.key
        return found

    # -- questions ------------------------------------------------------------------------------------------------

    def answer(self, key: str) -> Answer | None:
        """Return the answer to the question `key`, or None while it is open, or where nobody waits for it any more."""
        entry = self.answered.get(key)
        if entry is None or key in self.left:
            return None
        data = entry.data
        return Answer(data["value"], data.get("by", ""), entry.at, bool(data.get("timed_out")))

    def is_asked(self, key: str) -> bool:
        """Whether the question `key` was asked, and the workflow has not left it behind since."""
        return key in self.asked and key not in self.left

    def is_open(self, key: str) -> bool:
        """Whether the question `key` still waits: it was asked, and neither answered nor closed by its deadline."""
        return self.is_asked(key) and key not in self.answered and key not in self.expired

    def open_questions(self, now: float | None = None) -> list[Entry]:
        """Return the `asked` entries that wait for an answer, in the order they were asked.

        Args:
            now: Unix time in seconds; with it, those whose deadline has passed are left out.
        """
        if self.finished:
            return []
        return [entry for key, entry in self.asked.items() if self.is_open(key) and not overdue(entry, now)]

    @property
    def finished(self) -> bool:
        """Whether nothing is left to run: completed or cancelled."""
        return self.rest is not None and self.rest.kind in ("closed", "cancelled")

    @property
    def status(self) -> str:
        """completed, cancelled, paused, answered, failed, or interrupted (left at work, or being driven)."""
        return self.status_at(None)

    def status_at(self, now: float | None) -> str:
        """Return `status`, with `now` (Unix time in seconds) taking deadlines into account.

        A paused session waits for a person; it is `answered` once none of its questions does.
        """
        if self.rest is not None and self.rest.kind != "paused":
            return {"closed": "completed"}.get(self.rest.kind, self.rest.kind)
        if self.rest is None and not self._left_at_questions():
            return "interrupted"
        return "paused" if self.open_questions(now) else "answered"

    def _left_at_questions(self) -> bool:
        """Whether a drive that came to no rest ended while it only waited for people."""
        heard = {entry.key for entry in self.unheard}
        waiting = [key for key in self.asked if self.is_open(key) or key in heard]
        steps = {self.step(owner) for key in waiting if (owner := self.asked[key].data.get("of")) is not None}
        return bool(waiting) and all(k in self.done or k in steps or "parts" in e.data for k, e in self.started.items())

    # -- how each kind of entry changes it ------------------------------------------------------------------------

    def _opened(self, entry: Entry, owner: str | None) -> None:
        self.opened = entry
        self.origin = entry.data

    def _leased(self, entry: Entry, owner: str | None) -> None:
        if self.driver:
            self.lost += 1
        self.driver = entry.data["driver"]
        changed = entry.data.get("changed")
        if changed:
            self.origin = {**self.origin, **changed}
            if "left" in changed:
                self.left = frozenset(changed["left"])
        self.drives += 1
        self.rest = None

    def _released(self, entry: Entry, owner: str | None) -> None:
        self.driver = ""
        self.seconds += entry.data.get("seconds", 0.0)

    def _started(self, entry: Entry, owner: str | None) -> None:
        if owner is None:
            if entry.key not in self.done:
                begun = self.started.get(entry.key)
                if begun is not None and begun.data["agent"] != entry.data["agent"]:
                    self.inner.pop(entry.key, None)  # what another agent was told and did is not this one's
                self.started[entry.key] = entry
        elif "agent_record" in entry.data:
            self._owners[entry.key] = owner

    def _redacted(self, entry: Entry, owner: str | None) -> None:
        """Something stands in for a prompt; for what an agent was told, the fold of its call sees to it."""
        begun = self.started.get(entry.key)
        if owner is None and begun is not None:
            self.started[entry.key] = begun._replace(data={**begun.data, **entry.data, "redacted": True})

    def _done(self, entry: Entry, owner: str | None) -> None:
        usage = entry.data.get("usage")
        step = self.step(owner or entry.key)
        if usage:
            self._count_tokens(step, usage)
        if owner is None:
            self.done[entry.key] = entry
            begun = self.started[entry.key].data
            self._follow(begun["lane"], begun["agent"], entry.key)

    def _follow(self, lane: str, agent: str, key: str) -> None:
        """Note the newest call of an agent in a lane; most have one, which needs no list."""
        before = self.lanes.get((lane, agent))
        if isinstance(before, list):
            before.append(key)
        else:
            self.lanes[lane, agent] = key if before is None else [before, key]

    def _count_tokens(self, step: str, usage: Mapping[str, int], model: str = "") -> None:
        tokens = total_tokens(usage)
        self.tokens[step] = self.tokens.get(step, 0) + tokens
        begun = self.started.get(step)
        if begun is not None and ":" not in (agent := begun.data["agent"]):  # a tool's own call uses none
            self.agent_tokens[agent] = self.agent_tokens.get(agent, 0) + tokens
            self.used.append((step, agent, self.origin, usage, model))

    def _retried(self, entry: Entry, owner: str | None) -> None:
        if entry.data.get("usage"):
            self._count_tokens(entry.key, entry.data["usage"])

    def _failed(self, entry: Entry, owner: str | None) -> None:
        if entry.key:
            self.failed[entry.key] = entry
            if entry.data.get("usage"):
                self._count_tokens(entry.key, entry.data["usage"])
        else:
            self._rest(entry, owner)

    def _asked(self, entry: Entry, owner: str | None) -> None:
        if entry.key in self.left:  # another question has its key by now
            self.left -= {entry.key}
            for known in (self.asked, self.answered, self.expired, self.on_questions):
                known.pop(entry.key, None)
        self.numbered += [] if entry.key in self.asked else [entry.key]
        self.asked[entry.key] = entry

    def _closed(self, entry: Entry, owner: str | None) -> None:
        if entry.key not in self.answered and entry.key not in self.expired:
            (self.answered if entry.kind == "answered" else self.expired)[entry.key] = entry

    def _done_about(self, entry: Entry, owner: str | None) -> None:
        self.on_questions.setdefault(entry.key, []).append(entry)

    def _noted(self, entry: Entry, owner: str | None) -> None:
        if owner is None:
            self.noted[entry.key] = entry.data.get("value")
        elif entry.data.get("usage"):
            self._count_tokens(self.step(owner), entry.data["usage"], entry.data.get("model", ""))

    def _rest(self, entry: Entry, owner: str | None) -> None:
        self.driver = ""
        if not self.finished:
            self.rest = entry
        self.seconds += entry.data.get("seconds", 0.0)


_CLOSING = frozenset(("answered", "expired"))
ON_QUESTIONS = ("voted", "assigned", "reminded", "escalated")
"""The kinds of entries about a question that leave it open."""
_APPLY = {
    **dict.fromkeys(ON_QUESTIONS, State._done_about),
    **dict.fromkeys(_CLOSING, State._closed),
    **dict.fromkeys(("queued", "paused", "closed", "cancelled"), State._rest),
    "opened": State._opened,
    "leased": State._leased,
    "released": State._released,
    "started": State._started,
    "done": State._done,
    "failed": State._failed,
    "retry": State._retried,
    "asked": State._asked,
    "noted": State._noted,
    "redacted": State._redacted,
}


class _CallFold:
    """Reads what is on record of an agent.

    Attributes:
        tries: Tool use id to the keys of its starts in the newest turn.
    """

    def __init__(self, record: SubagentRecord) -> None:
        self.tries: dict[str, list[str]] = {}
        self._record = record
        self._asked: dict[str, Interrupt] = {}

    def apply(self, entry: Entry) -> None:
        data, turn = entry.data, self._record.turn
        if "note" in data:
            self._record.take(data["note"], decode_bytes_values(data))
        elif entry.kind == "started":
            self._start(entry)
        elif entry.kind == "done" and "message" in data:
            self._record.close()
            self._record.add(data["message"])
        elif entry.kind == "done":
            turn.finish(data["id"], decode_bytes_values(data["result"]))
        elif entry.kind == "asked":
            interrupt = Interrupt.from_dict(decode_bytes_values(data["interrupt"]))
            self._asked[entry.key] = interrupt
            turn.asked(interrupt)
            self.tries.pop(raised_in(interrupt) or "", None)
        elif entry.kind in _CLOSING and data.get("then") != "fail" and entry.key in self._asked:
            interrupt = self._asked[entry.key]
            if not interrupt.answered:
                interrupt.response = response_of(entry)

    def _start(self, entry: Entry) -> None:
        data = entry.data
        start = ToolStart(data["id"], data["name"], data["digest"], data["idempotency_key"], data.get("input"))
        self._record.turn.start(start)
        if "agent_record" in data:
            own = data["agent_record"] == "own"
            self._record.turn.subagents.setdefault(start.tool_use_id, SubagentRecord()).own = own
            self.tries.setdefault(start.tool_use_id, []).append(entry.key)


NOBODY = "nobody answered in time"
"""What an agent is told in place of a person's words when a deadline has passed."""


def response_of(entry: Entry) -> Json:
    """Return what an agent that asked is told: the answer, or that nobody gave one before the deadline."""
    data = entry.data
    if entry.kind == "expired" or (data.get("timed_out") and data["value"] == "reject"):
        return f"reject: {NOBODY}"
    value = data["value"]
    try:
        return as_json(value)
    except ValueError:
        return json.dumps(value)  # an earlier release took what no agent can be given; as text it fits nothing


def overdue(asked: Entry, now: float | None) -> bool:
    """Whether the deadline of a question has passed."""
    deadline = asked.data.get("deadline")
    return now is not None and deadline is not None and now >= deadline


def text_of(message: Mapping[str, Any]) -> str:
    """Return the text of a message: its text blocks, joined by newlines."""
    return "\n".join([block["text"] for block in message.get("content", ()) if "text" in block])
