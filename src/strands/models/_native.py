"""Structured output by the provider's own means: a schema that the reply keeps to."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from strands.types.exceptions import ModelRequestError, StructuredOutputException

from ._client_model import Asked, ClientModel

if TYPE_CHECKING:
    from pydantic import BaseModel

    from strands.types.content import Messages

T = TypeVar("T", bound="BaseModel")


class NativelyStructured(ClientModel):
    """A provider that may be given a schema; where its server or model takes none, a tool is used as everywhere."""

    _schemaless: frozenset[Any] = frozenset()  # ids of models that refused a schema, or did not keep to it

    async def structured_output(
        self, output_model: type[T], prompt: Messages, system_prompt: str | None = None, **kwargs: Any
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Ask for an answer that fits a pydantic model; see `Model.structured_output`."""
        from pydantic import ValidationError

        by_schema = "tool_choice" not in kwargs and self.config["model_id"] not in self._schemaless
        if by_schema and self._takes(output_model):
            try:
                found = await self._parse(output_model, Asked(prompt, None, system_prompt, None, kwargs))
            except (ModelRequestError, ValidationError):
                self._schemaless = self._schemaless | {self.config["model_id"]}
            else:
                if found is None:
                    raise StructuredOutputException(
                        f"The model answered without filling {output_model.__name__!r}; ask again or another model."
                    )
                yield {"output": found}
                return
        async for event in super().structured_output(output_model, prompt, system_prompt, **kwargs):
            yield event

    def _takes(self, output_model: type[T]) -> bool:
        """Whether the provider's schemas can say what a structure is."""
        return True

    async def _parse(self, output_model: type[T], asked: Asked) -> T | None:
        """Ask with a schema and return what the reply says, or None.

        Raises:
            ModelRequestError: The request is refused.
            ValidationError: The reply does not fit.
        """
        raise NotImplementedError


def has_map(schema: Any) -> bool:
    """Whether a JSON Schema has an object with keys of any name, which schemas of replies cannot have."""
    if isinstance(schema, Mapping):
        return bool(schema.get("additionalProperties")) or any(map(has_map, schema.values()))
    return isinstance(schema, list) and any(map(has_map, schema))
