"""Model providers: from a spec's runtime to a model, checked before anything runs, pooled by configuration."""

from __future__ import annotations

import asyncio
import os
import weakref
from collections.abc import AsyncGenerator, Iterable
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from strands_cli.capability.model_config import ModelConfig as ModelConfig
from strands_cli.capability.providers import provider

if TYPE_CHECKING:
    from strands.models.model import Model
    from strands_cli.spec.agents import AgentSpec
    from strands_cli.spec.root import Spec


def model_config(spec: Spec, agent: AgentSpec) -> ModelConfig:
    """Return what `agent` runs on: its own choices over the runtime's."""
    runtime = spec.runtime
    own = agent.inference

    def chosen(name: str) -> Any:
        value = getattr(own, name) if own is not None else None
        return getattr(runtime, name) if value is None else value

    chosen_provider = agent.provider or runtime.provider
    same = chosen_provider == runtime.provider
    return ModelConfig(
        provider=chosen_provider,
        model_id=agent.model_id or (runtime.model_id if same else None),
        region=runtime.region,
        host=runtime.host if same else None,
        temperature=chosen("temperature"),
        top_p=chosen("top_p"),
        max_tokens=chosen("max_tokens"),
    )


def check_ready(spec: Spec, agents: set[str]) -> None:
    """Check that every provider which `agents` need can be used.

    Raises:
        ProviderNotReadyError: A key or a package is missing; nothing was run.
    """
    for config in {model_config(spec, spec.agents[name]) for name in agents if name in spec.agents}:
        provider(config.provider).check(config)


def make_model(config: ModelConfig) -> Model:
    """Return a new model for `config`.

    Raises:
        ProviderNotReadyError: There is no such provider.
    """
    return provider(config.provider).make(config)


# -- pooling --------------------------------------------------------------------------------------------------------


_Key: TypeAlias = "tuple[ModelConfig, tuple[tuple[str, str], ...]]"
_UNUSED = 16
"""How many models a loop keeps before it closes those that nobody uses any more."""
_NETWORK = ("HTTP", "ALL_PROXY", "NO_PROXY", "SSL_")


def _environment(name: str) -> tuple[tuple[str, str], ...]:
    """Return the environment variables that a provider's client may be built from: a new key is a new client."""
    variables = provider(name).variables
    prefixes = (*variables, *_NETWORK) if variables else ("",)
    return tuple(sorted((name, value) for name, value in os.environ.items() if name.upper().startswith(prefixes)))


class ModelPool:
    """The models of one event loop: those of equal configuration and environment are one, with one client.

    They are closed when their last user lets go, and with their loop.
    """

    _of: ClassVar[weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, ModelPool]] = weakref.WeakKeyDictionary()

    def __init__(self) -> None:
        self._models: dict[_Key, Model] = {}
        self._users: dict[_Key, weakref.WeakSet[Any]] = {}
        self._closer: AsyncGenerator[None, None] | None = None

    @classmethod
    async def current(cls) -> ModelPool:
        """Return the pool of the running loop."""
        loop = asyncio.get_running_loop()
        pool = cls._of.get(loop)
        if pool is None:
            pool = cls._of[loop] = cls()
            # A suspended async generator is what a loop closes before it ends.
            pool._closer = pool._until_loop_ends()
            await pool._closer.__anext__()
        if len(pool._models) > _UNUSED:
            await pool._close(key for key, users in pool._users.items() if not users)
        return pool

    def get(self, config: ModelConfig, user: object) -> Model:
        """Return the model for `config`; `user` keeps it open."""
        key = config, _environment(config.provider)
        model = self._models.get(key)
        if model is None:
            model = self._models[key] = make_model(config)
            self._users[key] = weakref.WeakSet()
        self._users[key].add(user)
        return model

    async def release(self, user: object) -> None:
        """Close the models that nobody but `user` used."""
        for users in self._users.values():
            users.discard(user)
        await self._close(key for key, users in self._users.items() if not users)

    async def _close(self, keys: Iterable[_Key]) -> None:
        for key in list(keys):
            self._users.pop(key, None)
            model = self._models.pop(key, None)
            if model is not None:
                await model.aclose()

    async def _until_loop_ends(self) -> AsyncGenerator[None, None]:
        try:
            yield
        finally:
            models, self._models, self._users = list(self._models.values()), {}, {}
            for model in models:
                await model.aclose()
