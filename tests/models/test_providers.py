"""What holds for every provider, each through its own client against a server that speaks its own protocol."""

from __future__ import annotations

import asyncio
import gc
import json
import time
from email.utils import formatdate
from typing import Any

import pytest
from pydantic import BaseModel

from strands import Agent, tool
from strands.models import Model
from strands.types.exceptions import (
    ContextWindowOverflowException,
    ModelAuthenticationError,
    ModelError,
    ModelRequestError,
    ModelThrottledException,
    ModelUnavailableError,
)
from support.providers import (
    Provider,
    ask,
    assistant,
    collect,
    parameters,
    reasoning_of,
    stop_reason,
    text_of,
    tool_spec,
    tool_uses,
    usage_of,
    user,
)
from support.stub_http import Fault, Say, Use

every = pytest.mark.parametrize("provider", parameters())


@every
def test_text_streams_in_pieces_with_usage_and_a_stop_reason(provider: Provider) -> None:
    with provider.stub([Say("Hello, world.", pieces=3)]) as stub:
        events = ask(provider.model(stub))
    assert events[0] == {"messageStart": {"role": "assistant"}}
    assert text_of(events) == "Hello, world."
    assert sum("contentBlockDelta" in event for event in events) == 3
    assert [next(iter(event)) for event in events[-3:]] == ["contentBlockStop", "messageStop", "metadata"]
    assert stop_reason(events) == "end_turn"
    assert {**usage_of(events), "inputTokens": 11, "outputTokens": 7, "totalTokens": 18} == usage_of(events)


@every
def test_a_server_that_reports_no_usage_is_fine(provider: Provider) -> None:
    with provider.stub([Say("Hello", usage=None)]) as stub:
        events = ask(provider.model(stub))
    assert text_of(events) == "Hello"


@every
def test_reasoning_is_its_own_block_before_the_text(provider: Provider) -> None:
    with provider.stub([Say("42", reasoning="Six times seven.")]) as stub:
        events = ask(provider.model(stub))
    assert (reasoning_of(events), text_of(events)) == ("Six times seven.", "42")
    assert sum("contentBlockStop" in event for event in events) == 2


@every
def test_several_tools_are_used_at_once(provider: Provider) -> None:
    uses = [
        Use("search", {"query": "ä"}),
        Use("search", {"query": "b"}),
        Use("fetch", {"url": "c", "n": [1, {"d": 2}]}),
    ]
    with provider.stub([Say("Let me see.", uses)]) as stub:
        events = ask(provider.model(stub), "Hello", [tool_spec("search"), tool_spec("fetch")])
    found = tool_uses(events)
    assert [(name, json.loads(text)) for _, name, text in found] == [(use.name, use.input) for use in uses]
    assert len({tool_use_id for tool_use_id, _, _ in found}) == 3
    assert stop_reason(events) == "tool_use"


@every
def test_a_tool_without_arguments_gets_an_empty_object(provider: Provider) -> None:
    with provider.stub([Use("now", raw="" if provider.raw_arguments else None)]) as stub:
        events = ask(provider.model(stub), "Hello", [tool_spec("now")])
    assert json.loads(tool_uses(events)[0][2]) == {}


@every
def test_a_whole_conversation_is_understood(provider: Provider) -> None:
    result = {"toolUseId": "t1", "status": "success", "content": [{"text": "milk"}, {"json": {"n": 1}}]}
    history = [
        user("What is in a.txt?"),
        assistant("I will look.", {"toolUse": {"toolUseId": "t1", "name": "read", "input": {"path": "a.txt"}}}),
        user({"toolResult": result}),
        assistant("Milk."),
        user("Thanks."),
    ]
    with provider.stub(["You are welcome."]) as stub:
        events = ask(provider.model(stub), history, [tool_spec("read")], "Be brief.")
        body = json.dumps(stub.requests[0].body)
    assert text_of(events) == "You are welcome."
    for said in ("What is in a.txt?", "I will look.", "read", "milk", "Thanks.", "Be brief.", "The tool read."):
        assert said in body


@every
def test_the_messages_are_not_changed(provider: Provider) -> None:
    history = [user("Hello")]
    with provider.stub(["Hi"]) as stub:
        ask(provider.model(stub), history, [tool_spec()], "Be brief.")
    assert history == [user("Hello")]


