"""Measure the agent frameworks side by side: `python benchmarks/bench.py --help`.

Every measure runs on all subjects in turn, round by round, so that a busy moment of the machine hits them alike.
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import environments
import postgres
import report
from measures import MEASURES, Measure, Results, summary

HERE = Path(__file__).resolve().parent
STORES = environments.BENCH / "stores"
"""What the subjects write, deleted when all is measured: just after many deletions ext4 is slower to make files."""


class Absent(Exception):
    """The subject does not offer what is measured."""


def main() -> int:
    arguments = parse()
    names = arguments.subjects or environments.subjects()
    chosen = [measure for measure in MEASURES if not arguments.only or measure.name in arguments.only]
    for name in names:
        environments.interpreter(name)
    try:
        with postgres.running():
            results = measured(chosen, names, arguments.rounds)
    finally:
        shutil.rmtree(STORES, ignore_errors=True)
    labels = {name: label(name) for name in names}
    facts = {
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "cores": len(_cores()),
        "date": time.strftime("%Y-%m-%d"),
    }
    table = summary(results, names)
    report.write(arguments.out, {"facts": facts, "labels": labels, "rows": table, "results": results})
    print((arguments.out / "results.md").read_text())
    if arguments.docs:
        report.publish(arguments.out, environments.ROOT / "docs")
    return 0


def measured(chosen: list[Measure], names: list[str], rounds: int | None) -> Results:
    """Run measures one after the other."""
    results: Results = {}
    for measure in chosen:
        print(f"{measure.name} ", end="", file=sys.stderr, flush=True)
        results[measure.name] = run(measure, names, rounds or measure.rounds)
        print(file=sys.stderr)
    return results


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Measure the agent frameworks side by side.")
    parser.add_argument("--subjects", nargs="+", choices=environments.subjects(), help="default: all")
    parser.add_argument(
        "--only", nargs="+", choices=[measure.name for measure in MEASURES], help="default: every measure"
    )
    parser.add_argument("--rounds", type=int, help="how often to run each measure (default: its own number)")
    parser.add_argument("--out", type=Path, default=environments.BENCH / "results", help="directory of the results")
    parser.add_argument("--docs", action="store_true", help="also put table and plot into docs/")
    return parser.parse_args()


def label(name: str) -> str:
    subject = import_module(f"subjects.{name}")
    return f"{subject.LABEL} {environments.version(name, subject.DISTRIBUTION)}".strip()


def run(measure: Measure, names: list[str], rounds: int) -> dict[str, dict[str, float]]:
    """Run a measure on the subjects in turn and return the medians."""
    collected: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    absent = set()
    warm = measure.kind == "process"
    for number in range(rounds + warm):
        for name in names:
            if name in absent:
                continue
            try:
                numbers = once(measure, name)
            except Absent:
                absent.add(name)
                continue
            if number or not warm:
                collected[name].append(numbers)
        print(".", end="", file=sys.stderr, flush=True)
    return {name: _medians(rounds) for name, rounds in collected.items() if rounds}


def _medians(rounds: list[dict[str, float]]) -> dict[str, float]:
    return {field: statistics.median(numbers[field] for numbers in rounds) for field in rounds[0]}


def once(measure: Measure, name: str) -> dict[str, float]:
    """Run a measure on one subject, in a fresh process and a fresh directory."""
    STORES.mkdir(parents=True, exist_ok=True)
    store = tempfile.mkdtemp(dir=STORES)
    if measure.name.endswith("-answer"):
        execute(name, [str(HERE / "worker.py"), name, measure.name.replace("answer", "ask"), store])
    command = arguments_of(measure, name, store)
    start = time.perf_counter()
    output = execute(name, command)
    wall = time.perf_counter() - start
    numbers: dict[str, Any] = json.loads(output) if "worker.py" in command[0] else {}
    if numbers.get("absent"):
        raise Absent
    return numbers | {"wall": wall}


def arguments_of(measure: Measure, name: str, store: str) -> list[str]:
    """Return what follows the interpreter on the command line."""
    subject = import_module(f"subjects.{name}")
    attribute = {"import": "IMPORT", "import-workflow": "WORKFLOW_IMPORT", "help": "COMMAND"}.get(measure.name)
    if attribute is None:
        return [str(HERE / "worker.py"), name, measure.name, store]
    value = getattr(subject, attribute, None)
    if value is None:
        raise Absent
    return ["-c", value] if isinstance(value, str) else list(value)


def execute(name: str, command: list[str]) -> str:
    done = subprocess.run([environments.interpreter(name), *command], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"\n{name}: {' '.join(command)} failed with {done.returncode}\n{done.stderr[-2000:]}")
    return done.stdout


def _cores() -> list[int]:
    import os

    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(os.cpu_count() or 1))


if __name__ == "__main__":
    sys.exit(main())
