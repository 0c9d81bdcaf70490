"""Running seeds in this process, which has no time but the simulation's."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256

from simulation.command import EVERY
from simulation.plan import Plan, drawn
from simulation.planted import ENGINE, STORES
from simulation.world import World


def run_all(options: argparse.Namespace) -> int:
    """Run many seeds; print those that fail, and now and then how many were run since. Return the exit code."""
    failed = since = 0
    for number in range(options.count):
        seed = options.first + number * options.step
        world = World(drawn(seed), options.planted)
        violations = world.run()
        since += 1
        if options.digests:
            print(f"{seed} {sha256(chr(10).join(world.trace).encode()).hexdigest()}")
        elif since == EVERY or number == options.count - 1:
            print(since, flush=True)
            since = 0
        if violations:
            failed += 1
            print(f"seed {seed}: {violations[0]}", flush=True)
    return 1 if failed else 0


def find_planted(options: argparse.Namespace) -> int:
    """For each thing that can be wrong, print the first seed that finds it. Return the exit code."""
    missed = 0
    for planted in (*STORES, ENGINE):
        seeds = (options.first + number * options.step for number in range(options.count))
        found = next(((seed, told) for seed in seeds if (told := World(drawn(seed), planted).run())), None)
        missed += found is None
        print(f"{planted}: " + ("not found" if found is None else f"seed {found[0]}: {found[1][0]}"), flush=True)
    return 1 if missed else 0


def replay(options: argparse.Namespace) -> int:
    """Run one seed and print what happens; where it fails, with as few faults as it still fails with."""
    plan = drawn(options.seed)
    chosen: Sequence[int] = range(len(plan.faults))
    if options.faults is not None:
        chosen = [int(each) for each in options.faults.split(",") if each.strip().isdecimal()]
        if not chosen or not set(chosen) <= set(range(len(plan.faults))):
            print(f"--faults {options.faults} names none of seed {options.seed}: it has 0 to {len(plan.faults) - 1}")
            return 2
    world = World(with_faults(plan, chosen), options.planted)
    violations = world.run()
    if violations and options.faults is None:
        chosen = fewest(plan, options.planted)
        world = World(with_faults(plan, chosen), options.planted)
        violations = world.run()
    print(plan)
    if len(chosen) < len(plan.faults):
        print(f"of these faults only: {', '.join(map(str, chosen)) or 'none'}")
    print("\n".join(world.trace))
    print("\n".join(violations) or "all promises were kept")
    return 1 if violations else 0


def with_faults(plan: Plan, chosen: Sequence[int]) -> Plan:
    """Return a plan with some of its faults."""
    return replace(plan, faults=tuple(plan.faults[number] for number in chosen))


def fewest(plan: Plan, planted: str = "") -> list[int]:
    """Return the numbers of the faults without any of which a plan that fails would not fail."""
    chosen = list(range(len(plan.faults)))
    for number in reversed(range(len(plan.faults))):
        fewer = [each for each in chosen if each != number]
        if World(with_faults(plan, fewer), planted).run():
            chosen = fewer
    return chosen
