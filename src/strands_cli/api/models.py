"""The models that the agents of a run are given."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from strands.models.model import Model
    from strands_cli.api.options import Options
    from strands_cli.resources.stand_in import Provided, StandIn
    from strands_cli.spec.root import Spec


async def models_of(spec: Spec, options: Options, user: object, name: str = "") -> Provided:
    """Return what gives an agent its model: the one of Python, else its provider's, with a stand-in before it.

    Args:
        spec: The workflow.
        options: What it is given beside.
        user: Keeps the clients of the models open.
        name: How the names of the agents begin on record, where a step of another workflow runs this one.
    """
    provided = _given(options) if options.model is not None else await _pooled(spec, options, user)
    stand_in = options.stand_in
    if stand_in is None:
        return provided
    return _named(provided, stand_in, name) if name else cast("Provided", partial(stand_in.model, provided))


def _named(provided: Provided, stand_in: StandIn, name: str) -> Provided:
    def own(agent: str, model_id: str | None = None) -> Model:
        return provided(agent.removeprefix(name), model_id)

    def model(agent: str, model_id: str | None = None) -> Model:
        return stand_in.model(own, f"{name}{agent}", model_id)

    return model


def _given(options: Options) -> Provided:
    def model(agent: str, model_id: str | None = None) -> Model:
        assert options.model is not None
        return options.model

    return model


async def _pooled(spec: Spec, options: Options, user: object) -> Provided:
    from strands_cli.providers import ModelPool, model_config

    pool = await ModelPool.current()

    def model(agent: str, model_id: str | None = None) -> Model:
        config = model_config(spec, spec.agents[agent])
        if model_id is not None:
            config = replace(config, model_id=model_id)
        if options.offline:
            config = replace(config, provider="scripted")
        return pool.get(config, user)

    return model
