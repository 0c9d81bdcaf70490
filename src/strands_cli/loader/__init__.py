"""From a file, a text or a dict to a checked spec. Names are imported when first used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from strands_cli.loader.errors import LoadError as LoadError
    from strands_cli.loader.inputs import coerce_text as coerce_text
    from strands_cli.loader.inputs import resolve_inputs as resolve_inputs
    from strands_cli.loader.load import load_dict as load_dict
    from strands_cli.loader.load import load_file as load_file
    from strands_cli.loader.load import load_text as load_text

_HOME = {
    "LoadError": "errors",
    "coerce_text": "inputs",
    "load_dict": "load",
    "load_file": "load",
    "load_text": "load",
    "resolve_inputs": "inputs",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
