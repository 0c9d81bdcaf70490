"""What only Anthropic, Gemini, Ollama and LiteLLM have."""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from collections.abc import Callable
from typing import Any, TypeVar

import pytest
from pydantic import BaseModel

from strands import Agent
from strands.models import AnthropicModel, GeminiModel, LiteLLMModel, OllamaModel
from strands.types.exceptions import (
    ModelAuthenticationError,
    ModelRequestError,
    ModelThrottledException,
    ModelUnavailableError,
    StructuredOutputException,
)
from support.providers import ask, assistant, collect, deltas, parameters, text_of, tool_spec, tool_uses, usage_of, user
from support.stub_anthropic import StubAnthropic
from support.stub_gemini import StubGemini
from support.stub_http import Fault, Say, Use
from support.stub_ollama import StubOllama
from support.stub_openai import StubOpenAI

Test = TypeVar("Test", bound=Callable[..., None])


def marked(name: str) -> Callable[[Test], Test]:
    """Mark a test with what its provider needs: a skip when the package is missing."""

    def mark(test: Test) -> Test:
        for each in parameters(name)[0].marks:
            test = each(test)
        return test

    return mark


RESULT = {"toolUseId": "t1", "status": "error", "content": [{"text": "no"}, {"json": {"why": "denied"}}]}
HISTORY = [
    user("Look."),
    assistant("Yes.", {"toolUse": {"toolUseId": "t1", "name": "look", "input": {"at": "ä"}}}),
    user({"toolResult": RESULT}),
]

# -- Anthropic ------------------------------------------------------------------------------------------------------


def anthropic(stub: StubAnthropic, **config: Any) -> AnthropicModel:
    return AnthropicModel(
        client_args={"base_url": stub.url, "api_key": "key"}, model_id="claude", max_tokens=9, **config
    )


@marked("anthropic")
def test_anthropic_request() -> None:
    with StubAnthropic(["Hi"]) as stub:
        ask(anthropic(stub, params={"temperature": 0.5}), HISTORY, [tool_spec("look")], "Be brief.")
        body = stub.requests[0].body
        headers = stub.requests[0].headers
    assert "key" in (headers.get("x-api-key"), headers.get("authorization", "").removeprefix("Bearer "))
    content = [{"type": "text", "text": "no"}, {"type": "text", "text": '{"why": "denied"}'}]
    assert body["messages"] == [
        {"role": "user", "content": [{"type": "text", "text": "Look."}]},
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "Yes."},
                {"type": "tool_use", "id": "t1", "name": "look", "input": {"at": "ä"}},
            ],
        },
        {
            "role": "user",
            "content": [{"type": "tool_result", "tool_use_id": "t1", "content": content, "is_error": True}],
        },
    ]
    assert body["system"] == "Be brief."
    assert (body["max_tokens"], body["temperature"], body["stream"]) == (9, 0.5, True)
    assert (body["tools"][0]["input_schema"]["required"], "tool_choice" in body) == (["query"], False)


@marked("anthropic")
@pytest.mark.parametrize(
    ("choice", "sent"), [({"any": {}}, {"type": "any"}), ({"tool": {"name": "look"}}, {"type": "tool", "name": "look"})]
)
def test_anthropic_tool_choice(choice: Any, sent: Any) -> None:
    with StubAnthropic(["Hi"]) as stub:
        ask(anthropic(stub), "Hello", [tool_spec("look")], tool_choice=choice)
        assert stub.requests[0].body["tool_choice"] == sent


@marked("anthropic")
def test_anthropic_thinking_goes_back_signed_and_redacted() -> None:
    with StubAnthropic([Say("42", reasoning="Hm.", extra={"redacted": "c2VjcmV0"}), "Yes."]) as stub:
        model = anthropic(stub)
        redacted = [each["reasoningContent"]["redactedContent"] for each in deltas(ask(model))[2:3]]
        history = [
            user("Hello"),
            assistant(
                {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "signed"}}},
                {"reasoningContent": {"redactedContent": redacted[0]}},
                {"reasoningContent": {"reasoningText": {"text": "another model's"}}},
                "42",
            ),
            user("Sure?"),
        ]
        ask(model, history)
        sent = stub.requests[1].body["messages"][1]["content"]
    assert sent == [
        {"type": "thinking", "thinking": "Hm.", "signature": "signed"},
        {"type": "redacted_thinking", "data": "c2VjcmV0"},
        {"type": "text", "text": "42"},
    ]


@marked("anthropic")
def test_anthropic_cache_points_and_cached_tokens() -> None:
    with StubAnthropic([Say("Hi", extra={"cached": 90})]) as stub:
        point = {"cachePoint": {"type": "default"}}
        system: Any = [{"text": "Long."}, point]
        usage = usage_of(ask(anthropic(stub), [user("Hello", point)], system_prompt_content=system))
        body = stub.requests[0].body
    assert usage["cacheReadInputTokens"] == 90
    assert body["system"][0]["cache_control"] == {"type": "ephemeral"}
    assert body["messages"][0]["content"][0]["cache_control"] == {"type": "ephemeral"}


