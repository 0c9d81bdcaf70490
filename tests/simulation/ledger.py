"""What everybody was told, kept apart from the store: what the store holds in the end has to agree with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from strands.journal.entries import Draft, Entry

BY_DRIVERS = frozenset({"started", "done", "failed", "asked", "retry", "paused", "closed"})
"""Kinds of entries that only who drives a session writes."""

REMINDING = frozenset({"reminded", "escalated"})
"""Kinds of entries by which nobody is answered, and more is asked."""


@dataclass
class Told:
    """What was told of one entry.

    Attributes:
        entry: The entry.
        driver: Who wrote it; "" for somebody who does not drive.
        confirmed: Its writer was told that it is there.
        durable: And that it outlives a power loss.
    """

    entry: Entry
    driver: str
    confirmed: bool = False
    durable: bool = False


@dataclass
class Effect:
    """A tool that was run."""

    session: str
    tool: str
    order: str
    at: float


@dataclass
class Ledger:
    """What was told to whom.

    Attributes:
        told: Session id to what is known of its entries, in their order.
        effects: The tools that were run.
        forgiven: The calls of which the store has lost, as it may, that they were begun.
        answered: What people were told of their answers: (session, question) to who gave it.
    again: How often people told an agent to make a call again: (session, order).
        approved: The calls of agents that people approved: (session, order).
        violations: The promises that were not kept.
    """

    told: dict[str, list[Told]] = field(default_factory=dict)
    effects: list[Effect] = field(default_factory=list)
    forgiven: set[tuple[str, str]] = field(default_factory=set)
    answered: dict[tuple[str, str], str] = field(default_factory=dict)
    again: dict[tuple[str, str], int] = field(default_factory=dict)
    approved: set[tuple[str, str]] = field(default_factory=set)
    violations: list[str] = field(default_factory=list)

    def violate(self, what: str) -> None:
        """A promise was not kept."""
        self.violations.append(what)

    def wrote(self, session: str, entries: Sequence[Entry], driver: str, now: float) -> list[Told]:
        """Take in what was written just now, by the store's clock."""
        known, new = self.told.setdefault(session, []), []
        for entry in entries:
            if entry.seq < len(known):
                self.violate(f"entry {entry.seq} of {session} was written twice")
            if entry.kind in BY_DRIVERS and driver != self.driver(session):
                self.violate(f"a stale driver's append was accepted: {entry.kind} {entry.key} of {session}")
            if is_by_time(entry) and now < self._deadline(session, entry.key):
                self.violate(f"a deadline fired early: {entry.key} of {session}")
            if entry.kind in REMINDING and now < self._timer(session, entry):
                self.violate(f"a reminder fired early: {entry.key} of {session}")
            new.append(Told(entry, driver))
            known.append(new[-1])
        return new

    def _deadline(self, session: str, question: str) -> float:
        return float(self._asked(session, question)["deadline"]) - 0.001

    def _timer(self, session: str, entry: Entry) -> float:
        timers = self._asked(session, entry.key)["timers"]
        return float(next(each["at"] for each in timers if _number(each) == _number(entry.data))) - 0.001

    def _asked(self, session: str, question: str) -> Mapping[str, Any]:
        asked = (entry for entry in self.entries(session) if entry.kind == "asked" and entry.key == question)
        return next(asked).data

    def driver(self, session: str) -> str:
        """Return who has taken a session last."""
        leased = (each.entry for each in reversed(self.told.get(session, ())) if each.entry.kind == "leased")
        return str(next((entry.data["driver"] for entry in leased), ""))

    def synced(self, session: str, count: int) -> None:
        """The first `count` entries outlive a power loss."""
        for each in self.told.get(session, ())[:count]:
            each.confirmed = each.durable = True

    def lost(self, session: str, count: int, *, with_power: bool) -> None:
        """The store has no more than the first `count` entries; with the power it may lose what was not durable."""
        known = self.told.get(session, [])
        for each in known[count:]:
            if each.durable and with_power:
                self.violate(f"an acknowledged entry was lost with the power: {named(each.entry)} of {session}")
            entry = each.entry
            self.answered.pop((session, entry.key), None)
            if entry.kind == "started" and "of" in entry.data and not with_power:
                self.forgiven.add((session, str(entry.data["id"]).partition("-")[2]))
        del known[count:]

    def entries(self, session: str) -> list[Entry]:
        """Return the entries that are known."""
        return [each.entry for each in self.told.get(session, ())]

    def took(self, session: str, question: str, who: str) -> None:
        """Somebody was told that an answer is taken."""
        if any(entry.kind == "answered" and entry.key == question for entry in self.entries(session)):
            self.answered[session, question] = who

    # -- steps and tools ------------------------------------------------------------------------------------------

    def ran(self, session: str, tool: str, order: str, at: float, *, again_at_will: bool) -> None:
        """A tool runs."""
        before = [each for each in self.effects if (each.session, each.tool, each.order) == (session, tool, order)]
        self.effects.append(Effect(session, tool, order, at))
        if again_at_will or (session, order) in self.forgiven:
            return
        if len(before) > self.allowed_again(session, order):
            self.violate(f"a started tool was run again unasked: {tool} {order} of {session}")

    def needs_approval(self, session: str, order: str) -> None:
        """A call is made that somebody has to approve."""
        if (session, order) not in self.approved:
            self.violate(f"a call was made that nobody approved: {order} of {session}")

    def allowed_again(self, session: str, order: str) -> int:
        """Return how often people said that a call is to be made again."""
        known = self.entries(session)
        asked = {
            entry.key
            for entry in known
            if entry.kind == "asked" and entry.data.get("type") == "ambiguous_tool" and order in str(entry.data)
        }
        again: int = sum(
            entry.kind == "answered" and entry.key in asked and entry.data["value"] == "run again" for entry in known
        )
        return again + self.again.get((session, order), 0)

    def is_done(self, session: str, agent: str, prompt: str, count: int) -> bool:
        """Whether all steps with this prompt are done among the first `count` entries."""
        known = self.entries(session)
        steps = {
            entry.key
            for entry in known
            if entry.kind == "started" and entry.data.get("agent") == agent and entry.data.get("prompt") == prompt
        }
        done = {entry.key for entry in known[:count] if entry.kind == "done"}
        return bool(steps) and steps <= done

    # -- in the end -----------------------------------------------------------------------------------------------

    def check(self, session: str, entries: Sequence[Entry]) -> None:
        """Compare what the store holds with what was told of it."""
        there: dict[int, Any] = {entry.seq: entry for entry in entries}
        for each in self.told.get(session, ()):
            found = there.get(each.entry.seq)
            if each.confirmed and found != each.entry:
                now = "nothing" if found is None else named(found)
                self.violate(f"an acknowledged entry was lost: {named(each.entry)} of {session}; there is {now}")
        self._check_once(session, entries)
        self._check_answers(session, entries)

    def _check_once(self, session: str, entries: Sequence[Entry]) -> None:
        closed: dict[str, Entry] = {}
        once: set[tuple[str, str]] = set()
        for entry in entries:
            if entry.kind in ("answered", "expired"):
                if entry.key in closed:
                    timed = [each for each in (entry, closed[entry.key]) if is_by_time(each)]
                    what = "a deadline fired twice" if len(timed) == 2 else "an answer was recorded twice"
                    self.violate(f"{what}: {entry.key} of {session}")
                closed[entry.key] = entry
            elif entry.kind in REMINDING:
                which = f"{entry.kind} {_number(entry.data)}", entry.key
                if which in once:
                    self.violate(f"a reminder fired twice: {entry.key} of {session}")
                once.add(which)
            elif entry.kind in ("asked", "done"):
                if (entry.kind, entry.key) in once:
                    what = "a recorded step was repeated" if entry.kind == "done" else "a question was asked twice"
                    self.violate(f"{what}: {entry.key} of {session}")
                once.add((entry.kind, entry.key))

    def _check_answers(self, session: str, entries: Sequence[Entry]) -> None:
        by = {entry.key: entry.data.get("by") for entry in entries if entry.kind == "answered"}
        for (id, question), who in self.answered.items():
            if id == session and by.get(question) != who:
                self.violate(f"{who} was told that the answer to {question} of {session} is taken; it is not")


def named(entry: Entry) -> str:
    """Return what people call an entry."""
    return f"{entry.kind} {entry.key}".rstrip() + f", number {entry.seq}"


def _number(timer: Mapping[str, Any]) -> tuple[Any, Any]:
    """Return which of a question's reminders or escalations something is about."""
    return timer.get("n"), timer.get("level")


def is_by_time(entry: Entry | Draft) -> bool:
    """Whether a deadline has closed a question."""
    return entry.kind == "expired" or bool(entry.data.get("timed_out"))
