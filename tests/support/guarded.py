"""A model whose guardrail takes back the newest message where that holds the secret."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from typing import Any

from strands.models import Model

SECRET = "the launch code"
TAKEN = "[User input redacted.]"


class GuardedModel(Model):
    """Says "Fine.", or "No." where it ends otherwise, or calls the tool that `tool_for` names; subclasses say which.

    Attributes:
        saw: What it was shown in each call, as JSON.
    """

    def __init__(self) -> None:
        self.saw: list[str] = []

    def get_config(self) -> Any:
        return {"model_id": "guarded", "guardrail_id": "g"}

    def tool_for(self, messages: Any, blocked: bool) -> tuple[str, str] | None:
        """Return the tool to call and its input as JSON, or None."""
        return None

    def stop_of(self, blocked: bool) -> str:
        """Return why a reply without tool calls ends."""
        return "guardrail_intervened" if blocked else "end_turn"

    async def stream(self, messages: Any, tool_specs: Any = None, system_prompt: Any = None, **kwargs: Any) -> Any:
        self.saw.append(json.dumps(messages))
        blocked = SECRET in json.dumps(messages[-1])
        called, stop = self.tool_for(messages, blocked), self.stop_of(blocked)
        replies = sum(message["role"] == "assistant" for message in messages)
        yield {"messageStart": {"role": "assistant"}}
        if called is not None:
            use = {"toolUseId": f"t{replies}", "name": called[0]}
            yield {"contentBlockStart": {"start": {"toolUse": use}}}
            yield {"contentBlockDelta": {"delta": {"toolUse": {"input": called[1]}}}}
        else:
            yield {"contentBlockDelta": {"delta": {"text": "Fine." if stop == "end_turn" else "No."}}}
        yield {"contentBlockStop": {}}
        yield {"messageStop": {"stopReason": "tool_use" if called else stop}}
        if blocked:
            yield {"redactContent": {"redactUserContentMessage": TAKEN}}

    async def structured_output(self, *args: Any, **kwargs: Any) -> AsyncGenerator[Any, None]:
        if args:
            raise NotImplementedError
        yield
