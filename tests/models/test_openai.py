"""OpenAI's two APIs: what goes out, and what only they can answer."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import openai
import pytest

from strands import ModelRetryStrategy
from strands.models import OpenAIModel, OpenAIResponsesModel
from strands.types.exceptions import (
    ContextWindowOverflowException,
    ModelAuthenticationError,
    ModelRequestError,
    ModelThrottledException,
    ModelUnavailableError,
)
from support.providers import ask, assistant, collect, stop_reason, text_of, tool_spec, tool_uses, usage_of, user
from support.stub_openai import Fault, Say, StubOpenAI, Use
from support.stub_responses import StubResponses

TESTS = Path(__file__).parents[1]
IMAGE = {"image": {"format": "png", "source": {"bytes": b"png"}}}


def chat(stub: StubOpenAI, **config: Any) -> OpenAIModel:
    return OpenAIModel(client_args={"base_url": stub.url, "api_key": "key"}, model_id="gpt-4o-mini", **config)


def responses(stub: StubResponses, **config: Any) -> OpenAIResponsesModel:
    return OpenAIResponsesModel(client_args={"base_url": stub.url, "api_key": "key"}, model_id="gpt-5", **config)


HISTORY = [
    user("Look."),
    assistant("Yes.", {"toolUse": {"toolUseId": "t1", "name": "look", "input": {"at": "ä"}}}),
    user({"toolResult": {"toolUseId": "t1", "status": "success", "content": [{"json": [1]}, {"text": "b"}, IMAGE]}}),
]


def test_the_chat_request() -> None:
    with StubOpenAI(["Hi"]) as stub:
        ask(chat(stub, params={"temperature": 0.5, "max_tokens": 9}), HISTORY, [tool_spec("look")], "Be brief.")
        body = stub.requests[0].body
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,cG5n"}}
    call = {"id": "t1", "type": "function", "function": {"name": "look", "arguments": '{"at": "ä"}'}}
    assert body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Look."},
        {"role": "assistant", "content": "Yes.", "tool_calls": [call]},
        {
            "role": "tool",
            "tool_call_id": "t1",
            "content": "[1]\nb\n(The rest of this result is in the next user message.)",
        },
        {"role": "user", "content": [picture]},
    ]
    assert (body["model"], body["temperature"], body["max_tokens"]) == ("gpt-4o-mini", 0.5, 9)
    assert (body["stream"], body["stream_options"], "tool_choice" in body) == (True, {"include_usage": True}, False)
    assert body["tools"][0]["function"]["parameters"]["required"] == ["query"]


@pytest.mark.parametrize(
    ("choice", "sent"),
    [
        ({"auto": {}}, "auto"),
        ({"any": {}}, "required"),
        ({"tool": {"name": "search"}}, {"type": "function", "function": {"name": "search"}}),
    ],
)
def test_the_tool_choice(choice: Any, sent: Any) -> None:
    with StubOpenAI(["Hi"]) as stub:
        ask(chat(stub), "Hello", [tool_spec()], tool_choice=choice)
        assert stub.requests[0].body["tool_choice"] == sent


def test_system_prompt_blocks_become_one_text() -> None:
    with StubOpenAI(["Hi"]) as stub:
        ask(chat(stub), system_prompt_content=[{"text": "a"}, {"cachePoint": {"type": "default"}}, {"text": "b"}])
        assert stub.requests[0].body["messages"][0] == {"role": "system", "content": "a\nb"}


def test_params_reach_the_extra_body_too() -> None:
    with StubOpenAI(["Hi"]) as stub:
        ask(chat(stub, params={"extra_body": {"top_k": 3}, "extra_headers": {"X-Team": "red"}}))
        assert stub.requests[0].body["top_k"] == 3
        assert stub.requests[0].headers["x-team"] == "red"


def test_a_server_that_cannot_stream() -> None:
    with StubOpenAI([Say("Hello", [Use("search", {"query": "x"})], reasoning="Hm.")]) as stub:
        events = ask(chat(stub, stream=False))
        assert "stream_options" not in stub.requests[0].body
    assert (text_of(events), stop_reason(events)) == ("Hello", "tool_use")
    assert tool_uses(events) == [("call_0_0", "search", '{"query": "x"}')]
    assert usage_of(events)["totalTokens"] == 18


def test_the_environment_says_where_and_with_which_key(monkeypatch: pytest.MonkeyPatch) -> None:
    with StubOpenAI(["Hi"]) as stub:
        monkeypatch.setenv("OPENAI_BASE_URL", stub.url)
        monkeypatch.setenv("OPENAI_API_KEY", "from-the-environment")
        assert text_of(ask(OpenAIModel(model_id="m"))) == "Hi"
        assert stub.requests[0].headers["authorization"] == "Bearer from-the-environment"


@pytest.mark.parametrize("model", [OpenAIModel, OpenAIResponsesModel])
def test_a_missing_key_is_named(monkeypatch: pytest.MonkeyPatch, model: Any) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with pytest.raises(ModelAuthenticationError, match="OPENAI_API_KEY"):
        ask(model(model_id="m"))


@pytest.mark.parametrize("model", [OpenAIModel, OpenAIResponsesModel])
def test_a_client_or_its_arguments_but_not_both(model: Any) -> None:
    with pytest.raises(ValueError, match="not both"):
        model(client=object(), client_args={"api_key": "key"})


def test_a_client_of_your_own_stays_open() -> None:
    async def main() -> list[str]:
        async with openai.AsyncOpenAI(base_url=stub.url, api_key="mine", max_retries=0) as client:
            model = OpenAIModel(client=client, model_id="m")
            said = []
            for _ in range(2):
                said.append(text_of(await collect(model.stream([user("Hello")]))))
                await model.aclose()
            return said

    with StubOpenAI(["one", "two"]) as stub:
        assert asyncio.run(main()) == ["one", "two"]
        assert stub.requests[0].headers["authorization"] == "Bearer mine"


def test_keep_alive_comments_are_skipped() -> None:
    with StubOpenAI([Say("Hi", extra={"raw": b": keep-alive\n\nevent: ping\n\n"})]) as stub:
        assert text_of(ask(chat(stub))) == "Hi"


@pytest.mark.parametrize(
    ("sent", "kind"),
    [
        (b"data: {broken\n\n", ModelUnavailableError),
        (b"data: [1]\n\n", ModelUnavailableError),
        (b'data: {"error": {"message": "boom", "type": "server_error"}}\n\n', ModelUnavailableError),
        (b'data: {"error": {"message": "boom", "code": 429}}\n\n', ModelThrottledException),
        (b'data: {"error": {"message": "boom", "code": "rate_limit_exceeded"}}\n\n', ModelThrottledException),
        (b'data: {"error": {"message": "x", "code": "context_length_exceeded"}}\n\n', ContextWindowOverflowException),
        (b'data: {"error": {"message": "boom", "type": "invalid_request_error"}}\n\n', ModelRequestError),
        (b'data: {"error": "just a text"}\n\n', ModelUnavailableError),
    ],
)
def test_errors_inside_the_stream(sent: bytes, kind: type[Exception]) -> None:
    with StubOpenAI([Say("Hi", extra={"raw": sent})]) as stub, pytest.raises(kind):
        ask(chat(stub))


def test_no_credit_is_throttling_that_does_not_pass() -> None:
    body = {"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}}
    with (
        StubOpenAI([Fault(429, body=body)]) as stub,
        pytest.raises(ModelRequestError, match="no credit left") as caught,
    ):
        ask(chat(stub))
    assert isinstance(caught.value, ModelThrottledException)
    assert not ModelRetryStrategy().is_retryable(caught.value)


def test_milliseconds_win_over_seconds() -> None:
    headers = {"Retry-After": "7", "retry-after-ms": "1500"}
    with StubOpenAI([Fault(429, headers=headers)]) as stub, pytest.raises(ModelThrottledException) as caught:
        ask(chat(stub))
    assert caught.value.retry_after == 1.5


@pytest.mark.parametrize("value", ["soon", "inf", "nan", "", "-5", "Wed, 99 Foo"])
def test_a_strange_retry_after_is_no_reason_to_fail(value: str) -> None:
    with (
        StubOpenAI([Fault(429, headers={"Retry-After": value})]) as stub,
        pytest.raises(ModelThrottledException) as caught,
    ):
        ask(chat(stub))
    assert caught.value.retry_after in (None, 0.0)


def test_a_message_of_the_wrong_kind_of_medium_is_refused_before_asking() -> None:
    remote = {"image": {"format": "png", "source": {"location": {"type": "s3", "uri": "s3://b/k"}}}}
    with StubOpenAI([]) as stub:
        with pytest.raises(ModelRequestError, match="s3://b/k"):
            ask(chat(stub), [user(remote)])
        assert stub.requests == []


# -- the Responses API ----------------------------------------------------------------------------------------------


def test_the_responses_request() -> None:
    with StubResponses(["Hi"]) as stub:
        ask(responses(stub, params={"max_output_tokens": 9}), HISTORY, [tool_spec("look")], "Be brief.")
        body = stub.requests[0].body
        assert stub.requests[0].path == "/v1/responses"
    output = [
        {"type": "input_text", "text": "[1]"},
        {"type": "input_text", "text": "b"},
        {"type": "input_image", "detail": "auto", "image_url": "data:image/png;base64,cG5n"},
    ]
    assert body["input"] == [
        {"role": "user", "content": [{"type": "input_text", "text": "Look."}]},
        {"role": "assistant", "content": [{"type": "output_text", "text": "Yes."}]},
        {"type": "function_call", "call_id": "t1", "name": "look", "arguments": '{"at": "ä"}'},
        {"type": "function_call_output", "call_id": "t1", "output": output},
    ]
    assert (body["instructions"], body["store"], body["max_output_tokens"]) == ("Be brief.", False, 9)
    assert (body["tools"][0]["name"], body["tools"][0]["strict"]) == ("look", False)


def test_a_response_that_fails_midway() -> None:
    failed = Say("Hel", extra={"event_error": "rate_limit_exceeded"})
    with StubResponses([failed]) as stub, pytest.raises(ModelThrottledException, match="scripted fault"):
        ask(responses(stub))


# -- the stub as a process ------------------------------------------------------------------------------------------


def test_the_stub_serves_other_processes(tmp_path: Path) -> None:
    port_file, log, script = tmp_path / "port", tmp_path / "log", tmp_path / "script.json"
    script.write_text(json.dumps({"weather": {"text": "Rain.", "usage": [3, 4]}, "broken": {"status": 400}}))
    files = ["--port-file", str(port_file), "--log", str(log), "--script", str(script)]
    command = [sys.executable, "-m", "support.stub_openai", *files]
    with subprocess.Popen(command, env={**os.environ, "PYTHONPATH": str(TESTS)}) as process:
        try:
            end = time.monotonic() + 10
            while not port_file.exists() and time.monotonic() < end:
                time.sleep(0.02)
            args = {"base_url": f"http://127.0.0.1:{port_file.read_text()}/v1", "api_key": "key"}
            model = OpenAIModel(client_args=args, model_id="m")
            events = ask(model, "How is the weather?")
            assert (text_of(events), usage_of(events)["totalTokens"]) == ("Rain.", 7)
            assert text_of(ask(model, "And else?")) == "Reply to: And else?"
            with pytest.raises(ModelRequestError):
                ask(model, "broken")
        finally:
            process.kill()
    assert [json.loads(line)["prompt"] for line in log.read_text().splitlines()] == [
        "How is the weather?",
        "And else?",
        "broken",
    ]
