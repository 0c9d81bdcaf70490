"""The command: many seeds with a line of progress, or one with all that happened."""

from __future__ import annotations

from collections.abc import Sequence

from simulation.plan import drawn
from simulation.world import World


def main(arguments: Sequence[str]) -> int:
    """Run what the command line says; return the exit code."""
    first, _, end = arguments[0].partition(":")
    if not end:
        return _replay(int(first))
    failed = 0
    for seed in range(int(first), int(end)):
        violations = World(drawn(seed)).run()
        for violation in violations[:1]:
            failed += 1
            print(f"seed {seed}: {violation}", flush=True)
    print(f"{int(end) - int(first)} seeds, {failed} failed")
    return 1 if failed else 0


def _replay(seed: int) -> int:
    plan = drawn(seed)
    world = World(plan)
    violations = world.run()
    print(plan)
    print("\n".join(world.trace))
    print("\n".join(violations) or "all promises were kept")
    return 1 if violations else 0
