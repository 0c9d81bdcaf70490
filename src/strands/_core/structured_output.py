"""Structured output: a pydantic model as a tool that the model must call last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strands.tools.structured_output.structured_output_tool import (
    DEFAULT_STRUCTURED_OUTPUT_PROMPT,
    StructuredOutputTool,
)
from strands.types.exceptions import StructuredOutputException

if TYPE_CHECKING:
    from pydantic import BaseModel

    from strands._core.host import Host
    from strands.types.content import Message
    from strands.types.tool_use import ToolSpec

_TRIES = 10
"""Answers that do not fit, after which a model is not asked again."""


def structure_prompt(agent: Host) -> str | None:
    """Return the prompt that asks an agent for the structure that all its answers must have; None for free answers."""
    if agent._structured_output_model is None:
        return None
    return agent._structured_output_prompt or DEFAULT_STRUCTURED_OUTPUT_PROMPT


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
