"""Models and their settings, as a type checker sees them."""

from __future__ import annotations

from collections.abc import AsyncIterable
from typing import Any

from typing_extensions import assert_type

from strands import Agent
from strands.models import BedrockModel, CacheConfig, Model
from strands.models.anthropic import AnthropicModel
from strands.models.gemini import GeminiModel
from strands.models.litellm import LiteLLMModel
from strands.models.ollama import OllamaModel
from strands.models.openai import OpenAIModel
from strands.models.openai_responses import OpenAIResponsesModel
from strands.models.scripted import Reply, Request, Scripted, ScriptedModel, ToolCall
from strands.types.content import Messages
from strands.types.streaming import StreamEvent
from strands.types.tools import ToolChoice, ToolSpec


def settings_have_names_and_types() -> None:
    BedrockModel(model_id="m", temperature=0.2, cache_config=CacheConfig(ttl="1h"), streaming=False)
    OpenAIModel(client_args={"api_key": "k"}, model_id="m", params={"temperature": 0.2})
    AnthropicModel(model_id="m", max_tokens=100)
    OllamaModel("http://localhost:11434", model_id="m", keep_alive="5m")
    settings: dict[str, Any] = {"model_id": "m", "of_tomorrow": True}
    GeminiModel(**settings)
    BedrockModel(temprature=0.2)  # type: ignore[call-arg]
    BedrockModel(temperature="warm")  # type: ignore[arg-type]
    BedrockModel(guardrail_trace="on")  # type: ignore[arg-type]
    OpenAIModel(temperature=0.2)  # type: ignore[call-arg]
    OpenAIResponsesModel(stateful="yes")  # type: ignore[arg-type]
    AnthropicModel(max_tokens="100")  # type: ignore[arg-type]
    GeminiModel(model="m")  # type: ignore[call-arg]
    LiteLLMModel(params=[])  # type: ignore[arg-type]
    OllamaModel(keep_alive=[])  # type: ignore[arg-type]


def _repeat(messages: Messages) -> str:
    return "You wrote " + messages[-1]["content"][0].get("text", "")


def a_script_is_made_of_replies(said: list[str], calls: list[ToolCall], replies: list[Scripted]) -> None:
    ScriptedModel(["Hello.", ToolCall("search", {"query": "x"}), Reply("Found.", usage={"inputTokens": 1})])
    ScriptedModel([calls, "Done.", ValueError("down"), {"role": "assistant", "content": []}])
    ScriptedModel(said)
    ScriptedModel(calls)
    ScriptedModel(replies)
    ScriptedModel(_repeat)
    ScriptedModel(["x"], repeat="sometimes")  # type: ignore[arg-type]
    ScriptedModel([7])  # type: ignore[list-item]
    ScriptedModel(7)  # type: ignore[arg-type]
    ToolCall(7)  # type: ignore[arg-type]


def what_it_was_asked_is_kept(model: ScriptedModel) -> None:
    assert_type(model.requests, list[Request])
    assert_type(model.requests[0].prompt, str)
    assert_type(model.requests[0].messages, Messages)
    assert_type(model.requests[0].tool_specs, list[ToolSpec])


class Own(Model):
    async def stream(
        self,
        messages: Messages,
        tool_specs: list[ToolSpec] | None = None,
        system_prompt: str | None = None,
        *,
        tool_choice: ToolChoice | None = None,
        **kwargs: Any,
    ) -> AsyncIterable[StreamEvent]:
        yield {"messageStart": {"role": "assistant"}}
        yield {"contentBlockDelta": {"delta": {"text": "Hello."}}}
        yield {"messageStop": {"stopReason": "end_turn"}}
        yield {"messageStop": {"stopReason": "tired"}}  # type: ignore[typeddict-item]


class Unfinished(Model):
    pass


def a_model_of_ones_own_is_a_model() -> None:
    Agent(model=Own())
    Agent(model=Unfinished())  # type: ignore[abstract]
