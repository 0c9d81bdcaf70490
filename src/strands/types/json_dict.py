"""A dictionary that holds only what JSON can hold, and never shares its values."""

from __future__ import annotations

import copy
import json
from typing import Any


class JSONSerializableDict:
    """Key and value pairs that can always be stored as JSON.

    Args:
        initial_state: The first content; checked like every later value.

    Raises:
        ValueError: A key is not a non-empty string, or a value is not JSON.
    """

    def __init__(self, initial_state: dict[str, Any] | None = None) -> None:
        self._data: dict[str, Any] = {}
        self._version = 0
        if initial_state is not None and not isinstance(initial_state, dict):
            raise ValueError(f"the state {initial_state!r} must be a dictionary")
        for key, value in (initial_state or {}).items():
            self.set(key, value)

    def set(self, key: str, value: Any) -> None:
        """Store a copy of `value` under `key`."""
        _check_key(key)
        _check_value(key, value)
        self._data[key] = copy.deepcopy(value)
        self._version += 1

    def get(self, key: str | None = None) -> Any:
        """Return a copy of the value under `key` (None when there is none), or of everything."""
        if key is None:
            return copy.deepcopy(self._data)
        return copy.deepcopy(self._data.get(key))

    def delete(self, key: str) -> None:
        """Remove `key`; nothing happens when it is not there."""
        _check_key(key)
        self._data.pop(key, None)
        self._version += 1


def _check_key(key: str) -> None:
    if not isinstance(key, str) or not key.strip():
        raise ValueError(f"key {key!r} must be a non-empty string")


def _check_value(key: str, value: Any) -> None:
    try:
        json.dumps(value)
    except (TypeError, ValueError) as error:
        raise ValueError(f"the value of {key!r} ({type(value).__name__}) is not JSON serializable: {error}") from error
