"""Run simulations; see `simulation.command`. A process that runs them has no time but theirs from its beginning."""

from __future__ import annotations

import sys

from simulation import command, machine

if __name__ == "__main__":
    options = command.parsed(sys.argv[1:])
    if options.jobs > 1 and options.seed is None and options.planted != "all":
        sys.exit(command.run_jobs(options))
    machine.install()
    from simulation import running

    if options.planted == "all":
        sys.exit(running.find_planted(options))
    sys.exit(running.replay(options) if options.seed is not None else running.run_all(options))
