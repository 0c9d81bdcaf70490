"""Model providers: from a spec's runtime to a model, checked before anything runs, pooled by configuration."""

from __future__ import annotations

import asyncio
import os
import weakref
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from strands_cli.errors import ProviderNotReadyError

if TYPE_CHECKING:
    from strands.models.model import Model
    from strands_cli.spec.agents import AgentSpec
    from strands_cli.spec.root import Spec

KEYS: Mapping[str, tuple[str, ...]] = {
    "openai": ("OPENAI_API_KEY",),
    "anthropic": ("ANTHROPIC_API_KEY",),
    "gemini": ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
}
"""Provider to the environment variables that may hold its key."""

ENTRY_POINTS = "strands.models"
"""Entry point group in which other packages offer providers: a function from `ModelConfig` to a Model."""


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """Everything that tells one model client from another."""

    provider: str
    model_id: str | None = None
    region: str | None = None
    host: str | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None

    def params(self) -> dict[str, Any]:
        """Return the inference parameters that are set."""
        found = {"temperature": self.temperature, "top_p": self.top_p, "max_tokens": self.max_tokens}
        return {name: value for name, value in found.items() if value is not None}


def model_config(spec: Spec, agent: AgentSpec) -> ModelConfig:
    """Return what `agent` runs on: its own choices over the runtime's."""
    runtime = spec.runtime
    own = agent.inference

    def chosen(name: str) -> Any:
        value = getattr(own, name) if own is not None else None
        return getattr(runtime, name) if value is None else value

    provider = agent.provider or runtime.provider
    same = provider == runtime.provider
    return ModelConfig(
        provider=provider,
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
        _check(config)


def _check(config: ModelConfig) -> None:
    provider = config.provider
    names = KEYS.get(provider, ())
    local = config.host or (provider == "openai" and os.environ.get("OPENAI_BASE_URL"))
    if names and not local and not any(os.environ.get(name) for name in names):
        raise ProviderNotReadyError(
            f"provider {provider!r} needs the environment variable {' or '.join(names)}; it is not set",
            hint=f"Set it (export {names[0]}=...), or rehearse without a key: --offline (in Python: offline=True).",
        )
    if provider == "bedrock" and not _aws_credentials():
        raise ProviderNotReadyError(
            "provider 'bedrock' needs AWS credentials (AWS_ACCESS_KEY_ID, a profile or a role); none were found",
            hint="Configure them (aws configure), or rehearse without: --offline (in Python: offline=True).",
        )
    package = {"anthropic": "anthropic", "gemini": "google.genai", "ollama": "ollama", "litellm": "litellm"}.get(
        provider
    )
    if package and not _importable(package):
        raise ProviderNotReadyError(
            f"provider {provider!r} needs a package that is not installed",
            hint=f"Install it: pip install 'strands-cli[{provider}]'.",
        )


def _aws_credentials() -> bool:
    if os.environ.get("AWS_ACCESS_KEY_ID") or os.environ.get("AWS_BEARER_TOKEN_BEDROCK"):
        return True
    import boto3

    return boto3.Session().get_credentials() is not None


def _importable(package: str) -> bool:
    from importlib.util import find_spec

    try:
        return find_spec(package) is not None
    except ModuleNotFoundError:
        return False


# -- making ---------------------------------------------------------------------------------------------------------


def make_model(config: ModelConfig) -> Model:
    """Return a new model for `config`.

    Raises:
        ProviderNotReadyError: There is no such provider.
    """
    maker = _MAKERS.get(config.provider) or _entry_point(config.provider)
    return maker(config)


def _openai(config: ModelConfig) -> Model:
    from strands.models.openai import OpenAIModel

    args: dict[str, Any] = {}
    if config.host:
        args["base_url"] = config.host
    if not os.environ.get("OPENAI_API_KEY"):
        args["api_key"] = "not-needed"
    params = config.params()
    model_id = config.model_id or "gpt-4o-mini"
    if "max_tokens" in params and model_id.startswith(("gpt-5", "o1", "o3", "o4")):
        params["max_completion_tokens"] = params.pop("max_tokens")
    return OpenAIModel(client_args=args, model_id=model_id, params=params)


def _bedrock(config: ModelConfig) -> Model:
    from strands.models.bedrock import BedrockModel

    options: dict[str, Any] = config.params()
    if config.model_id:
        options["model_id"] = config.model_id
    if config.region:
        options["region_name"] = config.region
    if config.host:
        options["endpoint_url"] = config.host
    return BedrockModel(**options)


def _anthropic(config: ModelConfig) -> Model:
    from strands.models.anthropic import AnthropicModel

    params = config.params()
    max_tokens = params.pop("max_tokens", 4096)
    args = {"base_url": config.host} if config.host else {}
    return AnthropicModel(
        client_args=args, model_id=config.model_id or "claude-sonnet-4-6", max_tokens=max_tokens, params=params
    )


def _gemini(config: ModelConfig) -> Model:
    from strands.models.gemini import GeminiModel

    params = config.params()
    if "max_tokens" in params:
        params["max_output_tokens"] = params.pop("max_tokens")
    args: dict[str, Any] = {"http_options": {"base_url": config.host}} if config.host else {}
    return GeminiModel(client_args=args, model_id=config.model_id or "gemini-2.5-flash", params=params)


def _ollama(config: ModelConfig) -> Model:
    from strands.models.ollama import OllamaModel

    return OllamaModel(
        config.host or "http://localhost:11434", model_id=config.model_id or "llama3.1", **config.params()
    )


def _litellm(config: ModelConfig) -> Model:
    from strands.models.litellm import LiteLLMModel

    args = {"api_base": config.host} if config.host else {}
    return LiteLLMModel(client_args=args, model_id=config.model_id or "gpt-4o-mini", params=config.params())


def _scripted(config: ModelConfig) -> Model:
    from strands.models.scripted import ScriptedModel

    return ScriptedModel.rehearsal()


_MAKERS: dict[str, Callable[[ModelConfig], Model]] = {
    "openai": _openai,
    "bedrock": _bedrock,
    "anthropic": _anthropic,
    "gemini": _gemini,
    "ollama": _ollama,
    "litellm": _litellm,
    "scripted": _scripted,
}


def _entry_point(provider: str) -> Callable[[ModelConfig], Model]:
    from importlib.metadata import entry_points

    for point in entry_points(group=ENTRY_POINTS):
        if point.name == provider:
            return point.load()  # type: ignore[no-any-return]
    raise ProviderNotReadyError(
        f"unknown provider {provider!r}",
        hint=f"Use one of {', '.join(_MAKERS)}, or install a package that offers it as a {ENTRY_POINTS!r} entry point.",
    )


# -- pooling --------------------------------------------------------------------------------------------------------


_Key: TypeAlias = "tuple[ModelConfig, tuple[tuple[str, str], ...]]"
_UNUSED = 16
"""How many models a loop keeps before it closes those that nobody uses any more."""
_VARIABLES = {
    "openai": ("OPENAI_",),
    "anthropic": ("ANTHROPIC_",),
    "gemini": ("GEMINI_", "GOOGLE_"),
    "bedrock": ("AWS_",),
    "ollama": ("OLLAMA_",),
    "scripted": ("STRANDS_",),
}
_NETWORK = ("HTTP", "ALL_PROXY", "NO_PROXY", "SSL_")


def _environment(provider: str) -> tuple[tuple[str, str], ...]:
    """Return the environment variables that a provider's client may be built from: a new key is a new client."""
    prefixes = (*_VARIABLES[provider], *_NETWORK) if provider in _VARIABLES else ("",)
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
