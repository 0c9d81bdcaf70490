"""Bedrock: the Converse request, the event stream's own faults, credentials."""

from __future__ import annotations

from typing import Any

import boto3
import pytest

from strands.models import BedrockModel, CacheConfig
from strands.types.exceptions import (
    ContextWindowOverflowException,
    ModelAuthenticationError,
    ModelRequestError,
    ModelThrottledException,
    ModelUnavailableError,
)
from support.providers import ask, assistant, stop_reason, text_of, tool_spec, tool_uses, usage_of, user
from support.stub_bedrock import Fault, Say, StubBedrock, Use


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


def bedrock(stub: StubBedrock, **config: Any) -> BedrockModel:
    return BedrockModel(
        **{"endpoint_url": stub.url, "model_id": "anthropic.claude-x", "region_name": "eu-west-1", **config}
    )


def body_of(*args: Any, prompt: Any = "Hello", **config: Any) -> dict[str, Any]:
    with StubBedrock(["Hi"]) as stub:
        ask(bedrock(stub, **config), prompt, *args)
        body: dict[str, Any] = stub.requests[0].body
        return body


def test_the_request() -> None:
    body = body_of(
        [tool_spec("look")],
        "Be brief.",
        max_tokens=9,
        temperature=0.5,
        top_p=0.9,
        stop_sequences=["END"],
        additional_request_fields={"thinking": {"type": "enabled"}},
        guardrail_id="g1",
        guardrail_version="2",
    )
    assert body["messages"] == [{"role": "user", "content": [{"text": "Hello"}]}]
    assert body["system"] == [{"text": "Be brief."}]
    assert body["inferenceConfig"] == {"maxTokens": 9, "temperature": 0.5, "topP": 0.9, "stopSequences": ["END"]}
    assert body["additionalModelRequestFields"] == {"thinking": {"type": "enabled"}}
    assert body["guardrailConfig"] == {"guardrailIdentifier": "g1", "guardrailVersion": "2", "trace": "enabled"}
    assert body["toolConfig"]["tools"][0]["toolSpec"]["name"] == "look"


def test_the_model_is_in_the_path() -> None:
    with StubBedrock(["Hi"]) as stub:
        ask(bedrock(stub, model_id="us.anthropic.claude-sonnet-4:0"))
        assert stub.requests[0].path == "/model/us.anthropic.claude-sonnet-4%3A0/converse-stream"
        assert "eu-west-1" in stub.requests[0].headers["authorization"]


def test_what_others_keep_in_a_message_stays_here() -> None:
    message = {
        **user({"toolResult": {"toolUseId": "t", "status": "success", "content": [{"json": [1]}]}}),
        "metadata": {},
    }
    use = {"toolUseId": "t", "name": "look", "input": {}, "reasoningSignature": "x"}
    body = body_of([tool_spec("look")], prompt=[user("Go", {"text": ""}), assistant({"toolUse": use}), message])
    assert body["messages"][0]["content"] == [{"text": "Go"}]
    assert body["messages"][1]["content"] == [{"toolUse": {"toolUseId": "t", "name": "look", "input": {}}}]
    result = {"toolUseId": "t", "content": [{"text": "[1]"}], "status": "success"}
    assert body["messages"][2] == {"role": "user", "content": [{"toolResult": result}]}


def test_tools_of_the_history_are_named_when_none_are_offered() -> None:
    history = [
        user("Go"),
        assistant({"toolUse": {"toolUseId": "t", "name": "look", "input": {}}}),
        user({"toolResult": {"toolUseId": "t", "status": "success", "content": [{"text": "ok"}]}}),
    ]
    assert body_of(prompt=history)["toolConfig"]["tools"][0]["toolSpec"]["name"] == "look"


def test_reasoning_goes_back_with_its_signature() -> None:
    with StubBedrock([Say("42", reasoning="Six times seven."), "Yes."]) as stub:
        model = bedrock(stub)
        ask(model)
        thought = {"reasoningContent": {"reasoningText": {"text": "Six times seven.", "signature": "signed"}}}
        ask(model, [user("Hello"), assistant(thought, "42"), user("Sure?")])
        assert stub.requests[1].body["messages"][1]["content"][0] == thought


def test_cache_points() -> None:
    body = body_of(
        [tool_spec()], "Be brief.", cache_prompt="default", cache_tools="default", cache_config=CacheConfig()
    )
    point = {"cachePoint": {"type": "default"}}
    assert body["system"][-1] == body["toolConfig"]["tools"][-1] == body["messages"][-1]["content"][-1] == point


