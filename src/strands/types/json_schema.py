"""Values against JSON Schemas (2020-12): in bounded time, with nothing fetched, whatever the value or the schema."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from strands.types import patterns

if TYPE_CHECKING:
    from referencing import Registry, Resource
    from referencing._core import Resolver

MAX_SECONDS = 0.5
"""Seconds of computing that one check may take."""
MOST_PROBLEMS = 5

_current = threading.local()
_REFERENCES = ("$ref", "$dynamicRef")


class _Spent(Exception):
    """The time for a check is used up."""


def problems(schema: Mapping[str, Any] | bool, value: Any) -> list[str]:
    """Return how a value fails to fit a schema, five points at most; empty when it fits.

    What cannot be decided (a broken reference, a match that takes too long, a value nested too deeply) is such a point.
    """
    from referencing.exceptions import Unresolvable

    _current.deadline = time.thread_time() + MAX_SECONDS
    try:
        validator = _validator()(dict(schema) if isinstance(schema, Mapping) else schema, registry=_registry())
        found = islice(validator.iter_errors(value), MOST_PROBLEMS)
        return [f"{error.json_path}: {_clipped(error.message)}" for error in found]
    except _Spent:
        return [f"$: checking it took more than {MAX_SECONDS} seconds"]
    except RecursionError:
        return ["$: it is nested too deeply, or its schema refers to itself without end"]
    except Unresolvable as error:
        return [f"$: its schema refers to {error.ref!r}, which does not exist in it"]
    except (patterns.PatternError, ArithmeticError, AttributeError, TypeError, ValueError) as error:
        return [f"$: it cannot be checked: {error}"]


def check_schema(schema: Any) -> None:
    """Raise ValueError when `schema` is not a JSON Schema, has a bad pattern, or refers to what is not in it."""
    from jsonschema import FormatChecker
    from jsonschema.exceptions import SchemaError

    try:
        # Patterns are looked at below: they are matched by another engine than the one that a format checker knows.
        _validator().check_schema(schema, format_checker=FormatChecker(formats=()))
        _check_parts(schema)
    except SchemaError as error:
        raise ValueError(f"not a JSON Schema: {error.message}") from None
    except RecursionError:
        raise ValueError("not a JSON Schema: nested too deeply") from None


# -- the validator ------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _validator() -> Any:
    from jsonschema import Draft202012Validator
    from jsonschema.validators import extend

    own: dict[str, Any] = {
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
        "additionalProperties": _additional_properties,
        "unevaluatedProperties": _unevaluated_properties,
        "uniqueItems": _unique_items,
    }
    keywords = {**Draft202012Validator.VALIDATORS, **own}
    return extend(Draft202012Validator, {name: _timed(check) for name, check in keywords.items()})


@lru_cache(maxsize=1)
def _registry() -> Registry[Any]:
    """Return the schemas that a reference may name beside its own: those of the standard. None is ever fetched."""
    from jsonschema_specifications import REGISTRY

    standard: Registry[Any] = REGISTRY
    return standard


def _timed(check: Callable[..., Any]) -> Callable[..., Iterator[Any]]:
    def timed(validator: Any, value: Any, instance: Any, schema: Any) -> Iterator[Any]:
        if time.thread_time() > _current.deadline:
            raise _Spent
        yield from check(validator, value, instance, schema) or ()

    return timed


def _failed(message: str) -> Any:
    from jsonschema.exceptions import ValidationError

    return ValidationError(message)


def _pattern(validator: Any, pattern: str, instance: Any, schema: Any) -> Iterator[Any]:
    if isinstance(instance, str) and not patterns.search(pattern, instance):
        yield _failed(f"{instance!r} does not match {pattern!r}")


def _pattern_properties(validator: Any, wanted: Any, instance: Any, schema: Any) -> Iterator[Any]:
    for pattern, below in wanted.items() if isinstance(instance, Mapping) else ():
        for name, value in instance.items():
            if patterns.search(pattern, name):
                yield from validator.descend(value, below, path=name, schema_path=pattern)


def _additional_properties(validator: Any, allowed: Any, instance: Any, schema: Any) -> Iterator[Any]:
    if not isinstance(instance, Mapping):
        return
    known, wanted = schema.get("properties", {}), schema.get("patternProperties", {})
    extra = [name for name in instance if name not in known and not any(patterns.search(each, name) for each in wanted)]
    if isinstance(allowed, Mapping):
        for name in extra:
            yield from validator.descend(instance[name], allowed, path=name)
    elif allowed is False and extra:
        names = ", ".join(map(repr, extra[:10]))
        yield _failed(
            f"Additional properties are not allowed ({names} {'was' if len(extra) == 1 else 'were'} unexpected)"
        )


def _unevaluated_properties(validator: Any, allowed: Any, instance: Any, schema: Any) -> Iterator[Any]:
    from jsonschema import Draft202012Validator

    if isinstance(instance, Mapping) and "patternProperties" in str(schema):
        yield _failed("unevaluatedProperties beside patternProperties cannot be checked")
    else:
        yield from Draft202012Validator.VALIDATORS["unevaluatedProperties"](validator, allowed, instance, schema) or ()


def _unique_items(validator: Any, wanted: Any, instance: Any, schema: Any) -> Iterator[Any]:
    if wanted is True and isinstance(instance, list) and len({_plain(each) for each in instance}) < len(instance):
        yield _failed(f"{instance!r} has non-unique elements")


def _plain(value: Any) -> Any:
    """Return what is equal for values that are equal in JSON: 1 and 1.0 are, 1 and true are not."""
    if isinstance(value, Mapping):
        return "object", frozenset((name, _plain(each)) for name, each in value.items())
    if isinstance(value, list):
        return "array", tuple(map(_plain, value))
    return isinstance(value, bool), value


# -- the schema itself --------------------------------------------------------------------------------------------


def _check_parts(schema: Any) -> None:
    from referencing.jsonschema import DRAFT202012

    resource = DRAFT202012.create_resource(schema)
    _check_part(resource, _registry().resolver_with_root(resource), set())


def _check_part(resource: Resource[Any], resolver: Resolver[Any], seen: set[int]) -> None:
    """Look at a schema, at the schemas in it, and at those that it refers to."""
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import DRAFT202012

    part = resource.contents
    if not isinstance(part, Mapping) or id(part) in seen:
        return
    seen.add(id(part))
    for pattern in (*_texts(part.get("pattern")), *_texts(part.get("patternProperties"))):
        patterns.check(pattern)
    if "unevaluatedProperties" in part and "patternProperties" in str(part):
        raise ValueError("unevaluatedProperties beside patternProperties are not supported")
    for target in (part[key] for key in _REFERENCES if isinstance(part.get(key), str)):
        try:
            found = resolver.lookup(target)
        except Unresolvable:
            kind = "remote schemas are not fetched" if "://" in target else "there is no such part"
            raise ValueError(f"$ref {target!r} leads nowhere: {kind}") from None
        _check_part(DRAFT202012.create_resource(found.contents), found.resolver, seen)
    for below in resource.subresources():
        _check_part(below, resolver.in_subresource(below), seen)


def _clipped(message: str) -> str:
    return message if len(message) <= 1_000 else f"{message[:500]} ... {message[-490:]}"


def _texts(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value) if isinstance(value, Mapping) else []
