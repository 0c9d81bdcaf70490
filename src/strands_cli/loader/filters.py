"""The filters and tests of templates: Jinja's harmless ones, with limits, and a few of ours."""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Iterable, Mapping, Sized
from typing import Any

from jinja2 import filters as jinja
from jinja2 import pass_context, pass_environment
from jinja2 import tests as jinja_tests
from jinja2.environment import Environment
from jinja2.runtime import Undefined

from strands_cli.errors import TemplateError
from strands_cli.loader import regexes
from strands_cli.loader.data import from_json
from strands_cli.loader.limits import MAX_REPEAT, at_most, built, exceeded, tick, turn, work
from strands_cli.loader.operators import plus
from strands_cli.loader.words import words

_PLAIN = (
    "abs capitalize count d default dictsort filesizeformat first float groupby int items last length "
    "list lower map max min reject rejectattr reverse select selectattr sort title trim "
    "truncate unique upper urlencode wordcount"
)
_CHEAP = words("d default first last length count lower upper trim truncate string safe contains search")


def _limited(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a filter that refuses values too large for what it does with them."""
    place = 1 if hasattr(function, "jinja_pass_arg") else 0

    def filtered(*args: Any, **kwargs: Any) -> Any:
        turn()
        value = args[place] if len(args) > place else None
        if isinstance(value, Undefined) and name not in ("d", "default"):
            str(value)  # says what is undefined
        if isinstance(value, Sized) and len(value) > MAX_REPEAT:
            raise exceeded(f"{name!r} of a value of {len(value):,} (at most {MAX_REPEAT:,})")
        return built(function(*args, **kwargs))

    return _passing(filtered, function)


def _timed(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a filter or test that looks at the clock before it does its work."""

    def timed(*args: Any, **kwargs: Any) -> Any:
        tick()
        return built(function(*args, **kwargs))

    return _passing(timed, function)


def _passing(filtered: Callable[..., Any], function: Callable[..., Any]) -> Callable[..., Any]:
    if hasattr(function, "jinja_pass_arg"):
        filtered.jinja_pass_arg = function.jinja_pass_arg  # type: ignore[attr-defined]
    return filtered


def text_of(value: object) -> str:
    """Return a value as a template prints it."""
    return value if type(value) is str else str(value)


@pass_environment
def join(environment: Environment, value: Iterable[Any], d: object = "", attribute: Any = None) -> str:
    items = list(value)
    if attribute is not None:
        get = jinja.make_attrgetter(environment, attribute)
        items = [get(item) for item in items]
    texts, between = [text_of(item) for item in items], text_of(d)
    work(len(between) * len(texts))
    work(sum(map(len, texts)))
    return between.join(texts)


def replace(value: object, old: object, new: object, count: int | None = None) -> str:
    text, before, after = text_of(value), text_of(old), text_of(new)
    work(len(text) + text.count(before) * len(after))
    return text.replace(before, after, -1 if count is None else count)


def indent(value: object, width: int | str = 4, first: bool = False, blank: bool = False) -> str:
    at_most(width, 1_000, "an indent")
    space = width if isinstance(width, str) else " " * width
    text = text_of(value)
    work(len(text) + (text.count("\n") + 1) * len(space))
    lines = text.splitlines(keepends=True)
    return "".join(
        space + line if (index or first) and (blank or line.strip()) else line for index, line in enumerate(lines)
    )


def center(value: object, width: int = 80) -> str:
    at_most(width, 10_000, "a width")
    text = text_of(value)
    work(len(text) + width)
    return text.center(width)


@pass_environment
def wordwrap(
    environment: Environment,
    value: object,
    width: int = 79,
    break_long_words: bool = True,
    wrapstring: str | None = None,
    break_on_hyphens: bool = True,
) -> str:
    text = text_of(value)
    # A word is cut once for each line that it fills, and what is left of it is copied each time.
    work(sum((len(word) + 50) * (1 + len(word) // max(int(width), 1)) for word in text.split()))
    work(len(text) * (1 + len(wrapstring or "")))
    return jinja.do_wordwrap(environment, text, width, break_long_words, wrapstring, break_on_hyphens)


def striptags(value: object) -> str:
    text = text_of(value)
    work(text.count("<") * len(text) // 100)  # each tag that is taken away copies the rest
    return str(jinja.do_striptags(text))


@pass_environment
def total(environment: Environment, iterable: Iterable[Any], attribute: Any = None, start: Any = 0) -> Any:
    get = None if attribute is None else jinja.make_attrgetter(environment, attribute)
    for item in iterable:
        start = plus(start, item if get is None else get(item))
    return start


def rounded(value: Any, precision: int = 0, method: str = "common") -> float:
    at_most(precision, 100, "a precision")
    return jinja.do_round(value, precision, method)  # type: ignore[arg-type]


def batch(value: Iterable[Any], linecount: int, fill_with: object = None) -> list[list[Any]]:
    at_most(linecount, 10_000, "a batch")
    return list(jinja.do_batch(value, linecount, fill_with))


def sliced(value: Any, slices: int, fill_with: object = None) -> list[list[Any]]:
    at_most(slices, 10_000, "a slice")
    return list(jinja.sync_do_slice(value, slices, fill_with))


def tojson(value: object, indent: int | None = None) -> str:
    at_most(indent, 16, "an indent")
    try:
        return json.dumps(value, ensure_ascii=False, indent=indent, default=_plain)
    except (TypeError, ValueError, RecursionError) as error:
        raise exceeded(f"tojson: {error}") from None


def _plain(value: object) -> object:
    if isinstance(value, Undefined):
        str(value)  # says what is undefined
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Iterable):
        return list(value)
    raise TypeError(f"a {type(value).__name__} has no JSON form")


def fromjson(value: object) -> Any:
    """Return what a JSON text says; data is returned as it is."""
    if not isinstance(value, str):
        return value
    tick()
    try:
        return from_json(value.strip())
    except (ValueError, RecursionError) as error:
        raise TemplateError(f"fromjson: it is not JSON: {error}") from None


def escape(value: object) -> str:
    return html.escape(text_of(value))


def regex_search(value: object, pattern: str, ignorecase: bool = False) -> str:
    """Return what the pattern finds first (its first group, when it has one), or ""."""
    found = regexes.search(pattern, text_of(value), ignore_case=ignorecase)
    if found is None:
        return ""
    return (found[1] if found.re.groups else found[0]) or ""


def search(value: object, pattern: str, ignorecase: bool = False) -> bool:
    return regexes.search(pattern, text_of(value), ignore_case=ignorecase) is not None


def match(value: object, pattern: str, ignorecase: bool = False) -> bool:
    return regexes.match(pattern, text_of(value), ignore_case=ignorecase) is not None


def contains(value: Any, item: Any) -> bool:
    return text_of(item) in value if isinstance(value, str) else item in value


@pass_context
def each_item(context: Any, value: Any) -> list[tuple[Any, Any]]:
    return list(value.items()) if isinstance(value, Mapping) else list(jinja.do_items(value))


_OURS: dict[str, Callable[..., Any]] = {
    "batch": batch,
    "center": center,
    "contains": contains,
    "e": escape,
    "escape": escape,
    "fromjson": fromjson,
    "indent": indent,
    "items": each_item,
    "join": join,
    "regex_search": regex_search,
    "replace": replace,
    "round": rounded,
    "safe": text_of,
    "search": search,
    "slice": sliced,
    "string": text_of,
    "striptags": striptags,
    "sum": total,
    "tojson": tojson,
    "wordwrap": wordwrap,
}

_ALL: dict[str, Any] = {**{name: jinja.FILTERS[name] for name in _PLAIN.split()}, **_OURS}
FILTERS: dict[str, Callable[..., Any]] = {
    name: _timed(function) if name in _CHEAP else _limited(name, function) for name, function in _ALL.items()
}
_ALL_TESTS: dict[str, Any] = {**jinja_tests.TESTS, "contains": contains, "match": match, "search": search}
TESTS: dict[str, Any] = {name: _timed(test) for name, test in _ALL_TESTS.items() if name != "callable"}
