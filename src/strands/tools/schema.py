"""A function's parameters as JSON Schema, and a model's input checked against them.

Plain hints (str, int, float, bool, list, dict, Literal, optional ones) are handled here; whatever goes beyond them, and
every input that does not fit at first sight, goes to pydantic, which is imported only then.
"""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable
from typing import Annotated, Any, Literal, get_args, get_origin

from .arguments import arguments
from .docstring import parse

_PLAIN: dict[Any, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}


def checked_spec(name: str, spec: Any) -> Any:
    """Return what a tool is to be described by from now on.

    Raises:
        ValueError: It is of another name, or lacks a description or an input schema.
    """
    if spec.get("name") != name:
        raise ValueError(f"the tool_spec of {name!r} has the name {spec.get('name')!r}; a tool keeps its name")
    for field in ("description", "inputSchema"):
        if field not in spec:
            raise ValueError(
                f"the new tool_spec of {name!r} has no {field!r}; take a copy of the old one, and change that"
            )
    return spec


class Parameters:
    """What a tool function can be called with.

    Args:
        function: The function.
        skip: Names that are not the model's to give.
    """

    def __init__(self, function: Callable[..., Any], skip: set[str]) -> None:
        self._title = "".join(word.capitalize() for word in function.__name__.split("_")) + "Tool"
        self.description: str
        self.description, self._texts = parse(inspect.getdoc(function) or "")
        self._hints = _hints(function)
        self._fields = {
            name: parameter
            for name, parameter in inspect.signature(function).parameters.items()
            if name not in skip and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        }
        fields = self._fields.items()
        self._types = {name: _strip(self._hints.get(name, Any)) for name in self._fields}
        self._plain = all(_is_plain(self._types[name]) and not _is_field(each.default) for name, each in fields)
        self._checks = {name: _check(hint) for name, hint in self._types.items()} if self._plain else {}
        self._exact = {name: hint for name, hint in self._types.items() if hint in _PLAIN} if self._plain else {}
        self._required = [name for name, field in self._fields.items() if field.default is field.empty]
        self._needed = frozenset(self._required)
        self._model: Any = None

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema of the parameters."""
        if not self._plain or not all(_is_json(field.default) for field in self._fields.values()):
            return self._pydantic_schema()
        properties: dict[str, Any] = {}
        for name, field in self._fields.items():
            optional = field.default is not field.empty
            entry = _json_type(_unwrap(self._types[name], optional))
            if optional:
                entry = {"default": field.default, **entry}
            properties[name] = {**entry, "description": self.text(name)}
        schema: dict[str, Any] = {"type": "object", "properties": properties}
        if self._required:
            schema["required"] = list(self._required)
        return schema

    def text(self, name: str) -> str:
        """Return what a parameter means: from `Annotated`, else the docstring."""
        hint = self._hints.get(name)
        if get_origin(hint) is Annotated:
            for extra in get_args(hint)[1:]:
                text = extra if isinstance(extra, str) else getattr(extra, "description", None)
                if text is not None:
                    return str(text)
        return self._texts.get(name) or f"Parameter {name}"

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments to call the function with; unknown names are dropped.

        What is annotated with a pydantic model or a dataclass comes as a `ModelArgument`: a dictionary of its fields
        that can be read as the object too.

        Raises:
            ValueError: They do not fit; the message says where and why.
        """
        if self._plain and self._fits(given):
            if given.keys() == self._fields.keys():
                return dict(given)
            return {name: given[name] for name in self._fields if name in given}
        return arguments(self._pydantic().model_validate(given))

    def _fits(self, given: Any) -> bool:
        if not isinstance(given, dict):
            return False
        if not self._needed <= given.keys():
            return False
        exact, checks = self._exact, self._checks
        for name, value in given.items():
            if type(value) is not exact.get(name) and name in checks and not checks[name](value):
                return False
        return True

    def _pydantic(self) -> Any:
        if self._model is None:
            from pydantic import ConfigDict, Field, create_model

            fields: dict[str, Any] = {}
            for name, parameter in self._fields.items():
                default: Any = ... if parameter.default is parameter.empty else parameter.default
                hint = self._hints.get(name, Any)
                if _is_field(default):
                    hint = _loosen(hint, default.default)
                    fields[name] = (hint if default.description else _described(hint, self.text(name)), default)
                    continue
                described = get_origin(hint) is Annotated and _has_description(hint)
                extra: Any = {} if described else {"description": self.text(name)}
                fields[name] = (_loosen(hint, default), Field(default, **extra))
            self._model = create_model(self._title, __config__=ConfigDict(arbitrary_types_allowed=True), **fields)
        return self._model

    def _pydantic_schema(self) -> dict[str, Any]:
        schema: dict[str, Any] = self._pydantic().model_json_schema()
        schema.pop("title", None)
        schema.pop("description", None)
        for name, entry in schema.get("properties", {}).items():
            entry.pop("title", None)
            schema["properties"][name] = _collapse_optional(entry)
        return schema


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the hints of a function; one that cannot be read, such as an import for type checkers only, is Any."""
    try:
        return typing.get_type_hints(function, include_extras=True)
    except (NameError, TypeError, AttributeError):
        known = {**getattr(inspect.unwrap(function), "__globals__", {}), **_closure(function)}
        return {name: _resolved(hint, known) for name, hint in getattr(function, "__annotations__", {}).items()}


def _closure(function: Callable[..., Any]) -> dict[str, Any]:
    try:
        return dict(inspect.getclosurevars(function).nonlocals)
    except (TypeError, ValueError):
        return {}


def _resolved(hint: Any, known: dict[str, Any]) -> Any:
    holder = types.SimpleNamespace(__annotations__={"it": hint})
    try:
        return typing.get_type_hints(holder, known, known, include_extras=True)["it"]
    except (NameError, TypeError, AttributeError):
        return Any


def _strip(hint: Any) -> Any:
    if get_origin(hint) is not Annotated:
        return hint
    plain = all(isinstance(extra, str) for extra in hint.__metadata__)
    return hint.__origin__ if plain else hint


def _members(hint: Any) -> tuple[Any, ...]:
    return get_args(hint) if get_origin(hint) in (typing.Union, types.UnionType) else (hint,)


def _is_plain(hint: Any) -> bool:
    if hint in (Any, inspect.Parameter.empty, None, type(None), list, dict) or hint in _PLAIN:
        return True
    origin, args = get_origin(hint), get_args(hint)
    if origin is Literal:
        return all(type(value) is str for value in args)
    if origin is list:
        return not args or _is_plain(args[0])
    if origin is dict:
        return not args or (args[0] is str and _is_plain(args[1]))
    members = _members(hint)
    return len(members) == 2 and type(None) in members and all(_is_plain(each) for each in members)


def _check(hint: Any) -> Callable[[Any], bool]:
    if hint in (Any, inspect.Parameter.empty):
        return lambda value: True
    if hint is float:
        return lambda value: type(value) is float
    if hint in (None, type(None)):
        return lambda value: value is None
    origin, args = get_origin(hint), get_args(hint)
    if origin is Literal:
        return lambda value: type(value) is str and value in args
    if origin in (list, dict) and not args:  # typing.List, typing.Dict
        return lambda value: type(value) is origin
    if origin is list:
        item = _check(args[0])
        return lambda value: type(value) is list and all(map(item, value))
    if origin is dict:
        item = _check(args[1])
        return lambda value: type(value) is dict and all(map(item, value.values()))
    members = _members(hint)
    if len(members) > 1:
        checks = [_check(each) for each in members]
        return lambda value: any(check(value) for check in checks)
    return lambda value: type(value) is hint


def _json_type(hint: Any) -> dict[str, Any]:
    if hint in _PLAIN:
        return {"type": _PLAIN[hint]}
    if hint in (None, type(None)):
        return {"type": "null"}
    origin, args = get_origin(hint), get_args(hint)
    if origin is Literal:
        return {"type": "string", "enum": list(args)}
    if hint is list or origin is list:
        return {"type": "array", "items": _json_type(args[0]) if args else {}}
    if hint is dict or origin is dict:
        values = _json_type(args[1]) if args else {}
        return {"type": "object", "additionalProperties": values} if values else {"type": "object"}
    members = _members(hint)
    return {"anyOf": [_json_type(each) for each in members]} if len(members) > 1 else {}


def _unwrap(hint: Any, optional: bool) -> Any:
    """An optional parameter may as well be left out: models are not offered null for it."""
    members = _members(hint)
    if not optional or len(members) != 2 or type(None) not in members:
        return hint
    return members[0] if members[1] is type(None) else members[1]


def _collapse_optional(entry: dict[str, Any]) -> dict[str, Any]:
    members = entry.get("anyOf")
    if "default" not in entry or not members or len(members) != 2 or {"type": "null"} not in members:
        return entry
    kept = members[0] if members[1] == {"type": "null"} else members[1]
    return {**{key: value for key, value in entry.items() if key != "anyOf"}, **kept}


def _is_json(default: Any) -> bool:
    return default is inspect.Parameter.empty or default is None or isinstance(default, (str, int, float, list, dict))


def _is_field(default: Any) -> bool:
    """Return whether a default is a pydantic `Field(...)`, which says more than a value; pydantic is not imported."""
    return type(default).__name__ == "FieldInfo"


def _described(hint: Any, text: str) -> Any:
    from pydantic import Field

    return Annotated[hint, Field(description=text)]


def _has_description(hint: Any) -> bool:
    return any(getattr(extra, "description", None) is not None for extra in get_args(hint)[1:])


def _loosen(hint: Any, default: Any) -> Any:
    """A default of None makes a parameter optional, whatever its hint says."""
    if default is None and hint is not Any:
        return typing.Optional[hint]  # noqa: UP045
    return hint
