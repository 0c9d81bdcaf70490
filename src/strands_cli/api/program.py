"""The program that a workflow is part of: where it keeps it, and whether it is being imported only for that."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from copy import copy
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from strands_cli.errors import AppError

if TYPE_CHECKING:
    from typing_extensions import Self

    from strands_cli.api.options import Options

_loading: ContextVar[str] = ContextVar("strands_app_loading", default="")


class Program:
    """A `Workflow`, seen from another process that needs what its program gives it beside the spec."""

    _options: Options
    _module: str

    @property
    def options(self) -> Options:
        """What it is given beside its spec: hooks, tools, a model."""
        return self._options

    def with_options(self, **changes: Any) -> Self:
        """Return this workflow with some of its `options` changed, by their names; this one stays as it is."""
        self._remember_app()
        twin = copy(self)
        twin._options = replace(self._options, **changes)
        return twin

    def rehearsal(self) -> Self:
        """Return this workflow as one that rehearses: with a scripted model, and only tools marked read_only run."""
        from strands.models.scripted import ScriptedModel

        model = self._options.model if isinstance(self._options.model, ScriptedModel) else None
        return self.with_options(offline=True, real_tools=False, model=model)

    def _remember_app(self) -> None:
        """Find where the program keeps this workflow: another process gets its hooks, tools and model from there."""
        if self._options.app is None:
            self._options.app = app = app_of(self, self._module)
            self._options.app_directory = directory_of(app) if app else None


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


@contextmanager
def while_loading(app: str) -> Iterator[None]:
    """Note that a module is imported only for what its Workflow holds."""
    token = _loading.set(app)
    try:
        yield
    finally:
        _loading.reset(token)
