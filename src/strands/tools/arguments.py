"""What a tool function gets for a parameter that is annotated with a pydantic model or a dataclass."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any


class ModelArgument(dict[str, Any]):
    """The fields of a pydantic model or a dataclass as a dictionary, which can be read as the object too.

    `argument["field"]`, `argument.field`, `Model(**argument)` and `Model.model_validate(argument)` all work, and so do
    the methods and properties of the model. It is a dictionary: `isinstance(argument, Model)` is False.

    Args:
        fields: The fields, as the model's `model_dump()` gives them.
        instance: The validated object.
    """

    __slots__ = ("_instance",)

    def __init__(self, fields: Mapping[str, Any], instance: Any = None) -> None:
        super().__init__(fields)
        object.__setattr__(self, "_instance", instance)

    def __getattr__(self, name: str) -> Any:
        if name in self:
            return self[name]
        if name.startswith("__") or name == "_instance":
            raise AttributeError(name)
        return getattr(self._instance, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._instance, name, value)
        self[name] = value

    def __reduce__(self) -> tuple[Any, ...]:
        return ModelArgument, (dict(self), self._instance)


def arguments(values: Any) -> dict[str, Any]:
    """Return the fields of a validated input as the arguments of a function: plain values, and models as dictionaries.

    Args:
        values: An instance of the pydantic model of all parameters.
    """
    dumped = values.model_dump(warnings=False)
    return {name: _argument(dumped[name], getattr(values, name)) for name in dumped}


def _argument(dumped: Any, value: Any) -> Any:
    """Return a dumped value, readable as the value it was dumped from."""
    if isinstance(dumped, dict):
        if isinstance(value, Mapping):
            return {key: _argument(each, value.get(key)) for key, each in dumped.items()}
        if hasattr(value, "model_dump") or dataclasses.is_dataclass(value):
            fields = {key: _argument(each, getattr(value, key, None)) for key, each in dumped.items()}
            return ModelArgument(fields, value)
        return dumped
    if type(dumped) in (list, tuple) and type(value) is type(dumped) and len(value) == len(dumped):
        return type(dumped)(_argument(each, found) for each, found in zip(dumped, value, strict=True))
    return dumped
