"""What is measured, how often, and the rows of the table that come out of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Results = dict[str, dict[str, dict[str, float]]]
"""Measure -> subject -> what the worker returned, each number the median over the rounds."""


@dataclass(frozen=True)
class Measure:
    """One thing that the driver runs for every subject.

    `kind` is "worker" (the worker times it and prints the numbers) or "process" (the driver times a whole process).
    """

    name: str
    kind: str = "worker"
    rounds: int = 3


MEASURES = [
    Measure("import", "process", 5),
    Measure("import-workflow", "process", 5),
    Measure("help", "process", 5),
    Measure("first", "process", 5),
    Measure("turn-0"),
    Measure("turn-1"),
    Measure("turn-1-sync"),
    Measure("turn-10"),
    Measure("long-100"),
    Measure("long-1000"),
    Measure("stored-100"),
    Measure("stored-1000"),
    Measure("fsync"),
    Measure("chain-step"),
    Measure("approval"),
    Measure("approval-answer", "process", 5),
    Measure("gate"),
    Measure("gate-answer", "process", 5),
    Measure("chain-objects", rounds=1),
    Measure("chains", rounds=1),
    Measure("chains-durable", rounds=1),
    Measure("long-session", rounds=1),
    Measure("dag"),
    Measure("stores"),
    Measure("listings", rounds=1),
    Measure("answers", rounds=1),
    Measure("paused-memory", rounds=1),
]


@dataclass(frozen=True)
class Row:
    """A row of the table: `value` reads a subject's number from the results, in `unit`; None: not offered."""

    title: str
    unit: str
    value: Callable[[Results, str], float | None]
    plot: bool = False


def rows() -> list[Row]:
    """Return the table's rows in order."""
    return [
        Row("import, agent and tool", "ms", _milli("import", "wall")),
        Row("import, × a bare interpreter", "×", _ratio("import", "wall"), plot=True),
        Row("import, workflow", "ms", _milli("import-workflow", "wall")),
        Row("command, `--help`", "ms", _milli("help", "wall")),
        Row("process to first result", "ms", _milli("first", "wall")),
        Row("first result, × a bare interpreter", "×", _ratio("first", "wall")),
        Row("peak memory at the first result", "MB", _plain("first", "peak_mb"), plot=True),
        Row("turn, no tool", "µs", _micro("turn-0", "seconds"), plot=True),
        Row("turn, 1 tool", "µs", _micro("turn-1", "seconds"), plot=True),
        Row("turn, 1 tool that is a plain function", "µs", _micro("turn-1-sync", "seconds")),
        Row("turn, 10 tools at once", "µs", _micro("turn-10", "seconds"), plot=True),
        Row("turn after 1,000 messages, × after 100", "×", _growth("long"), plot=True),
        Row("… with a session store", "×", _growth("stored")),
        Row("durable chain, a step, above the floor", "ms", _above_floor("chain-step", "seconds"), plot=True),
        Row("… bytes stored", "B", _plain("chain-step", "bytes")),
        Row("tool approval: pause, question on disk", "ms", _milli("approval", "pause"), plot=True),
        Row("tool approval: resume, same process", "ms", _milli("approval", "resume"), plot=True),
        Row("… pause, beside the syncs", "ms", _milli("approval", "pause_beside")),
        Row("… resume, beside the syncs", "ms", _milli("approval", "resume_beside")),
        Row("tool approval: resume, fresh process", "ms", _milli("approval-answer", "wall")),
        Row("workflow gate: pause, question on disk", "ms", _milli("gate", "pause"), plot=True),
        Row("workflow gate: resume, same process", "ms", _milli("gate", "resume"), plot=True),
        Row("… pause, beside the syncs", "ms", _milli("gate", "pause_beside")),
        Row("… resume, beside the syncs", "ms", _milli("gate", "resume_beside")),
        Row("workflow gate: resume, fresh process", "ms", _milli("gate-answer", "wall")),
        Row("gate, fresh process, × a bare interpreter", "×", _ratio("gate-answer", "wall"), plot=True),
        Row("1,000 chains × 5 steps × 20 ms", "s", _plain("chains", "seconds"), plot=True),
        Row("… of the processor", "s", _plain("chains", "cpu")),
        Row("… memory above idle", "MB", _plain("chains", "mb")),
        Row("… event loop late by at most", "ms", _milli("chains", "lag")),
        Row("… objects of a chain at work that the collector follows", "objects", _plain("chain-objects", "live")),
        Row("… objects that an ended one leaves to the collector", "objects", _plain("chain-objects", "left")),
        Row("1,000 durable chains × 5 steps × 20 ms", "s", _plain("chains-durable", "seconds"), plot=True),
        Row("… × the floor", "×", _of_floor("chains-durable", "seconds")),
        Row("… × the time of 5,000 syncs in a row", "×", _of_serial_syncs),
        Row("… event loop late by at most", "ms", _milli("chains-durable", "lag")),
        Row("resume of a session of 20,000 entries", "ms", _milli("long-session", "seconds")),
        Row("workflow of 1,000 tasks", "ms", _milli("dag", "seconds")),
        *_store_rows(),
    ]


