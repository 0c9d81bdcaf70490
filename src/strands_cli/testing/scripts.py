"""Scripts of replies, one for each agent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from strands.models.model import Model
from strands.models.scripted import ScriptedModel
from strands_cli.errors import InputError
from strands_cli.resources.stand_in import Provided, StandIn
from strands_cli.schema.problems import did_you_mean
from strands_cli.spec.within import plain_agents

if TYPE_CHECKING:
    from strands_cli.spec.root import Spec


class ScriptedAgents(StandIn):
    """Gives agents the models of their scripts; the other agents have their own.

    Args:
        scripts: Agent id to its script, or to a model. A text is what it always says; a list is gone through once.
        spec: The workflow.

    Raises:
        InputError: The workflow has no such agent.
    """

    def __init__(self, scripts: Mapping[str, Any], spec: Spec) -> None:
        known = [name for name, _, _ in plain_agents(spec.plain())]
        for name in scripts:
            if name not in known:
                raise InputError(
                    f"there is a script for {name!r}, which is not an agent of {spec.name!r}",
                    hint=did_you_mean(name, known),
                )
        self._models = {name: _model(name, script) for name, script in scripts.items()}

    def model(self, provided: Provided, agent: str, model_id: str | None = None) -> Model:
        """Return the scripted model of an agent, or the one that it has without a script."""
        found = self._models.get(agent)
        return provided(agent, model_id) if found is None or model_id is not None else found


def _model(agent: str, script: Any) -> Model:
    if isinstance(script, Model):
        return script
    if isinstance(script, (str, Mapping)):
        return ScriptedModel([script], repeat="last")
    replies = list(script) if isinstance(script, Iterable) else [script]
    return ScriptedModel(script if callable(script) else _in_turn(agent, replies))


def _in_turn(agent: str, replies: Sequence[Any]) -> Callable[[], Any]:
    left = iter(replies)

    def following() -> Any:
        for reply in left:
            return reply
        from strands.types.exceptions import ModelRequestError

        number = f"{len(replies)} {'reply' if len(replies) == 1 else 'replies'}"
        raise ModelRequestError(f"agent {agent!r} was called once more than its script of {number} knows")

    return following
