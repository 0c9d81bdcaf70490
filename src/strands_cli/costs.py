"""What a session costs: the tokens on its record by the prices of the models that used them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from strands_cli.errors import InputError
from strands_cli.kernel.usage import Used, tokens_of
from strands_cli.spec.within import plain_agents
from strands_cli.types import Json

if TYPE_CHECKING:
    from strands_cli.kernel.state import State
    from strands_cli.prices import Prices

_MILLION = 1_000_000
_SCRIPTED = "scripted"


class Costs:
    """US dollars by agent and by step. It reads on from where it was: what is counted is counted once.

    Attributes:
        unpriced: The ids of the models that no price is known of.
    """

    def __init__(self) -> None:
        self.unpriced: list[str] = []
        self._seen = 0
        self._agents: dict[str, float | None] = {}
        self._steps: dict[str, float | None] = {}
        self._prices: dict[int, tuple[Mapping[str, Json], Prices]] = {}

    @classmethod
    def of(cls, state: State) -> Costs:
        """Return what is on record of a session."""
        found = cls()
        found.take(state)
        return found

    def take(self, state: State) -> None:
        """Take into account what is on record since.

        Raises:
            InputError: The user's file of prices cannot be read.
        """
        for used in state.used[self._seen :]:
            self._count(used)
            self._seen += 1

    @property
    def total(self) -> float | None:
        """All of it, or None where a part is not known."""
        parts = list(self._agents.values())
        return None if None in parts else sum(part for part in parts if part is not None)

    @property
    def by_agent(self) -> dict[str, float | None]:
        """Agent id to what it cost, None where that is not known."""
        return dict(self._agents)

    def of_step(self, key: str) -> float | None:
        """Return what a step cost, or None where that is not known."""
        return self._steps.get(key)

    def spent(self, state: State, below: str = "") -> float:
        """Return what is spent by now, for a budget; nothing where all models are scripted and have no price.

        Args:
            state: What is on record.
            below: What the keys begin with that count; "" for all.

        Raises:
            InputError: It is not known: a model has no price.
        """
        self.take(state)
        total = self._total_below(below) if below else self.total
        if total is None:
            if costs_nothing(state.origin):
                return 0.0
            raise _unpriced(self.unpriced)
        return total

    def _total_below(self, below: str) -> float | None:
        parts = [cost for key, cost in self._steps.items() if key.startswith(below)]
        return None if None in parts else sum(cost for cost in parts if cost is not None)

    def _count(self, used: Used) -> None:
        step, agent, origin, usage, other = used
        model = other if other and not _is_rehearsed(origin) else model_of(origin, agent)
        cost = None
        price = self._prices_by(origin).get(model)
        if price is not None:
            tokens = tokens_of(usage)
            read = price.input if price.cache_read is None else price.cache_read
            kept = price.input if price.cache_write is None else price.cache_write
            cost = tokens.input * price.input + tokens.output * price.output
            cost = (cost + tokens.cache_read * read + tokens.cache_write * kept) / _MILLION
        elif model not in self.unpriced:
            self.unpriced.append(model)
        for found, key in ((self._agents, agent), (self._steps, step)):
            before = found.get(key, 0.0)
            found[key] = None if before is None or cost is None else before + cost

    def _prices_by(self, origin: Mapping[str, Json]) -> Prices:
        if id(origin) not in self._prices:
            from strands_cli.prices import Prices

            self._prices[id(origin)] = origin, Prices(_prices(origin.get("spec") or {}) or None)
        return self._prices[id(origin)][1]


def model_of(origin: Mapping[str, Json], agent: str) -> str:
    """Return the id of the model that an agent runs on.

    Args:
        origin: What the session's drive began from.
        agent: The agent's id.
    """
    if _is_rehearsed(origin):
        return _SCRIPTED
    if "model_id" in origin:
        return str(origin["model_id"])
    from strands_cli.capability.providers import PROVIDERS

    runtime, own = _runtime(origin), ((origin.get("spec") or {}).get("agents") or {}).get(agent) or {}
    if not own and "/" in agent:
        found = [(each, spec) for name, each, spec in plain_agents(origin.get("spec") or {}) if name == agent]
        own, runtime = (found[0][0], found[0][1].get("runtime") or {}) if found else (own, runtime)
    provider = own.get("provider") or runtime.get("provider") or ""
    shared = runtime.get("model_id") if provider == runtime.get("provider") else None
    known = PROVIDERS.get(provider)
    return str(own.get("model_id") or shared or (known.default_model if known else "") or provider)


def costs_nothing(origin: Mapping[str, Json]) -> bool:
    """Whether a session has scripted models only, and nobody says what they cost."""
    if _prices(origin.get("spec") or {}) or os.environ.get("STRANDS_PRICES"):
        return False
    if _is_rehearsed(origin) or "model_id" in origin:
        return bool(origin.get("offline")) or origin.get("model_id") == _SCRIPTED
    providers = {
        agent.get("provider") or (spec.get("runtime") or {}).get("provider")
        for _, agent, spec in plain_agents(origin.get("spec") or {})
    }
    return providers <= {_SCRIPTED}


def check_prices(origin: Mapping[str, Any], agents: Sequence[str]) -> None:
    """Check that prices can be read, and that the models of `agents`, which a budget in money is for, have some.

    Raises:
        InputError: They cannot, or one has none.
    """
    from strands_cli.prices import Prices

    prices = Prices(_prices(origin.get("spec") or {}) or None)
    models = dict.fromkeys(model_of(origin, agent) for agent in agents)
    unpriced = [model for model in models if prices.get(model) is None and model != _SCRIPTED]
    if unpriced:
        raise _unpriced(unpriced)


def _unpriced(models: list[str]) -> InputError:
    return InputError(
        f"max_cost cannot be kept: no price is known of {', '.join(models)}",
        hint="Say what it costs, in dollars for a million tokens: runtime: {prices: {MODEL: {input: 1, output: 2}}}.",
    )


def _is_rehearsed(origin: Mapping[str, Json]) -> bool:
    return bool(origin.get("offline"))


def _prices(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return the prices that a spec says, and after them those that the workflows within say."""
    found: dict[str, Any] = {}
    for inner in (spec.get("workflows") or {}).values():
        found = {**_prices(inner), **found}
    return {**found, **((spec.get("runtime") or {}).get("prices") or {})}


def _runtime(origin: Mapping[str, Json]) -> Mapping[str, Json]:
    return (origin.get("spec") or {}).get("runtime") or {}
