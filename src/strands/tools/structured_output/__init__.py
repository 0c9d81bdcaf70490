"""A pydantic model as a tool whose input is the answer."""

from .structured_output_utils import convert_pydantic_to_tool_spec

__all__ = ["convert_pydantic_to_tool_spec"]
