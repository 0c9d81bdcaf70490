"""Structured output over plain tool use: the model is made to call one tool whose arguments are the answer."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from pydantic import BaseModel

    from strands.types.content import Messages
    from strands.types.tools import ToolSpec

    from .model import Model

M = TypeVar("M")
_FENCED = re.compile(r"```(?:json)?\s*\n(.*)\n```", re.DOTALL)


def tool_for(output_model: type[BaseModel]) -> ToolSpec:
    """Return the tool whose arguments are the fields of `output_model`."""
    return {
        "name": output_model.__name__,
        "description": (output_model.__doc__ or f"Gives the answer as {output_model.__name__}.").strip(),
        "inputSchema": {"json": output_model.model_json_schema()},
    }


async def output_of(
    model: Model,
    output_model: type[M],
    messages: Messages,
    system_prompt: str | None,
    tell: Callable[[Any], None] | None = None,
) -> M | None:
    """Return the instance of `output_model` that a model makes of `messages`, or None when it makes none.

    `tell` is called with each event before it.
    """
    asked: Any = output_model
    events = model.structured_output(asked, messages, system_prompt=system_prompt)
    try:
        async for event in events:
            found = event.get("output")
            if isinstance(found, output_model):
                return found
            if tell is not None:
                tell(event)
    finally:
        if isinstance(events, AsyncGenerator):
            await events.aclose()
    return None


async def ask_with_tool(
    model: Model, output_model: type[BaseModel], prompt: Messages, system_prompt: str | None, **kwargs: Any
) -> AsyncGenerator[dict[str, Any], None]:
    """Yield the model's events, then `{"output": instance}`; see `Model.structured_output`."""
    spec = tool_for(output_model)
    arguments: list[str] = []
    texts: list[str] = []
    inside = False
    kwargs.setdefault("tool_choice", {"tool": {"name": spec["name"]}})
    async for event in model.stream(prompt, [spec], system_prompt, **kwargs):
        yield dict(event)
        start = event.get("contentBlockStart")
        if start is not None:
            tool_use = start.get("start", {}).get("toolUse")
            inside = tool_use is not None and tool_use["name"] == spec["name"] and not "".join(arguments)
        elif "contentBlockDelta" in event:
            delta = event["contentBlockDelta"]["delta"]
            texts.append(delta.get("text", ""))
            arguments.append(delta.get("toolUse", {}).get("input", "") if inside else "")
        elif "contentBlockStop" in event:
            inside = False
    # A model that cannot be made to use a tool may have answered in plain JSON.
    yield {"output": parse(output_model, "".join(arguments) or json_in("".join(texts)) or "")}


def json_in(text: str) -> str | None:
    """Return the JSON object that a text is, alone or in a fence; None when it is something else."""
    fenced = _FENCED.fullmatch(text.strip())
    inner = (fenced[1] if fenced else text).strip()
    return inner if inner.startswith("{") and inner.endswith("}") else None


def parse(output_model: type[BaseModel], text: str) -> BaseModel:
    """Return `text`, a JSON document, as an instance of `output_model`.

    Raises:
        StructuredOutputException: `text` is empty or does not fit.
    """
    from pydantic import ValidationError

    from strands.types.exceptions import StructuredOutputException

    if not text:
        raise StructuredOutputException(
            f"The model answered without filling {output_model.__name__!r}; ask again or use a model with tool use."
        )
    try:
        return output_model.model_validate_json(text)
    except ValidationError as error:
        raise StructuredOutputException(
            f"The model's answer does not fit {output_model.__name__!r}: {error}"
        ) from error
