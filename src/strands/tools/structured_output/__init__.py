"""A pydantic model as a tool whose input is the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strands._lazy import lazy

from .structured_output_utils import convert_pydantic_to_tool_spec as convert_pydantic_to_tool_spec

if TYPE_CHECKING:
    from .structured_output_tool import DEFAULT_STRUCTURED_OUTPUT_PROMPT as DEFAULT_STRUCTURED_OUTPUT_PROMPT
else:
    __getattr__, __dir__ = lazy(__name__)
