"""What a hook is called on record: the same in every process that has it."""

from __future__ import annotations

import functools
import inspect
import os
import sys
import time
import types
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
    kind = type(hook)
    if kind is types.FunctionType:
        return _named(inspect.unwrap(hook))
    name = _of_instances.get(kind)
    if name is None:
        is_own = isinstance(hook, type) or inspect.isroutine(hook)  # for the second its class alone decides
        name = "" if is_own else _named(kind)
        if len(_of_instances) < _MOST_CLASSES:
            _of_instances[kind] = name
    return name or _named(inspect.unwrap(hook) if inspect.isroutine(hook) else hook)


_MOST_CLASSES = 1000
_of_instances: dict[type, str] = {}  # class to the name of its objects, "" for those that have names of their own


def _named(hook: Any) -> str:
    named = hook if inspect.isroutine(hook) or isinstance(hook, type) else type(hook)
    module = getattr(named, "__module__", None) or type(named).__module__
    return f"{importable(module)}:{getattr(named, '__qualname__', type(named).__qualname__)}"


def importable(module: str) -> str:
    """Return the name of a module, also of the program that was started."""
    return module if module != "__main__" else _program()


@functools.cache
def _program() -> str:
    """Return what the program that was started is called when it is imported."""
    main = sys.modules.get("__main__")
    spec = getattr(main, "__spec__", None)
    if spec is not None:
        name: str = spec.name
        return name.removesuffix(".__main__")
    file = getattr(main, "__file__", None)
    return os.path.splitext(os.path.basename(file))[0] if file else "__main__"