@every
@pytest.mark.parametrize("reason", ["max_tokens", "content_filtered"])
def test_stop_reasons(provider: Provider, reason: str) -> None:
    if provider.name == "ollama" and reason == "content_filtered":
        pytest.skip("Ollama has no content filter")
    with provider.stub([Say("Hel", stop=reason)]) as stub:
        assert stop_reason(ask(provider.model(stub))) == reason


# -- images and documents -------------------------------------------------------------------------------------------

IMAGE = {"image": {"format": "png", "source": {"bytes": b"\x89PNG-bytes"}}}
BASE64 = "iVBORy1ieXRlcw=="


@every
def test_images_go_along(provider: Provider) -> None:
    with provider.stub(["A cat."]) as stub:
        assert text_of(ask(provider.model(stub), [user("What is this?", IMAGE)])) == "A cat."
        assert BASE64 in json.dumps(stub.requests[0].body)


@every
def test_text_documents_go_along(provider: Provider) -> None:
    document = {"document": {"format": "md", "name": "notes", "source": {"bytes": b"# Milk"}}}
    with provider.stub(["Read."]) as stub:
        assert text_of(ask(provider.model(stub), [user("Read this.", document)])) == "Read."
        body = json.dumps(stub.requests[0].body)
    assert "# Milk" in body or "IyBNaWxr" in body


@pytest.mark.parametrize("provider", parameters(without=("ollama",)))
def test_pdf_documents_go_along(provider: Provider) -> None:
    document = {"document": {"format": "pdf", "name": "paper", "source": {"bytes": b"%PDF-1"}}}
    with provider.stub(["Read."]) as stub:
        assert text_of(ask(provider.model(stub), [user("Read this.", document)])) == "Read."
        assert "JVBERi0x" in json.dumps(stub.requests[0].body)


@pytest.mark.parametrize("provider", parameters(without=("bedrock", "gemini")))
def test_what_the_api_has_no_place_for_is_refused_by_name(provider: Provider) -> None:
    video = {"video": {"format": "mp4", "source": {"bytes": b"x"}}}
    with provider.stub() as stub, pytest.raises(ModelRequestError, match="'video'"):
        ask(provider.model(stub), [user("Watch.", video)])


# -- structured output ----------------------------------------------------------------------------------------------


class Person(BaseModel):
    """A person."""

    name: str
    age: int


@every
def test_structured_output(provider: Provider) -> None:
    filled = {"name": "Ada", "age": 36}
    by_schema = provider.name in ("gemini", "ollama", "openai", "openai_responses")
    reply = Say(json.dumps(filled)) if by_schema else Say(tools=[Use("Person", filled)])
    with provider.stub([reply]) as stub:
        model = provider.model(stub)
        events = asyncio.run(_structured(model))
        body = json.dumps(stub.requests[0].body)
    assert events[-1] == {"output": Person(name="Ada", age=36)}
    assert '"age"' in body


async def _structured(model: Model) -> list[Any]:
    try:
        return await collect(model.structured_output(Person, [user("Who wrote the first program?")]))
    finally:
        await model.aclose()


# -- faults ---------------------------------------------------------------------------------------------------------


@every
@pytest.mark.parametrize(("header", "seconds"), [("2", 2.0), ("0.5", 0.5), ("a date", 60.0), (None, None)])
def test_case_39_throttling_says_how_long(provider: Provider, header: str | None, seconds: float | None) -> None:
    if header == "a date":
        header = formatdate(time.time() + 60, usegmt=True)
    headers = {"Retry-After": header} if header else {}
    with provider.stub([Fault(429, "slow down", headers, kind="ThrottlingException")]) as stub:
        with pytest.raises(ModelThrottledException, match="slow down") as caught:
            ask(provider.model(stub))
        assert len(stub.requests) == 1
    if seconds is None:
        assert caught.value.retry_after is None
    else:
        assert caught.value.retry_after == pytest.approx(seconds, abs=0.01 if seconds < 5 else 15)


