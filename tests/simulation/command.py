"""The command line of simulations, and the processes that share many seeds.

make simulate                 10,000 seeds on all cores; prints the first that fail
make simulate SEED=123        prints what happens with one, and with how few faults it still fails
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

EVERY = 50
"""After how many seeds a process says how far it is."""


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """Return what the command line says."""
    parser = argparse.ArgumentParser(prog="make simulate", description="Run simulations from their seeds.")
    parser.add_argument("--seed", type=int, help="run this one, and print all that happens")
    parser.add_argument("--faults", help="of that seed's faults only these numbers, as 0,3")
    parser.add_argument("--first", type=int, default=0, help="the first of many seeds")
    parser.add_argument("--count", type=int, default=10_000, help="how many")
    parser.add_argument("--step", type=int, default=1, help="every so manieth of them")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many processes share them")
    parser.add_argument(
        "--planted", default="", help="what is wrong, so that it has to be found; all: one after another"
    )
    parser.add_argument("--digests", action="store_true", help="print the sum of what happens with each seed")
    return parser.parse_args(arguments)


class Progress:
    """How far all processes are; one line on a terminal, a line now and then elsewhere."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.done = self.failed = 0
        self._lock = threading.Lock()

    def take(self, line: str) -> None:
        """Take in a line of a process: how many seeds it has run since, or what failed."""
        with self._lock:
            if line.isdigit():
                self.done += int(line)
            else:
                self.failed += line.startswith("seed ")
                print(f"\r\033[K{line}" if sys.stdout.isatty() else line, flush=True)
            if sys.stdout.isatty():
                print(f"\r{self.done} of {self.count} seeds, {self.failed} failed", end="", flush=True)
            elif line.isdigit() and self.done % 1000 < int(line):
                print(f"{self.done} of {self.count} seeds, {self.failed} failed", flush=True)


def run_jobs(options: argparse.Namespace) -> int:
    """Share the seeds among processes; return the exit code."""
    progress = Progress(options.count)
    given = [sys.executable, "-m", "simulation", "--jobs", "1", "--planted", options.planted]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    jobs = []
    for number in range(options.jobs):
        share = len(range(number, options.count, options.jobs))
        terms = ["--first", options.first + number, "--count", share, "--step", options.jobs]
        process = subprocess.Popen([*given, *map(str, terms)], stdout=subprocess.PIPE, text=True, env=environment)
        reader = threading.Thread(target=_read, args=(process, progress))
        reader.start()
        jobs.append((process, reader))
    for _, reader in jobs:
        reader.join()
    print(f"\r{progress.done} of {options.count} seeds, {progress.failed} failed")
    codes = [process.wait() for process, _ in jobs]
    return 1 if progress.failed or any(codes) else 0


def _read(process: subprocess.Popen[str], progress: Progress) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        progress.take(line.rstrip("\n"))
