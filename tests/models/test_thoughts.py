"""What models thought goes back to them in the form it came in, by whatever name their servers call it."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from strands import Agent, tool
from strands.models import LiteLLMModel, Model
from support.providers import Provider, parameters
from support.stub_anthropic import StubAnthropic
from support.stub_gemini import StubGemini
from support.stub_http import Say, Use
from support.stub_openai import StubOpenAI

openai = pytest.mark.parametrize("provider", parameters("openai"))
litellm = pytest.mark.parametrize("provider", parameters("litellm"))


@tool
def look(a: int) -> str:
    """Look."""
    return f"saw {a}"


def delta(finish: str | None = None, **content: Any) -> dict[str, Any]:
    return {"id": "c", "choices": [{"index": 0, "delta": content, "finish_reason": finish}]}


CALL = {"index": 0, "id": "c1", "type": "function", "function": {"name": "look", "arguments": '{"a": 1}'}}


def sent_back(provider: Provider, *chunks: dict[str, Any]) -> dict[str, Any]:
    """Return the assistant's message as the server gets it back with the tool's result."""
    extra = {"chunks": [*chunks, delta(tool_calls=[CALL]), delta("tool_calls")]}
    with provider.stub([Say(extra=extra), "Done."]) as stub:
        Agent(model=provider.model(stub), tools=[look], callback_handler=None, retry_strategy=None)("Go")
        found: dict[str, Any] = stub.requests[1].body["messages"][1]
        return found


@openai
def test_details_of_openrouter_are_whole_again(provider: Provider) -> None:
    text = {"type": "reasoning.text", "format": "anthropic-claude-v1", "index": 0}
    hidden = {"type": "reasoning.encrypted", "data": "enc", "id": "e1", "format": "openai-responses-v1", "index": 1}
    message = sent_back(
        provider,
        delta(reasoning="I must ", reasoning_details=[{**text, "text": "I must "}]),
        delta(reasoning="look.", reasoning_details=[{**text, "text": "look."}]),
        delta(reasoning_details=[{**text, "text": None, "signature": "signed"}]),
        delta(content="Let me.", reasoning_details=[hidden]),
    )
    assert message["reasoning_details"] == [{**text, "text": "I must look.", "signature": "signed"}, hidden]
    assert (message["content"], message["tool_calls"][0]["id"]) == ("Let me.", "c1")


@openai
def test_thoughts_of_mistral_are_parts_of_the_content(provider: Provider) -> None:
    message = sent_back(
        provider,
        delta(content=[{"type": "thinking", "thinking": [{"type": "text", "text": "I must "}]}]),
        delta(content=[{"type": "thinking", "thinking": [{"type": "text", "text": "look."}]}]),
        delta(content=[{"type": "text", "text": "Let me."}]),
    )
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "I must look."}]}
    assert message["content"] == [thinking, {"type": "text", "text": "Let me."}]


@pytest.mark.parametrize("provider", parameters("ollama"))
def test_thoughts_of_ollama_go_back_with_the_call(provider: Provider) -> None:
    with provider.stub([Say("Let me.", [Use("look", {"a": 1})], reasoning="I must look."), "Done.", "Yes."]) as stub:
        agent = Agent(model=provider.model(stub), tools=[look], callback_handler=None)
        agent("Go")
        assert stub.requests[1].body["messages"][1]["thinking"] == "I must look."
        agent.model.update_config(model_id="another")
        agent("Sure?")
        assert "thinking" not in str(stub.requests[2].body)


def through_litellm(stub: Any, model_id: str, api_base: str, **params: Any) -> Model:
    return LiteLLMModel(client_args={"api_key": "k", "api_base": api_base}, model_id=model_id, params=params)


@litellm
def test_claudes_thinking_through_litellm_is_signed(provider: Provider) -> None:
    thinking = {"type": "enabled", "budget_tokens": 1024}
    with StubAnthropic([Say("Let me.", [Use("look", {"a": 1})], reasoning="I must look."), "Done."]) as stub:
        model = through_litellm(stub, "anthropic/claude-sonnet-4-5", stub.url, thinking=thinking, max_tokens=2000)
        Agent(model=model, tools=[look], callback_handler=None, retry_strategy=None)("Go")
        back = stub.requests[1].body["messages"][1]["content"]
    assert back[0] == {"type": "thinking", "thinking": "I must look.", "signature": "signed"}
    assert [block["type"] for block in back] == ["thinking", "text", "tool_use"]


@litellm
def test_the_signature_of_geminis_call_through_litellm(provider: Provider) -> None:
    with StubGemini([Say("", [Use("look", {"a": 1})], extra={"signature": "U0lH"}), "Done."]) as stub:
        place = f"{stub.url}/v1beta/models/gemini-3-pro-preview"
        model = through_litellm(stub, "gemini/gemini-3-pro-preview", place)
        agent = Agent(model=model, tools=[look], callback_handler=None, retry_strategy=None)
        agent("Go")
        (use,) = [block["toolUse"] for block in agent.messages[1]["content"] if "toolUse" in block]
        assert (use["reasoningSignature"], "__thought__" in use["toolUseId"]) == ("U0lH", False)
        assert "U0lH" in str(stub.requests[1].body["contents"][1])


@litellm
def test_models_of_litellm_that_are_dropped_leave_nothing_open(provider: Provider) -> None:
    import asyncio

    async def several(stub: Any) -> None:
        for _ in range(3):
            agent = Agent(model=provider.model(stub), callback_handler=None)
            await agent.invoke_async("Hello")
            del agent
            gc.collect()

    with StubOpenAI() as stub:
        asyncio.run(several(stub))
        for _ in range(2):
            Agent(model=provider.model(stub), callback_handler=None)("Hello")
        gc.collect()
