"""The JSON Schema of workflow files says of every key what it is."""

from __future__ import annotations

from collections.abc import Iterator

from strands_cli.schema.validator import json_schema
from strands_cli.types import Json


def undescribed(schema: Json, path: str = "#") -> Iterator[str]:
    """The keys that a schema allows and says nothing of."""
    if isinstance(schema, list):
        for number, each in enumerate(schema):
            yield from undescribed(each, f"{path}/{number}")
    if isinstance(schema, dict):
        properties = schema.get("properties")
        for key, value in properties.items() if isinstance(properties, dict) else ():
            if not str(value.get("description", "")).strip():
                yield f"{path}/{key}"
        for key, value in schema.items():
            yield from undescribed(value, f"{path}/{key}")


def test_every_key_is_described() -> None:
    assert list(undescribed(json_schema())) == []
    assert list(undescribed({"properties": {"a": {"type": "string"}}})) == ["#/a"]
