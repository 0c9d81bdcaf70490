"""Typed errors that are of the client's own class too, for programs that catch that one."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypeVar

E = TypeVar("E", bound=Exception)


def of_both(typed: E, raised: Exception) -> E:
    """Return a typed error that is an instance of the class of `raised` too and has its attributes.

    Args:
        typed: The error as `strands.types.exceptions` has it.
        raised: What the client raised.
    """
    if isinstance(typed, type(raised)):
        return typed
    classes: Any = type(typed), type(raised)
    both: Any = _class(*classes)
    made = both.__new__(both, *typed.args)
    made.__dict__.update({**raised.__dict__, **typed.__dict__})
    return made  # type: ignore[no-any-return]


@lru_cache(maxsize=64)
def _class(ours: type[Exception], theirs: type[Exception]) -> type[Exception]:
    own = {
        "__module__": ours.__module__,
        "__doc__": ours.__doc__,
        "__str__": Exception.__str__,
        "__init__": Exception.__init__,
        "__reduce__": lambda self: (ours, self.args, _picklable(self.__dict__)),
    }
    return type(ours.__name__, (ours, theirs), own)


def _picklable(state: dict[str, Any]) -> dict[str, Any]:
    """Return what of an error's attributes can go to another process: a client's reply may hold a connection."""
    import pickle

    kept = {}
    for name, value in state.items():
        try:
            pickle.dumps(value)
        except Exception:  # whatever its own code raises
            continue
        kept[name] = value
    return kept