def test_images_in_s3() -> None:
    location = {"type": "s3", "uri": "s3://bucket/key"}
    body = body_of(prompt=[user({"image": {"format": "png", "source": {"location": location}}})])
    assert body["messages"][0]["content"][0]["image"]["source"] == {"s3Location": {"uri": "s3://bucket/key"}}


def test_a_model_that_cannot_stream() -> None:
    with StubBedrock([Say("Hello", [Use("search", {"query": "x"})])]) as stub:
        events = ask(bedrock(stub, streaming=False))
        assert stub.requests[0].path.endswith("/converse")
    assert (text_of(events), stop_reason(events), usage_of(events)["totalTokens"]) == ("Hello", "tool_use", 18)
    assert tool_uses(events)[0][1:] == ("search", '{"query": "x"}')


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("throttlingException", ModelThrottledException),
        ("modelStreamErrorException", ModelUnavailableError),
        ("internalServerException", ModelUnavailableError),
        ("serviceUnavailableException", ModelUnavailableError),
        ("validationException", ModelRequestError),
    ],
)
def test_errors_inside_the_stream(kind: str, error: type[Exception]) -> None:
    with StubBedrock([Say("Hel", extra={"event_error": kind})]) as stub, pytest.raises(error, match="scripted fault"):
        ask(bedrock(stub))


@pytest.mark.parametrize("extra", [{"corrupt": True}, {"half_frame": True}])
def test_a_damaged_stream(extra: dict[str, Any]) -> None:
    with StubBedrock([Say("Hello", usage=None, extra=extra)]) as stub, pytest.raises(ModelUnavailableError):
        ask(bedrock(stub))


@pytest.mark.parametrize(
    ("status", "kind", "error"),
    [
        (429, "ThrottlingException", ModelThrottledException),
        (400, "ThrottlingException", ModelThrottledException),
        (429, "ModelNotReadyException", ModelUnavailableError),
        (408, "ModelTimeoutException", ModelUnavailableError),
        (424, "ModelErrorException", ModelUnavailableError),
        (403, "AccessDeniedException", ModelAuthenticationError),
        (403, "ExpiredTokenException", ModelAuthenticationError),
        (404, "ResourceNotFoundException", ModelRequestError),
        (400, "ValidationException", ModelRequestError),
    ],
)
def test_errors_by_their_name(status: int, kind: str, error: type[Exception]) -> None:
    with StubBedrock([Fault(status, kind=kind)]) as stub, pytest.raises(error):
        ask(bedrock(stub))


def test_overflow() -> None:
    fault = Fault(400, "Input is too long for requested model.", kind="ValidationException")
    with StubBedrock([fault]) as stub, pytest.raises(ContextWindowOverflowException):
        ask(bedrock(stub))


def test_a_guardrail_takes_back_what_it_blocked() -> None:
    word = {"customWords": [{"match": "x", "action": "BLOCKED", "detected": True}]}
    trace = {"guardrail": {"inputAssessment": {"g1": {"wordPolicy": word}}}}
    with StubBedrock([Say("No.", stop="guardrail_intervened", extra={"trace": trace})]) as stub:
        events = ask(bedrock(stub, guardrail_id="g1", guardrail_redact_output=True))
    assert stop_reason(events) == "guardrail_intervened"
    assert events[-1] == {
        "redactContent": {
            "redactUserContentMessage": "[User input redacted.]",
            "redactAssistantContentMessage": "[Assistant output redacted.]",
        }
    }


def test_an_api_key_in_place_of_credentials() -> None:
    with StubBedrock(["Hi"]) as stub:
        ask(bedrock(stub, api_key="the-key"))
        assert stub.requests[0].headers["authorization"] == "Bearer the-key"


def test_missing_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    with StubBedrock() as stub, pytest.raises(ModelAuthenticationError, match="AWS credentials"):
        ask(bedrock(stub))


def test_a_session_or_a_region_but_not_both() -> None:
    with pytest.raises(ValueError, match="not both"):
        BedrockModel(boto_session=boto3.Session(), region_name="eu-west-1")


def test_a_client_of_your_own_stays_open() -> None:
    with StubBedrock(["one", "two"]) as stub:
        client = boto3.client("bedrock-runtime", region_name="eu-west-1", endpoint_url=stub.url)
        model = BedrockModel(client=client, model_id="m")
        assert [text_of(ask(model)), text_of(ask(model))] == ["one", "two"]
        client.close()


def test_a_request_that_the_client_itself_refuses() -> None:
    with StubBedrock() as stub, pytest.raises(ModelRequestError, match="max"):
        ask(bedrock(stub, max_tokens="many"))
