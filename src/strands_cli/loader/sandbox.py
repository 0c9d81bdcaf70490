"""The sandbox in which Jinja templates run: data, read-only methods, harmless filters, and limits."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Context, Macro, Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment, safe_range
from jinja2.visitor import NodeTransformer

from strands_cli.errors import TemplateError
from strands_cli.loader import limits
from strands_cli.loader.access import CALLED, NOTHING, Method, attribute, item
from strands_cli.loader.filters import FILTERS, TESTS
from strands_cli.loader.infix import Contains
from strands_cli.loader.missing import Missing, MissingUsed, SoftMissing
from strands_cli.loader.operators import OPERATORS
from strands_cli.loader.template import MAX_TEMPLATE, flat, undefined, without_dollar
from strands_cli.schema.problems import did_you_mean

_REFUSED: dict[type[nodes.Node], str] = {
    nodes.Include: "include",
    nodes.Import: "import",
    nodes.FromImport: "import",
    nodes.Extends: "extends",
    nodes.Block: "block",
    nodes.ScopedEvalContextModifier: "autoescape",
}
_BRACE = re.compile(r"\{[{%]|[%}]\}")
MAX_CODE = 20_000
"""Characters of expressions and statements: what takes time to compile."""
FUNCTIONS = {"len": "length", "str": "string", "int": "int", "float": "float", "list": "list"}
"""Functions of one argument that templates may call, and the filters that they are."""
_TOO_MUCH = (RecursionError, MemoryError)


class _Generator(CodeGenerator):
    """Has what a template builds weighed as it is built, and the clock looked at."""

    def _weighed(self, visit: Callable[[Any, Frame], None], node: nodes.Node, frame: Frame) -> None:
        self.write("environment.built(")
        visit(node, frame)
        self.write(")")

    def visit_List(self, node: nodes.List, frame: Frame) -> None:
        self._weighed(super().visit_List, node, frame)

    def visit_Tuple(self, node: nodes.Tuple, frame: Frame) -> None:
        if node.ctx == "load":
            self._weighed(super().visit_Tuple, node, frame)
        else:
            super().visit_Tuple(node, frame)

    def visit_Dict(self, node: nodes.Dict, frame: Frame) -> None:
        self._weighed(super().visit_Dict, node, frame)

    def visit_Compare(self, node: nodes.Compare, frame: Frame) -> None:
        self._weighed(super().visit_Compare, node, frame)

    def visit_Getitem(self, node: nodes.Getitem, frame: Frame) -> None:
        if isinstance(node.arg, nodes.Slice):
            self._weighed(super().visit_Getitem, node, frame)
        else:
            super().visit_Getitem(node, frame)

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:
        self.write("environment.concat(map(str, (")
        for part in node.nodes:
            self.visit(part, frame)
            self.write(", ")
        self.write(")))")


class _Functions(NodeTransformer):
    """Writes `len(rows)` as `rows | length`."""

    def visit_Call(self, node: nodes.Call) -> nodes.Node:
        self.generic_visit(node)
        name = node.node.name if isinstance(node.node, nodes.Name) else ""
        plain = len(node.args) == 1 and not (node.kwargs or node.dyn_args or node.dyn_kwargs)
        if not plain or (name not in FUNCTIONS and name != "bool"):
            return node
        if name == "bool":
            return nodes.Not(nodes.Not(node.args[0], lineno=node.lineno), lineno=node.lineno)
        return nodes.Filter(node.args[0], FUNCTIONS[name], [], [], None, None, lineno=node.lineno)


class _Environment(ImmutableSandboxedEnvironment):
    code_generator_class = _Generator
    intercepted_binops = frozenset(OPERATORS)
    concat = staticmethod(limits.joined)
    built = staticmethod(limits.shown)

    def __init__(self, missing_as: type[Missing], finalize: Callable[[Any], Any] = limits.shown) -> None:
        super().__init__(
            undefined=missing_as,
            keep_trailing_newline=True,
            extensions=[Contains],
            optimized=False,
            finalize=finalize,
        )
        self.filters = {**FILTERS, "_each": limits.Counted}
        self.tests = dict(TESTS)
        self.globals = {"range": safe_range, "dict": dict}
        self.binop_table = dict(OPERATORS)

    def getattr(self, obj: Any, attribute_: str) -> Any:
        if isinstance(obj, Missing):
            return obj.below(attribute_)
        found = attribute(obj, attribute_)
        return self.undefined(obj=obj, name=attribute_) if found is NOTHING else found

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Missing):
            return obj.below(argument)
        found = item(obj, argument)
        return self.undefined(obj=obj, name=argument) if found is NOTHING else found

    def is_safe_callable(self, obj: Any) -> bool:
        return isinstance(obj, (Method, Macro)) or obj is safe_range or obj is dict

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        limits.turn()
        if isinstance(__obj, Undefined):
            return __obj()
        if not __self.is_safe_callable(__obj):
            raise TemplateError(f"a template cannot call a {type(__obj).__name__}")
        return limits.built(__context.call(__obj, *args, **kwargs))


def _part_of_path(value: Any) -> Any:
    limits.shown(value)
    return value if isinstance(value, Undefined) else flat(value)


_templates = _Environment(SoftMissing)
_paths = _Environment(SoftMissing, _part_of_path)
_conditions = _Environment(Missing)


def render_jinja(source: str, names: Mapping[str, object]) -> str:
    """Render with Jinja; see `strands_cli.loader.template.render`."""
    template = _template(source)
    with _explained(names), limits.limited():
        return template.render(names)


def render_jinja_path(source: str, names: Mapping[str, object]) -> str:
    """Render with Jinja; see `strands_cli.loader.template.render_path`."""
    template = _template(source, _paths)
    with _explained(names), limits.limited():
        return template.render(names)


def evaluate_jinja(source: str, names: Mapping[str, object]) -> bool:
    """Evaluate with Jinja; see `strands_cli.loader.template.evaluate`."""
    condition = _condition(source)
    with _explained(names), limits.limited():
        return _as_bool(condition.render(names), source)


def check_jinja(source: str) -> None:
    """Raise TemplateError when the template is malformed or reaches for what is not there."""
    tree(source)


def check_jinja_expression(source: str) -> None:
    """Raise TemplateError when the condition is malformed or reaches for what is not there."""
    expression_tree(source)


@lru_cache(maxsize=2048)
def tree(source: str) -> nodes.Template:
    """Return the checked tree of a template."""
    if len(source) > MAX_TEMPLATE:
        raise TemplateError(f"a template of {len(source):,} characters is too long (at most {MAX_TEMPLATE:,})")
    tags = sum(source.count(opening) for opening in ("{{", "{%", "{#"))
    if tags > MAX_CODE:
        raise TemplateError(f"a template with {tags:,} tags is too long (at most {MAX_CODE:,})")
    code = _code(source)
    if code > MAX_CODE:
        raise TemplateError(f"a template with {code:,} characters between braces is too long (at most {MAX_CODE:,})")
    with _compiling():
        found = _templates.parse(without_dollar(source))
        _refuse(found)
        _Functions().visit(found)
        for call in found.find_all(nodes.Call):
            if isinstance(call.node, nodes.Getattr):
                call.node.attr += CALLED  # data may have a key that is called like a method
        for loop in list(found.find_all(nodes.For)):
            loop.iter = nodes.Filter(loop.iter, "_each", [], [], None, None, lineno=loop.lineno)
    return found


def expression_tree(source: str) -> nodes.Template:
    """Return the checked tree of a condition."""
    return tree(_statement(source))


def _statement(source: str) -> str:
    if "{%" in source:
        return source
    return "{% if " + _without_braces(source) + " %}true{% endif %}"


@lru_cache(maxsize=1024)
def _template(source: str, environment: _Environment = _templates) -> jinja2.Template:
    found = tree(source)
    with _compiling():
        return environment.from_string(found)


@lru_cache(maxsize=1024)
def _condition(source: str) -> jinja2.Template:
    found = expression_tree(source)
    with _compiling():
        return _conditions.from_string(found)


@contextmanager
def _compiling() -> Iterator[None]:
    """Turn whatever a malformed template does to the compiler into a TemplateError."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a regular expression's escapes, which Jinja hands to Python's own decoder
        try:
            yield
        except jinja2.TemplateSyntaxError as error:
            where = f" in its line {error.lineno}" if error.lineno > 1 else ""
            raise TemplateError(f"malformed template{where}: {error.message}") from None
        except _TOO_MUCH:
            raise TemplateError("malformed template: nested too deeply") from None
        except (SyntaxError, ValueError, OverflowError) as error:
            raise TemplateError(f"malformed template: {error}") from None


