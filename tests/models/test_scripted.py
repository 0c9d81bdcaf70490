"""The scripted model: what a test says it answers."""

from __future__ import annotations

import asyncio
import json
import math
import time
from typing import Any

import pytest
from pydantic import BaseModel

from strands.models import Reply, ScriptedModel, ToolCall
from strands.types.exceptions import ModelRequestError, ModelThrottledException, ModelUnavailableError
from support.providers import (
    ask,
    assistant,
    collect,
    deltas,
    reasoning_of,
    stop_reason,
    text_of,
    tool_spec,
    tool_uses,
    usage_of,
    user,
)


def test_replies_come_in_order() -> None:
    model = ScriptedModel(["one", "two"])
    assert [text_of(ask(model)) for _ in range(2)] == ["one", "two"]


def test_the_events_of_a_text() -> None:
    assert ask(ScriptedModel(["Hello"])) == [
        {"messageStart": {"role": "assistant"}},
        {"contentBlockDelta": {"delta": {"text": "Hello"}}},
        {"contentBlockStop": {}},
        {"messageStop": {"stopReason": "end_turn"}},
        {
            "metadata": {
                "usage": {"inputTokens": 2, "outputTokens": 2, "totalTokens": 4},
                "metrics": {"latencyMs": 0},
            }
        },
    ]


def test_an_empty_text_has_no_block() -> None:
    assert [next(iter(event)) for event in ask(ScriptedModel([""]))] == ["messageStart", "messageStop", "metadata"]


def test_a_single_text_is_a_script_of_one() -> None:
    model = ScriptedModel("only")
    assert text_of(ask(model)) == "only"
    with pytest.raises(ModelRequestError):
        ask(model)


def test_a_script_that_runs_out_says_so() -> None:
    model = ScriptedModel(["one"])
    ask(model)
    with pytest.raises(ModelRequestError, match=r"reply 2 and its script has 1.*repeat='last'"):
        ask(model)


@pytest.mark.parametrize(("repeat", "expected"), [("last", "abbb"), ("all", "abab")])
def test_a_script_can_repeat(repeat: Any, expected: str) -> None:
    model = ScriptedModel(["a", "b"], repeat=repeat)
    assert "".join(text_of(ask(model)) for _ in range(4)) == expected


def test_a_script_can_be_extended() -> None:
    model = ScriptedModel(["a"])
    model.extend("b", ToolCall("search"))
    assert [text_of(ask(model)), text_of(ask(model)), stop_reason(ask(model))] == ["a", "b", "tool_use"]


@pytest.mark.parametrize("wrong", [{"repeat": "ever"}, {"chunk_size": 0}])
def test_wrong_arguments_are_named(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"{next(iter(wrong))}="):
        ScriptedModel(["a"], **wrong)


# -- replies --------------------------------------------------------------------------------------------------------


def test_long_texts_stream_in_pieces() -> None:
    events = ask(ScriptedModel(["x" * 25], chunk_size=10))
    assert [len(delta["text"]) for delta in deltas(events)] == [10, 10, 5]


def test_one_tool_call_or_several_at_once() -> None:
    calls = [ToolCall("search", {"query": "ä"}), ToolCall("fetch")]
    model = ScriptedModel([calls[0], calls])
    assert [name for _, name, _ in tool_uses(ask(model))] == ["search"]
    events = ask(model)
    assert [(name, json.loads(text)) for _, name, text in tool_uses(events)] == [
        ("search", {"query": "ä"}),
        ("fetch", {}),
    ]
    assert stop_reason(events) == "tool_use"


def test_a_full_reply() -> None:
    reply = Reply(
        text="Looking.",
        tool_calls=[ToolCall("search", id="mine")],
        reasoning="Where?",
        usage={"inputTokens": 100, "outputTokens": 5},
        stop_reason="max_tokens",
    )
    events = ask(ScriptedModel([reply]))
    assert (text_of(events), reasoning_of(events), stop_reason(events)) == ("Looking.", "Where?", "max_tokens")
    assert tool_uses(events) == [("mine", "search", "{}")]
    assert usage_of(events) == {"inputTokens": 100, "outputTokens": 5, "totalTokens": 105}


def test_a_whole_message() -> None:
    message = assistant("Hm.", {"toolUse": {"toolUseId": "t1", "name": "search", "input": {"query": "x"}}})
    events = ask(ScriptedModel([message]))
    assert text_of(events) == "Hm."
    assert tool_uses(events) == [("t1", "search", '{"query": "x"}')]


def test_any_other_dict_is_sent_as_json() -> None:
    assert json.loads(text_of(ask(ScriptedModel([{"route": "faq"}])))) == {"route": "faq"}


def test_faults() -> None:
    model = ScriptedModel(
        [ModelThrottledException("slow down", retry_after=2), ModelUnavailableError, TimeoutError("hm")]
    )
    for kind in (ModelThrottledException, ModelUnavailableError, TimeoutError):
        with pytest.raises(kind):
            ask(model)


