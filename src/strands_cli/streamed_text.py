"""The text of replies while they are written; what could still be taken back is held until it is said."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from strands.hooks.events import AfterModelCallEvent, MessageAddedEvent
from strands_cli.agents import BLOCKED
from strands_cli.kernel.state import text_of

if TYPE_CHECKING:
    from strands.agent.agent import Agent


class StreamedText:
    """A callback handler that hands on what an agent's model writes.

    A hook after the model call may have the reply written anew, one at a new message may change it, and a provider's
    guardrail may take it back: then the text comes as a whole, when it is the agent's message.

    Args:
        emit: Takes a text, and whether a reply begins with it.
        agent: The agent.
    """

    def __init__(self, emit: Callable[[str, bool], None], agent: Agent) -> None:
        self._emit = emit
        self._held = may_be_taken_back(agent)
        self._begins = True
        self._stopped = False

    def __call__(self, **event: Any) -> None:
        self.take(event)

    def take(self, event: Mapping[str, Any]) -> None:
        """Take what an agent tells of its work."""
        if "event" in event:
            self._heard(event["event"])
        elif self._held:
            self._say(event.get("message"))
        elif "data" in event:
            self._emit(event["data"], self._begins)
            self._begins = False

    def _heard(self, event: Any) -> None:
        if "messageStart" in event:
            self._begins, self._stopped = True, False
        elif "messageStop" in event:
            self._stopped = event["messageStop"].get("stopReason") in BLOCKED

    def _say(self, message: Any) -> None:
        if isinstance(message, dict) and message.get("role") == "assistant" and not self._stopped:
            text = text_of(message)
            if text:
                self._emit(text, True)


def may_be_taken_back(agent: Agent) -> bool:
    """Whether something may still change a reply of this agent when its text has come."""
    if agent.hooks.listens(AfterModelCallEvent) or agent.hooks.listens(MessageAddedEvent):
        return True
    config = agent.model.get_config()
    return bool(config.get("guardrail_id") if isinstance(config, dict) else getattr(config, "guardrail_id", None))
