"""What goes wrong in a simulation: drawn from its seed, and known before it begins."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any, Literal

PATTERNS = ("chain", "workflow", "routing", "parallel", "evaluator_optimizer", "orchestrator_workers", "graph")
AGENT = "agent"
RUNNING = (*PATTERNS, AGENT, AGENT)

QUIET = 150.0
"""Seconds after which nothing goes wrong any more."""

Kind = Literal[
    "kill",  # a process dies
    "kill at write",  # a process dies as it writes, before or after it
    "kill at tool",  # a process dies as it runs a tool whose effect may not happen twice
    "stop",  # a process is stopped for some seconds, so that its lease may lapse
    "stop at write",  # the same, as it writes
    "power",  # all processes die, and what was not synced is gone
    "back",  # the store's last entries are gone, and the processes live on
    "refuse",  # a write is refused
    "unconfirmed",  # a write came through, and its writer is told that it may not have
    "slow",  # a call of the store takes seconds
    "cancel drive",  # a drive is cancelled in its process, which lives on
    "cancel",  # a person cancels a session
    "note",  # somebody writes a note into a session
    "throttle",  # a model has no time
    "engine down",  # the engine takes nothing for some seconds
    "drop",  # the engine loses what it took
    "repeat",  # the engine delivers twice
    "delay",  # the engine delivers late
]


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong.

    Attributes:
        kind: What.
        at: When: seconds, or for what is counted (writes, calls, drives, wakes) the number of it.
        size: How long it takes, or how much of it.
        who: Which process, by its role.
    """

    kind: Kind
    at: float
    size: float = 0.0
    who: str = ""

    def __str__(self) -> str:
        who = f" {self.who}" if self.who else ""
        return f"{self.kind}{who} at {self.at:.6g}, {self.size:.6g}"


COUNTED: dict[Kind, int] = {
    "kill at write": 50,
    "kill at tool": 3,
    "stop at write": 40,
    "refuse": 60,
    "unconfirmed": 60,
    "slow": 150,
    "cancel drive": 6,
    "throttle": 12,
    "drop": 12,
    "repeat": 12,
    "delay": 12,
}
"""What is counted, and how far."""


@dataclass(frozen=True)
class Plan:
    """A whole simulation before it begins.

    Attributes:
        seed: What it was drawn from.
        store: "disk", which loses its memory with the power; "server", whose leases lapse; "rows", the product's own
            store in a database.
        sessions: What runs: a pattern each, or an agent with a session of its own.
        deadlines: Questions have deadlines, of so many seconds; 0: none.
        reminders: People are reminded of questions, and others asked as well.
        approvals: Payments wait for a person.
        workers: How many workers there are.
        people: How each answers: "eager", "slow", "edge", "late".
        skews: How many seconds the clocks of the workers, and of the process that takes answers, are ahead.
        tick: Seconds that it takes to look at a clock.
        faults: What goes wrong.
    """

    seed: int
    store: Literal["disk", "server", "rows"]
    sessions: tuple[str, ...]
    deadlines: float
    reminders: bool
    approvals: bool
    workers: int
    people: tuple[str, ...]
    skews: tuple[float, ...]
    tick: float
    faults: tuple[Fault, ...] = field(default=())

    def __str__(self) -> str:
        terms = f"{self.store}, {'+'.join(self.sessions)}, {self.workers} workers, people {'+'.join(self.people)}"
        clocks = [f"clocks {'/'.join(f'{skew:+g}' for skew in self.skews)} s"] * any(self.skews)
        more = clocks + [f"deadlines of {self.deadlines:g} s"] * bool(self.deadlines) + ["approvals"] * self.approvals
        more += ["reminders"] * self.reminders
        faults = "".join(f"\n  fault {number}: {fault}" for number, fault in enumerate(self.faults))
        return f"seed {self.seed}: {', '.join([terms, *more])}{faults}"


def drawn(seed: int) -> Plan:
    """Return the plan of a seed."""
    chance = random.Random(f"plan {seed}")

    def one_of(*choices: Any) -> Any:
        return choices[int(chance.random() * len(choices))]

    store = one_of("disk", "server", "rows")
    workers = one_of(1, 2, 2, 3)
    sessions = tuple(RUNNING[(seed + number * 3) % len(RUNNING)] for number in range(one_of(1, 1, 1, 2)))
    people = tuple(one_of("eager", "slow", "edge", "late") for _ in range(one_of(1, 2, 2, 3)))
    desks = [f"desk{number} of s{at}" for at, each in enumerate(sessions) if each == AGENT for number in range(2)]
    roles = [*desks, *(f"worker{number}" for number in range(workers)), "web", "relay"]
    faults = []
    for _ in range(one_of(0, 1, 2, 3, 4, 6, 8, 12)):
        kind: Kind = one_of(*_kinds(store))
        at = float(1 + int(chance.random() * COUNTED[kind])) if kind in COUNTED else _moment(chance)
        faults.append(Fault(kind, at, _size(kind, chance), one_of(*roles) if kind in ("kill", "stop") else ""))
    return Plan(
        seed,
        store,
        sessions,
        one_of(0.0, 0.0, 8.0, 25.0),
        random.Random(f"reminders {seed}").random() < 0.5,
        one_of(False, True),
        workers,
        people,
        tuple(one_of(0.0, 0.0, 0.0, 600.0, -600.0) for _ in range(workers + 1)),
        one_of(0.0, 0.0, 0.0001, 0.004),
        tuple(faults),
    )


def _kinds(store: str) -> tuple[Kind, ...]:
    twice: tuple[Kind, ...] = ("kill at write", "stop at write")
    once: tuple[Kind, ...] = (
        *("kill", "kill at tool", "stop", "refuse", "unconfirmed", "slow", "cancel drive", "throttle"),
        *("engine down", "drop", "repeat", "delay", "note", "cancel"),
    )
    own: dict[str, tuple[Kind, ...]] = {"disk": ("power", "power"), "server": ("back",), "rows": ("unconfirmed",)}
    return (*twice, *twice, *once, *own[store])


def _moment(chance: random.Random) -> float:
    """Early moments are more likely than late ones."""
    return QUIET * chance.random() ** 3


def _size(kind: Kind, chance: random.Random) -> float:
    share = chance.random()
    sizes: dict[Kind, float] = {
        "kill at write": float(share < 0.5),
        "stop at write": 15 + 30 * share,
        "back": float(1 + int(share * 4)),
        "slow": 20 * share,
    }
    return sizes.get(kind, 60 * share)


class Schedule:
    """What of a plan is still to come."""

    def __init__(self, plan: Plan) -> None:
        self._left: dict[Kind, list[Fault]] = {}
        self._counts: dict[Kind, int] = {}
        for fault in plan.faults:
            self._left.setdefault(fault.kind, []).append(fault)

    def timed(self) -> list[Fault]:
        """Return what happens at a time."""
        return [fault for kind, faults in self._left.items() if kind not in COUNTED for fault in faults]

    def now(self, kind: Kind) -> Fault | None:
        """Count one more, and return what is to go wrong with it."""
        if kind not in self._left:
            return None
        number = self._counts[kind] = self._counts.get(kind, 0) + 1
        return next((fault for fault in self._left[kind] if fault.at == number), None)
