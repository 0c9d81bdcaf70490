"""A pydantic model as a tool whose input is the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .structured_output_utils import convert_pydantic_to_tool_spec

if TYPE_CHECKING:
    from strands.agent.structured import DEFAULT_STRUCTURED_OUTPUT_PROMPT as DEFAULT_STRUCTURED_OUTPUT_PROMPT

__all__ = ["DEFAULT_STRUCTURED_OUTPUT_PROMPT", "convert_pydantic_to_tool_spec"]


def __getattr__(name: str) -> Any:
    if name != "DEFAULT_STRUCTURED_OUTPUT_PROMPT":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from strands.agent import structured

    return structured.DEFAULT_STRUCTURED_OUTPUT_PROMPT
