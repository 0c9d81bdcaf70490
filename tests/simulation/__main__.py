"""Run simulations: `python -m simulation [SEED | FIRST:END]`; one seed alone prints all that happened."""

from __future__ import annotations

import sys

from simulation import machine

if __name__ == "__main__":
    machine.install()
    from simulation.command import main

    sys.exit(main(sys.argv[1:]))
