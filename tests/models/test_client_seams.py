"""What programs see of a provider's client: when it is made, how it is made, and the errors that it raises."""

from __future__ import annotations

import asyncio
import pickle
import threading
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any
from unittest.mock import AsyncMock, MagicMock, patch

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from google.genai import errors, types

from strands import Agent
from strands.models import BedrockModel
from strands.models.gemini import GeminiModel
from strands.models.ollama import OllamaModel
from strands.types.exceptions import ModelRequestError, ModelThrottledException
from support.providers import ask, text_of, tool_spec, user
from support.stub_bedrock import Fault, Say, StubBedrock

SAID: Any = [
    {"messageStart": {"role": "assistant"}},
    {"contentBlockDelta": {"delta": {"text": "Hi"}}},
    {"contentBlockStop": {}},
    {"messageStop": {"stopReason": "end_turn"}},
]


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


def made_with(**given: Any) -> Any:
    """Return the arguments by which a session that stands in for boto3's is asked for a client."""
    with patch.object(boto3, "Session") as session:
        session.return_value.region_name = None
        BedrockModel(**given)
    return session.return_value.client.call_args.kwargs


def test_a_stand_in_for_the_session_makes_the_client_while_it_stands_in() -> None:
    with patch.object(boto3, "Session") as session:
        session.return_value.region_name = "eu-west-3"
        session.return_value.client.return_value.converse_stream.return_value = {"stream": SAID}
        model = BedrockModel(model_id="m")
    assert text_of(ask(model)) == "Hi"
    assert session.return_value.client.call_args.kwargs["region_name"] == "eu-west-3"


def test_a_session_of_your_own_makes_the_client_at_once() -> None:
    session = MagicMock(region_name="eu-west-3")
    BedrockModel(boto_session=session)
    assert session.client.call_args.kwargs["service_name"] == "bedrock-runtime"


def test_the_configuration_of_the_client() -> None:
    assert made_with()["config"].user_agent_extra == "strands-agents"
    own = made_with(boto_client_config=Config(user_agent_extra="shop", read_timeout=9), api_key="k")["config"]
    assert (own.user_agent_extra, own.read_timeout) == ("shop strands-agents", 9)


def test_an_api_key_wins_over_a_signature_that_is_configured() -> None:
    with StubBedrock(["Hi"]) as stub:
        config = Config(signature_version="v4")
        model = BedrockModel(endpoint_url=stub.url, region_name="eu-west-1", api_key="k", boto_client_config=config)
        assert text_of(ask(model)) == "Hi"
        assert stub.requests[0].headers["authorization"] == "Bearer k"


def test_an_error_is_one_of_the_client_too() -> None:
    refusal = Fault(400, "no such model", kind="ValidationException")
    with StubBedrock([refusal]) as stub, pytest.raises(ClientError) as caught:
        ask(BedrockModel(endpoint_url=stub.url, region_name="eu-west-1"))
    error = caught.value
    assert isinstance(error, ModelRequestError)
    assert type(error).__name__ == "ModelRequestError"
    raised: Any = error
    assert raised.response["Error"]["Code"] == "ValidationException"
    assert raised.operation_name == "ConverseStream"
    assert str(error) == "Bedrock answered 400: no such model"
    copied = pickle.loads(pickle.dumps(error))
    assert type(copied) is ModelRequestError
    assert str(copied) == str(error)


def test_an_error_of_both_classes_keeps_what_ours_says() -> None:
    client = MagicMock()
    said: Any = {"Error": {"Code": "ThrottlingException"}, "ResponseMetadata": {"HTTPHeaders": {"retry-after": "7"}}}
    client.converse_stream.side_effect = ClientError(said, "ConverseStream")
    with pytest.raises(ModelThrottledException) as caught:
        ask(BedrockModel(client=client))
    assert caught.value.retry_after == 7


def test_a_signal_ends_a_reply_of_which_nothing_comes() -> None:
    signal, released = threading.Event(), threading.Event()

    def stalled() -> Any:
        yield from SAID[:2]
        released.wait(30)

    client = MagicMock()
    client.converse_stream.return_value = {"stream": stalled()}
    model = BedrockModel(client=client)

    async def read() -> list[Any]:
        seen = []
        async for event in model.stream([user("Hello")], cancel_signal=signal):
            seen.append(event)
            if "contentBlockDelta" in event:
                signal.set()
        return seen

    try:
        assert asyncio.run(read()) == SAID[:2]
    finally:
        released.set()


def test_turns_that_are_not_mixed_are_not_asked_for_twice() -> None:
    said = "Conversation blocks and tool result blocks cannot be provided in the same turn."
    refusal = Fault(400, said, kind="ValidationException")
    with StubBedrock([refusal, Say("Hi")]) as stub:
        with pytest.raises(ModelRequestError):
            ask(BedrockModel(endpoint_url=stub.url, region_name="eu-west-1", model_id="m"))
        assert len(stub.requests) == 1


@pytest.mark.parametrize("location", [{"type": "other"}, {"type": "gcs", "uri": "gs://b/k"}, {"type": "s3"}])
def test_a_place_that_bedrock_cannot_read_is_named(location: Any) -> None:
    image = {"image": {"format": "png", "source": {"location": location}}}
    with pytest.raises(ModelRequestError, match="cannot read an image from the location"):
        BedrockModel(model_id="m").format_request([user("Look", image)])


