"""Several models as one."""

from __future__ import annotations

import copy
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any, Union

from strands.models.model import Model
from strands.plugins.plugin import Plugin

from .fallback_strategy import FallbackStrategy
from .strategy import RoutingAttempt, RoutingContext, RoutingStrategy

if TYPE_CHECKING:
    from strands.types.agent import LocalAgent

log: logging.Logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RoutingCandidate:
    """A model to choose, and what is said about it.

    Attributes:
        model: The model, or a router that chooses one of its own.
        name: Tells it from the others.
        description: What it is good for.
        metadata: More about it, as JSON; a strategy may send it to another provider.

    Raises:
        TypeError: The metadata is not a mapping with text keys.
        ValueError: The metadata is not JSON.
    """

    model: Model | ModelRouter
    name: str | None = None
    description: str | None = None
    _: KW_ONLY
    metadata: Mapping[str, Any] | None = None

    def __hash__(self) -> int:
        return hash((id(self.model), self.name))

    def __post_init__(self) -> None:
        if self.metadata is None:
            return
        if not isinstance(self.metadata, Mapping) or not all(isinstance(key, str) for key in self.metadata):
            raise TypeError(f"the metadata of candidate {self.name!r} must be a mapping with text keys")
        try:
            json.dumps(dict(self.metadata), allow_nan=False)
        except (TypeError, ValueError) as error:
            raise ValueError(f"the metadata of candidate {self.name!r} must be JSON: {error}") from error


class ModelRouter(Plugin):
    """Several models as one; given to an agent as its `model`.

    Args:
        models: What to choose from: models, routers, or candidates around them. The first is the default.
        strategy: Chooses before the first model call of an invocation and after each failed one; the default tries the
            next one when one fails.
        max_switches: How often another model may be chosen in one invocation; None leaves it to the strategy.

    Raises:
        TypeError: `models` is not a sequence of models, or the strategy has no async `select`.
        ValueError: There is no model, one is listed twice or keeps the conversation itself, two names are alike, or
            `max_switches` is below 0.
    """

    name = "strands:model-router"

    def __init__(
        self,
        models: Sequence[CandidateInput],
        *,
        strategy: RoutingStrategy | None = None,
        max_switches: int | None = None,
    ) -> None:
        import inspect

        given: Any = models
        if not isinstance(given, Sequence) or isinstance(given, str):
            raise TypeError(f"models is {type(given).__name__!r}; give a list of models")
        self._candidates = [_candidate(each) for each in models]
        self._strategy: RoutingStrategy = strategy if strategy is not None else FallbackStrategy()
        self._max_switches = max_switches
        if not self._candidates:
            raise ValueError("a router needs at least one model to choose from")
        if not inspect.iscoroutinefunction(getattr(self._strategy, "select", None)):
            raise TypeError(f"the strategy {self._strategy!r} needs an async method select(context, **kwargs)")
        if max_switches is not None and max_switches < 0:
            raise ValueError(f"max_switches is {max_switches!r}; it must be 0 or more")
        _refuse_doubles(self)

    @property
    def candidates(self) -> Sequence[RoutingCandidate]:
        """What it chooses from."""
        return tuple(self._candidates)

    @property
    def default_model(self) -> Model:
        """The first model, which answers when the strategy does not choose."""
        first = self._candidates[0].model
        return first.default_model if isinstance(first, ModelRouter) else first

    def init_agent(self, agent: LocalAgent) -> None:
        """Refuse to be a plugin.

        Raises:
            ValueError: Always; a router is an agent's model.
        """
        raise ValueError("a ModelRouter is not a plugin by itself; give it as Agent(model=...)")

    def route(self, agent: LocalAgent, state: Mapping[str, Any]) -> Route:
        """Return what chooses for one invocation of an agent; `state` is what its caller passed along."""
        return Route(self, agent, state)


CandidateInput = Union[Model, ModelRouter, RoutingCandidate]  # noqa: UP007 - also at run time
"""What a router may be given as a candidate."""