@marked("anthropic")
@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("overloaded_error", ModelThrottledException),
        ("rate_limit_error", ModelThrottledException),
        ("api_error", ModelUnavailableError),
        ("authentication_error", ModelAuthenticationError),
        ("invalid_request_error", ModelRequestError),
    ],
)
def test_anthropic_errors_inside_the_stream(kind: str, error: type[Exception]) -> None:
    with StubAnthropic([Say("Hel", extra={"event_error": kind})]) as stub, pytest.raises(error):
        ask(anthropic(stub))


@marked("anthropic")
def test_anthropic_has_no_place_for_a_word_document() -> None:
    document = {"document": {"format": "docx", "name": "x", "source": {"bytes": b"x"}}}
    with StubAnthropic() as stub, pytest.raises(ModelRequestError, match="docx"):
        ask(anthropic(stub), [user(document)])


@marked("anthropic")
def test_anthropic_without_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with StubAnthropic() as stub, pytest.raises(ModelAuthenticationError, match="ANTHROPIC_API_KEY"):
        ask(AnthropicModel(client_args={"base_url": stub.url}))


# -- Gemini ---------------------------------------------------------------------------------------------------------


def gemini(stub: StubGemini, **config: Any) -> GeminiModel:
    args = {"api_key": "key", "http_options": {"base_url": stub.url}}
    return GeminiModel(**{"client_args": args, "model_id": "gemini-2.5-flash", **config})


@marked("gemini")
def test_gemini_request() -> None:
    with StubGemini(["Hi"]) as stub:
        ask(gemini(stub, params={"temperature": 0.5}), HISTORY, [tool_spec("look")], "Be brief.")
        body = stub.requests[0].body
        assert "gemini-2.5-flash:streamGenerateContent" in stub.requests[0].path
    call = {"functionCall": {"id": "t1", "name": "look", "args": {"at": "ä"}}}
    answer = {"id": "t1", "name": "look", "response": {"error": ["no", {"why": "denied"}]}}
    assert body["contents"] == [
        {"role": "user", "parts": [{"text": "Look."}]},
        {"role": "model", "parts": [{"text": "Yes."}, call]},
        {"role": "user", "parts": [{"functionResponse": answer}]},
    ]
    assert body["systemInstruction"]["parts"] == [{"text": "Be brief."}]
    assert body["generationConfig"]["temperature"] == 0.5
    declared = body["tools"][0]["functionDeclarations"][0]
    schema = declared.get("parametersJsonSchema") or declared["parameters_json_schema"]
    assert (declared["name"], schema["required"]) == ("look", ["query"])


@marked("gemini")
def test_gemini_tool_choice() -> None:
    with StubGemini(["Hi"]) as stub:
        ask(gemini(stub), "Hello", [tool_spec("look")], tool_choice={"tool": {"name": "look"}})
        config = stub.requests[0].body["toolConfig"]["functionCallingConfig"]
    assert config == {"mode": "ANY", "allowedFunctionNames": ["look"]}


@marked("gemini")
def test_gemini_signatures_go_back_with_their_call() -> None:
    signature = b64encode(b"proof").decode()
    with StubGemini([Say(tools=[Use("look")], extra={"signature": signature}), "Hi", "Hi"]) as stub:
        model = gemini(stub, model_id="gemini-3-pro")
        start = next(event for event in ask(model) if "contentBlockStart" in event)
        use = {**start["contentBlockStart"]["start"]["toolUse"], "input": {}}
        ask(model, [user("Hello"), assistant({"toolUse": use})])
        ask(model, [user("Hello"), assistant({"toolUse": {"toolUseId": "t", "name": "look", "input": {}}})])
        sent = [request.body["contents"][1]["parts"][0]["thoughtSignature"] for request in stub.requests[1:]]
    assert sent[0] == signature
    assert sent[1] == b64encode(b"skip_thought_signature_validator").decode()


@marked("gemini")
@pytest.mark.parametrize("finish", ["MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL"])
def test_gemini_that_stumbles_over_a_tool_call_is_told(finish: str) -> None:
    with StubGemini([Say(extra={"finish": finish}), "Done."]) as stub:
        agent = Agent(model=gemini(stub), callback_handler=None, retry_strategy=None)
        assert str(agent("Hello")).strip() == "Done."
        contents = stub.requests[1].body["contents"]
    assert contents[1]["role"] == "model"
    assert "nothing was run" in contents[2]["parts"][0]["text"]


@marked("gemini")
def test_gemini_says_in_its_own_way_how_long_to_wait() -> None:
    info = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "12.5s"}
    body = {"error": {"code": 429, "message": "quota", "status": "RESOURCE_EXHAUSTED", "details": [info]}}
    with StubGemini([Fault(429, body=body)]) as stub, pytest.raises(ModelThrottledException) as caught:
        ask(gemini(stub))
    assert caught.value.retry_after == 12.5


