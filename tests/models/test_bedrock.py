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

# What marks a cache by its older settings still does so, and says that they are the older ones.
pytestmark = pytest.mark.filterwarnings("ignore:cache_(tools|prompt) is deprecated")


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


def bedrock(stub: StubBedrock, **config: Any) -> BedrockModel:
    return BedrockModel(
        **{"endpoint_url": stub.url, "model_id": "anthropic.claude-x", "region_name": "eu-west-1", **config}
    )


def body_of(*args: Any, prompt: Any = "Hello", tool_choice: Any = None, **config: Any) -> dict[str, Any]:
    with StubBedrock(["Hi"]) as stub:
        ask(bedrock(stub, **config), prompt, *args, tool_choice=tool_choice)
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


def test_messages_of_one_role_in_a_row_are_sent_as_one() -> None:
    result = {"toolResult": {"toolUseId": "t", "status": "error", "content": [{"text": "given up"}]}}
    history = [user("Go"), assistant({"toolUse": {"toolUseId": "t", "name": "look", "input": {}}}), user(result)]
    body = body_of([tool_spec("look")], prompt=[*history, assistant(""), user("Something else")])
    assert [message["role"] for message in body["messages"]] == ["user", "assistant", "user"]
    assert [list(block) for block in body["messages"][2]["content"]] == [["toolResult"], ["text"]]
    assert len(history[2]["content"]) == 1


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


THOUGHT = {"reasoningContent": {"reasoningText": {"text": "Hm."}}}
SIGNED = {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "s"}}}
ARN = "arn:aws:bedrock:eu-west-1:1:application-inference-profile/abc"


@pytest.mark.parametrize(
    ("model_id", "kept"),
    [
        ("eu.anthropic.claude-x", [SIGNED]),
        ("amazon.nova-2-lite", [THOUGHT]),
        ("amazon.nova-pro", []),
        ("us.deepseek.r1", []),
        ("meta.llama4", []),
        (ARN, [THOUGHT, SIGNED]),
    ],
)
def test_thoughts_go_back_to_models_that_take_them(model_id: str, kept: list[Any]) -> None:
    history = [user("a"), assistant(THOUGHT, SIGNED, "b"), user("c")]
    assert body_of(prompt=history, model_id=model_id)["messages"][1]["content"] == [*kept, {"text": "b"}]


USED = assistant({"toolUse": {"toolUseId": "t1", "name": "look", "input": {}}})


def results(*content: Any, status: str = "error", **config: Any) -> dict[str, Any]:
    result = {"toolResult": {"toolUseId": "t1", "status": status, "content": list(content)}}
    content = body_of(prompt=[user("a"), USED, user(result)], **config)["messages"][2]["content"]
    found: dict[str, Any] = content[0]["toolResult"]
    return found


@pytest.mark.parametrize(
    ("config", "sent"),
    [
        ({}, "error"),
        ({"model_id": "amazon.nova-pro"}, None),
        ({"model_id": "amazon.nova-pro", "include_tool_result_status": True}, "error"),
        ({"include_tool_result_status": False}, None),
        ({"include_tool_result_status": "auto"}, "error"),
    ],
)
def test_the_status_of_a_result_is_for_models_that_know_it(config: Any, sent: str | None) -> None:
    assert results({"text": "no"}, **config).get("status") == sent


def test_results_as_the_models_take_them() -> None:
    assert results()["content"] == [{"text": ""}]
    assert results({"json": {"a": 1}})["content"] == [{"json": {"a": 1}}]
    assert results({"json": [1]})["content"] == [{"text": "[1]"}]
    assert results({"json": {"a": 1}}, model_id="amazon.nova-pro")["content"] == [{"text": '{"a": 1}'}]


def test_messages_without_content_and_keys_of_others_are_left_out() -> None:
    history = [user("a"), assistant(""), user({"text": "b", "more": None})]
    assert body_of(prompt=history)["messages"] == [user("a", "b")]


def test_a_forced_tool_ends_the_thinking() -> None:
    fields = {"thinking": {"type": "enabled", "budget_tokens": 1024}, "top_k": 3}
    for choice, kept in (({"any": {}}, {"top_k": 3}), ({"auto": {}}, fields)):
        body = body_of([tool_spec()], None, tool_choice=choice, additional_request_fields=fields)
        assert body["additionalModelRequestFields"] == kept


def test_strict_tools_close_their_objects() -> None:
    spec = tool_spec("look", at={"type": "object", "properties": {"x": {"type": "array", "items": {"type": "object"}}}})
    (tool,) = body_of([spec], strict_tools=True)["toolConfig"]["tools"]
    schema = tool["toolSpec"]["inputSchema"]["json"]
    assert tool["toolSpec"]["strict"] is True
    assert schema["additionalProperties"] is schema["properties"]["at"]["additionalProperties"] is False
    assert schema["properties"]["at"]["properties"]["x"]["items"]["additionalProperties"] is False
    assert "additionalProperties" not in str(spec)


def test_strict_tools_leave_maps_what_they_take() -> None:
    spec = tool_spec(
        "look",
        counts={"type": "object", "additionalProperties": {"type": "object", "properties": {}}},
        anything={"type": "object", "additionalProperties": True},
        type={"type": "string", "default": {"type": "object"}},
    )
    (tool,) = body_of([spec], strict_tools=True)["toolConfig"]["tools"]
    shown = tool["toolSpec"]["inputSchema"]["json"]["properties"]
    assert shown["counts"]["additionalProperties"]["additionalProperties"] is False
    assert shown["anything"]["additionalProperties"] is True
    assert shown["type"] == {"type": "string", "default": {"type": "object"}}


def test_a_guardrail_may_look_at_the_newest_message_only() -> None:
    image = {"image": {"format": "png", "source": {"bytes": b"png"}}}
    result = {"toolResult": {"toolUseId": "t1", "status": "success", "content": [{"text": "r"}]}}
    history = [user("a"), assistant("b"), user("c", image), USED, user(result)]
    config = {"guardrail_id": "g", "guardrail_version": "1", "guardrail_latest_message": True}
    sent = body_of(prompt=history, **config)["messages"]
    assert sent[2]["content"][0] == {"guardContent": {"text": {"text": "c"}}}
    assert sent[2]["content"][1]["guardContent"]["image"]["format"] == "png"
    assert str(sent).count("guardContent") == 2


def test_the_client_can_be_seen_and_replaced() -> None:
    with StubBedrock(["Hi"]) as stub:
        model = bedrock(stub)
        assert model.client.meta.region_name == "eu-west-1"
        other = BedrockModel(model_id="m")
        other.client = model.client
        assert text_of(ask(other)) == "Hi"