@contextmanager
def _explained(names: Mapping[str, object]) -> Iterator[None]:
    """Turn whatever a template does wrong into a TemplateError; its author must never see our traceback."""
    try:
        yield
    except TemplateError:
        raise
    except MissingUsed as error:
        raise undefined(error.path, names if error.owner is None else error.owner) from None
    except _TOO_MUCH:
        raise limits.exceeded("nested too deeply") from None
    except Exception as error:
        raise TemplateError(f"a template failed: {error}") from None


def _refuse(found: nodes.Template) -> None:
    """Refuse what the sandbox does not have, at the time of loading."""
    for node in found.find_all(nodes.Node):
        if type(node) in _REFUSED:
            raise TemplateError(f"a template cannot use {_REFUSED[type(node)]!r}")
        if isinstance(node, nodes.Filter) and node.name not in FILTERS:
            raise TemplateError(f"there is no filter {node.name!r}", hint=did_you_mean(node.name, sorted(FILTERS)))
        if isinstance(node, nodes.Test) and node.name not in TESTS:
            raise TemplateError(f"there is no test {node.name!r}", hint=did_you_mean(node.name, sorted(TESTS)))
        if isinstance(node, nodes.Getattr) and node.attr.startswith("__"):
            raise TemplateError(f"a template cannot reach {node.attr!r}")
        if isinstance(node, nodes.Name) and node.name == "self":
            raise TemplateError("a template cannot use 'self'")
        if isinstance(node, (nodes.Macro, nodes.CallBlock)):
            _refuse_all_arguments(node)
        if isinstance(node, nodes.For) and node.recursive:
            raise TemplateError("a template cannot use recursive loops")


