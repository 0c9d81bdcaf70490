"""What servers that speak OpenAI's chat format do differently from OpenAI."""

from __future__ import annotations

import json
from typing import Any

import pytest

from strands import Agent
from strands.types.exceptions import ContextWindowOverflowException, ModelThrottledException, ModelUnavailableError
from support.providers import (
    Provider,
    ask,
    assistant,
    parameters,
    reasoning_of,
    stop_reason,
    text_of,
    tool_spec,
    tool_uses,
    usage_of,
    user,
)
from support.stub_http import Fault, Say

every = pytest.mark.parametrize("provider", parameters("openai", "litellm"))


def delta(finish: str | None = None, **content: Any) -> dict[str, Any]:
    chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    return {**chunk, "choices": [{"index": 0, "delta": content, "finish_reason": finish}]}


def call(arguments: Any = None, **known: Any) -> dict[str, Any]:
    name = known.pop("name", None)
    function = {**({"name": name} if name else {}), "arguments": arguments}
    return {**known, "type": "function", "function": function}


def events_of(provider: Provider, *chunks: dict[str, Any]) -> list[Any]:
    ended = any(each.get("choices") and each["choices"][0]["finish_reason"] for each in chunks)
    with provider.stub([Say(extra={"chunks": [*chunks, *([] if ended else [delta("stop")])]})]) as stub:
        return ask(provider.model(stub), "Hello", [tool_spec("a"), tool_spec("b")])


def uses_in(provider: Provider, *pieces: list[Any]) -> list[tuple[str, Any]]:
    events = events_of(provider, *(delta(tool_calls=piece) for piece in pieces), delta("tool_calls"))
    assert stop_reason(events) == "tool_use"
    ids = [tool_use_id for tool_use_id, _, _ in tool_uses(events)]
    assert all(ids)
    assert len(set(ids)) == len(ids)
    return [(name, json.loads(arguments)) for _, name, arguments in tool_uses(events)]


BOTH = [("a", {"x": 1}), ("b", {"y": 2})]


@every
def test_tools_without_an_index(provider: Provider) -> None:
    first, second = call('{"x": 1}', id="1", name="a"), call('{"y": 2}', id="2", name="b")
    assert uses_in(provider, [first], [second]) == BOTH


@every
def test_tools_that_share_an_index(provider: Provider) -> None:
    first, second = call('{"x": 1}', index=0, id="1", name="a"), call('{"y": 2}', index=0, id="2", name="b")
    assert uses_in(provider, [first], [second]) == BOTH


@every
def test_pieces_that_repeat_the_id_and_the_name(provider: Provider) -> None:
    head, tail = call('{"x"', index=0, id="1", name="a"), call(": 1}", index=0, id="1", name="a")
    assert uses_in(provider, [head], [tail]) == BOTH[:1]


@every
def test_interleaved_pieces(provider: Provider) -> None:
    heads = [call("", index=0, id="1", name="a"), call('{"y"', index=1, id="2", name="b")]
    assert uses_in(provider, heads, [call('{"x": 1}', index=0)], [call(": 2}", index=1)]) == BOTH


@every
@pytest.mark.parametrize("tool_use_id", [None, ""])
def test_tools_without_an_id(provider: Provider, tool_use_id: str | None) -> None:
    first, second = (call(text, index=n, id=tool_use_id, name=name) for n, (name, text) in enumerate(_texts()))
    assert uses_in(provider, [first, second]) == BOTH


@pytest.mark.parametrize("provider", parameters("openai"))
def test_arguments_that_are_an_object(provider: Provider) -> None:
    assert uses_in(provider, [call({"x": 1}, index=0, id="1", name="a")]) == BOTH[:1]


@every
def test_no_arguments_at_all(provider: Provider) -> None:
    assert uses_in(provider, [call(None, index=0, id="1", name="a")]) == [("a", {})]


def _texts() -> list[tuple[str, str]]:
    return [(name, json.dumps(arguments)) for name, arguments in BOTH]


