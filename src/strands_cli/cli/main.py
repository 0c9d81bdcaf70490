"""The entry point of the `strands` command: every way it can end, and the exit code of each."""

from __future__ import annotations

import gc
import os
import sys

_ALLOCATIONS = 20_000
"""After so many new objects the collector looks for circles: what is imported and what runs at once is none of them."""


def main(argv: list[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: The arguments without the program's name; those of the process by default.

    Returns:
        The exit code.
    """
    arguments = sys.argv[1:] if argv is None else argv
    if argv is None:  # the process is this command's
        gc.set_threshold(_ALLOCATIONS, 10, 10)
    try:
        from strands_cli import owner

        wrong = owner.overwritten()
        if wrong:
            sys.stderr.write(f"Error: {wrong}\nHint: {owner.remedy()}\n")
            return 10
        owner.tell(lambda wrong: _end_line(f"Warning: {wrong}"))
        from strands_cli.cli.environment import files_read
        from strands_cli.cli.errors import run_command, terminate_softly

        terminate_softly()
        with files_read(arguments):
            return run_command(arguments)
    except KeyboardInterrupt:
        _end_line("Interrupted.")
        return 130
    except BrokenPipeError:
        _silence()
        return 141


def _end_line(text: str) -> None:
    try:
        sys.stderr.write(f"\n{text}\n")
    except (OSError, AttributeError):
        return


def _silence() -> None:
    """Nobody reads any more: keep the interpreter from complaining about it while it shuts down."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            os.dup2(nowhere, stream.fileno())
        except (OSError, ValueError, AttributeError):
            continue


if __name__ == "__main__":
    sys.exit(main())