def _code(source: str) -> int:
    """Return how many characters of a template stand between braces."""
    total, begun = 0, -1
    for brace in _BRACE.finditer(source):
        if brace[0][0] == "{":
            begun = brace.start() if begun < 0 else begun
        elif begun >= 0:
            total, begun = total + brace.end() - begun, -1
    return total + (len(source) - begun if begun >= 0 else 0)


def _refuse_all_arguments(macro: nodes.Node) -> None:
    for name in macro.find_all(nodes.Name):
        if name.name in ("varargs", "kwargs"):
            raise TemplateError(f"a macro cannot use {name.name!r}", hint="Give it parameters with names.")


_BRACES = re.compile(r"(['\"]?)\{\{(.*?)\}\}\1", re.DOTALL)


def _without_braces(source: str) -> str:
    """Return a condition without braces: `{{ a }} == 'x'` and `'{{ a }}' == 'x'` mean `(a) == 'x'`."""
    text = source.strip()
    if not text:
        raise TemplateError("the condition is empty")
    if len(text) > MAX_CODE:
        raise TemplateError(f"a condition of {len(text):,} characters is too long (at most {MAX_CODE:,})")
    if text.startswith("{{") and text.endswith("}}") and "{{" not in text[2:-2]:
        return text[2:-2]
    if "{{" not in text:
        return text
    for found in _BRACES.finditer(text):
        before = text[: found.start()]
        if before.count("'") % 2 or before.count('"') % 2:
            raise TemplateError(
                "braces inside a quoted text of a condition", hint="Write `name == 'text'`, without braces."
            )
    return _BRACES.sub(lambda found: f"({found[2]})", text)


def undecided_jinja(source: str) -> str:
    """Return a text of a condition with statements that would make it neither true nor false, or ""."""
    try:
        texts = [data.data.strip() for data in expression_tree(source).find_all(nodes.TemplateData)]
    except TemplateError:
        return ""
    return next((text for text in texts if text.lower() not in _TRUE | _FALSE), "")


_TRUE = frozenset(("true", "yes", "1"))
_FALSE = frozenset(("false", "no", "0", "none", ""))


def _as_bool(text: str, source: str) -> bool:
    word = text.strip().lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise TemplateError(f"the condition {source[:60]!r} gave {text[:60]!r}, neither true nor false")
