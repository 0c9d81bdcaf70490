"""The models that the agents of a run are given."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from strands.models.model import Model
    from strands_cli.api.options import Options
    from strands_cli.resources.stand_in import Provided
    from strands_cli.spec.root import Spec


async def models_of(spec: Spec, options: Options, user: object) -> Provided:
    """Return what gives an agent its model: the one of Python, else its provider's, with a stand-in before it.

    Args:
        spec: The workflow.
        options: What it is given beside.
        user: Keeps the clients of the models open.
    """
    provided = _given(options) if options.model is not None else await _pooled(spec, options, user)
    stand_in = options.stand_in
    return provided if stand_in is None else cast("Provided", partial(stand_in.model, provided))


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
