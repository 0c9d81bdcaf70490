"""From a pydantic model to what a model is told about a tool."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import BaseModel

    from strands.types.tools import ToolSpec


def convert_pydantic_to_tool_spec(model: type[BaseModel], description: str | None = None) -> ToolSpec:
    """Return the specification of a tool that takes the fields of a pydantic model.

    Args:
        model: The pydantic model.
        description: What the tool is for; else the model's docstring.
    """
    from strands.models.structured import tool_for

    spec = tool_for(model)
    return {**spec, "description": description} if description else spec
