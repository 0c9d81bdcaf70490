"""A pydantic model as a tool that the model must call last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strands.types.tools import DirectTool, ToolContext, ToolResult, ToolSpec, ToolUse

if TYPE_CHECKING:
    from pydantic import BaseModel

DEFAULT_STRUCTURED_OUTPUT_PROMPT = "Now give your previous answer by calling the structured output tool."
"""What a model is told that answered in plain text."""


class StructuredOutputTool(DirectTool):
    """The requested structure as a tool; its input is the answer.

    Args:
        structured_output_model: The pydantic model.
    """

    read_only = True

    def __init__(self, structured_output_model: type[BaseModel]) -> None:
        self._model = structured_output_model
        self._spec: ToolSpec | None = None
        self.value: BaseModel | None = None
        self.refused: list[str] = []

    @property
    def structured_output_model(self) -> type[BaseModel]:
        return self._model

    @property
    def tool_name(self) -> str:
        return self._model.__name__

    @property
    def tool_type(self) -> str:
        return "structured_output"

    @property
    def tool_spec(self) -> ToolSpec:
        if self._spec is None:
            text = (self._model.__doc__ or "").strip()
            told = "Call this as the last tool, with the final answer, when all other work is done."
            self._spec = {
                "name": self.tool_name,
                "description": f"{told} {text}".strip(),
                "inputSchema": {"json": self._model.model_json_schema()},
            }
        return self._spec

    async def run(
        self, tool_use: ToolUse, invocation_state: dict[str, Any], context: ToolContext[Any] | None, emit: Any
    ) -> ToolResult:
        """Check the input and keep it as the answer."""
        id = tool_use["toolUseId"]
        try:
            self.value = self._model.model_validate(tool_use["input"])
        except ValueError as error:
            self.refused.append(str(error))
            text = f"The input does not fit {self.tool_name}; correct it and call again.\n{error}"
            return {"toolUseId": id, "status": "error", "content": [{"text": text}]}
        return {"toolUseId": id, "status": "success", "content": [{"text": f"{self.tool_name} accepted"}]}
