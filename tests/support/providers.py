"""Every provider beside the stub of its wire protocol, for tests that hold for all of them."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import AsyncIterable, Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from strands.models import (
    AnthropicModel,
    BedrockModel,
    GeminiModel,
    LiteLLMModel,
    Model,
    OllamaModel,
    OpenAIModel,
    OpenAIResponsesModel,
)
from support.stub_anthropic import StubAnthropic
from support.stub_bedrock import StubBedrock
from support.stub_gemini import StubGemini
from support.stub_http import StubServer
from support.stub_ollama import StubOllama
from support.stub_openai import StubOpenAI
from support.stub_responses import StubResponses


@dataclass(frozen=True)
class Provider:
    """A provider under test: `make` takes the stub's URL, seconds to wait for a reply, and configuration."""

    name: str
    stub: Callable[..., Any]
    make: Callable[..., Model]
    package: str
    raw_arguments: bool = True

    def model(self, stub: StubServer, *, timeout: float = 20.0, **config: Any) -> Model:
        return self.make(stub.url, timeout, **config)


def _openai(url: str, timeout: float, **config: Any) -> Model:
    return OpenAIModel(client_args={"base_url": url, "api_key": "key", "timeout": timeout}, model_id="m", **config)


def _responses(url: str, timeout: float, **config: Any) -> Model:
    args = {"base_url": url, "api_key": "key", "timeout": timeout}
    return OpenAIResponsesModel(client_args=args, model_id="m", **config)


@cache
def _session() -> Any:
    import boto3

    return boto3.Session("key", "secret", region_name="us-east-1")


def _bedrock(url: str, timeout: float, **config: Any) -> Model:
    from botocore.config import Config

    settings = Config(read_timeout=timeout)
    return BedrockModel(boto_session=_session(), boto_client_config=settings, endpoint_url=url, model_id="m", **config)


def _anthropic(url: str, timeout: float, **config: Any) -> Model:
    args = {"base_url": url, "api_key": "key", "timeout": timeout}
    return AnthropicModel(client_args=args, model_id="m", max_tokens=100, **config)


def _gemini(url: str, timeout: float, **config: Any) -> Model:
    options = {"base_url": url, "timeout": int(timeout * 1000)}
    return GeminiModel(client_args={"api_key": "key", "http_options": options}, model_id="m", **config)


def _ollama(url: str, timeout: float, **config: Any) -> Model:
    return OllamaModel(url, ollama_client_args={"timeout": timeout}, model_id="m", **config)


def _litellm(url: str, timeout: float, **config: Any) -> Model:
    args = {"api_base": url, "api_key": "key", "timeout": timeout}
    return LiteLLMModel(client_args=args, model_id="openai/m", **config)


ALL = [
    Provider("openai", StubOpenAI, _openai, "openai"),
    Provider("openai_responses", StubResponses, _responses, "openai"),
    Provider("bedrock", StubBedrock, _bedrock, "boto3"),
    Provider("anthropic", StubAnthropic, _anthropic, "anthropic"),
    Provider("gemini", StubGemini, _gemini, "google.genai", raw_arguments=False),
    Provider("ollama", StubOllama, _ollama, "ollama", raw_arguments=False),
    Provider("litellm", StubOpenAI, _litellm, "litellm"),
]


def parameters(*names: str, without: tuple[str, ...] = ()) -> list[Any]:
    """Return the providers as test parameters; one whose package is missing is skipped, with the reason."""
    chosen = [each for each in ALL if (not names or each.name in names) and each.name not in without]
    return [pytest.param(each, id=each.name, marks=_marks(each.package)) for each in chosen]


# What the clients themselves warn of, and nobody here can change.
_QUIET = {
    "google.genai": [pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")],
    "litellm": [
        pytest.mark.filterwarnings("ignore:Accessing the 'model_:DeprecationWarning"),
        pytest.mark.filterwarnings("ignore:Items? .* on TypedDict:UserWarning"),
    ],
}


def _marks(package: str) -> list[pytest.MarkDecorator]:
    if package in ("openai", "boto3") or _installed(package):
        return _QUIET.get(package, [])
    return [pytest.mark.skip(reason=f"the package {package!r} is not installed")]


def _installed(package: str) -> bool:
    try:
        return importlib.util.find_spec(package) is not None
    except ModuleNotFoundError:
        return False


def user(*content: Any) -> Any:
    """Return a user message of texts and blocks."""
    return {"role": "user", "content": [{"text": each} if isinstance(each, str) else each for each in content]}


def assistant(*content: Any) -> Any:
    """Return an assistant message of texts and blocks."""
    return {**user(*content), "role": "assistant"}


def tool_spec(name: str = "search", **properties: Any) -> Any:
    """Return a tool whose arguments are `properties`."""
    shown = properties or {"query": {"type": "string"}}
    schema = {"type": "object", "properties": shown, "required": list(shown)}
    return {"name": name, "description": f"The tool {name}.", "inputSchema": {"json": schema}}


async def collect(stream: AsyncIterable[Any]) -> list[Any]:
    return [event async for event in stream]


async def ask_async(model: Model, prompt: Any = "Hello", *args: Any, **kwargs: Any) -> list[Any]:
    """Return the events of one reply; the model is closed afterwards."""
    messages = [user(prompt)] if isinstance(prompt, str) else prompt
    try:
        return await collect(model.stream(messages, *args, **kwargs))
    finally:
        await model.aclose()


def ask(model: Model, prompt: Any = "Hello", *args: Any, **kwargs: Any) -> list[Any]:
    """Return the events of one reply, in an event loop of its own."""
    return asyncio.run(ask_async(model, prompt, *args, **kwargs))


def text_of(events: list[Any]) -> str:
    return "".join(d.get("text", "") for d in deltas(events))


def reasoning_of(events: list[Any]) -> str:
    return "".join(d.get("reasoningContent", {}).get("text", "") for d in deltas(events))


def deltas(events: list[Any]) -> list[Any]:
    return [event["contentBlockDelta"]["delta"] for event in events if "contentBlockDelta" in event]


def tool_uses(events: list[Any]) -> list[tuple[str, str, str]]:
    """Return (id, name, JSON arguments) of the tool uses, read from the events in their order."""
    uses: list[tuple[str, str, str]] = []
    for event in events:
        if "contentBlockStart" in event:
            use = event["contentBlockStart"]["start"].get("toolUse")
            if use:
                uses.append((use["toolUseId"], use["name"], ""))
        elif "contentBlockDelta" in event and "toolUse" in event["contentBlockDelta"]["delta"]:
            tool_use_id, name, before = uses[-1]
            uses[-1] = tool_use_id, name, before + event["contentBlockDelta"]["delta"]["toolUse"]["input"]
    return uses


def stop_reason(events: list[Any]) -> str:
    return str(next(event["messageStop"]["stopReason"] for event in events if "messageStop" in event))


def usage_of(events: list[Any]) -> dict[str, int]:
    return next(event["metadata"]["usage"] for event in events if "metadata" in event)
