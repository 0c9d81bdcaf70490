"""Values as JSON has them: what comes in from outside is made plain, or refused, before anything looks at it."""

from __future__ import annotations

import json
import math
from typing import Any

MAX_DEPTH = 100
"""How many lists and objects may stand inside each other."""

NOT_PLAIN: Any = object()
"""What `plain_copy` returns for a value that is not plain."""
_NESTED = frozenset((dict, list))
_LARGE = 1 << 64
_LEAST = -_LARGE

_SCALARS = (type(None), bool, int, float, str)


def as_json(value: Any, name: str = "the value", *, any_text: bool = False, depth: int = MAX_DEPTH) -> Any:
    """Return what JSON makes of a value: a copy of plain dicts, lists, texts, numbers, truth values and None.

    A tuple becomes a list, a key that is a number its text, an instance of a subclass (an OrderedDict, an enum that is
    a text) the plain thing.

    Args:
        value: Anything.
        name: What the messages of errors call it.
        any_text: Take text that is not Unicode (half of a surrogate pair), as models and file names have it.
        depth: How many lists and objects may stand inside each other.

    Raises:
        TypeError: It holds something that JSON has no form for, such as a set, bytes or an object.
        ValueError: It holds a number that is not finite, text that is not Unicode, two keys that JSON takes for one or
            itself, or is nested deeper than `depth`.
    """
    if value is None or type(value) is bool or (type(value) is str and value.isascii()):
        return value
    if any_text:
        copy = plain_copy(value, depth)
        if copy is not NOT_PLAIN:
            return copy
    return parsed(to_text(value, name, any_text=any_text, depth=depth), value, name)


def plain_copy(value: Any, depth: int = MAX_DEPTH) -> Any:
    """Return a copy of a value that is what JSON makes of it already, else `NOT_PLAIN`; quick, for it writes nothing.

    Text may be any; the rest is as `as_json` has it, and what it would change or refuse is not plain.
    """
    kind = type(value)
    if kind is dict and depth:
        made: dict[Any, Any] = value.copy()
        for key, part in made.items():
            kind = type(part)
            if kind is not str and not (kind is int and _LEAST < part < _LARGE):
                made[key] = part = plain_copy(part, depth - 1)
                if part is NOT_PLAIN:
                    return NOT_PLAIN
            if type(key) is not str:
                return NOT_PLAIN
        return made
    if kind is list and depth:
        items = [part if type(part) is str else plain_copy(part, depth - 1) for part in value]
        return NOT_PLAIN if NOT_PLAIN in items else items
    if kind is str or value is None or kind is bool:
        return value
    if kind is int:
        return value if _LEAST < value < _LARGE else NOT_PLAIN
    return value if kind is float and math.isfinite(value) else NOT_PLAIN


def copy_of_plain(value: Any) -> Any:
    """Return another copy of what `plain_copy` returned."""
    if type(value) is dict and _NESTED.isdisjoint(map(type, value.values())):
        return value.copy()
    return plain_copy(value)


def to_text(value: Any, name: str = "the value", *, any_text: bool = False, depth: int = MAX_DEPTH) -> str:
    """Return a value as JSON text; arguments and errors as `as_json`, but for keys that JSON takes for one."""
    try:
        text = (_ASCII if any_text else _UNICODE).encode(value)
        if not any_text:
            text.encode()
        if is_too_deep(value, text, depth):
            raise ValueError
        return text
    except (TypeError, ValueError, RecursionError) as error:
        raise _refusal(value, name, error, depth) from None


def parsed(text: str, value: Any, name: str) -> Any:
    """Return what a text by `to_text` says.

    Raises:
        ValueError: Two keys of an object are one in JSON.
    """
    try:
        return _DECODER.decode(text)
    except ValueError as error:
        raise _refusal(value, name, error) from None


