"""What a template may reach on a value: data first, then methods that only read, within limits."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from jinja2.runtime import LoopContext

from strands_cli.loader.limits import at_most, built, turn, work
from strands_cli.loader.words import words

_TEXT = words(
    "lower upper strip lstrip rstrip startswith endswith split rsplit splitlines partition rpartition "
    "title capitalize casefold swapcase find rfind index rindex count isdigit isalpha isalnum isnumeric "
    "isdecimal isspace isupper islower istitle isascii removeprefix removesuffix replace join center "
    "ljust rjust zfill"
)
_METHODS: tuple[tuple[type | tuple[type, ...], frozenset[str]], ...] = (
    (Mapping, frozenset(("keys", "values", "items", "get"))),
    ((list, tuple), frozenset(("index", "count"))),
    (LoopContext, frozenset(("cycle", "changed"))),
    (float, frozenset(("is_integer",))),
)
_LOOP = words("index index0 revindex revindex0 first last length previtem nextitem depth depth0")
_PADDING = frozenset(("center", "ljust", "rjust", "zfill"))
CALLED = "()"
NOTHING = object()


class Method:
    """A method of a value that a template may call; nothing else of it can be reached."""

    __slots__ = ("_call", "_name")

    def __init__(self, name: str, call: Callable[..., Any]) -> None:
        self._name, self._call = name, call

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        turn()
        return built(self._call(*args, **kwargs))

    def __repr__(self) -> str:
        return f"<method {self._name}>"


def attribute(value: Any, name: str) -> Any:
    """Return what `value.name` means in a template, or NOTHING; a name that ends with () is about to be called."""
    if name.endswith(CALLED):
        return _method(value, name[: -len(CALLED)])
    if isinstance(value, Mapping):
        return value.get(name, NOTHING)
    if isinstance(value, LoopContext):
        return getattr(value, name) if name in _LOOP else NOTHING
    if isinstance(value, tuple) and name in getattr(value, "_fields", ()):
        return getattr(value, name)
    return NOTHING


def item(value: Any, key: Any) -> Any:
    """Return what `value[key]` means in a template, or NOTHING."""
    try:
        if isinstance(value, (Mapping, str, list, tuple, range)):
            return value[key]
    except (LookupError, TypeError):
        pass
    return getattr(value, key) if isinstance(value, tuple) and key in getattr(value, "_fields", ()) else NOTHING


def _method(value: Any, name: str) -> Any:
    if isinstance(value, str):
        return _text_method(value, name) if name in _TEXT else NOTHING
    for kind, allowed in _METHODS:
        if isinstance(value, kind):
            return Method(name, getattr(value, name)) if name in allowed else NOTHING
    return NOTHING


def _text_method(text: str, name: str) -> Method:
    if name == "replace":
        return Method(name, lambda old, new, count=-1: _replace(text, old, new, count))
    if name == "join":
        return Method(name, lambda items: _join(text, items))
    if name in _PADDING:
        return Method(name, lambda width, *fill: _pad(text, name, width, *fill))
    return Method(name, getattr(text, name))


def _replace(text: str, old: str, new: str, count: int) -> str:
    work(len(text) + text.count(old) * len(new))
    return text.replace(old, new, count)


def _join(text: str, items: Iterable[str]) -> str:
    parts = list(items)
    work((len(text) + 1) * len(parts))
    work(sum(map(len, parts)))
    return text.join(parts)


def _pad(text: str, name: str, width: int, *fill: str) -> str:
    at_most(width, 10_000, "a width")
    work(len(text) + width)
    padded: str = getattr(text, name)(width, *fill)
    return padded
