"""What may stand between the agents of a run and their models and tools: scripts, a recording, a replay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from strands.models.model import Model
    from strands_cli.kernel.events import Event
    from strands_cli.resources.secrets import Secrets
    from strands_cli.types import Json


class Provided(Protocol):
    """Returns the model of an agent, as its provider has it."""

    def __call__(self, agent: str, model_id: str | None = None) -> Model: ...


class StandIn:
    """Stands between the agents of a run and what they have; this one changes nothing."""

    @property
    def origin(self) -> Mapping[str, Json]:
        """What a session records of it, so that whoever resumes the session has it too."""
        return {}

    def answered(self, event: Event) -> None:
        """Take note of an answer."""

    def begin(self, secrets: Secrets) -> None:
        """Take the secrets of a workflow whose agents begin to work: of the session's, or of one that a step runs."""

    def model(self, provided: Provided, agent: str, model_id: str | None = None) -> Model:
        """Return the model of an agent.

        Args:
            provided: Returns the one of its provider.
            agent: The agent's id.
            model_id: Another model than the agent's own, for a summary of its history.
        """
        return provided(agent, model_id)

    def hooks(self, agent: str) -> list[Any]:
        """Return hook providers for an agent, or for a step without one."""
        return []
