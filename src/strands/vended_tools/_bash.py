"""The shell tool under the name it had before; it is going away."""

from __future__ import annotations

import warnings
from typing import Any

from strands.tools.decorator import DecoratedFunctionTool

from .shell import make_shell

_INSTEAD = "use make_shell instead: it is the shell of this machine, which need not be bash"


def make_bash(*, name: str = "bash", **options: Any) -> DecoratedFunctionTool[Any, Any]:
    """Return what `make_shell` returns, under the name `bash`.

    Args:
        name: What a model calls it by.
        **options: As `make_shell`.
    """
    warnings.warn(f"make_bash is deprecated; {_INSTEAD}", DeprecationWarning, stacklevel=2)
    return make_shell(name=name, **options)


make_bash.__deprecated__ = _INSTEAD  # type: ignore[attr-defined]  # what type checkers and editors look for
bash: DecoratedFunctionTool[Any, Any] = make_shell(name="bash")