def from_text(text: str, name: str = "the value") -> Any:
    """Return the value that a person's JSON text says.

    Args:
        text: The text.
        name: What the messages of errors call it.

    Raises:
        json.JSONDecodeError: It is not JSON.
        ValueError: It is, and names a key twice, or says what `as_json` refuses: NaN, half of a surrogate pair, lists
            and objects more than `MAX_DEPTH` inside each other.
    """
    twice: list[str] = []

    def made(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in pairs:
            if key in found:
                twice.append(key)
            found[key] = value
        return found

    try:
        value = json.loads(text, object_pairs_hook=made)
    except RecursionError:
        raise ValueError(f"{name} has more than {MAX_DEPTH} lists and objects inside each other") from None
    value = as_json(value, name)
    if twice:
        raise ValueError(f"{name} has the key {_short(twice[0])} twice")
    return value


def finite(number: str) -> float:
    """Return the number that a JSON text holds; for a reader of such texts, which takes more than JSON has.

    Raises:
        ValueError: It is not finite.
    """
    value = float(number)
    if not math.isfinite(value):
        raise ValueError(f"{number[:20]} is not a JSON number: those are finite")
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError
    return made


_ASCII = json.JSONEncoder(allow_nan=False)
_UNICODE = json.JSONEncoder(allow_nan=False, ensure_ascii=False)
_DECODER = json.JSONDecoder(object_pairs_hook=_object)


def is_too_deep(value: Any, text: str, depth: int = MAX_DEPTH) -> bool:
    """Return whether more than `depth` lists and objects stand inside each other in a value, whose JSON is `text`."""
    return len(text) > 2 * depth and text.count("[") + text.count("{") > depth and _too_deep(value, depth)


def _too_deep(value: Any, depth: int) -> bool:
    level = [value]
    for _ in range(depth):
        level = [part for each in level for part in _parts(each) if not isinstance(part, _SCALARS)]
        if not level:
            return False
    return True


def _parts(value: Any) -> Any:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, (list, tuple)) else ()


def _refusal(value: Any, name: str, error: Exception, depth: int = MAX_DEPTH) -> Exception:
    """Return the error that says where and what it is that JSON cannot hold."""
    found = _fault(value, "", depth)
    if found is None:
        return ValueError(f"{name} cannot be written as JSON: {error}")
    path, problem = found
    place = f" at {path}" if path else ""
    text = f"{name} is not JSON{place}: {problem}; JSON has texts, finite numbers, true, false, null, lists and objects"
    return TypeError(text) if problem.startswith("a ") else ValueError(text)


def _fault(value: Any, path: str, depth: int) -> tuple[str, str] | None:
    if isinstance(value, str):
        return (path, f"{_short(value)} is not Unicode text") if _unpaired(value) else None
    if isinstance(value, float) and not math.isfinite(value):
        return path, f"{value!r} is not finite"
    if isinstance(value, _SCALARS):
        return None
    if not isinstance(value, (dict, list, tuple)):
        return path, f"a {type(value).__name__}"
    if depth < 1:
        return path[:40] + "...", f"more than {MAX_DEPTH} lists and objects stand inside each other"
    if isinstance(value, dict):
        return _fault_of_keys(value, path) or _first_fault(((f"{path}[{k!r}]", v) for k, v in value.items()), depth)
    return _first_fault(((f"{path}[{number}]", each) for number, each in enumerate(value)), depth)


def _first_fault(parts: Any, depth: int) -> tuple[str, str] | None:
    return next((found for path, part in parts if (found := _fault(part, path, depth - 1)) is not None), None)


def _fault_of_keys(value: dict[Any, Any], path: str) -> tuple[str, str] | None:
    texts: set[str] = set()
    for key in value:
        if not isinstance(key, _SCALARS):
            return path, f"a {type(key).__name__} as a key"
        fault = _fault(key, path, 0)
        if fault is not None:
            return fault
        text = key if isinstance(key, str) else json.dumps(key)
        if text in texts:
            return path, f"two keys are {_short(str(text))}"
        texts.add(str(text))
    return None


def _unpaired(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _short(text: str) -> str:
    shown = ascii(text)
    return shown if len(shown) <= 60 else shown[:57] + "..."


def writes_data(text: str) -> bool:
    """Whether a text is a JSON object or list."""
    if text.lstrip()[:1] not in ("{", "["):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def is_same_json(one: Any, other: Any) -> bool:
    """Return whether two values are the same JSON; `True` is not 1."""
    if one is other:
        return True
    return json.dumps(one, sort_keys=True, default=repr) == json.dumps(other, sort_keys=True, default=repr)
