"""`module:attribute`: where a program keeps its Workflow, so that another process finds its hooks, tools and model."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from strands_cli.api.program import Program, directory_of, while_loading
from strands_cli.errors import AppError

if TYPE_CHECKING:
    from strands_cli.api.options import Options


def load_app(app: str, directory: str | None = None) -> Program:
    """Import the Workflow that `app` names, and return it.

    Args:
        app: `module:attribute`, or `path/to/file.py:attribute`. The module is looked for in the current directory too.
        directory: A directory in which it is looked for as well.

    Raises:
        AppError: It cannot be imported, is not a Workflow, or runs one while it is imported.
    """
    found = load_object(app, "--app", directory)
    if not isinstance(found, Program):
        raise AppError(f"{app!r} is a {type(found).__name__}, not a Workflow", hint="Name the variable that holds it.")
    return found


def load_object(app: str, option: str, directory: str | None = None) -> Any:
    """Import what `app` names, and return it.

    Args:
        app: As for `load_app`.
        option: What it was given as, for messages.
        directory: As for `load_app`.

    Raises:
        AppError: It cannot be imported, is not there, or runs a workflow while it is imported.
    """
    module, colon, attribute = app.rpartition(":")
    if not colon or not module or not attribute:
        raise AppError(f"{option} {app!r} is not MODULE:NAME", hint=f"Write it as {_written(option)}.")
    found: Any = _imported(app, module, directory)
    try:
        for name in attribute.split("."):
            found = getattr(found, name)
    except AttributeError:
        known = [name for name, value in vars(found).items() if isinstance(value, Program)] if vars(found) else []
        hint = f"It has: {', '.join(known)}." if known else "Keep the Workflow in a variable of the module."
        raise AppError(f"{app!r}: {module!r} has no {attribute!r}", hint=hint) from None
    return found


def _written(option: str) -> str:
    """Return an example of what may stand there; a target may also be a file."""
    return (
        f"{option} my_program:workflow" if option.startswith("-") else "my_program:workflow, or name a file: flow.yaml"
    )


def with_app(options: Options, app: str, directory: str | None = None) -> Options:
    """Return `options` with the hooks, the tools and the model of the Workflow that `app` names.

    Raises:
        AppError: It leads to no Workflow.
    """
    workflow = load_app(app, directory)
    given = workflow.options
    return replace(
        options,
        hooks=given.hooks,
        tools=given.tools,
        model=given.model if options.model is None else options.model,
        app=app,
        app_directory=directory_of(app),
    )


def remembered(options: Options, origin: Mapping[str, Any]) -> Options:
    """Return `options` with what the session's own program has, where that is missing and on record."""
    from strands_cli.api.guards import lacking

    app = origin.get("app")
    if not app or not lacking(origin.get("brought") or {}, options):
        return options
    try:
        return with_app(options, app, origin.get("app_directory"))
    except AppError as error:
        return replace(options, app_problem=error.message)


def _imported(app: str, module: str, directory: str | None) -> Any:
    file = Path(module).resolve() if module.endswith(".py") else None
    places = [str(file.parent)] if file is not None else [str(Path.cwd()), *([directory] if directory else [])]
    # They stay: a module may import its neighbours later.
    sys.path[:0] = [place for place in places if place not in sys.path]
    try:
        with while_loading(app):
            found = importlib.import_module(file.stem if file is not None else module)
    except AppError:
        raise
    except Exception as error:
        raise AppError(
            f"{app!r} cannot be imported: {type(error).__name__}: {error}",
            hint="Run it where the module can be imported: in its directory, and in its environment.",
        ) from error
    if file is not None and Path(getattr(found, "__file__", None) or "").resolve() != file:
        raise AppError(f"{app!r}: a module {file.stem!r} is installed too", hint="Name it by its package, with dots.")
    return found
