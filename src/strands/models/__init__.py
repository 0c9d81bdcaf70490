"""Model providers. Names load on first use: `import strands.models` imports no provider's client."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strands._lazy import lazy

if TYPE_CHECKING:
    from .anthropic import AnthropicModel as AnthropicModel
    from .bedrock import BedrockModel as BedrockModel
    from .gemini import GeminiModel as GeminiModel
    from .litellm import LiteLLMModel as LiteLLMModel
    from .model import BaseModelConfig as BaseModelConfig
    from .model import CacheConfig as CacheConfig
    from .model import CacheToolsConfig as CacheToolsConfig
    from .model import Model as Model
    from .ollama import OllamaModel as OllamaModel
    from .openai import OpenAIModel as OpenAIModel
    from .openai_responses import OpenAIResponsesModel as OpenAIResponsesModel
    from .routing import CandidateInput as CandidateInput
    from .routing import ClassifierStrategy as ClassifierStrategy
    from .routing import FallbackStrategy as FallbackStrategy
    from .routing import ModelRouter as ModelRouter
    from .routing import RoutingAttempt as RoutingAttempt
    from .routing import RoutingCandidate as RoutingCandidate
    from .routing import RoutingContext as RoutingContext
    from .routing import RoutingStrategy as RoutingStrategy
    from .scripted import Reply as Reply
    from .scripted import ScriptedModel as ScriptedModel
    from .scripted import ToolCall as ToolCall
else:
    __getattr__, __dir__ = lazy(__name__)
