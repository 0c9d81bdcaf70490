"""Which tool calls need a person's approval, judged by a model or by code of one's own."""

from __future__ import annotations

import json
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from strands.hooks.events import BeforeToolCallEvent
    from strands.models.model import Model

RISK_PROMPT = """You judge whether a tool call needs a person's approval before it is made.
It does when it destroys or overwrites something, spends money, sends something to others, changes access rights,
or cannot be undone. Reading and computing need none. Answer for exactly the arguments given."""


@dataclass
class ClassifierResult:
    """Whether a call needs approval, and why."""

    requires_human_in_the_loop: bool
    reason: str | None = None


@dataclass
class LLMClassifierConfig:
    """How a model judges calls: with which instructions, and which model (the agent's when None)."""

    system_prompt: str | None = None
    model: Model | None = None


class HumanInTheLoopClassifier(Protocol):
    """Judges calls, sync or async."""

    def __call__(self, event: BeforeToolCallEvent, /) -> ClassifierResult | Awaitable[ClassifierResult]:
        """Return whether the call of `event` needs approval."""
        ...


async def judge(event: BeforeToolCallEvent, config: LLMClassifierConfig) -> ClassifierResult:
    """Have a model judge a call."""
    from pydantic import BaseModel, Field

    from strands.agent.agent import Agent

    class Risk(BaseModel):
        """Whether the call needs a person's approval."""

        requires_approval: bool = Field(description="Whether a person must approve the call.")
        reason: str = Field(description="Why, in one sentence.")

    model = config.model or event.agent.model
    writer = Agent(model=model, system_prompt=config.system_prompt or RISK_PROMPT, callback_handler=None)
    risk = await writer.structured_output_async(Risk, _call(event))
    return ClassifierResult(risk.requires_approval, risk.reason)


def _call(event: BeforeToolCallEvent) -> str:
    arguments = json.dumps(event.tool_use["input"], ensure_ascii=False, default=repr)
    name = event.selected_tool.tool_name if event.selected_tool is not None else event.tool_use["name"]
    return f"{name}\n  Input: {arguments}"
