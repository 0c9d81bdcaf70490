"""pattern: which way a workflow runs. Only the model of the one used is built."""

from __future__ import annotations

from typing import Any

from pydantic import Field, ValidationInfo, field_validator
from pydantic_core import PydanticKnownError

from strands_cli.spec.base import Closed
from strands_cli.spec.registry import config_name, find_pattern, known_patterns, pattern_records


class Pattern(Closed):
    """The pattern and what it runs."""

    type: str
    config: Any = Field(description="What the pattern runs; its shape depends on the type.")

    @field_validator("type", mode="plain")
    @classmethod
    def _known(cls, value: Any) -> Any:
        if find_pattern(value) is None:
            raise PydanticKnownError("literal_error", {"expected": ", ".join(map(repr, known_patterns()))})
        return value

    @field_validator("config", mode="plain")
    @classmethod
    def _by_type(cls, value: Any, info: ValidationInfo) -> Any:
        record = find_pattern(info.data.get("type"))
        return value if record is None else record.model.model_validate(value)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> dict[str, Any]:
        def variant(name: str, says: str) -> dict[str, Any]:
            config = {"$ref": f"#/$defs/{config_name(name)}", "description": "What exactly is done."}
            return {
                "type": "object",
                "title": name,
                "properties": {
                    "type": {"const": name, "description": f"{says[:1].upper()}{says[1:]}."},
                    "config": config,
                },
                "required": ["type", "config"],
                "additionalProperties": False,
            }

        return {
            "description": cls.__doc__,
            "oneOf": [variant(record.name, record.says) for record in pattern_records()],
        }
