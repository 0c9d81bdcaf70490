"""What a journal says: status, replies, conversations, questions and usage are folds over its entries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from strands.agent.recorder import OpenTurn, ToolStart
from strands.interrupt import Interrupt
from strands_cli.kernel.types import Answer, Entry, Message, Progress, Reply
from strands_cli.types import Json


class State:
    """The fold of a journal's entries. `apply` is the only way it changes."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.count = 0
        self.opened: Entry | None = None
        self.rest: Entry | None = None
        self.driver = ""
        self.drives = 0
        self.seconds = 0.0
        self.started: dict[str, Entry] = {}
        self.done: dict[str, Entry] = {}
        self.failed: dict[str, Entry] = {}
        self.asked: dict[str, Entry] = {}
        self.answered: dict[str, Entry] = {}
        self.noted: dict[str, Json] = {}
        self.inner: defaultdict[str, list[Entry]] = defaultdict(list)
        self.lanes: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        self.tokens: defaultdict[str, int] = defaultdict(int)
        self.agent_tokens: dict[str, int] = {}
        for entry in entries:
            self.apply(entry)

    def apply(self, entry: Entry) -> None:
        """Take one more entry into account."""
        self.count = entry.seq + 1
        owner = entry.data.get("of")
        if owner is not None:
            self.inner[owner].append(entry)
        handler = _APPLY.get(entry.kind)
        if handler is not None:
            handler(self, entry, owner)

    # -- agent calls ---------------------------------------------------------------------------------------------

    def reply(self, key: str) -> Reply | None:
        """Return the recorded reply of the call `key`, or None."""
        entry = self.done.get(key)
        if entry is None:
            return None
        data = entry.data
        return Reply(
            text=text_of(data["message"]),
            message=data["message"],
            usage=data.get("usage") or {},
            stop_reason=data.get("stop", "end_turn"),
            tokens=self.tokens[key],
            duration=data.get("seconds", 0.0),
        )

    def conversation(self, lane: str, agent: str) -> list[Message]:
        """Return what `agent` said and was told in the finished calls of `lane`, oldest first."""
        messages: list[Message] = []
        for key in self.lanes.get((lane, agent), ()):
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
        fold = _CallFold(self.started[key].data["prompt"])
        for entry in self.inner.get(key, ()):
            fold.apply(entry)
        if whole:
            fold.close_turn()
        return fold.messages, fold.turn

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
        """Return the answer to the question `key`, or None while it is open."""
        entry = self.answered.get(key)
        if entry is None:
            return None
        data = entry.data
        return Answer(data["value"], data.get("by", ""), entry.at, bool(data.get("timed_out")))

    def open_questions(self) -> list[Entry]:
        """Return the `asked` entries without an answer, in the order they were asked."""
        if self.finished:
            return []
        return [entry for key, entry in self.asked.items() if key not in self.answered]

    @property
    def finished(self) -> bool:
        """Whether nothing is left to run: completed or cancelled."""
        return self.rest is not None and self.rest.kind in ("closed", "cancelled")

    @property
    def status(self) -> str:
        """completed, cancelled, paused, failed, or interrupted (begun, at no rest, whoever drives it)."""
        if self.rest is None:
            return "interrupted"
        return {"closed": "completed"}.get(self.rest.kind, self.rest.kind)

    # -- how each kind of entry changes it ------------------------------------------------------------------------

    def _opened(self, entry: Entry, owner: str | None) -> None:
        self.opened = entry

    def _leased(self, entry: Entry, owner: str | None) -> None:
        self.driver = entry.data["driver"]
        self.drives += 1
        self.rest = None

    def _released(self, entry: Entry, owner: str | None) -> None:
        self.driver = ""
        self.seconds += entry.data.get("seconds", 0.0)

    def _started(self, entry: Entry, owner: str | None) -> None:
        if owner is None:
            self.started.setdefault(entry.key, entry)

    def _done(self, entry: Entry, owner: str | None) -> None:
        usage = entry.data.get("usage")
        step = owner or entry.key
        if usage:
            self._count_tokens(step, usage)
        if owner is None:
            self.done[entry.key] = entry
            begun = self.started[entry.key].data
            self.lanes[begun["lane"], begun["agent"]].append(entry.key)

    def _count_tokens(self, step: str, usage: Mapping[str, int]) -> None:
        tokens = total_tokens(usage)
        self.tokens[step] += tokens
        begun = self.started.get(step)
        if begun is not None:
            agent = begun.data["agent"]
            self.agent_tokens[agent] = self.agent_tokens.get(agent, 0) + tokens

    def _failed(self, entry: Entry, owner: str | None) -> None:
        if entry.key:
            self.failed[entry.key] = entry
        else:
            self._rest(entry, owner)

    def _asked(self, entry: Entry, owner: str | None) -> None:
        self.asked[entry.key] = entry

    def _answered(self, entry: Entry, owner: str | None) -> None:
        self.answered.setdefault(entry.key, entry)

    def _noted(self, entry: Entry, owner: str | None) -> None:
        self.noted[entry.key] = entry.data.get("value")

    def _rest(self, entry: Entry, owner: str | None) -> None:
        self.driver = ""
        if not self.finished:
            self.rest = entry
        self.seconds += entry.data.get("seconds", 0.0)


_APPLY = {
    "opened": State._opened,
    "leased": State._leased,
    "released": State._released,
    "started": State._started,
    "done": State._done,
    "failed": State._failed,
    "asked": State._asked,
    "answered": State._answered,
    "noted": State._noted,
    "paused": State._rest,
    "closed": State._rest,
    "cancelled": State._rest,
}


class _CallFold:
    """The messages of one agent call, and what is known of its last tool-use message."""

    def __init__(self, prompt: str) -> None:
        self.messages: list[Message] = [{"role": "user", "content": [{"text": prompt}]}]
        self.turn = OpenTurn({}, {}, {})
        self._asked: dict[str, Interrupt] = {}

    def apply(self, entry: Entry) -> None:
        data = entry.data
        if entry.kind == "done" and "message" in data:
            self.close_turn()
            self.messages.append(data["message"])
        elif entry.kind == "started":
            self.turn.started[data["id"]] = ToolStart(data["id"], data["name"], data["digest"], data["idempotency_key"])
        elif entry.kind == "done":
            self.turn.started.pop(data["id"], None)
            self.turn.finished[data["id"]] = data["result"]
        elif entry.kind == "asked":
            interrupt = Interrupt.from_dict(dict(data["interrupt"]))
            self._asked[entry.key] = interrupt
            self.turn.asked(interrupt)
        elif entry.kind == "answered" and entry.key in self._asked:
            self._asked[entry.key].response = data["value"]

    def close_turn(self) -> None:
        """Turn the finished results into the user message that answers the last tool-use message."""
        last = self.messages[-1]
        uses = [block["toolUse"]["toolUseId"] for block in last["content"] if "toolUse" in block]
        if last["role"] == "assistant" and uses:
            results = [{"toolResult": self.turn.finished[use]} for use in uses if use in self.turn.finished]
            self.messages.append({"role": "user", "content": results})
        self.turn = OpenTurn({}, {}, {})
        self._asked = {}


def text_of(message: Mapping[str, Any]) -> str:
    """Return the text of a message: its text blocks, joined by newlines."""
    return "\n".join(block["text"] for block in message.get("content", ()) if "text" in block)


def total_tokens(usage: Mapping[str, int]) -> int:
    """Return the tokens of a provider's usage: its total, else input plus output."""
    return usage.get("totalTokens") or usage.get("inputTokens", 0) + usage.get("outputTokens", 0)
