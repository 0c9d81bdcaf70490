"""The timeline of a session: who did what, when, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from strands_cli.kernel.state import NOBODY, State, text_of
from strands_cli.kernel.types import Entry
from strands_cli.review_words import text as as_text

LEFT = "the workflow was mended and does not come to it any more"


@dataclass(slots=True, frozen=True)
class HistoryItem:
    """One line of a session's timeline. Times are Unix time and durations in seconds.

    `kind` is agent, hitl or tool; `text` what it came to, None while it is under way; `by` who answered (all who voted
    so, and for whom); `error` why it failed. With `timed_out` nobody answered before the deadline, and `text` is what
    stands for an answer, if anything does.
    """

    key: str
    agent_id: str
    kind: str
    started_at: float
    duration: float | None
    tokens: int
    text: str | None
    by: str | None = None
    error: str | None = None
    timed_out: bool = False


def timeline(state: State) -> list[HistoryItem]:
    """Return agents' calls, their tools, questions and answers, by the time they began."""
    items = [_call_item(state, key, entry) for key, entry in state.started.items()]
    items += [_question_item(state, key, entry) for key, entry in state.asked.items()]
    for key, entries in state.inner.items():
        items += _tool_items(state, key, entries)
    return sorted(items, key=lambda item: item.started_at)


def _call_item(state: State, key: str, entry: Entry) -> HistoryItem:
    done = state.done.get(key)
    text = text_of(done.data["message"]) if done is not None else None
    seconds = done.data.get("seconds") if done is not None else None
    tokens, failed = state.tokens.get(key, 0), state.failed.get(key)
    error = str(failed.data.get("error")) if failed is not None and done is None else None
    return HistoryItem(key, entry.data["agent"], "agent", entry.at, seconds, tokens, text, error=error)


def _question_item(state: State, key: str, entry: Entry) -> HistoryItem:
    answer = state.answered.get(key)
    if key in state.left and answer is None:
        return HistoryItem(key, "hitl", "hitl", entry.at, None, 0, None, error=LEFT)
    if key in state.expired:
        closed = state.expired[key]
        waited = max(closed.at - entry.at, 0)
        return HistoryItem(key, "hitl", "hitl", entry.at, waited, 0, None, "timeout", NOBODY, timed_out=True)
    if answer is None:
        return HistoryItem(key, "hitl", "hitl", entry.at, None, 0, None)
    waited, told = max(answer.at - entry.at, 0), answer.data
    timed_out = bool(told.get("timed_out"))
    return HistoryItem(
        key, "hitl", "hitl", entry.at, waited, 0, as_text(told["value"]), _who(state, key, answer), timed_out=timed_out
    )


def _who(state: State, key: str, answer: Entry) -> str | None:
    votes = answer.data.get("votes") or ()
    entries = [entry for entry in state.on_questions.get(key, ()) if entry.seq in votes] or [answer]
    found = []
    for data in (entry.data for entry in entries if entry.data.get("by")):
        for_whom = data.get("on_behalf") or (data.get("principal") or {}).get("on_behalf")
        found.append(f"{data['by']} for {for_whom}" if for_whom else str(data["by"]))
    return ", ".join(found) or None


def _tool_items(state: State, key: str, entries: Sequence[Entry]) -> list[HistoryItem]:
    begun = state.started.get(state.step(key))
    agent = begun.data["agent"] if begun is not None else ""
    ended = {entry.key: entry for entry in entries if entry.kind == "done"}
    items = []
    for entry in entries:
        if entry.kind == "started":
            end = ended.get(entry.key)
            items.append(
                HistoryItem(
                    entry.key, agent, "tool", entry.at, end.at - entry.at if end else None, 0, entry.data["name"]
                )
            )
    return items
