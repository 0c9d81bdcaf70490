"""Tools that come with the package: commands, files, HTTP requests, notes, waiting, and asking a person.

`shell`, `python_repl` and `file_editor` act on this machine with the rights of the process, and `http_request` reaches
whatever the machine reaches: let a gate or an intervention judge their calls.
"""

import warnings
from typing import Any

from .file_editor import file_editor, make_file_editor
from .handoff_to_user import HANDOFF_INTERRUPT_NAME, handoff_to_user, make_handoff_to_user
from .http_request import http_request, make_http_request
from .mcp_router import make_mcp_router
from .notebook import make_notebook, notebook
from .python_repl import make_python_repl, python_repl
from .shell import make_shell, shell
from .sleep import make_sleep, sleep
from .stop import make_stop, stop

__all__ = [
    "HANDOFF_INTERRUPT_NAME",
    "file_editor",
    "handoff_to_user",
    "http_request",
    "make_file_editor",
    "make_handoff_to_user",
    "make_http_request",
    "make_mcp_router",
    "make_notebook",
    "make_python_repl",
    "make_shell",
    "make_sleep",
    "make_stop",
    "notebook",
    "python_repl",
    "shell",
    "sleep",
    "stop",
]


def __getattr__(name: str) -> Any:
    if name not in ("bash", "make_bash"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from . import _bash

    if name == "bash":
        warnings.warn("bash is deprecated; use shell instead", DeprecationWarning, stacklevel=2)
    return getattr(_bash, name)
