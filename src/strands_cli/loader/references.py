"""Which parts of the engine's names a template uses: `tasks.research`, `nodes.review`, `steps[0]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strands_cli.errors import TemplateError
from strands_cli.loader.template import plain_paths

if TYPE_CHECKING:
    from jinja2 import nodes

Reference = tuple[str, str | int]


def references(template: str, *, expression: bool = False) -> frozenset[Reference]:
    """Return the first two parts of every path that must be there for the template to render.

    What `is defined` or `default` guards is left out, and so is a malformed template.
    """
    if not expression:
        paths = plain_paths(template)
        if paths is not None:
            return frozenset((str(path[0]), path[1]) for path in paths if len(path) > 1)
    elif template.strip() == "else":
        return frozenset()
    from strands_cli.loader.sandbox import expression_tree, tree

    try:
        return _of_tree(expression_tree(template) if expression else tree(template))
    except TemplateError:
        return frozenset()


def paths(template: str, *, expression: bool = False) -> frozenset[tuple[str | int, ...]]:
    """Return every path of names and indexes that must lead somewhere for the template to render.

    What `is defined`, `default` or an `if` guards is left out, and so is a malformed template.
    """
    if not expression:
        plain = plain_paths(template)
        if plain is not None:
            return frozenset(plain)
    elif template.strip() == "else":
        return frozenset()
    from jinja2 import nodes

    from strands_cli.loader.sandbox import expression_tree, tree

    try:
        found = expression_tree(template) if expression else tree(template)
    except TemplateError:
        return frozenset()
    own = {name.name for name in found.find_all(nodes.Name) if name.ctx != "load"}
    guards: list[nodes.Node] = [test for test in found.find_all(nodes.Test) if test.name in ("defined", "undefined")]
    guards += [each for each in found.find_all(nodes.Filter) if each.name in ("default", "d")]
    if not expression:
        guards += [each.test for each in found.find_all(nodes.If)]
        guards += [each.test for each in found.find_all(nodes.CondExpr)]
    guarded = {path for guard in guards for path in _paths(guard)}
    return frozenset(path for path in _paths(found) - guarded if path[0] not in own)


def _paths(node: nodes.Node) -> set[tuple[str | int, ...]]:
    from jinja2 import nodes

    found = (_path(each) for each in node.find_all((nodes.Getattr, nodes.Getitem)))
    return {path for path in found if path}


def _path(node: nodes.Node) -> tuple[str | int, ...]:
    """Return the path that a node is, or () when it is none of names and constants only."""
    from jinja2 import nodes

    if isinstance(node, nodes.Name):
        return (node.name,)
    if not isinstance(node, (nodes.Getattr, nodes.Getitem)):
        return ()
    key = node.attr if isinstance(node, nodes.Getattr) else _constant(node.arg)
    before = _path(node.node)
    if not before or not isinstance(key, (str, int)) or str(key).endswith("()"):
        return ()
    return (*before, key)


def _of_tree(template: nodes.Template) -> frozenset[Reference]:
    from jinja2 import nodes

    own = {name.name for name in template.find_all(nodes.Name) if name.ctx != "load"}
    guarded: set[Reference] = set()
    for test in template.find_all(nodes.Test):
        if test.name in ("defined", "undefined"):
            guarded |= _pairs(test)
    for filtered in template.find_all(nodes.Filter):
        if filtered.name in ("default", "d") and filtered.node is not None:
            guarded |= _pairs(filtered)
    return frozenset(pair for pair in _pairs(template) - guarded if pair[0] not in own)


def _pairs(node: nodes.Node) -> set[Reference]:
    from jinja2 import nodes

    paths: list[tuple[nodes.Node, object]] = [(each.node, each.attr) for each in node.find_all(nodes.Getattr)]
    paths += [(each.node, _constant(each.arg)) for each in node.find_all(nodes.Getitem)]
    return {
        (owner.name, key)
        for owner, key in paths
        if isinstance(owner, nodes.Name) and isinstance(key, (str, int)) and not str(key).endswith("()")
    }


def _constant(node: nodes.Node) -> object:
    from jinja2 import nodes

    if isinstance(node, nodes.Neg) and isinstance(node.node, nodes.Const) and isinstance(node.node.value, int):
        return -node.node.value
    return node.value if isinstance(node, nodes.Const) else None