STORES = {"files": "files", "sqlite": "SQLite", "postgres": "PostgreSQL"}


def _store_rows() -> list[Row]:
    """Return the rows of what it costs to keep sessions in each store."""
    found: list[Row] = []
    acts = {"step": "durable chain, a step", "ask": "gate: to the question on record", "answer": "gate: an answer"}
    for act, title in {**acts, "go_on": "gate: going on to the end"}.items():
        for store, name in STORES.items():
            found.append(Row(f"{title}, in {name}", "ms", _milli("stores", f"{store}_{act}"), plot=act == "step"))
            if store != "files":
                found.append(Row("… × in files", "×", _within("stores", f"{store}_{act}", f"files_{act}")))
    for store, name in STORES.items():
        for act, title in {"list": "the newest 50", "inbox": "50 open questions", "due": "50 that are due"}.items():
            field = f"{store}_{act}"
            found.append(Row(f"{title} of 10,000 sessions in {name}", "ms", _milli("listings", f"{field}_10000")))
            found.append(Row("… × of 100", "×", _within("listings", f"{field}_10000", f"{field}_100")))
        found.append(Row(f"bytes in {name}, × the lines", "×", _plain("listings", f"{store}_size_10000")))
    for store, name in STORES.items():
        few, many = f"{store}_among_100", f"{store}_among_10000"
        found.append(Row(f"an answer among 10,000 sessions that wait in {name}", "ms", _milli("answers", many)))
        found.append(Row("… × among 100", "×", _within("answers", many, few)))
        title = f"an answer on a journal of 10 MB in {name}, × on one of 10 KB"
        found.append(Row(title, "×", _within("answers", f"{store}_long", f"{store}_short")))
    memory = _within("paused-memory", "many", "none")
    return [*found, Row("memory of who looks after 10,000 paused sessions, × none", "×", memory)]


def _within(measure: str, above: str, below: str) -> Callable[[Results, str], float | None]:
    """One number of a subject over another of the same run."""

    def value(results: Results, subject: str) -> float | None:
        return _quotient(_read(results, measure, subject, above), _read(results, measure, subject, below))

    return value


def _read(results: Results, measure: str, subject: str, field: str) -> float | None:
    return results.get(measure, {}).get(subject, {}).get(field)


def _scaled(measure: str, field: str, scale: float) -> Callable[[Results, str], float | None]:
    def value(results: Results, subject: str) -> float | None:
        number = _read(results, measure, subject, field)
        return None if number is None else number * scale

    return value


def _plain(measure: str, field: str) -> Callable[[Results, str], float | None]:
    return _scaled(measure, field, 1)


def _milli(measure: str, field: str) -> Callable[[Results, str], float | None]:
    return _scaled(measure, field, 1e3)


def _micro(measure: str, field: str) -> Callable[[Results, str], float | None]:
    return _scaled(measure, field, 1e6)


def _quotient(above: float | None, below: float | None) -> float | None:
    return above / below if above is not None and below else None


def _ratio(measure: str, field: str) -> Callable[[Results, str], float | None]:
    """Against the bare interpreter, which is what the floor's import is."""

    def value(results: Results, subject: str) -> float | None:
        return _quotient(_read(results, measure, subject, field), _read(results, "import", "floor", "wall"))

    return value


def _of_floor(measure: str, field: str) -> Callable[[Results, str], float | None]:
    def value(results: Results, subject: str) -> float | None:
        return _quotient(_read(results, measure, subject, field), _read(results, measure, "floor", field))

    return value


def _growth(kind: str) -> Callable[[Results, str], float | None]:
    def value(results: Results, subject: str) -> float | None:
        long = _read(results, f"{kind}-1000", subject, "seconds")
        return _quotient(long, _read(results, f"{kind}-100", subject, "seconds"))

    return value


def _above_floor(measure: str, field: str) -> Callable[[Results, str], float | None]:
    def value(results: Results, subject: str) -> float | None:
        number, floor = (_read(results, measure, name, field) for name in (subject, "floor"))
        if number is None or floor is None:
            return None
        return number * 1e3 if subject == "floor" else (number - floor) * 1e3

    return value


def _of_serial_syncs(results: Results, subject: str) -> float | None:
    sync = _read(results, "fsync", "floor", "seconds")
    return _quotient(_read(results, "chains-durable", subject, "seconds"), sync and sync * 5000)


def summary(results: Results, subjects: list[str]) -> list[dict[str, Any]]:
    """Return the rows with their numbers, subject by subject."""
    return [
        {
            "title": row.title,
            "unit": row.unit,
            "plot": row.plot,
            "values": {name: row.value(results, name) for name in subjects},
        }
        for row in rows()
    ]
