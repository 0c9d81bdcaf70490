"""Structured output: a pydantic model as a tool that the model must call last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strands.types.exceptions import StructuredOutputException
from strands.types.tools import DirectTool, ToolContext, ToolResult, ToolSpec, ToolUse

if TYPE_CHECKING:
    from pydantic import BaseModel

    from strands._core.host import Host
    from strands.types.content import Message

_TRIES = 10
"""Answers that do not fit, after which a model is not asked again."""

DEFAULT_STRUCTURED_OUTPUT_PROMPT = "Now give your previous answer by calling the structured output tool."


def structure_prompt(agent: Host) -> str | None:
    """Return the prompt that asks an agent for the structure that all its answers must have; None for free answers."""
    if agent._structured_output_model is None:
        return None
    return agent._structured_output_prompt or DEFAULT_STRUCTURED_OUTPUT_PROMPT


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


class StructuredOutput:
    """The structure that one invocation must produce.

    Args:
        model: The pydantic model.
        prompt: What the model is told when it ended without calling the tool.
    """

    def __init__(self, model: type[BaseModel], prompt: str | None = None) -> None:
        self.tool: StructuredOutputTool = StructuredOutputTool(model)
        self._prompt = prompt or DEFAULT_STRUCTURED_OUTPUT_PROMPT
        self._forced = False

    @property
    def value(self) -> BaseModel | None:
        """The structure, once the model has produced it."""
        return self.tool.value

    def tools(self, specs: list[ToolSpec]) -> tuple[list[ToolSpec], Any]:
        """Return the tools to offer, and which one the model must call, if it must."""
        if self._forced:
            return [self.tool.tool_spec], {"tool": {"name": self.tool.tool_name}}
        return [*specs, self.tool.tool_spec], None

    def check_tries(self) -> None:
        """Raise StructuredOutputException once the model has been refused too often."""
        refused = self.tool.refused
        if self.value is None and len(refused) >= _TRIES:
            raise StructuredOutputException(
                f"the model called {self.tool.tool_name!r} {len(refused)} times with input that does not fit; "
                f"the last time: {refused[-1]}"
            )

    def take(self, message: Message) -> bool:
        """Return whether a model that was told to call the tool gave the structure as plain JSON instead.

        Some models cannot be made to call a tool.
        """
        from strands.models.structured import json_in

        found = json_in("".join(block.get("text", "") for block in message["content"])) if self._forced else None
        if found is None:
            return False
        try:
            self.tool.value = self.tool.structured_output_model.model_validate_json(found)
        except ValueError as error:
            self.tool.refused.append(str(error))
            return False
        return True

    def must_force(self) -> bool:
        """Return True the first time the model ends without the structure.

        Raises:
            StructuredOutputException: It is the second time.
        """
        if self._forced:
            why = f"; what it answered does not fit: {self.tool.refused[-1]}" if self.tool.refused else ""
            raise StructuredOutputException(
                f"the model did not call {self.tool.tool_name!r} although it had to; no structured output was "
                f"produced{why}"
            )
        self._forced = True
        return True

    def request(self) -> Message:
        """Return the message that asks for the structure."""
        return {"role": "user", "content": [{"text": self._prompt}]}