def test_a_stream_can_break_off() -> None:
    async def main() -> None:
        stream = ScriptedModel([Reply("half of", error=ModelUnavailableError("cut"))]).stream([user("Hello")])
        async for event in stream:
            seen.append(event)

    seen: list[Any] = []
    with pytest.raises(ModelUnavailableError):
        asyncio.run(main())
    assert text_of(seen) == "half of"


def test_arguments_can_be_broken() -> None:
    events = ask(ScriptedModel([ToolCall("search", raw_input='{"que')]))
    assert tool_uses(events)[0][2] == '{"que'


def test_delays() -> None:
    started = time.monotonic()
    ask(ScriptedModel([Reply("abcd", delay=0.02, chunk_delay=0.02)], delay=0.02, chunk_size=2))
    assert time.monotonic() - started >= 0.06


def test_a_hang_can_be_cancelled() -> None:
    async def main() -> None:
        stream = collect(ScriptedModel([Reply("never", delay=math.inf)]).stream([user("Hello")]))
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(stream, 0.02)

    asyncio.run(main())


@pytest.mark.parametrize("wrong", [None, 3, [], ["text in a list"], [ToolCall("a"), "b"]])
def test_what_is_no_reply_is_named(wrong: Any) -> None:
    with pytest.raises(TypeError, match="not a scripted reply"):
        ask(ScriptedModel([wrong]))


# -- functions ------------------------------------------------------------------------------------------------------


def test_a_function_answers() -> None:
    def reply(messages: Any, tool_specs: Any, system_prompt: Any) -> Any:
        return f"{messages[-1]['content'][0]['text']} {tool_specs[0]['name']} {system_prompt}"

    assert text_of(ask(ScriptedModel(reply), "Hello", [tool_spec("search")], "Be brief.")) == "Hello search Be brief."


def test_a_function_may_take_less_and_be_async() -> None:
    async def reply(messages: Any) -> Any:
        await asyncio.sleep(0)
        return ToolCall("search", {"query": messages[-1]["content"][0]["text"]})

    assert tool_uses(ask(ScriptedModel(reply)))[0][1:] == ("search", '{"query": "Hello"}')
    assert text_of(ask(ScriptedModel(lambda: "nothing needed"))) == "nothing needed"
    assert text_of(ask(ScriptedModel(lambda *all_of_it: str(len(all_of_it))))) == "3"


def test_a_function_may_raise() -> None:
    def reply(messages: Any) -> Any:
        raise ModelUnavailableError("down")

    with pytest.raises(ModelUnavailableError, match="down"):
        ask(ScriptedModel(reply))


# -- what was asked -------------------------------------------------------------------------------------------------


def test_requests_are_recorded() -> None:
    model = ScriptedModel(["a", ModelUnavailableError("down")])
    history = [user("Hello")]
    ask(model, history, [tool_spec("search")], "Be brief.", tool_choice={"any": {}}, extra=1)
    history.append(assistant("a"))
    with pytest.raises(ModelUnavailableError):
        ask(model, history)
    first, second = model.requests
    assert first.messages == [user("Hello")]
    assert (first.prompt, first.system_prompt, first.tool_choice) == ("Hello", "Be brief.", {"any": {}})
    assert (first.tool_specs[0]["name"], first.kwargs) == ("search", {"extra": 1})
    assert second.messages == [user("Hello"), assistant("a")]
    assert repr(first) == "Request(prompt='Hello', messages=1)"


def test_usage_counts_what_is_new() -> None:
    history = [user("x" * 4000), assistant("y" * 4000), user("x" * 40)]
    usage = usage_of(ask(ScriptedModel(["z" * 8]), history, None, "s" * 40))
    assert usage == {"inputTokens": 20, "outputTokens": 2, "totalTokens": 22}


def test_tool_ids_are_the_same_in_another_process_and_differ_in_one_conversation() -> None:
    def first(history: list[Any]) -> str:
        return tool_uses(ask(ScriptedModel([ToolCall("search")]), history))[0][0]

    result = {"toolResult": {"toolUseId": first([user("Go")]), "status": "success", "content": [{"text": "same"}]}}
    longer = [user("Go"), assistant("use"), user(result)]
    assert first([user("Go")]) == first([user("Go")])
    assert len({first([user("Go")]), first([user("Stop")]), first(longer)}) == 3
    twice = tool_uses(ask(ScriptedModel([[ToolCall("search"), ToolCall("search")]])))
    assert twice[0][0] != twice[1][0]


class Person(BaseModel):
    name: str


def test_structured_output_from_a_tool_call() -> None:
    events = asyncio.run(
        collect(ScriptedModel([ToolCall("Person", {"name": "Ada"})]).structured_output(Person, [user("Who?")]))
    )
    assert events[-1] == {"output": Person(name="Ada")}
