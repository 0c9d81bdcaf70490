"""An agent that asks a person before it pays."""

from __future__ import annotations

from typing import Any

from strands import Agent, tool
from strands.hooks import BeforeToolCallEvent
from strands.models.scripted import ScriptedModel
from strands.session.session_manager import SessionManager


def paying(manager: SessionManager, paid: list[int], *replies: Any) -> Agent:
    """Return the agent, which says `replies`; `paid` takes each amount that its tool has paid."""

    @tool
    def pay(amount: int) -> str:
        """Pay it."""
        paid.append(amount)
        return "paid"

    def approve(event: BeforeToolCallEvent) -> None:
        if event.interrupt("approval", reason={"amount": 10}) != "y":
            event.cancel_tool = "denied"

    model = ScriptedModel(list(replies))
    return Agent(model=model, tools=[pay], hooks=[approve], session_manager=manager, callback_handler=None)
