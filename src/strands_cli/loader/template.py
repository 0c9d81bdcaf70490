"""Templates: Jinja2 in a sandbox, strict about undefined names, with limits on time, size and loops.

A template of plain names (`{{ topic }}`, `{{ steps[0].response }}`) is rendered here without Jinja; everything else
goes to `strands_cli.loader.sandbox`, which gives the same result for the same text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from strands_cli.errors import TemplateError
from strands_cli.loader.names import CONTEXT, with_context
from strands_cli.loader.words import words
from strands_cli.schema.problems import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MAX_OUTPUT = 10_000_000
MAX_TEMPLATE = 1_000_000

_PATH = r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[\s*(?:-?\d{1,9}|'[^'\\{}]*'|\"[^\"\\{}]*\")\s*\])*"
_PLAIN = re.compile(r"\{\{\s*(" + _PATH + r")\s*\}\}", re.ASCII)
_PART = re.compile(r"\.?([A-Za-z_]\w*)|\[\s*(?:(-?\d+)|'([^']*)'|\"([^\"]*)\")\s*\]", re.ASCII)
_MARKUP = re.compile(r"\{[{%#]|\}\}")
_DOLLAR = re.compile(r"(\{\{\s*)\$(?=TRACE\b)")
_WORDS = words("true false none True False None not and or if else is in loop self")


def render(template: str, names: Mapping[str, object]) -> str:
    """Return the template with the names put in, once: what they hold is never rendered itself.

    Raises:
        TemplateError: The template is malformed, a name is undefined, the sandbox forbids it, or a limit is reached.
    """
    if "{" not in template:
        return template
    if CONTEXT in template:
        names = with_context(names)
    plain = _plain(template)
    if plain is None:
        from strands_cli.loader.sandbox import render_jinja

        return render_jinja(template, names)
    texts, paths = plain
    if not paths:
        return template
    return _fill(texts, paths, names)


def render_path(template: str, names: Mapping[str, object]) -> str:
    """Return a path with the names put in; a separator that a value brings along becomes a "-".

    Raises:
        TemplateError: As for `render`.
    """
    plain = _plain(template)
    if plain is None:
        from strands_cli.loader.sandbox import render_jinja_path

        return render_jinja_path(template, names)
    texts, paths = plain
    return _fill(texts, paths, names, flat)


def flat(value: object) -> str:
    """Return a value as one part of a path; one that climbs stays as it is, so that it is refused."""
    parts = str(value).replace("\\", "/").split("/")
    return ("/" if ".." in parts else "-").join(parts)


def evaluate(expression: str, names: Mapping[str, object]) -> bool:
    """Return whether a condition holds. It may be written with or without braces; `else` always holds.

    Raises:
        TemplateError: As for `render`.
    """
    if is_else(expression):
        return True
    from strands_cli.loader.sandbox import evaluate_jinja

    return evaluate_jinja(expression, with_context(names) if CONTEXT in expression else names)


def is_else(expression: str) -> bool:
    """Whether a condition is the one that always holds: else, in any case."""
    return expression.strip().lower() == "else"


def undecided(expression: str) -> str:
    """Return what a condition says that is neither true nor false, whatever the names are, or ""."""
    if "{%" not in expression:
        return ""
    from strands_cli.loader.sandbox import undecided_jinja

    return undecided_jinja(expression)


def check(template: str) -> None:
    """Raise TemplateError when the template is malformed or uses what the sandbox does not have."""
    if "{" in template and _plain(template) is None:
        from strands_cli.loader.sandbox import check_jinja

        check_jinja(template)


def check_expression(expression: str) -> None:
    """Raise TemplateError when the condition is malformed or uses what the sandbox does not have."""
    if not is_else(expression):
        from strands_cli.loader.sandbox import check_jinja_expression

        check_jinja_expression(expression)


def plain_paths(template: str) -> tuple[tuple[str | int, ...], ...] | None:
    """Return the paths of a template that has nothing but paths, or None."""
    if "{" not in template:
        return ()
    plain = _plain(template)
    return None if plain is None else plain[1]


@lru_cache(maxsize=2048)
def _plain(template: str) -> tuple[tuple[str, ...], tuple[tuple[str | int, ...], ...]] | None:
    """Return the texts and the paths between them, or None when the template needs Jinja."""
    template = without_dollar(template)
    pieces = _PLAIN.split(template)
    texts, sources = pieces[0::2], pieces[1::2]
    if any(_MARKUP.search(text) for text in texts):
        return None
    paths = tuple(_parts(source) for source in sources)
    if any(path[0] in _WORDS for path in paths):
        return None
    return tuple(texts), paths


def _parts(source: str) -> tuple[str | int, ...]:
    return tuple(
        int(m[2]) if m[2] else next(g for g in (m[1], m[3], m[4]) if g is not None) for m in _PART.finditer(source)
    )


def _fill(
    texts: Sequence[str],
    paths: Sequence[tuple[str | int, ...]],
    names: Mapping[str, object],
    as_text: Callable[[object], str] = str,
) -> str:
    result, length = [texts[0]], len(texts[0])
    for path, text in zip(paths, texts[1:], strict=True):
        value = look_up(path, names)
        shown = as_text(value)
        result += (shown, text)
        length += len(shown) + len(text)
        if length > MAX_OUTPUT:
            raise too_long()
    return "".join(result)


def without_dollar(template: str) -> str:
    """Return a template in which `{{ $TRACE }}`, an older way to write it, is `{{ TRACE }}`."""
    return _DOLLAR.sub(r"\1", template) if "$TRACE" in template else template


def look_up(path: tuple[str | int, ...], names: Mapping[str, object]) -> object:
    """Return what a path of keys and indexes leads to; raises TemplateError when it leads nowhere."""
    value: Any = names
    for depth, part in enumerate(path):
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            raise undefined(path[: depth + 1], value) from None
    return value


def undefined(path: Sequence[str | int], container: object) -> TemplateError:
    """Return the error for a path of which the last part does not exist."""
    known = [str(key) for key in container] if isinstance(container, Mapping) else []
    near = nearest(path[-1], known)
    written = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
    if near:
        hint = f"Did you mean {near!r}?"
    elif isinstance(container, (list, tuple)):
        hint = f"There are {len(container)} of them, counted from 0."
    elif isinstance(container, Mapping):
        hint = f"Known here: {', '.join(sorted(known)[:20]) or 'nothing'}."
    else:
        hint = f"A {type(container).__name__} has no {str(path[-1])!r} in a template."
    return TemplateError(f"{written!r} is undefined in this template", hint=hint)


def too_long() -> TemplateError:
    return TemplateError(
        f"a template made a text of more than {MAX_OUTPUT:,} characters", hint="Put in less, or `truncate` it."
    )


def rendered(value: Any, names: Mapping[str, object]) -> Any:
    """Return data whose texts are templates with the names put in; a text that is `{{ nothing else }}` keeps its type.

    Raises:
        TemplateError: As for `render`.
    """
    if isinstance(value, str):
        return _typed(value, names)
    if isinstance(value, Mapping):
        return {name: rendered(each, names) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [rendered(each, names) for each in value]
    return value


def _typed(template: str, names: Mapping[str, object]) -> object:
    whole = _WHOLE.fullmatch(template)
    if whole is None:
        return render(template, names)
    plain = _plain(template.strip())
    if plain is not None and plain[1]:
        return look_up(plain[1][0], with_context(names) if CONTEXT in template else names)
    import json

    return json.loads(render(f"{{{{ ({whole[1]}) | tojson }}}}", names))


_WHOLE = re.compile(r"\s*\{\{((?:(?!\{\{|\}\}|\{%).)+)\}\}\s*", re.DOTALL)


# -- what a template uses of the names it is given --------------------------------------------------------------------

NamePath: TypeAlias = tuple[str | int, ...]


class Uses(NamedTuple):
    """What must be there for a template to render; what `is defined` or `default` guards is left out.

    Attributes:
        names: The names.
        references: The first two parts of every path: `tasks.research`, `steps[0]`.
        paths: Every path of names and indexes; what an `if` guards is left out, too.
    """

    names: frozenset[str]
    references: frozenset[tuple[str, str | int]]
    paths: frozenset[NamePath]


_NOTHING = Uses(frozenset(), frozenset(), frozenset())


@lru_cache(maxsize=2048)
def uses(template: str, *, expression: bool = False) -> Uses:
    """Return what a template uses.

    Raises:
        TemplateError: The template is malformed.
    """
    if expression:
        return _NOTHING if is_else(template) else _parsed(template, expression=True)
    paths = plain_paths(template)
    if paths is None:
        return _parsed(template)
    if not paths:
        return _NOTHING
    pairs = frozenset((str(path[0]), path[1]) for path in paths if len(path) > 1)
    return Uses(frozenset(str(path[0]) for path in paths), pairs, frozenset(paths))


def sound_uses(template: str, *, expression: bool = False) -> Uses:
    """Return what a template uses; nothing when it is malformed, which another check says."""
    try:
        return uses(template, expression=expression)
    except TemplateError:
        return _NOTHING


def _parsed(template: str, *, expression: bool = False) -> Uses:
    from strands_cli.loader.references import paths, references
    from strands_cli.loader.sandbox import expression_tree, tree
    from strands_cli.loader.scopes import free_names

    found = expression_tree(template) if expression else tree(template)
    return Uses(free_names(found) - {"range", "dict"}, references(found), paths(found, expression=expression))
