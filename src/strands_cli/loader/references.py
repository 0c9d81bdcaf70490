"""Which parts of the engine's names a parsed template uses: `tasks.research`, `nodes.review`, `steps[0]`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jinja2 import nodes

if TYPE_CHECKING:
    from strands_cli.loader.template import NamePath

Reference = tuple[str, str | int]


def references(template: nodes.Template) -> frozenset[Reference]:
    """Return the first two parts of every path, but for what `is defined` or `default` guards."""
    own = {name.name for name in template.find_all(nodes.Name) if name.ctx != "load"}
    guarded: set[Reference] = set()
    for test in template.find_all(nodes.Test):
        if test.name in ("defined", "undefined"):
            guarded |= _pairs(test)
    for filtered in template.find_all(nodes.Filter):
        if filtered.name in ("default", "d") and filtered.node is not None:
            guarded |= _pairs(filtered)
    return frozenset(pair for pair in _pairs(template) - guarded if pair[0] not in own)


def paths(template: nodes.Template, *, expression: bool = False) -> frozenset[NamePath]:
    """Return every path of names and indexes, but for what `is defined`, `default` or an `if` guards."""
    own = {name.name for name in template.find_all(nodes.Name) if name.ctx != "load"}
    guards: list[nodes.Node] = [each for each in template.find_all(nodes.Test) if each.name in ("defined", "undefined")]
    guards += [each for each in template.find_all(nodes.Filter) if each.name in ("default", "d")]
    if not expression:
        guards += [each.test for each in template.find_all(nodes.If)]
        guards += [each.test for each in template.find_all(nodes.CondExpr)]
    guarded = {path for guard in guards for path in _paths(guard)}
    return frozenset(path for path in _paths(template) - guarded if path[0] not in own)


def _paths(node: nodes.Node) -> set[NamePath]:
    found = (_path(each) for each in node.find_all((nodes.Getattr, nodes.Getitem)))
    return {path for path in found if path}


def _path(node: nodes.Node) -> NamePath:
    """Return the path that a node is, or () when it is none of names and constants only."""
    if isinstance(node, nodes.Name):
        return (node.name,)
    if not isinstance(node, (nodes.Getattr, nodes.Getitem)):
        return ()
    key = node.attr if isinstance(node, nodes.Getattr) else _constant(node.arg)
    before = _path(node.node)
    if not before or not isinstance(key, (str, int)) or str(key).endswith("()"):
        return ()
    return (*before, key)


def _pairs(node: nodes.Node) -> set[Reference]:
    found: list[tuple[nodes.Node, object]] = [(each.node, each.attr) for each in node.find_all(nodes.Getattr)]
    found += [(each.node, _constant(each.arg)) for each in node.find_all(nodes.Getitem)]
    return {
        (owner.name, key)
        for owner, key in found
        if isinstance(owner, nodes.Name) and isinstance(key, (str, int)) and not str(key).endswith("()")
    }


def _constant(node: nodes.Node) -> object:
    if isinstance(node, nodes.Neg) and isinstance(node.node, nodes.Const) and isinstance(node.node.value, int):
        return -node.node.value
    return node.value if isinstance(node, nodes.Const) else None
