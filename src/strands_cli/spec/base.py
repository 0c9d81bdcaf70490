"""What every model of the spec shares: closed objects, and fields whose model is built when first used."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Annotated, Any, ClassVar, cast

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import core_schema

from strands_cli.spec import durations

Id = Annotated[str, Field(pattern=r"^\w[\w.-]*$", max_length=100)]


class _Duration:
    """Tells editors that a time may be written with its units."""

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return {"anyOf": [handler(schema), {"type": "string", "pattern": f"^{durations.PATTERN}$"}]}


Seconds = Annotated[
    float,
    Field(gt=0, description="Seconds, or a time with its units: 90, 90s, 5m, 1h30m, 2d."),
    BeforeValidator(durations.in_seconds),
    _Duration(),
]
SecondsOrNone = Annotated[
    float,
    Field(ge=0, description="Seconds, or a time with its units: 90, 90s, 5m, 1h30m, 2d; 0: no limit."),
    BeforeValidator(durations.in_seconds),
    _Duration(),
]


def _sound_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """Raise ValueError when `schema` is not a JSON Schema that stands for itself."""
    from strands.types import json_schema

    json_schema.check_schema(schema)
    return schema


JsonSchema = Annotated[dict[str, Any], AfterValidator(_sound_schema)]


class Closed(BaseModel):
    """An object in which an unknown key is an error."""

    model_config: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid", frozen=True, defer_build=True, regex_engine="python-re", protected_namespaces=()
    )


class Lazy:
    """Marks a field whose model is imported and built only when a document has the field.

    Args:
        target: "package.module:Model".
    """

    def __init__(self, target: str) -> None:
        self.target = target

    def model(self) -> type[BaseModel]:
        module, _, name = self.target.partition(":")
        return cast("type[BaseModel]", getattr(import_module(module), name))

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(lambda value: self.model().model_validate(value))

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return {"$ref": f"#/$defs/{self.target.rpartition(':')[2]}"}


def one_or_many(value: object) -> object:
    """Let a list of one be written as its only item."""
    return [value] if isinstance(value, str) else value


class _OneOrMany:
    """Tells editors that a list of one may be written as its only item."""

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return {"anyOf": [{"type": "string"}, handler(schema)]}


Names = Annotated[list[str], BeforeValidator(one_or_many), _OneOrMany()]


@contextmanager
def without_plugins() -> Iterator[None]:
    """Build models without pydantic's plugins.

    Before its first model pydantic looks into every package installed for plugins, which takes longer than all else
    that is done to load a spec. These models need none; those of others, built elsewhere, keep theirs.
    """
    before = os.environ.get("PYDANTIC_DISABLE_PLUGINS")
    os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"
    try:
        yield
    finally:
        if before is None:
            del os.environ["PYDANTIC_DISABLE_PLUGINS"]
        else:
            os.environ["PYDANTIC_DISABLE_PLUGINS"] = before
