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
    from .scripted import Reply, ScriptedModel, ToolCall

_HOMES = {
    "AnthropicModel": "anthropic",
    "BaseModelConfig": "model",
    "BedrockModel": "bedrock",
    "CacheConfig": "model",
    "CacheToolsConfig": "model",
    "GeminiModel": "gemini",
    "LiteLLMModel": "litellm",
    "Model": "model",
    "OllamaModel": "ollama",
    "OpenAIModel": "openai",
    "OpenAIResponsesModel": "openai_responses",
    "Reply": "scripted",
    "ScriptedModel": "scripted",
    "ToolCall": "scripted",
}

__all__ = [
    "AnthropicModel",
    "BaseModelConfig",
    "BedrockModel",
    "CacheConfig",
    "CacheToolsConfig",
    "GeminiModel",
    "LiteLLMModel",
    "Model",
    "OllamaModel",
    "OpenAIModel",
    "OpenAIResponsesModel",
    "Reply",
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
