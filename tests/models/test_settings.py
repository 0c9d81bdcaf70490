"""Settings that the providers share: unknown ones, prompt caching, the context window, counting tokens."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from strands import Agent
from strands.models import (
    AnthropicModel,
    BedrockModel,
    CacheConfig,
    CacheToolsConfig,
    GeminiModel,
    LiteLLMModel,
    Model,
    OllamaModel,
    OpenAIModel,
    OpenAIResponsesModel,
)
from strands.session import FileSessionManager
from support.providers import Provider, ask, assistant, parameters, tool_spec, user
from support.stub_http import Fault

# What marks a cache by its older settings still does so, and says that they are the older ones.
pytestmark = pytest.mark.filterwarnings("ignore:cache_(tools|prompt) is deprecated")

every = pytest.mark.parametrize("provider", parameters())
POINT = {"cachePoint": {"type": "default"}}


def body_of(provider: Provider, *args: Any, prompt: Any = "Hello", **config: Any) -> dict[str, Any]:
    with provider.stub(["Hi"]) as stub:
        settings = {"model_id": "anthropic.claude-x"} if provider.name == "bedrock" else {}
        ask(_changed(provider.model(stub), {**settings, **config}), prompt, *args)
        body: dict[str, Any] = stub.requests[0].body
        return body


def _changed(model: Model, config: dict[str, Any]) -> Model:
    model.update_config(**config)
    return model


@every
def test_an_unknown_setting_is_warned_of_and_kept(provider: Provider) -> None:
    with provider.stub(["Hi"]) as stub:
        with pytest.warns(
            UserWarning, match=r"does not know the setting 'temprature' .* it knows .*model_id"
        ) as caught:
            model = provider.model(stub, temprature=0.5)
        assert caught[0].filename.endswith("providers.py")
        with pytest.warns(UserWarning, match="'nonsense'"):
            model.update_config(nonsense=1)
    assert (model.get_config()["temprature"], model.config["nonsense"]) == (0.5, 1)


@every
def test_the_context_window(provider: Provider) -> None:
    with provider.stub(["Hi"]) as stub:
        model = provider.model(stub)
    limit = model.context_window_limit
    assert limit is None
    with pytest.warns(UserWarning, match="context_window_limit"):
        assert model.estimate_utilization(1000) == 0.005
    model.update_config(context_window_limit=500)
    assert (model.context_window_limit, model.estimate_utilization(1000)) == (500, 2.0)


@every
def test_tokens_are_estimated(provider: Provider) -> None:
    history = [
        user("x" * 400),
        assistant({"toolUse": {"toolUseId": "t1", "name": "look", "input": {"at": "y" * 100}}}),
        user({"toolResult": {"toolUseId": "t1", "status": "success", "content": [{"text": "z" * 40}, {"json": [1]}]}}),
    ]
    with provider.stub([]) as stub:
        model = provider.model(stub)
        bare = asyncio.run(model.count_tokens(history))
        full = asyncio.run(model.count_tokens(history, [tool_spec("look")], "Be brief."))
        assert not stub.requests
    assert 160 <= bare <= 180
    assert bare + 30 <= full <= bare + 150


@pytest.mark.parametrize("provider", parameters("bedrock", "anthropic", "gemini", "openai_responses"))
def test_the_provider_counts_tokens_when_asked_to(provider: Provider) -> None:
    async def main() -> tuple[int, int]:
        try:
            counted = await model.count_tokens([user("Hello")])
            stub.add(Fault(500), Fault(500))
            return counted, await model.count_tokens([user("Hello")])
        finally:
            await model.aclose()

    with provider.stub(["counted"]) as stub:
        model = provider.model(stub, use_native_token_count=True)
        counted, estimated = asyncio.run(main())
    assert counted == 321
    assert estimated == 2


@pytest.mark.filterwarnings("ignore:OpenAI has no use for ttl")
@pytest.mark.parametrize("provider", parameters("openai", "openai_responses"))
@pytest.mark.parametrize(
    ("cache", "sent"),
    [
        (CacheConfig(cache_key="mine", ttl="24h"), ("mine", "24h")),
        (CacheConfig(cache_key="mine", ttl="5m"), ("mine", None)),
        (CacheConfig(cache_key=False), (None, None)),
    ],
)
def test_openai_finds_its_cache_by_a_key(provider: Provider, cache: CacheConfig, sent: Any) -> None:
    body = body_of(provider, cache_config=cache)
    assert (body.get("prompt_cache_key"), body.get("prompt_cache_retention")) == sent


@pytest.mark.parametrize("provider", parameters("openai", "openai_responses", "litellm"))
def test_the_key_in_the_parameters_wins(provider: Provider) -> None:
    body = body_of(provider, cache_config=CacheConfig(cache_key="mine"), params={"prompt_cache_key": "theirs"})
    assert body["prompt_cache_key"] == "theirs"


LONG = [user("a", POINT), assistant("b", POINT), user("c"), assistant("d"), user("e", "f")]
KINDS: list[tuple[dict[str, Any], Any]] = [
    ({}, (None, None, None)),
    ({"cache_config": CacheConfig()}, ("5m", "5m", None)),
    ({"cache_config": CacheConfig(ttl="1h")}, ("1h", "1h", None)),
    ({"cache_config": CacheConfig(ttl="1h", system_prompt_ttl="5m", tools_ttl=True)}, ("1h", "5m ", "1h")),
    ({"cache_config": CacheConfig(system_prompt_ttl=False), "cache_tools": "default"}, ("5m", None, "5m")),
    ({"cache_config": CacheConfig(ttl="1h", tools_ttl=False), "cache_tools": "default"}, ("1h", "1h", None)),
    ({"cache_config": CacheConfig(tools_ttl="1h")}, ("5m", "5m", "1h")),
    ({"cache_tools": CacheToolsConfig(ttl="1h")}, (None, None, "1h")),
    ({"cache_config": CacheConfig(ttl="1h"), "cache_tools": "default"}, ("1h", "1h", "1h")),
]


@pytest.mark.parametrize("provider", parameters("anthropic", "bedrock"))
@pytest.mark.parametrize(("config", "marks"), KINDS)
def test_what_is_marked_for_the_cache(provider: Provider, config: Any, marks: Any) -> None:
    body = body_of(provider, [tool_spec()], "Be brief.", prompt=LONG, **config)
    tools = body["toolConfig"]["tools"] if provider.name == "bedrock" else body["tools"]
    found = _mark(body["messages"][-1]["content"]), _mark(body["system"]), _mark(tools)
    # A lifetime of five minutes is the default, and named only where it was given.
    assert found == tuple(None if mark is None else mark.strip() for mark in marks)
    older = [_mark(message["content"]) for message in body["messages"][:-1]]
    assert older == ([None] * 4 if "cache_config" in config else ["5m", "5m", None, None])


def _mark(blocks: Any) -> str | None:
    marks = [
        each.get("cachePoint") or each.get("cache_control")
        for each in blocks
        if "cachePoint" in each or "cache_control" in each
    ]
    assert len(marks) <= 1
    return marks[0].get("ttl", "5m") if marks else None


@pytest.mark.parametrize("provider", parameters("anthropic", "bedrock"))
def test_marks_of_your_own_stay_in_the_newest_message(provider: Provider) -> None:
    prompt = [user("long", POINT, "short")]
    body = body_of(provider, None, prompt=prompt, cache_config=CacheConfig(ttl="1h"))
    content = body["messages"][0]["content"]
    assert _mark(content) == "1h"
    assert "cachePoint" not in content[-1]
    assert prompt == [user("long", POINT, "short")]


@pytest.mark.parametrize("model_id", ["amazon.nova-pro", "meta.llama4", "arn:aws:bedrock:x:1:inference-profile/abc"])
def test_bedrock_marks_only_where_the_model_is_known_to_cache(model_id: str) -> None:
    (provider,) = [each.values[0] for each in parameters("bedrock")]
    body = body_of(provider, None, "Be brief.", model_id=model_id, cache_config=CacheConfig(tools_ttl=True))
    assert "cachePoint" not in str(body)
    body = body_of(provider, None, "Be brief.", model_id=model_id, cache_config=CacheConfig(strategy="anthropic"))
    assert str(body).count("cachePoint") == 2


def test_one_mark_for_the_system_prompt_is_enough() -> None:
    (provider,) = [each.values[0] for each in parameters("bedrock")]
    body = body_of(provider, None, "Be brief.", cache_prompt="default", cache_config=CacheConfig())
    assert body["system"] == [{"text": "Be brief."}, POINT]


def test_settings_have_a_type() -> None:
    config = BedrockModel.BedrockConfig(model_id="m", temperature=0.5)
    assert BedrockModel(**config).get_config()["temperature"] == 0.5


@pytest.mark.parametrize(
    ("make", "model_id", "window"),
    [
        (BedrockModel, "us.anthropic.claude-haiku-4-5-20251001-v1:0", 200_000),
        (BedrockModel, "global.anthropic.claude-sonnet-4-6", 1_000_000),
        (BedrockModel, "arn:aws:bedrock:us-east-1:1:inference-profile/us.amazon.nova-micro-v1:0", 128_000),
        (BedrockModel, "amazon.nova-lite-v1:0:24k", 24_000),
        (OpenAIModel, "gpt-4o-2024-11-20", 128_000),
        (OpenAIModel, "openai.gpt-5.4", 1_050_000),
        (OpenAIResponsesModel, "gpt-5-mini", 272_000),
        (AnthropicModel, "claude-opus-4-8", 1_000_000),
        (GeminiModel, "gemini-3-pro-preview", 1_048_576),
        (OpenAIModel, "a-model-of-ours", None),
        (OllamaModel, "gpt-4o", None),
    ],
)
@pytest.mark.filterwarnings("ignore:the model has no context_window_limit")
def test_what_a_known_model_reads(make: Any, model_id: str, window: int | None) -> None:
    model = make(model_id=model_id)
    assert (model.context_window_limit, model.get_config().get("context_window_limit")) == (window, window)
    assert model.estimate_utilization(1000) == 1000 / (window or 200_000)
    assert make(model_id=model_id, context_window_limit=5).context_window_limit == 5


def test_functions_are_no_tools_of_the_provider() -> None:
    pytest.importorskip("anthropic")
    model = AnthropicModel(model_id="m")
    with pytest.raises(ValueError, match=r"'f' is a function: give it to the agent"):
        model.update_config(anthropic_tools=[{"name": "f", "input_schema": {}}])
    pytest.importorskip("google.genai")
    with pytest.raises(ValueError, match="declares functions: give them to the agent"):
        GeminiModel(model_id="m", gemini_tools=[{"function_declarations": [{"name": "f"}]}])


def test_tools_among_the_parameters_stand_beside_those_of_the_agent() -> None:
    search = {"type": "web_search_20260318", "name": "web_search"}
    model = AnthropicModel(model_id="m", params={"tools": [search]})
    history: list[Any] = [user("Hello")]
    assert [each["name"] for each in model.format_request(history, [tool_spec("look")])["tools"]] == [
        "look",
        "web_search",
    ]
    choice: Any = {"any": {}}
    forced = model.format_request(history, [tool_spec("look")], tool_choice=choice)
    assert [each["name"] for each in forced["tools"]] == ["look"]


def test_a_thought_takes_no_mark() -> None:
    thought: Any = {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "s"}}}
    history: list[Any] = [
        {
            "role": "assistant",
            "content": [{"text": "Hi."}, thought, {"cachePoint": {"type": "default"}}, {"text": "Yes."}],
        },
        user("Hello"),
    ]
    said = AnthropicModel(model_id="m").format_request(history)["messages"][0]["content"]
    assert [("cache_control" in each) for each in said] == [True, False, False]


def test_a_mark_with_nothing_before_it_is_set_anew() -> None:
    model = AnthropicModel(model_id="m", cache_config=CacheConfig())
    history: list[Any] = [{"role": "user", "content": [POINT, {"text": "Hello"}]}, {"role": "user", "content": [POINT]}]
    request = model.format_request(history, system_prompt_content=[POINT, {"text": "Be brief."}])  # type: ignore[list-item]
    marked = {"type": "ephemeral"}
    assert request["messages"][0]["content"] == [{"type": "text", "text": "Hello", "cache_control": marked}]
    assert request["system"] == [{"type": "text", "text": "Be brief.", "cache_control": marked}]


def test_a_mark_lives_no_longer_than_the_one_before_it() -> None:
    model = BedrockModel(model_id="anthropic.claude-x", cache_config=CacheConfig(ttl="1h", tools_ttl="5m"))
    request = model.format_request([user("Hello")], [tool_spec()], [{"text": "Be brief."}])
    assert request["system"][-1] == {"cachePoint": {"type": "default"}}


def test_the_id_of_a_model_behind_a_litellm_proxy() -> None:
    model = LiteLLMModel(client_args={"use_litellm_proxy": True}, model_id="openai/gpt-4")
    assert model.get_config()["model_id"] == "litellm_proxy/openai/gpt-4"
    model.update_config(model_id="anthropic/claude-3")
    assert model.get_config()["model_id"] == "litellm_proxy/anthropic/claude-3"


@pytest.mark.parametrize("provider", parameters("openai", "openai_responses"))
def test_the_prompts_of_a_session_share_a_cache_key(provider: Provider, tmp_path: Path) -> None:
    with provider.stub(["Hi", "Hi"]) as stub:
        for key in (None, False):
            kept = FileSessionManager(session_id="s1", storage_dir=str(tmp_path / str(key)))
            model = provider.model(stub, cache_config=CacheConfig(cache_key=key))
            Agent(model=model, session_manager=kept, callback_handler=None)("Hello")
        assert [body.get("prompt_cache_key") for body in (each.body for each in stub.requests)] == ["strands-s1", None]


def test_cache_settings_without_use_are_said() -> None:
    with pytest.warns(UserWarning, match="Ollama has no use for ttl of cache_config"):
        OllamaModel(model_id="m", cache_config=CacheConfig(ttl="1h")).format_request([user("Hello")])
    with pytest.warns(UserWarning, match="OpenAI has no use for ttl, tools_ttl of cache_config"):
        OpenAIModel(model_id="m", cache_config=CacheConfig(ttl="5m", tools_ttl=True)).format_request([user("Hello")])


class Recording:
    """A client of Gemini that notes what it is asked, and fails."""

    def __init__(self) -> None:
        self.aio = self.models = self
        self.asked: dict[str, Any] = {}

    async def generate_content_stream(self, **asked: Any) -> Any:
        self.asked = asked
        raise LookupError("asked enough")

    def of(self, message: Any, tools: Any = None, **config: Any) -> dict[str, Any]:
        with pytest.raises(LookupError):
            ask(GeminiModel(client=self, model_id="m", **config), [message], tools)
        return self.asked


def test_functions_that_geminis_client_would_run_itself_are_left_to_nobody() -> None:
    assert Recording().of(user("Hello"), [tool_spec()])["config"].keys() == {"tools"}
    asked = Recording().of(user("Hello"), params={"tools": [print]})
    assert asked["config"]["automatic_function_calling"] == {"disable": True}


@pytest.mark.parametrize(("given", "sent"), [("mkv", "video/x-matroska"), ("three_gp", "video/3gpp")])
def test_videos_have_their_media_type(given: str, sent: str) -> None:
    video = {"role": "user", "content": [{"video": {"format": given, "source": {"bytes": b"v"}}}]}
    assert Recording().of(video)["contents"][0]["parts"][0]["inline_data"]["mime_type"] == sent
