"""Structured output by Anthropic's own means, for models that cannot be made to use a tool."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ._native import has_map

if TYPE_CHECKING:
    from pydantic import BaseModel

REFUSED = re.compile(r"output[_ ](config|format)|[Ss]chema")


def format_of(output_model: type[BaseModel]) -> dict[str, Any] | None:
    """Return the format of a reply that keeps to a pydantic model; None, with a warning, where there is none."""
    import anthropic

    if not hasattr(anthropic, "transform_schema"):
        warnings.warn("the client is too old for structured output by a schema: pip install -U anthropic", stacklevel=4)
        return None
    schema = output_model.model_json_schema()
    if not has_map(schema):
        try:
            return {"type": "json_schema", "schema": anthropic.transform_schema(schema)}
        except ValueError:
            pass  # a field of any type
    warnings.warn(
        f"{output_model.__name__} has a field of any type or with keys of any name, which Anthropic's schemas cannot "
        "have, so it stays a tool, which this model need not use; name the types, or make it a list of pairs.",
        stacklevel=4,
    )
    return None


def with_format(request: Mapping[str, Any], form: dict[str, Any]) -> dict[str, Any]:
    """Return a request whose reply keeps to a format; other settings of the reply stay, and tools are not used."""
    kept = {**request, "output_config": {**(request.get("output_config") or {}), "format": form}}
    return {**kept, "tool_choice": {"type": "none"}} if request.get("tools") else kept
