"""What a hook is called on record: the same in every process that has it."""

from __future__ import annotations

import functools
import inspect
import sys
import time
from pathlib import Path
from typing import Any

STARTED = time.time()
"""When this process began to load hooks and tools, Unix time in seconds."""


def qualified_name(hook: Any) -> str:
    """Return where the code of a hook stands, as `module:QualName`.

    It is the function, for a method `Class.method` of the class that defines it, else the class of the object. What
    stands in the program that was started is named after its file, as in the process that imports it.
    """
    while isinstance(hook, functools.partial):
        hook = hook.func
    hook = inspect.unwrap(hook) if inspect.isroutine(hook) else hook
    named = hook if inspect.isroutine(hook) or isinstance(hook, type) else type(hook)
    module = getattr(named, "__module__", None) or type(named).__module__
    return f"{_importable(module)}:{getattr(named, '__qualname__', type(named).__qualname__)}"


def _importable(module: str) -> str:
    if module != "__main__":
        return module
    main = sys.modules.get("__main__")
    spec = getattr(main, "__spec__", None)
    if spec is not None:
        name: str = spec.name
        return name.removesuffix(".__main__")
    file = getattr(main, "__file__", None)
    return Path(file).stem if file else module
