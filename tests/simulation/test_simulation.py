"""Sessions keep their promises on machines, stores and engines that fail; and whoever breaks one is found."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
SHARE = 125
OPEN_FOR_EVER = r"s\d has not ended, though all answer and all is delivered"
FOUND = {
    "a lost wake-up": OPEN_FOR_EVER,
    "an answer recorded twice": "an answer was recorded twice",
    "a started tool run again unasked": "a started tool was run again unasked",
    "a stale driver's append": "a stale driver's append was accepted",
    "a deadline fired twice": "a deadline fired twice",
    "a reminder fired twice": "a reminder fired twice",
    "an acknowledged entry lost": "an acknowledged entry was lost",
    "a forgetful engine": OPEN_FOR_EVER,
}
"""What is wrong, and how it is told."""


def simulated(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run simulations in a process that has no time but theirs."""
    return subprocess.run(
        [sys.executable, "-m", "simulation", "--jobs", "1", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=110,
        env={**os.environ, "PYTHONPATH": str(TESTS), **environment},
    )


@pytest.mark.parametrize("first", range(0, 500, SHARE))
def test_every_promise_is_kept(first: int) -> None:
    done = simulated("--first", first, "--count", SHARE)
    assert (done.returncode, done.stderr) == (0, ""), f"{done.stdout}{done.stderr}Replay one: make simulate SEED=..."
    assert sum(map(int, done.stdout.split())) == SHARE


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_ten_thousand_seeds_keep_every_promise() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "simulation"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(TESTS)},
    )
    assert done.returncode == 0, done.stdout


def test_what_is_wrong_is_found() -> None:
    done = simulated("--count", 1000, "--planted", "all")
    assert done.stderr == ""
    found = dict(line.split(": ", 1) for line in done.stdout.splitlines())
    for planted, words in FOUND.items():
        assert re.match(rf"seed \d+: {words}", found[planted]), f"{planted}: {found[planted]}"
    assert done.returncode == 0 and found.keys() == FOUND.keys()


def test_a_seed_is_replayed_and_told_with_as_few_faults_as_it_takes() -> None:
    planted = ("--planted", "an acknowledged entry lost")
    failed = re.search(r"seed (\d+)", simulated("--count", 40, *planted).stdout)
    assert failed is not None
    told = simulated("--seed", failed[1], *planted)
    assert told.returncode == 1
    lines = told.stdout.splitlines()
    assert lines[0].startswith(f"seed {failed[1]}: disk, ") and any("fault: power" in line for line in lines)
    assert any(line.startswith("an acknowledged entry was lost") for line in lines)


def test_a_seed_is_the_same_story_each_time() -> None:
    seeds = ("--first", 40, "--count", 8, "--digests")
    first, second = (simulated(*seeds, PYTHONHASHSEED=order).stdout for order in ("1", "2"))
    assert first == second and first.count("\n") == 8
    alone = simulated("--first", 47, "--count", 1, "--digests").stdout
    assert first.endswith(alone), "what ran before it changes it"