class Route:
    """The choices of one invocation.

    Args:
        router: Whose candidates they are.
        agent: Whose invocation it is.
        state: What the caller of the agent passed along.
    """

    def __init__(self, router: ModelRouter, agent: LocalAgent, state: Mapping[str, Any]) -> None:
        self._router = router
        self._agent = agent
        self._state = state
        self._attempts: list[RoutingAttempt] = []
        self._switches = 0
        self._chosen: RoutingCandidate | None = None
        self._model: Model | None = None

    async def model(self) -> Model:
        """Return the model that answers now.

        Raises:
            ValueError: The strategy chose something else than a candidate.
            Exception: What the strategy raised.
        """
        if self._model is None:
            if self._chosen is None:
                chosen = await self._select(self._router, self._attempts)
                self._chosen = chosen or self._router.candidates[0]
            try:
                self._model = await self._resolved(self._chosen)
            except Exception:
                self._chosen = None  # a strategy is broken, and no other model hides that
                raise
        return self._model

    def answered(self) -> None:
        """Note that the model answered."""
        if self._chosen is not None and (not self._attempts or self._attempts[-1].exception is not None):
            self._attempts.append(RoutingAttempt(self._chosen))

    async def failed(self, error: Exception) -> bool:
        """Choose another model after a failure.

        Returns:
            Whether another one is to be asked.
        """
        if self._chosen is None:
            return False
        self._attempts.append(RoutingAttempt(self._chosen, error))
        while self._router._max_switches is None or self._switches < self._router._max_switches:
            try:
                chosen = await self._select(self._router, self._attempts)
            except Exception:  # the caller is told what the model said, not what is wrong with the strategy
                log.warning("no other model could be chosen after %r", error, exc_info=True)
                return False
            if chosen is None or self._failed_since_last_answer(chosen):
                return False
            self._switches += 1
            self._chosen = chosen
            try:
                self._model = await self._resolved(chosen)
                return True
            except Exception as reason:  # a model that cannot be made has failed, and the strategy chooses again
                self._attempts.append(RoutingAttempt(chosen, reason))
        return False

    def _failed_since_last_answer(self, candidate: RoutingCandidate) -> bool:
        """Whether a candidate has failed in this round: a strategy that offers it again would go on for ever."""
        for attempt in reversed(self._attempts):
            if attempt.exception is None:
                return False
            if attempt.candidate is candidate:
                return True
        return False

    async def _select(self, router: ModelRouter, attempts: Sequence[RoutingAttempt]) -> RoutingCandidate | None:
        agent = self._agent
        context = RoutingContext(
            messages=copy.deepcopy(agent.messages),
            system_prompt=copy.deepcopy(agent.system_prompt_content),
            tool_specs=copy.deepcopy(agent.tool_registry.get_all_tool_specs()),
            candidates=router.candidates,
            invocation_state=self._state,
            attempts=tuple(attempts),
        )
        chosen = await router._strategy.select(context)
        if chosen is not None and not any(chosen is each for each in router.candidates):
            raise ValueError(f"the routing strategy chose {chosen!r}, which is not one of the candidates it was given")
        return chosen

    async def _resolved(self, candidate: RoutingCandidate) -> Model:
        """A router among the candidates chooses once; it does not try its own models one after the other."""
        found = candidate.model
        while isinstance(found, ModelRouter):
            chosen = await self._select(found, ())
            found = (chosen or found.candidates[0]).model
        return found


def _candidate(given: Any) -> RoutingCandidate:
    candidate = given if isinstance(given, RoutingCandidate) else RoutingCandidate(given)
    if not isinstance(candidate.model, (Model, ModelRouter)):
        raise TypeError(f"{candidate.model!r} is not a model to choose; give a Model, a ModelRouter or a candidate")
    if isinstance(candidate.model, Model) and candidate.model.stateful:
        raise ValueError(f"{candidate.model!r} keeps the conversation itself, so no other model can stand in for it")
    return candidate


def _refuse_doubles(router: ModelRouter) -> None:
    names = [candidate.name for candidate in router.candidates if candidate.name is not None]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"two candidates are named {name!r}; each needs its own name")
    reached = _reached(router)
    if len({id(model) for model in reached}) < len(reached):
        raise ValueError("a model is listed twice; make an instance for each candidate")


def _reached(router: ModelRouter) -> list[Model]:
    found: list[Model] = []
    for candidate in router.candidates:
        found += _reached(candidate.model) if isinstance(candidate.model, ModelRouter) else [candidate.model]
    return found
