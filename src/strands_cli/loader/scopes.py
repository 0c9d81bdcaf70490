"""Free names of a template: used somewhere without being set in it or guarded by `is defined` or `default`."""

from __future__ import annotations

from collections.abc import Iterable

from jinja2 import nodes

_Names = frozenset[str]
_NONE: _Names = frozenset()


def free_names(template: nodes.Template) -> _Names:
    """Return the names that must be given for a template to render."""
    return _body(template.body, _NONE)[0]


def _body(statements: Iterable[nodes.Node], known: _Names) -> tuple[_Names, _Names]:
    """Return the free names of statements, and what is known after them."""
    free: _Names = _NONE
    for statement in statements:
        found, known = _statement(statement, known)
        free |= found
    return free, known


def _statement(node: nodes.Node, known: _Names) -> tuple[_Names, _Names]:
    if isinstance(node, nodes.If):
        return _if(node, known)
    if isinstance(node, nodes.For):
        inside = known | _targets(node.target) | {"loop"}
        free = _free(node.iter, known) | (_free(node.test, inside) if node.test else _NONE)
        return free | _body(node.body, inside)[0] | _body(node.else_, known)[0], known
    if isinstance(node, nodes.Assign):
        return _free(node.node, known), known | _targets(node.target)
    if isinstance(node, nodes.AssignBlock):
        free = _body(node.body, known)[0] | (_free(node.filter, known) if node.filter else _NONE)
        return free, known | _targets(node.target)
    if isinstance(node, nodes.With):
        inside = known.union(*(_targets(target) for target in node.targets))
        values: _Names = _NONE.union(*(_free(value, known) for value in node.values))
        return values | _body(node.body, inside)[0], known
    if isinstance(node, (nodes.Macro, nodes.CallBlock)):
        return _macro(node, known)
    if isinstance(node, nodes.FilterBlock):
        return _body(node.body, known)[0] | _free(node.filter, known), known
    return _free(node, known), known


def _macro(node: nodes.Macro | nodes.CallBlock, known: _Names) -> tuple[_Names, _Names]:
    inside = known | {"caller", "varargs", "kwargs"} | {argument.name for argument in node.args}
    free: _Names = _NONE.union(*(_free(default, known) for default in node.defaults))
    if isinstance(node, nodes.CallBlock):
        return free | _free(node.call, known) | _body(node.body, inside)[0], known
    inside |= {node.name}
    return free | _body(node.body, inside)[0], known | {node.name}


def _if(node: nodes.If, known: _Names) -> tuple[_Names, _Names]:
    free = _free(node.test, known)
    yes, after = _body(node.body, known | _defined(node.test, True))
    otherwise = known | _defined(node.test, False)
    no, _ = _body([*node.elif_, *node.else_], otherwise)
    return free | yes | no, known | (after - _defined(node.test, True))


def _free(node: nodes.Node, known: _Names) -> _Names:
    if isinstance(node, nodes.Name):
        return _NONE if node.ctx != "load" or node.name in known else frozenset((node.name,))
    if isinstance(node, nodes.Test) and node.name in ("defined", "undefined"):
        return _NONE
    if isinstance(node, nodes.Filter) and node.name in ("default", "d") and node.node is not None:
        optional = _root(node.node)
        inner = _free(node.node, known | ({optional} if optional else _NONE))
        return inner.union(*(_free(each, known) for each in (*node.args, *node.kwargs)))
    if isinstance(node, (nodes.And, nodes.Or)):
        inside = known | _defined(node.left, isinstance(node, nodes.And))
        return _free(node.left, known) | _free(node.right, inside)
    if isinstance(node, nodes.CondExpr):
        yes = _free(node.expr1, known | _defined(node.test, True))
        no = _free(node.expr2, known | _defined(node.test, False)) if node.expr2 else _NONE
        return _free(node.test, known) | yes | no
    return _NONE.union(*(_free(each, known) for each in node.iter_child_nodes()))


def _defined(test: nodes.Node, outcome: bool) -> _Names:
    """Return the names that are known to be defined when a test had this outcome."""
    if isinstance(test, nodes.Not):
        return _defined(test.node, not outcome)
    if isinstance(test, nodes.Test) and test.name == ("defined" if outcome else "undefined"):
        return frozenset((test.node.name,)) if isinstance(test.node, nodes.Name) else _NONE
    if isinstance(test, nodes.And if outcome else nodes.Or):
        return _defined(test.left, outcome) | _defined(test.right, outcome)
    return _NONE


def _root(node: nodes.Node) -> str | None:
    while isinstance(node, (nodes.Getattr, nodes.Getitem)):
        node = node.node
    return node.name if isinstance(node, nodes.Name) else None


def _targets(node: nodes.Node) -> _Names:
    return frozenset(name.name for name in ([node] if isinstance(node, nodes.Name) else node.find_all(nodes.Name)))
