"""Workflows that stop and ask a person, and never lose the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from strands._version import __version__ as __version__
    from strands_cli.api.workflow import Workflow as Workflow
else:
    _HOMES = {"Workflow": "strands_cli.api", "__version__": "strands._version"}

    def __getattr__(name):
        from importlib import import_module

        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(_HOMES[name]), name)
        return value
