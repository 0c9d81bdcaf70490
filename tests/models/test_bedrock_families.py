"""What the families of models at Bedrock take, what they refuse, and how a refusal is remembered."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from pydantic import BaseModel

from strands import Agent, tool
from strands.models import BedrockModel, CacheConfig
from strands.types.exceptions import ModelRequestError
from support.providers import ask, assistant, collect, stop_reason, text_of, tool_spec, tool_uses, user
from support.stub_bedrock import Fault, Say, StubBedrock, Use

# What marks a cache by its older settings still does so, and says that they are the older ones.
pytestmark = pytest.mark.filterwarnings("ignore:cache_(tools|prompt) is deprecated")


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")


def bedrock(stub: StubBedrock, model_id: str = "openai.gpt-oss-120b", **config: Any) -> BedrockModel:
    return BedrockModel(endpoint_url=stub.url, model_id=model_id, region_name="eu-west-1", **config)


def bodies(stub: StubBedrock) -> list[dict[str, Any]]:
    return [request.body for request in stub.requests]


def refusal(message: str) -> Fault:
    return Fault(400, message, kind="ValidationException")


def sent(prompt: Any, model_id: str, *args: Any, **config: Any) -> dict[str, Any]:
    with StubBedrock(["Hi"]) as stub:
        ask(bedrock(stub, model_id, **config), prompt, *args)
        return bodies(stub)[0]


def used(tool_use_id: str = "t") -> Any:
    return assistant({"toolUse": {"toolUseId": tool_use_id, "name": "look", "input": {}}})


def result(*content: Any, tool_use_id: str = "t") -> dict[str, Any]:
    return {"toolResult": {"toolUseId": tool_use_id, "status": "success", "content": list(content)}}


MIXED = [user("Go"), used(), user(result({"text": "ok"}), "And now?")]
APART = "Conversation blocks and tool result blocks cannot be provided in the same turn."


@pytest.mark.parametrize("model_id", ["us.meta.llama4-scout", "mistral.pixtral-large"])
def test_text_beside_a_result_is_parted(model_id: str) -> None:
    turns = sent(MIXED, model_id, [tool_spec("look")])["messages"]
    assert [turn["role"] for turn in turns] == ["user", "assistant", "user", "assistant", "user"]
    assert [list(turns[at]["content"][0]) for at in (2, 4)] == [["toolResult"], ["text"]]


def test_a_model_that_refuses_both_in_one_turn_is_remembered() -> None:
    with StubBedrock([refusal(APART), "Hi", "Again"]) as stub:
        model = bedrock(stub)
        assert [text_of(ask(model, MIXED, [tool_spec("look")])) for _ in range(2)] == ["Hi", "Again"]
        assert [len(body["messages"]) for body in bodies(stub)] == [3, 5, 5]


def test_a_refusal_that_nothing_helps_against_is_said() -> None:
    with StubBedrock([refusal(APART), refusal(APART)]) as stub, pytest.raises(ModelRequestError, match="same turn"):
        ask(bedrock(stub), MIXED, [tool_spec("look")])


class Person(BaseModel):
    """A person."""

    name: str
    age: int


ADA = '{"name": "Ada", "age": 36}'
NO_TOOL = "This model doesn't support the toolConfig.toolChoice.tool field. Remove it and try again."
NO_SCHEMA = "This model doesn't support the outputConfig field. Remove it and try again."
NO_CHOICE = "This model doesn't support the toolConfig.toolChoice.any field. Remove it and try again."


def choices(stub: StubBedrock) -> list[Any]:
    return [body["toolConfig"].get("toolChoice") for body in bodies(stub)]


@pytest.mark.parametrize("answer", [ADA, f"```json\n{ADA}\n```", Use("Person", {"name": "Ada", "age": 36})])
def test_a_model_that_cannot_be_forced_may_answer_in_plain_json(answer: Any) -> None:
    refused = [refusal(each) for each in (NO_TOOL, NO_SCHEMA, NO_CHOICE)]
    with StubBedrock(["She is 36.", *refused, answer, "Well.", answer]) as stub:
        agent = Agent(model=bedrock(stub), callback_handler=None, retry_strategy=None)
        for _ in range(2):
            found = agent("Who is Ada?", structured_output_model=Person)
            assert found.structured_output == Person(name="Ada", age=36)
        auto: Any = {"auto": {}}
        assert choices(stub) == [auto, {"tool": {"name": "Person"}}, auto, {"any": {}}, None, None, None]


def test_a_model_that_cannot_be_forced_is_given_the_schema() -> None:
    with StubBedrock(["She is 36.", refusal(NO_TOOL), ADA]) as stub:
        agent = Agent(model=bedrock(stub), callback_handler=None, retry_strategy=None)
        assert agent("Who is Ada?", structured_output_model=Person).structured_output == Person(name="Ada", age=36)
        form = bodies(stub)[2]["outputConfig"]["textFormat"]
    schema = json.loads(form["structure"]["jsonSchema"]["schema"])
    assert form["type"] == "json_schema"
    assert schema["required"] == ["name", "age"]
    assert schema["additionalProperties"] is False


class Scores(BaseModel):
    """Points by name."""

    points: dict[str, int]


def test_a_structure_that_a_schema_cannot_hold_stays_a_tool() -> None:
    with StubBedrock(["Well.", refusal(NO_TOOL), Use("Scores", {"points": {"Ada": 1}})]) as stub:
        agent = Agent(model=bedrock(stub), callback_handler=None, retry_strategy=None)
        with pytest.warns(UserWarning, match="a list of pairs"):
            found = agent("Who has won?", structured_output_model=Scores)
        assert found.structured_output == Scores(points={"Ada": 1})
        assert "outputConfig" not in bodies(stub)[2]


def test_the_models_own_structured_output_takes_plain_json_too() -> None:
    with StubBedrock([refusal(NO_TOOL), refusal(NO_CHOICE), ADA]) as stub:
        events = asyncio.run(collect(bedrock(stub).structured_output(Person, [user("Who?")])))
    assert events[-1] == {"output": Person(name="Ada", age=36)}


def test_tools_that_a_model_does_not_stream() -> None:
    no = refusal("This model doesn't support tool use in streaming mode.")
    with StubBedrock([no, Use("look", {"a": 1}), "Hi"]) as stub:
        model = bedrock(stub)
        assert tool_uses(ask(model, "Hello", [tool_spec("look")]))[0][1] == "look"
        assert text_of(ask(model)) == "Hi"
        paths = [request.path.rpartition("/")[2] for request in stub.requests]
    assert paths == ["converse-stream", "converse", "converse-stream"]


def test_thoughts_whose_history_has_changed_are_left_out() -> None:
    thinking = {"thinking": {"type": "adaptive"}}
    with StubBedrock([refusal("thinking block is bound to a different conversation"), "Hi"]) as stub:
        ask(bedrock(stub, "anthropic.claude-x", additional_request_fields=thinking))
        fields = bodies(stub)[1]["additionalModelRequestFields"]
    assert fields["thinking"]["block_binding"] == {"prefix_mismatch_behavior": "drop_block"}
    assert len(fields["anthropic_beta"]) == 1


# -- the cache ------------------------------------------------------------------------------------------------------

POINT = {"cachePoint": {"type": "default"}}
NOTES = {"document": {"format": "md", "name": "notes", "source": {"bytes": b"# Milk"}}}
PAPER = {"document": {"format": "pdf", "name": "paper", "source": {"bytes": b"%PDF"}}}


@pytest.mark.parametrize(
    ("content", "kinds"),
    [
        (["Read", PAPER], ["text", "document", "cachePoint"]),
        (["Read", NOTES], ["text", "cachePoint", "document"]),
        (["Read", NOTES, NOTES, POINT], ["text", "cachePoint", "document", "document"]),
        ([NOTES], ["document"]),
        ([POINT, "Read"], ["text", "cachePoint"]),
    ],
)
def test_cache_points_stand_where_bedrock_takes_them(content: list[Any], kinds: list[str]) -> None:
    body = sent([user(*content)], "anthropic.claude-x", cache_config=CacheConfig())
    assert [next(iter(block)) for block in body["messages"][0]["content"]] == kinds


@pytest.mark.parametrize(
    ("model_id", "on_tools", "on_system"),
    [("anthropic.claude-x", True, True), ("amazon.nova-pro-v1:0", False, True), ("meta.llama4-scout", False, False)],
)
def test_cache_points_are_for_models_that_know_them(model_id: str, on_tools: bool, on_system: bool) -> None:
    body = sent("Hello", model_id, [tool_spec()], "Be brief.", cache_tools="default", cache_prompt="default")
    assert (POINT in body["toolConfig"]["tools"]) is on_tools
    assert (POINT in body["system"]) is on_system


def test_cache_points_that_a_model_refuses_are_left_out() -> None:
    with StubBedrock([refusal("Your request did not allow prompt caching"), "Hi", "Hi"]) as stub:
        model = bedrock(stub, "new.model-1", cache_tools="default", cache_prompt="default")
        for _ in range(2):
            ask(model, [user("Hello", POINT)], [tool_spec()], "Be brief.")
        assert ["cachePoint" in str(body) for body in bodies(stub)] == [True, False, False]


# -- content --------------------------------------------------------------------------------------------------------

CLIP = {"video": {"format": "3gp", "source": {"bytes": b"film"}}}


@pytest.mark.parametrize("medium", [PAPER, CLIP])
def test_what_nova_takes_in_no_result_goes_beside_it(medium: Any) -> None:
    history = [user("Look"), used(), user(result({"text": "Here."}, medium))]
    turn = sent(history, "amazon.nova-pro-v1:0", [tool_spec("look")])["messages"][2]["content"]
    kind = next(iter(medium))
    assert [next(iter(block)) for block in turn] == ["toolResult", kind]
    assert kind in turn[0]["toolResult"]["content"][1]["text"]
    claude = sent(history, "anthropic.claude-x", [tool_spec("look")])["messages"][2]["content"]
    assert len(claude) == 1
    assert kind in claude[0]["toolResult"]["content"][1]


def test_blank_text_and_empty_replies_stay_here() -> None:
    thought = {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "s"}}}
    history = [user("a", "  "), assistant(" \n"), user("b"), assistant(thought), user("c")]
    body = sent(history, "anthropic.claude-x", None, " ")
    assert body["messages"] == [user("a", "b", "c")]
    assert body["system"] == []


def test_the_thoughts_of_another_provider_stay_here() -> None:
    text = {"text": "Hm."}
    thought = {"reasoningContent": {"reasoningText": text, "origin": {"model": "x", "field": "reasoning"}}}
    body = sent([user("a"), assistant(thought, "b"), user("c")], "openai.gpt-oss-120b")
    assert body["messages"][1]["content"] == [{"text": "b"}]


SEARCH = (
    {"toolUse": {"toolUseId": "s1", "name": "nova_grounding", "type": "server_tool_use"}},
    [{"toolUse": {"input": '{"query":'}}, {"toolUse": {"input": ' "x"}'}}],
)
FOUND = (
    {"toolResult": {"toolUseId": "s1", "type": "nova_grounding_result", "status": "success"}},
    [{"toolResult": [{"text": "Sunny."}]}],
)
WHOLE = [
    {"toolUse": {**SEARCH[0]["toolUse"], "input": {"query": "x"}}},
    {"toolResult": {**FOUND[0]["toolResult"], "content": [{"text": "Sunny."}]}},
]


@pytest.mark.parametrize("streaming", [True, False])
def test_a_tool_that_ran_there_is_not_run_here_and_goes_back(streaming: bool) -> None:
    @tool
    def nova_grounding(query: str) -> str:
        """Not to be run."""
        raise AssertionError(query)

    extra = {"blocks": [SEARCH, FOUND], "content": WHOLE}
    with StubBedrock([Say("It is sunny.", extra=extra), "Yes."]) as stub:
        model = bedrock(stub, "amazon.nova-2-lite-v1:0", streaming=streaming)
        agent = Agent(model=model, tools=[nova_grounding], callback_handler=None)
        first = agent("The weather?")
        assert (first.stop_reason, str(first).strip()) == ("end_turn", "It is sunny.")
        assert "Sunny." in str(agent.messages[1])
        agent("Sure?")
        assert bodies(stub)[1]["messages"][1]["content"] == [*WHOLE, {"text": "It is sunny."}]
        model.update_config(model_id="amazon.nova-lite-v1:0")
        stub.add("Still.")
        agent("Really?")
        assert "nova_grounding_result" not in str(bodies(stub)[2]["messages"])


@pytest.mark.parametrize("streaming", [True, False])
def test_a_picture_in_a_reply_is_kept(streaming: bool) -> None:
    whole = {"image": {"format": "png", "source": {"bytes": "aW1n"}}}
    picture = ({"image": {"format": "png"}}, [{"image": {"source": {"bytes": "aW1n"}}}])
    no = ({"image": {"format": "png"}}, [{"image": {"error": {"message": "too bright"}}}])
    with StubBedrock([Say("Here.", extra={"blocks": [picture, no], "content": [whole]}), "Yes."]) as stub:
        agent = Agent(model=bedrock(stub, "amazon.nova-2-omni", streaming=streaming), callback_handler=None)
        agent("Draw.")
        assert agent.messages[1]["content"][0] == {"image": {"format": "png", "source": {"bytes": b"img"}}}
        assert ("too bright" in str(agent.messages[1])) is streaming
        agent("Sure?")
        assert bodies(stub)[1]["messages"][1]["content"][0] == whole


def test_a_window_that_is_full_is_a_limit() -> None:
    with StubBedrock([Say("Hel", stop="model_context_window_exceeded")]) as stub:
        assert stop_reason(ask(bedrock(stub))) == "max_tokens"