@every
@pytest.mark.parametrize("status", [500, 502, 503])
def test_case_39_server_errors_may_be_tried_again_and_are_not_retried_here(provider: Provider, status: int) -> None:
    with provider.stub([Fault(status, "on fire"), "never asked for"]) as stub:
        with pytest.raises(ModelUnavailableError):
            ask(provider.model(stub))
        assert len(stub.requests) == 1


@every
def test_case_39_an_overloaded_server_throttles(provider: Provider) -> None:
    with (
        provider.stub([Fault(529, "overloaded")]) as stub,
        pytest.raises((ModelThrottledException, ModelUnavailableError)),
    ):
        ask(provider.model(stub))


@every
@pytest.mark.parametrize("status", [401, 403])
def test_refused_credentials(provider: Provider, status: int) -> None:
    fault = Fault(status, "bad key", kind="AccessDeniedException")
    with provider.stub([fault]) as stub, pytest.raises(ModelAuthenticationError, match=r"bad key(.|\n)*Check"):
        ask(provider.model(stub))


@every
def test_a_refused_request(provider: Provider) -> None:
    fault = Fault(400, "temperature must be at most 2", kind="ValidationException")
    with provider.stub([fault]) as stub, pytest.raises(ModelRequestError, match="temperature must be at most 2"):
        ask(provider.model(stub))


@every
@pytest.mark.parametrize(
    "message",
    [
        "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.",
        "prompt is too long: 210000 tokens > 200000 maximum",
        "Input is too long for requested model.",
        "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
    ],
)
def test_overflow_is_told_apart_from_other_refusals(provider: Provider, message: str) -> None:
    fault = Fault(400, message, kind="ValidationException")
    with provider.stub([fault]) as stub, pytest.raises(ContextWindowOverflowException):
        ask(provider.model(stub))


@every
def test_a_server_that_is_not_there(provider: Provider) -> None:
    with provider.stub() as stub:
        model = provider.model(stub)
    with pytest.raises(ModelUnavailableError):
        ask(model)


@every
def test_a_connection_that_is_dropped_before_the_reply(provider: Provider) -> None:
    with provider.stub([Fault(drop=True)]) as stub, pytest.raises(ModelUnavailableError):
        ask(provider.model(stub))


@every
def test_case_40_half_a_stream(provider: Provider) -> None:
    with provider.stub([Say("Half of", cut=True)]) as stub, pytest.raises(ModelUnavailableError):
        ask(provider.model(stub))


# LiteLLM makes up the end that its own stream lacks.
@pytest.mark.parametrize("provider", parameters(without=("litellm",)))
def test_case_40_a_stream_that_ends_politely_but_early(provider: Provider) -> None:
    with provider.stub([Say("Half of", [Use("search")], early=True)]) as stub, pytest.raises(ModelUnavailableError):
        ask(provider.model(stub))


@pytest.mark.parametrize("provider", [each for each in parameters() if each.values[0].raw_arguments])
def test_case_40_truncated_tool_arguments_run_nothing_and_are_told(provider: Provider) -> None:
    @tool
    def delete(path: str = "/") -> str:
        """Delete a file."""
        raise AssertionError(path)

    broken = [Use("delete", {"path": "fine"}), Use("delete", raw='{"path": "/ho')]
    with provider.stub([Say(tools=broken), "I see."]) as stub:
        agent = Agent(model=provider.model(stub), tools=[delete], callback_handler=None, retry_strategy=None)
        assert str(agent("Hello")).strip() == "I see."
        assert json.dumps(stub.requests[1].body).count("Nothing was run") == 2


@pytest.mark.parametrize("provider", [each for each in parameters() if each.values[0].raw_arguments])
def test_tool_arguments_cut_by_the_token_limit_stop_with_max_tokens(provider: Provider) -> None:
    with provider.stub([Say(tools=[Use("write", raw='{"text": "long')], stop="max_tokens")]) as stub:
        assert stop_reason(ask(provider.model(stub), "Hello", [tool_spec("write")])) == "max_tokens"


@every
def test_case_40_repeated_tool_ids_are_told_apart(provider: Provider) -> None:
    history = [
        user("Go."),
        assistant({"toolUse": {"toolUseId": "same", "name": "search", "input": {"query": "a"}}}),
        user({"toolResult": {"toolUseId": "same", "status": "success", "content": [{"text": "ok"}]}}),
    ]
    with provider.stub([Say(tools=[Use("search", {"query": "b"}, id="same"), Use("search", {}, id="same")])]) as stub:
        found = tool_uses(ask(provider.model(stub), history, [tool_spec()]))
    assert len({"same", *(tool_use_id for tool_use_id, _, _ in found)}) == 3


