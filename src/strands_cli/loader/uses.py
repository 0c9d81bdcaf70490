"""What a template uses of the names it is given."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple, TypeAlias

from strands_cli.errors import TemplateError
from strands_cli.loader.template import plain_paths

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
        return _NOTHING if template.strip() == "else" else _parsed(template, expression=True)
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
