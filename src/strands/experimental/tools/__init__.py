"""Tools under the names they had while they were experimental; using one warns of where it is now."""

from __future__ import annotations

import warnings
from importlib import import_module
from typing import Any

_HOMES = {"ToolProvider": "strands.tools", "stop": "strands.vended_tools", "make_stop": "strands.vended_tools"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    warnings.warn(
        f"{name} has been moved out of experimental: import it from {_HOMES[name]}", DeprecationWarning, stacklevel=2
    )
    return getattr(import_module(_HOMES[name]), name)