@pytest.mark.parametrize("block", [{"text": " "}, {"cachePoint": {"type": "default"}}])
def test_a_conversation_of_nothing_else_goes_as_it_is(block: Any) -> None:
    assert BedrockModel(model_id="m").format_request([user(block)])["messages"] == [user(block)]


class Gemini:
    """Stands in for a client of Google's."""

    def __init__(self, *chunks: Any, fails: Exception | None = None, vertexai: bool = False) -> None:
        self.vertexai = vertexai
        self.chunks = chunks
        self.fails = fails
        self.asked: dict[str, Any] = {}
        self.aio = self.models = self

    async def generate_content_stream(self, **asked: Any) -> Any:
        self.asked = asked
        if self.fails is not None:
            raise self.fails

        async def chunks() -> Any:
            for chunk in self.chunks or ({"candidates": [{"finish_reason": "STOP"}]},):
                yield types.GenerateContentResponse.model_validate(chunk)

        return chunks()

    async def count_tokens(self, **asked: Any) -> Any:
        return SimpleNamespace(total_tokens=50)


def config_of(client: Gemini, *tools: Any, tool_choice: Any = None, **config: Any) -> dict[str, Any]:
    ask(GeminiModel(client=client, model_id="m", **config), "Hello", list(tools), tool_choice=tool_choice)
    asked: dict[str, Any] = client.asked["config"]
    return asked


def test_an_error_of_gemini_is_one_of_its_client_too() -> None:
    fault = errors.ClientError(429, {"error": {"message": "slow down"}})
    with pytest.raises(ModelThrottledException) as caught:
        ask(GeminiModel(client=Gemini(fails=fault)))
    error: Any = caught.value
    assert issubclass(type(error), errors.ClientError)
    assert error.code == 429


def test_tools_of_googles_own_stand_beside_functions() -> None:
    search = types.Tool(google_search=types.GoogleSearch())
    config = config_of(Gemini(), tool_spec(), gemini_tools=[search])
    assert config["tools"][1] == {"google_search": {}}
    assert config["tool_config"] == {"include_server_side_tool_invocations": True}
    assert "tool_config" not in config_of(Gemini(), gemini_tools=[search])
    assert "tool_config" not in config_of(Gemini(vertexai=True), tool_spec(), gemini_tools=[search])
    given = {"tool_config": types.ToolConfig(include_server_side_tool_invocations=False)}
    config = config_of(Gemini(), tool_spec(), gemini_tools=[search], params=given)
    assert config["tool_config"] == {"include_server_side_tool_invocations": False}


def test_a_choice_of_tools_for_gemini() -> None:
    config = config_of(Gemini(), tool_spec(), tool_choice={"auto": {}})
    assert config["tool_config"] == {"function_calling_config": {"mode": "AUTO"}}
    assert "tool_config" not in config_of(Gemini(), tool_spec(), tool_choice={"any": {}}, params={"tool_config": None})


def test_gemini_says_nothing_of_tokens_that_nobody_counted() -> None:
    events = ask(GeminiModel(client=Gemini()))
    assert not any("metadata" in event for event in events)


def test_native_counts_of_gemini_take_in_what_the_api_leaves_out() -> None:
    model = GeminiModel(client=Gemini(), use_native_token_count=True)
    assert asyncio.run(model.count_tokens([user("Hello")])) == 50
    assert asyncio.run(model.count_tokens([user("Hello")], [tool_spec()], "Be kind.")) > 52


def test_a_stand_in_for_ollama_may_reply_in_one_piece() -> None:
    message = SimpleNamespace(content="Hi", tool_calls=None)
    reply = MagicMock(
        spec=["message", "done", "done_reason", "total_duration"], message=message, total_duration=4_000_000
    )
    client = SimpleNamespace(chat=AsyncMock(return_value=reply))
    events = ask(OllamaModel(client=client, model_id="m"))
    assert text_of(events) == "Hi"
    assert events[-1]["metadata"]["metrics"]["latencyMs"] == 4


def test_an_image_may_be_base64_already_for_ollama() -> None:
    image = {"image": {"format": "png", "source": {"bytes": "aGk="}}}
    request = OllamaModel(model_id="m").format_request([user(image)])
    assert request["messages"] == [{"role": "user", "images": ["aGk="]}]


def test_what_a_subclass_makes_of_a_piece_of_ollamas_reply_is_streamed() -> None:
    class Loud(OllamaModel):
        def format_chunk(self, event: Mapping[str, Any]) -> Any:
            text = event.get("data") if event.get("data_type") == "text" else None
            return super().format_chunk({**event, "data": text.upper()} if text else event)

    reply = SimpleNamespace(message=SimpleNamespace(content="hi", tool_calls=None), done=True, done_reason="stop")
    assert text_of(ask(Loud(client=SimpleNamespace(chat=AsyncMock(return_value=reply)), model_id="m"))) == "HI"
    with pytest.raises(RuntimeError, match="'other'"):
        OllamaModel(model_id="m").format_chunk({"chunk_type": "other"})


def test_a_callers_signal_cancels_an_agent_whose_model_says_nothing() -> None:
    signal, released = threading.Event(), threading.Event()

    def stalled() -> Any:
        yield from SAID[:2]
        signal.set()
        released.wait(30)

    client = MagicMock()
    client.converse_stream.return_value = {"stream": stalled()}
    agent = Agent(model=BedrockModel(client=client, model_id="m"), callback_handler=None)
    try:
        assert agent("Hello", cancel_signal=signal).stop_reason == "cancelled"
    finally:
        released.set()
    assert client.converse_stream.call_count == 1
