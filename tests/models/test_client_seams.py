"""What programs see of a provider's client: when it is made, how it is made, and the errors that it raises."""

from __future__ import annotations

import asyncio
import pickle
import threading
from typing import Any
from unittest.mock import MagicMock, patch

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from strands.models import BedrockModel
from strands.types.exceptions import ModelRequestError, ModelThrottledException
from support.providers import ask, text_of, user
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
