"""Which model describes which part of a document."""

from __future__ import annotations

import types
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from strands_cli.loader.walk import Path, child
from strands_cli.spec.base import Lazy
from strands_cli.spec.pattern import Pattern
from strands_cli.spec.registry import find_pattern
from strands_cli.spec.steps import step_kind


def model_at(data: object, path: Path, model: type[BaseModel]) -> type[BaseModel] | None:
    """Return the model of what stands at `path` of a document, or None when it is not an object of the schema."""
    shape: Any = model
    for index, part in enumerate(path):
        shape = _below(shape, part, data)
        data = child(data, part)
        if shape is None:
            return None
        if index == len(path) - 1 or not isinstance(shape, type):
            shape = _model(shape, data)
    return shape if isinstance(shape, type) and issubclass(shape, BaseModel) else None


def _below(shape: Any, part: str | int, data: object) -> Any:
    """Return the annotation of a key or an item of a shape."""
    if isinstance(shape, type) and issubclass(shape, BaseModel):
        if shape is Pattern and part == "config":
            record = find_pattern(child(data, "type"))
            return None if record is None else record.model
        for name, field in shape.model_fields.items():
            if part == (field.alias or name):
                lazy = next((each for each in field.metadata if isinstance(each, Lazy)), None)
                return lazy.model() if lazy else field.annotation
        return None
    if get_origin(shape) is list:
        return get_args(shape)[0]
    if get_origin(shape) is dict:
        return get_args(shape)[1]
    return None


def _model(shape: Any, data: object) -> Any:
    """Return a shape without optionality and annotations; of a union, the member that the data means."""
    if get_origin(shape) is Annotated:
        lazy = next((each for each in get_args(shape)[1:] if isinstance(each, Lazy)), None)
        return lazy.model() if lazy else _model(get_args(shape)[0], data)
    if get_origin(shape) in (Union, types.UnionType):
        members = [each for each in get_args(shape) if each is not type(None)]
        tagged = [each for each in members if step_kind(data) in map(str, _tags(each))]
        chosen = tagged or [each for each in members if _is_shape(each)]
        return _model(chosen[0], data) if chosen else None
    return shape


def _tags(shape: Any) -> list[Any]:
    if get_origin(shape) is not Annotated:
        return []
    return [getattr(each, "tag", None) for each in get_args(shape)[1:]]


def _is_shape(shape: Any) -> bool:
    base = get_args(shape)[0] if get_origin(shape) is Annotated else shape
    if base is not shape and any(isinstance(each, Lazy) for each in get_args(shape)[1:]):
        return True
    return get_origin(base) in (list, dict) or (isinstance(base, type) and issubclass(base, BaseModel))
