"""Time and questions: what is due of them, as a pure function of the record and of the time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from strands_cli.kernel.state import State, overdue
from strands_cli.kernel.types import Draft, Entry
from strands_cli.types import Json

_REFUSALS = ("reject", "rejected", "deny", "denied", "no", "stop")

Timer = Mapping[str, Json]
"""What happens at a time while nobody has answered: `{at, do: "remind", n}`, or `{at, do: "escalate", level, ask,
notify}`; `at` is Unix time, in seconds, by the store's clock."""


def stored(remind: Sequence[float], escalate: Sequence[Mapping[str, Json]], now: float) -> list[Timer]:
    """Return the timers of a question that is asked now, the first first.

    Args:
        remind: After how many seconds people are reminded, each time counted from now.
        escalate: After how many seconds who is asked as well: `{after, ask, notify}`.
        now: Unix time, in seconds, by the store's clock.
    """
    timers: list[dict[str, Json]] = [
        {"at": now + after, "after": after, "do": "remind", "n": number}
        for number, after in enumerate(sorted(remind), 1)
    ]
    for level, step in enumerate(sorted(escalate, key=lambda each: float(each["after"])), 1):
        timers.append(
            {
                "at": now + step["after"],
                "after": step["after"],
                "do": "escalate",
                "level": level,
                "ask": step.get("ask") or {},
                "notify": list(step.get("notify") or ()),
            }
        )
    return sorted(timers, key=lambda timer: float(timer["at"]))


def closing(asked: Entry, now: float, at: float) -> Draft | None:
    """Return the entry that closes an open question; None before its deadline.

    A default becomes the answer; without one the question is closed, and nothing stands for an answer. `on_timeout` may
    say that it is denied, or that it fails whoever asked, whatever the default is.

    Args:
        asked: Who asks.
        now: Unix time, in seconds, by the store's clock, which decides.
        at: Unix time, in seconds, by the clock of who writes, which is told.
    """
    if not overdue(asked, now):
        return None
    data: dict[str, Json] = {"by": "timeout"}
    if "of" in asked.data:
        data["of"] = asked.data["of"]
    then = asked.data.get("on_timeout", "default")
    if then == "default" and "default" in asked.data:
        return Draft("answered", asked.key, {"value": asked.data["default"], **data, "timed_out": True}, at)
    denial = _denial(asked) if then == "deny" else None
    if denial is not None:
        return Draft("answered", asked.key, {"value": denial, **data, "timed_out": True}, at)
    return Draft("expired", asked.key, data if then == "default" else {**data, "then": then}, at)


def asked_anew(timers: Sequence[Timer], now: float) -> list[Timer]:
    """Return the timers of a question that is asked again now."""
    return [{**timer, "at": now + timer["after"]} for timer in timers]


def refusal(choices: Sequence[str]) -> str | None:
    """Return the choice that says no; None where it is not known which does."""
    return next((choice for choice in choices if choice.casefold() in _REFUSALS), None)


def _denial(asked: Entry) -> str | None:
    return "reject" if asked.data.get("type") == "approval" else refusal(asked.data.get("choices") or ())


def due(state: State, now: float, at: float) -> list[Draft]:
    """Return the entries that are due: what becomes of open questions whose deadlines have passed, and of the others
    whom to remind and to ask as well. Of several reminders that are due by now the newest alone is left.

    Args:
        state: All that is on record.
        now: Unix time, in seconds, by the store's clock, which decides.
        at: Unix time, in seconds, by the clock of who writes, which is told.
    """
    found: list[Draft] = []
    for asked in state.open_questions():
        closed = closing(asked, now, at)
        found += [closed] if closed is not None else due_of(state, asked, now, at)
    return found


def due_of(state: State, asked: Entry, now: float, at: float) -> list[Draft]:
    """Return the reminders and escalations that are due of one open question; see `due`."""
    late = [timer for timer in unfired(state, asked) if timer["at"] <= now]
    if not late:
        return []
    following = next_at(state, asked.key, now)
    newest = max((timer["n"] for timer in late if timer["do"] == "remind"), default=0)
    drafts = []
    for timer in late:
        if timer["do"] == "escalate":
            data = {name: timer[name] for name in ("level", "ask", "notify") if timer.get(name)}
            drafts.append(Draft("escalated", asked.key, {**data, "next": following}, at))
        elif timer["n"] == newest:
            drafts.append(Draft("reminded", asked.key, {"n": newest, "next": following}, at))
    return drafts


def next_at(state: State, key: str, after: float) -> float | None:
    """Return when something is due next of an open question: Unix time in seconds; None for never.

    Args:
        state: All that is on record.
        key: The question.
        after: Only what is later than this.
    """
    asked = state.asked[key]
    times = [timer["at"] for timer in unfired(state, asked)]
    if asked.data.get("deadline") is not None:
        times.append(asked.data["deadline"])
    return min((time for time in times if time > after), default=None)


def all_open(state: State, keys: Sequence[str], now: float) -> bool:
    """Whether all these questions wait for an answer, and none of them only for its deadline to be noticed."""
    return all(state.is_open(key) and not overdue(state.asked[key], now) for key in keys)


def unfired(state: State, asked: Entry) -> list[Timer]:
    """Return what is still to happen of a question while nobody answers, the next first."""
    timers: Sequence[Timer] = asked.data.get("timers", ())
    if not timers:
        return []
    acts = state.on_questions.get(asked.key, ())
    reminded = max((entry.data["n"] for entry in acts if entry.kind == "reminded"), default=0)
    level = max((entry.data["level"] for entry in acts if entry.kind == "escalated"), default=0)
    return [timer for timer in timers if timer.get("n", 0) > reminded or timer.get("level", 0) > level]