@pytest.mark.parametrize("provider", parameters("openai"))
def test_content_in_parts_and_a_delta_of_nothing(provider: Provider) -> None:
    nothing = {"choices": [{"index": 0, "delta": None, "finish_reason": None}]}
    parts = delta(content=[{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo"}])
    assert text_of(events_of(provider, nothing, {"choices": None}, parts)) == "Hello"


@pytest.mark.parametrize("provider", parameters("openai"))
def test_only_the_first_choice_counts(provider: Provider) -> None:
    second = {"choices": [{"index": 1, "delta": {"content": "No."}, "finish_reason": None}]}
    assert text_of(events_of(provider, delta(content="Yes."), second)) == "Yes."


@every
def test_usage_as_the_server_counts_it(provider: Provider) -> None:
    counts: Any = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15, "cache_creation_input_tokens": 2}
    counts["prompt_tokens_details"] = {"cached_tokens": 4}
    last = {**delta(), "choices": [], "usage": counts}
    usage = usage_of(events_of(provider, delta(content="Hi"), delta("stop"), last))
    assert (usage["inputTokens"], usage["outputTokens"], usage["totalTokens"]) == (10, 5, 15)
    assert (usage["cacheReadInputTokens"], usage["cacheWriteInputTokens"]) == (4, 2)


@every
def test_every_block_has_a_start_and_a_stop(provider: Provider) -> None:
    events = events_of(provider, delta(reasoning_content="Hm."), delta(content="Yes."))
    assert (reasoning_of(events), text_of(events)) == ("Hm.", "Yes.")
    kinds = [next(iter(event)) for event in events]
    assert kinds[1:7] == ["contentBlockStart", "contentBlockDelta", "contentBlockStop"] * 2


@every
def test_messages_without_content_are_left_out(provider: Provider) -> None:
    use = {"toolUse": {"toolUseId": "t1", "name": "look", "input": {}}}
    result = {"toolResult": {"toolUseId": "t1", "status": "success", "content": [{"text": "ok"}]}}
    thought = {"reasoningContent": {"reasoningText": {"text": "Hm."}}}
    history = [user("a"), assistant(thought), user("b"), assistant("", use), user(result)]
    with provider.stub(["Hi"]) as stub:
        ask(provider.model(stub), history)
        sent = stub.requests[0].body["messages"]
    assert [message["role"] for message in sent] == ["user", "user", "assistant", "tool"]
    assert not sent[2].get("content")


@every
def test_a_picture_in_a_result_follows_and_is_announced(provider: Provider) -> None:
    image = {"image": {"format": "png", "source": {"bytes": b"png"}}}
    note = {"document": {"format": "txt", "name": "note", "source": {"bytes": b"Milk."}}}
    uses: list[Any] = [{"toolUse": {"toolUseId": name, "name": "look", "input": {}}} for name in ("t1", "t2")]
    results = [
        {"toolResult": {"toolUseId": "t1", "status": "success", "content": [image]}},
        {"toolResult": {"toolUseId": "t2", "status": "success", "content": [note]}},
    ]
    with provider.stub(["Hi"]) as stub:
        ask(provider.model(stub), [user("a"), assistant(*uses), user(*results)])
        sent = stub.requests[0].body["messages"]
    assert [message["role"] for message in sent[2:]] == ["tool", "tool", "user"]
    assert "next user message" in sent[2]["content"]
    assert sent[3]["content"] == '<document name="note">\nMilk.\n</document>'
    assert sent[4]["content"][0]["type"] == "image_url"


OVERFLOWS = [
    (400, "too many total text bytes"),
    (400, "the request exceeds the available context size, try increasing it"),
    (400, "`inputs` tokens + `max_new_tokens` must be <= 8192. Given: 10 `inputs` tokens"),
    (400, "Requested token count exceeds the model's maximum context length of 4096 tokens"),
    (413, "Request Entity Too Large"),
]


@pytest.mark.parametrize("provider", parameters("openai", "openai_responses", "anthropic", "gemini", "ollama"))
@pytest.mark.parametrize(("status", "message"), OVERFLOWS)
def test_what_overflow_is_called(provider: Provider, status: int, message: str) -> None:
    with provider.stub([Fault(status, message)]) as stub, pytest.raises(ContextWindowOverflowException):
        ask(provider.model(stub))


@every
def test_too_many_tokens_a_minute_is_throttling(provider: Provider) -> None:
    message = "Request too large for gpt-4o on tokens per min (TPM): Limit 30000, Requested 40000."
    with provider.stub([Fault(429, message)]) as stub, pytest.raises(ModelThrottledException):
        ask(provider.model(stub))


@pytest.mark.parametrize("provider", parameters("ollama"))
def test_ollama_calls_overflow_a_fault_of_its_own(provider: Provider) -> None:
    fault = Fault(500, "the input length exceeds the context length")
    with provider.stub([fault]) as stub, pytest.raises(ContextWindowOverflowException):
        ask(provider.model(stub))


@pytest.mark.parametrize("provider", parameters("litellm"))
def test_litellm_without_streaming_and_with_a_marked_system_prompt(provider: Provider) -> None:
    system: Any = [{"text": "Be brief."}, {"cachePoint": {"type": "default"}}]
    with provider.stub(["Hello"]) as stub:
        events = ask(provider.model(stub, stream=False), system_prompt_content=system)
        body = stub.requests[0].body
    assert (text_of(events), body.get("stream", False)) == ("Hello", False)
    marked = {"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}
    assert body["messages"][0] == {"role": "system", "content": [marked]}


@pytest.mark.parametrize("provider", parameters("openai"))
def test_pictures_in_a_reply(provider: Provider) -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,aW1n"}}
    linked = {"type": "image_url", "image_url": {"url": "https://example.org/a.png"}}
    chunks = [delta(content="See:"), delta(images=[picture]), delta(images=[linked]), delta("stop")]
    with provider.stub([Say(extra={"chunks": chunks}), "Yes."]) as stub:
        agent = Agent(model=provider.model(stub), callback_handler=None)
        agent("Draw.")
        first, shown, link = agent.messages[1]["content"]
        agent("Sure?")
        back = stub.requests[1].body["messages"][1]["content"]
    assert (first, shown) == ({"text": "See:"}, {"image": {"format": "png", "source": {"bytes": b"img"}}})
    assert "https://example.org/a.png" in link["text"]
    assert "image, png" in back


CITED = {"type": "url_citation", "url_citation": {"url": "https://example.org/a", "title": "A", "content": "Sunny."}}


@pytest.mark.parametrize("provider", parameters("openai"))
@pytest.mark.parametrize(
    ("chunks", "title"),
    [
        ([delta(content="Sunny."), delta(annotations=[CITED])], "A"),
        ([{**delta(content="Sunny."), "citations": ["https://example.org/a"]}], ""),
        ([{**delta(content="Sunny."), "search_results": [{"title": "A", "url": "https://example.org/a"}]}], "A"),
    ],
)
def test_what_a_reply_rests_on(provider: Provider, chunks: list[Any], title: str) -> None:
    with provider.stub([Say(extra={"chunks": [*chunks, delta("stop")]})]) as stub:
        agent = Agent(model=provider.model(stub), callback_handler=None)
        assert str(agent("The weather?")).strip() == "Sunny."
    (citation,) = agent.messages[1]["content"][0]["citationsContent"]["citations"]
    location: Any = citation["location"]
    assert (citation["title"], location["web"]["domain"]) == (title, "example.org")


@every
@pytest.mark.parametrize("reason", ["error", "network_error", "insufficient_system_resource"])
def test_a_server_that_gives_up_says_so(provider: Provider, reason: str) -> None:
    if provider.name == "litellm":
        pytest.skip("it has reasons of its own")
    with pytest.raises(ModelUnavailableError, match=reason):
        events_of(provider, delta(reason, content="Hal"))


@pytest.mark.parametrize("provider", parameters("openai"))
@pytest.mark.parametrize(
    ("reason", "stop"),
    [
        ("sensitive", "content_filtered"),
        ("model_length", "max_tokens"),
        ("model_context_window_exceeded", "max_tokens"),
    ],
)
def test_reasons_of_other_servers(provider: Provider, reason: str, stop: str) -> None:
    assert stop_reason(events_of(provider, delta(reason, content="Hal"))) == stop


@pytest.mark.parametrize(
    ("provider", "fault"),
    [
        (parameters("ollama")[0], Fault(400, "prompt too long; exceeded max context length by 17 tokens")),
        (parameters("ollama")[0], Fault(500, "input length exceeds maximum context length")),
        (parameters("ollama")[0], Say("Hal", extra={"event_error": "the input length exceeds the context length"})),
        (parameters("openai")[0], Fault(400, "Your request exceeded model token limit: 262144")),
        (parameters("openai")[0], Fault(400, "Input tokens exceed the configured limit: exceed model maximum")),
        (parameters("openai")[0], Fault(400, "Please reduce the length of the messages or completion.")),
        (parameters("openai")[0], Fault(400, "This model's maximum prompt length is 131072")),
        (
            parameters("openai")[0],
            Fault(400, "prompt_tokens (163280) must be less than max_seq_len (32768)"),
        ),
    ],
)
def test_a_prompt_that_is_too_long_by_any_name(provider: Any, fault: Any) -> None:
    chosen: Provider = provider.values[0]
    with chosen.stub([fault]) as stub, pytest.raises(ContextWindowOverflowException):
        ask(chosen.model(stub))