@marked("gemini")
def test_gemini_with_a_wrong_key() -> None:
    fault = Fault(400, "API key not valid. Please pass a valid API key.")
    with StubGemini([fault]) as stub, pytest.raises(ModelAuthenticationError, match="GEMINI_API_KEY"):
        ask(gemini(stub))


@marked("gemini")
def test_gemini_without_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GEMINI_API_KEY", "GOOGLE_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(ModelAuthenticationError, match="GEMINI_API_KEY"):
        ask(GeminiModel())


# -- Ollama ---------------------------------------------------------------------------------------------------------


@marked("ollama")
def test_ollama_request() -> None:
    with StubOllama(["Hi"]) as stub:
        model = OllamaModel(
            stub.url, model_id="llama", temperature=0.5, max_tokens=9, keep_alive="5m", options={"seed": 1}
        )
        ask(model, HISTORY, [tool_spec("look")], "Be brief.")
        body = stub.requests[0].body
    assert body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Look."},
        {
            "role": "assistant",
            "content": "Yes.",
            "tool_calls": [{"function": {"name": "look", "arguments": {"at": "ä"}}}],
        },
        {"role": "tool", "tool_name": "look", "content": 'no\n{"why": "denied"}'},
    ]
    assert body["options"] == {"seed": 1, "temperature": 0.5, "num_predict": 9}
    assert (body["model"], body["keep_alive"], body["stream"]) == ("llama", "5m", True)


@marked("ollama")
def test_ollama_reads_the_inner_levels_of_a_schema_in_the_description() -> None:
    inner = {"type": "object", "properties": {"street": {"type": "string"}}}
    with StubOllama(["Hi"]) as stub:
        ask(OllamaModel(stub.url), "Hello", [tool_spec("send", to=inner), tool_spec("look")])
        tools = stub.requests[0].body["tools"]
    assert '"street"' in tools[0]["function"]["description"]
    assert tools[1]["function"]["description"] == "The tool look."


@marked("ollama")
def test_ollama_errors_inside_the_stream() -> None:
    reply = Say("Hel", extra={"event_error": "out of memory"})
    with StubOllama([reply]) as stub, pytest.raises(ModelUnavailableError, match="out of memory"):
        ask(OllamaModel(stub.url))


@marked("ollama")
def test_ollama_that_does_not_run_says_how_to_start_it() -> None:
    with StubOllama() as stub:
        url = stub.url
    with pytest.raises(ModelUnavailableError, match="ollama serve"):
        ask(OllamaModel(url))


@marked("ollama")
def test_ollama_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    with StubOllama(["Hi"]) as stub:
        monkeypatch.setenv("OLLAMA_HOST", stub.url)
        assert text_of(ask(OllamaModel())) == "Hi"


class Person(BaseModel):
    name: str


@marked("ollama")
@pytest.mark.parametrize("text", ["", "no JSON", '{"age": 3}'])
def test_ollama_structured_output_that_does_not_fit(text: str) -> None:
    async def main() -> None:
        model = OllamaModel(stub.url)
        try:
            await collect(model.structured_output(Person, [user("Who?")]))
        finally:
            await model.aclose()

    with StubOllama([text]) as stub, pytest.raises(StructuredOutputException, match="'Person'"):
        asyncio.run(main())


# -- LiteLLM --------------------------------------------------------------------------------------------------------


@marked("litellm")
def test_litellm_speaks_the_chat_format() -> None:
    with StubOpenAI([Use("look", {"at": "x"})]) as stub:
        args = {"api_base": stub.url, "api_key": "key"}
        model = LiteLLMModel(client_args=args, model_id="openai/gpt-4o-mini", params={"temperature": 0.5})
        events = ask(model, "Hello", [tool_spec("look")], "Be brief.")
        body = stub.requests[0].body
    assert json.loads(tool_uses(events)[0][2]) == {"at": "x"}
    assert (body["model"], body["temperature"]) == ("gpt-4o-mini", 0.5)
    assert body["messages"][0] == {"role": "system", "content": "Be brief."}


@marked("litellm")
def test_litellm_models_share_their_connections_until_the_last_one_closes() -> None:
    async def main() -> list[str]:
        args = {"api_base": stub.url, "api_key": "key"}
        first, second = (LiteLLMModel(client_args=args, model_id="openai/m") for _ in range(2))
        said = [text_of(await collect(each.stream([user("Hello")]))) for each in (first, second)]
        await first.aclose()
        said.append(text_of(await collect(second.stream([user("Hello")]))))
        await second.aclose()
        return said

    with StubOpenAI(["one", "two", "three"]) as stub:
        assert asyncio.run(main()) == ["one", "two", "three"]