@every
def test_case_40_a_hang_ends_with_the_timeout(provider: Provider) -> None:
    with provider.stub([Say("late", delay=3)]) as stub, pytest.raises(ModelUnavailableError):
        started = time.monotonic()
        try:
            ask(provider.model(stub, timeout=0.3))
        finally:
            assert time.monotonic() - started < 2.5


@every
def test_a_stream_that_stalls_ends_with_the_timeout(provider: Provider) -> None:
    with provider.stub([Say("la-te", pieces=5, chunk_delay=3)]) as stub, pytest.raises(ModelError):
        ask(provider.model(stub, timeout=0.4))


# -- cancellation, connections --------------------------------------------------------------------------------------


@every
def test_a_cancelled_stream_ends_at_once(provider: Provider) -> None:
    async def main() -> float:
        model = provider.model(stub)
        await collect(model.stream([user("warm up")]))
        task = asyncio.create_task(collect(model.stream([user("Hello")])))
        await asyncio.to_thread(stub.wait_for, 2)
        await asyncio.sleep(0.1)
        started = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await model.aclose()
        return time.monotonic() - started

    with provider.stub(["warm", Say("s-l-o-w", pieces=7, chunk_delay=2)]) as stub:
        assert asyncio.run(main()) < 1


@every
def test_a_stream_may_be_left_early(provider: Provider) -> None:
    async def main() -> None:
        model = provider.model(stub)
        stream = model.stream([user("Hello")])
        async for event in stream:
            if "contentBlockDelta" in event:
                break
        await stream.aclose()  # type: ignore[attr-defined]
        assert text_of(await collect(model.stream([user("Hello")]))) == "again"
        await model.aclose()

    with provider.stub([Say("a-b-c", pieces=5, chunk_delay=0.05), "again"]) as stub:
        asyncio.run(main())


@every
def test_the_event_loop_goes_on_while_the_model_thinks(provider: Provider) -> None:
    async def main() -> int:
        model = provider.model(stub)
        await collect(model.stream([user("warm up")]))
        task = asyncio.create_task(collect(model.stream([user("Hello")])))
        ticks = 0
        while not task.done():
            await asyncio.sleep(0.01)
            ticks += 1
        await model.aclose()
        return ticks

    with provider.stub(["warm", Say("done", delay=0.4)]) as stub:
        assert asyncio.run(main()) > 10


@every
def test_one_model_serves_one_event_loop_after_another(provider: Provider) -> None:
    with provider.stub(["one", "two", "three"]) as stub:
        model = provider.model(stub)
        for expected in ("one", "two", "three"):
            assert text_of(asyncio.run(collect(model.stream([user("Hello")])))) == expected
        del model
        gc.collect()


@every
def test_a_closed_model_opens_again(provider: Provider) -> None:
    async def main() -> list[str]:
        model = provider.model(stub)
        said = []
        for _ in range(2):
            said.append(text_of(await collect(model.stream([user("Hello")]))))
            await model.aclose()
        return said

    with provider.stub(["one", "two"]) as stub:
        assert asyncio.run(main()) == ["one", "two"]


@every
def test_many_requests_at_once(provider: Provider) -> None:
    async def main() -> list[str]:
        model = provider.model(stub)
        replies = await asyncio.gather(*(collect(model.stream([user(f"number {n}")])) for n in range(20)))
        await model.aclose()
        return [text_of(events) for events in replies]

    with provider.stub() as stub:
        assert asyncio.run(main()) == [f"Reply to: number {n}" for n in range(20)]


@every
def test_settings_can_be_changed(provider: Provider) -> None:
    with provider.stub(["one"]) as stub:
        model = provider.model(stub)
        model.update_config(model_id="openai/other" if provider.name == "litellm" else "other")
        ask(model)
        seen = f"{stub.requests[0].path} {stub.requests[0].body.get('model')}"
    assert "other" in seen
    assert "other" in model.get_config()["model_id"]
