"""Commands of other packages: entry points of the group `strands.commands`, looked for when a name is not ours."""

from __future__ import annotations

import click

from strands_cli.errors import UNSUPPORTED, StrandsError

GROUP = "strands.commands"


class BrokenCommandError(StrandsError):
    """A package offers a command that cannot be imported, or is not a command."""

    exit_code = UNSUPPORTED


def names() -> list[str]:
    """Return the commands that the packages installed beside this one offer."""
    from importlib.metadata import entry_points

    return sorted({point.name for point in entry_points(group=GROUP)})


def find(name: str) -> click.Command | None:
    """Return a command of another package, or None when no package offers it.

    Raises:
        BrokenCommandError: It cannot be imported, or is not a `click.Command`.
    """
    from importlib.metadata import entry_points

    point = next(iter(entry_points(group=GROUP, name=name)), None)
    if point is None:
        return None
    hint = "Correct or reinstall the package that offers it."
    try:
        command = point.load()
    except Exception as error:  # a module may do anything while it is imported
        cause = f"command {name!r} cannot be loaded from {point.value!r}: {type(error).__name__}: {error}"
        raise BrokenCommandError(cause, hint=hint) from error
    if not isinstance(command, click.Command):
        raise BrokenCommandError(
            f"command {name!r} of {point.value!r} is {type(command).__name__}, not a click.Command", hint=hint
        )
    return command
