"""Model providers. Names load on first use: `import strands.models` imports no provider's client."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .anthropic import AnthropicModel
    from .bedrock import BedrockModel
    from .gemini import GeminiModel
    from .litellm import LiteLLMModel
    from .model import BaseModelConfig, CacheConfig, CacheToolsConfig, Model
    from .ollama import OllamaModel
    from .openai import OpenAIModel
    from .openai_responses import OpenAIResponsesModel
    from .routing import (
        CandidateInput,
        ClassifierStrategy,
        FallbackStrategy,
        ModelRouter,
        RoutingAttempt,
        RoutingCandidate,
        RoutingContext,
        RoutingStrategy,
    )
    from .scripted import Reply, ScriptedModel, ToolCall

_HOMES = {
    "AnthropicModel": "anthropic",
    "BaseModelConfig": "model",
    "BedrockModel": "bedrock",
    "CacheConfig": "model",
    "CacheToolsConfig": "model",
    "CandidateInput": "routing",
    "ClassifierStrategy": "routing",
    "FallbackStrategy": "routing",
    "GeminiModel": "gemini",
    "LiteLLMModel": "litellm",
    "Model": "model",
    "ModelRouter": "routing",
    "OllamaModel": "ollama",
    "OpenAIModel": "openai",
    "OpenAIResponsesModel": "openai_responses",
    "Reply": "scripted",
    "RoutingAttempt": "routing",
    "RoutingCandidate": "routing",
    "RoutingContext": "routing",
    "RoutingStrategy": "routing",
    "ScriptedModel": "scripted",
    "ToolCall": "scripted",
}

__all__ = [
    "AnthropicModel",
    "BaseModelConfig",
    "BedrockModel",
    "CacheConfig",
    "CacheToolsConfig",
    "CandidateInput",
    "ClassifierStrategy",
    "FallbackStrategy",
    "GeminiModel",
    "LiteLLMModel",
    "Model",
    "ModelRouter",
    "OllamaModel",
    "OpenAIModel",
    "OpenAIResponsesModel",
    "Reply",
    "RoutingAttempt",
    "RoutingCandidate",
    "RoutingContext",
    "RoutingStrategy",
    "ScriptedModel",
    "ToolCall",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
