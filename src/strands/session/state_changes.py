"""What changes of a state, as JSON that says only that: a journal that keeps the changes does not repeat the state.

A change of an object is `{"drop": [names], "set": {name: value}, "in": {name: change}}`, each part only where there is
any; a change of a list is `{"keep": n, "add": [items]}`: its first n items stay, and others follow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from .json_text import from_json, to_json

Parts: TypeAlias = "dict[str, Parts] | list[str] | str"
"""A value as JSON: whole, or once a part of it has changed, in parts, so that the others are not looked at again."""


class StateText:
    """A state as JSON: what was noted of it last."""

    def __init__(self, state: Mapping[str, Any] | None = None) -> None:
        self._parts: Parts = {}
        if state:
            self.change(state)

    @property
    def whole(self) -> str:
        """The state as JSON."""
        return _text(self._parts)

    def change(self, state: Mapping[str, Any]) -> str:
        """Take note of a state; return what changed since the last one as JSON, "" for nothing.

        Raises:
            TypeError: It holds something that JSON cannot.
        """
        before = self._parts
        self._parts, change = _compared(before, state if _is_object(state) else from_json(to_json(state)))
        if change is not None:
            return change
        return f'{{"drop":{to_json(list(before))},"set":{self.whole}}}'


def changed(state: Any, change: Mapping[str, Any]) -> Any:
    """Return the state that `change` makes of another."""
    if "keep" in change:
        return [*state[: change["keep"]], *change["add"]]
    gone = frozenset(change.get("drop", ()))
    new = {name: value for name, value in state.items() if name not in gone}
    new.update(change.get("set", {}))
    for name, inner in change.get("in", {}).items():
        new[name] = changed(new[name], inner)
    return new


def _compared(old: Parts, value: Any) -> tuple[Parts, str | None]:
    """Return `value` in parts, and its change: "" for none, None where only the whole of it tells that."""
    whole = ""
    if isinstance(old, str):
        whole = to_json(value)
        if whole == old:
            return old, ""
        old = _split(from_json(old))
    if isinstance(old, dict) and _is_object(value):
        return _compared_objects(old, value)
    if isinstance(old, list) and isinstance(value, (list, tuple)):
        return _compared_lists(old, value)
    return whole or to_json(value), None


def _compared_objects(old: Mapping[str, Parts], new: Mapping[str, Any]) -> tuple[Parts, str | None]:
    parts: dict[str, Parts] = {}
    whole, inner = [], []
    for name, value in new.items():
        parts[name], change = _compared(old[name], value) if name in old else (to_json(value), None)
        if change is None:
            whole.append(f"{to_json(name)}:{_text(parts[name])}")
        elif change:
            inner.append(f"{to_json(name)}:{change}")
    if [*(name for name in old if name in new), *(name for name in new if name not in old)] != list(new):
        return parts, None  # their order changed
    gone = [name for name in old if name not in new]
    told = [f'"drop":{to_json(gone)}'] if gone else []
    told += [f'"set":{{{",".join(whole)}}}'] if whole else []
    told += [f'"in":{{{",".join(inner)}}}'] if inner else []
    return parts, f"{{{','.join(told)}}}" if told else ""


def _compared_lists(old: Sequence[str], new: Sequence[Any]) -> tuple[Parts, str | None]:
    items = [to_json(each) for each in new]
    pairs = zip(old, items, strict=False)
    kept = next((at for at, (one, other) in enumerate(pairs) if one != other), min(len(old), len(items)))
    if kept == len(old) == len(items):
        return items, ""
    return items, f'{{"keep":{kept},"add":[{",".join(items[kept:])}]}}' if kept else None


def _split(value: Any) -> Parts:
    if isinstance(value, dict):
        return {name: to_json(each) for name, each in value.items()}
    return [to_json(each) for each in value] if isinstance(value, list) else to_json(value)


def _is_object(value: Any) -> bool:
    return isinstance(value, dict) and all(type(name) is str for name in value)


def _text(parts: Parts) -> str:
    if isinstance(parts, dict):
        return f"{{{','.join(f'{to_json(name)}:{_text(each)}' for name, each in parts.items())}}}"
    return f"[{','.join(parts)}]" if isinstance(parts, list) else parts
