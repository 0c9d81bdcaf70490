"""`module:attribute`: where a program keeps its Workflow, so that another process finds its hooks, tools and model."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from strands_cli.errors import AppError

if TYPE_CHECKING:
    from strands_cli.api.running import Options
    from strands_cli.api.workflow import Workflow

_loading: ContextVar[str] = ContextVar("strands_app_loading", default="")


def load_app(app: str, directory: str | None = None) -> Workflow:
    """Import the Workflow that `app` names, and return it.

    Args:
        app: `module:attribute`, or `path/to/file.py:attribute`. The module is looked for in the current directory too.
        directory: A directory in which it is looked for as well.

    Raises:
        AppError: It cannot be imported, is not a Workflow, or runs one while it is imported.
    """
    from strands_cli.api.workflow import Workflow

    module, colon, attribute = app.rpartition(":")
    if not colon or not module or not attribute:
        raise AppError(f"--app {app!r} is not MODULE:NAME", hint="Write it as --app my_program:workflow.")
    found: Any = _imported(app, module, directory)
    try:
        for name in attribute.split("."):
            found = getattr(found, name)
    except AttributeError:
        known = [name for name, value in vars(found).items() if isinstance(value, Workflow)] if vars(found) else []
        hint = f"It has: {', '.join(known)}." if known else "Keep the Workflow in a variable of the module."
        raise AppError(f"{app!r}: {module!r} has no {attribute!r}", hint=hint) from None
    if not isinstance(found, Workflow):
        raise AppError(f"{app!r} is a {type(found).__name__}, not a Workflow", hint="Name the variable that holds it.")
    return found


def app_of(workflow: object, module: str) -> str | None:
    """Return `module:attribute` of a workflow that is a variable of the module that made it, or None.

    The program that was started itself is not named: to import it would run it again.
    """
    names = vars(sys.modules[module]) if module in sys.modules and module != "__main__" else {}
    if id(workflow) not in map(id, names.values()):
        return None
    return next(f"{module}:{name}" for name, value in names.items() if value is workflow)


def directory_of(app: str) -> str | None:
    """Return the directory from which the module of an app was imported, or None when it is installed."""
    module = app.rpartition(":")[0]
    file = getattr(sys.modules.get(module), "__file__", None)
    if not file or "site-packages" in file:
        return None
    path = Path(file).resolve()
    depth = module.count(".") + (path.name == "__init__.py")
    return str(path.parents[depth])


def making_module() -> str:
    """Return the module outside this package that is calling."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        name = str(frame.f_globals.get("__name__", ""))
        if name.partition(".")[0] != "strands_cli":
            return name
        frame = frame.f_back
    return ""


def with_app(options: Options, app: str, directory: str | None = None) -> Options:
    """Return `options` with the hooks, the tools and the model of the Workflow that `app` names.

    Raises:
        AppError: It leads to no Workflow.
    """
    workflow = load_app(app, directory)
    given = workflow._options
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


def check_not_loading() -> None:
    """Refuse to run anything while a module is imported only for what its Workflow holds.

    Raises:
        AppError: That is so.
    """
    app = _loading.get()
    if app:
        raise AppError(
            f"{app!r} runs a workflow while it is imported",
            hint='Put what the program does below `if __name__ == "__main__":`; nothing was run.',
        )


def _imported(app: str, module: str, directory: str | None) -> Any:
    file = Path(module).resolve() if module.endswith(".py") else None
    places = [str(file.parent)] if file is not None else [str(Path.cwd()), *([directory] if directory else [])]
    # They stay: a module may import its neighbours later.
    sys.path[:0] = [place for place in places if place not in sys.path]
    try:
        with _while_loading(app):
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


@contextmanager
def _while_loading(app: str) -> Iterator[None]:
    token = _loading.set(app)
    try:
        yield
    finally:
        _loading.reset(token)
