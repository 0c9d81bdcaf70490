"""What only one provider's own API has: citations, tools that run there, signatures, its own counts."""

from __future__ import annotations

from typing import Any

import pytest

from strands.types.exceptions import ModelUnavailableError
from support.providers import (
    Provider,
    ask,
    assistant,
    deltas,
    parameters,
    stop_reason,
    text_of,
    tool_spec,
    usage_of,
    user,
)
from support.stub_http import Say

anthropic = pytest.mark.parametrize("provider", parameters("anthropic"))
gemini = pytest.mark.parametrize("provider", parameters("gemini"))
responses = pytest.mark.parametrize("provider", parameters("openai_responses"))
bedrock = pytest.mark.parametrize("provider", parameters("bedrock"))
SEARCH = {"type": "web_search_20250305", "name": "web_search"}


def cited(**citation: Any) -> Any:
    return ({"type": "text", "text": ""}, [{"type": "citations_delta", "citation": {"cited_text": "c", **citation}}])


PLACES = [
    (
        {"type": "page_location", "document_index": 1, "start_page_number": 2, "end_page_number": 3},
        {"documentPage": {"documentIndex": 1, "start": 2, "end": 3}},
    ),
    (
        {"type": "char_location", "document_index": 1, "start_char_index": 2, "end_char_index": 3},
        {"documentChar": {"documentIndex": 1, "start": 2, "end": 3}},
    ),
    (
        {"type": "content_block_location", "document_index": 1, "start_block_index": 2, "end_block_index": 3},
        {"documentChunk": {"documentIndex": 1, "start": 2, "end": 3}},
    ),
    (
        {"type": "search_result_location", "search_result_index": 1, "start_block_index": 2, "end_block_index": 3},
        {"searchResultLocation": {"searchResultIndex": 1, "start": 2, "end": 3}},
    ),
    (
        {"type": "web_search_result_location", "url": "https://example.org/a"},
        {"web": {"url": "https://example.org/a", "domain": "example.org"}},
    ),
]


@anthropic
@pytest.mark.parametrize(("place", "location"), PLACES)
def test_anthropic_citations(provider: Provider, place: Any, location: Any) -> None:
    with provider.stub([Say("Hi", extra={"blocks": [cited(document_title="t", **place)]})]) as stub:
        events = ask(provider.model(stub))
    assert deltas(events)[0] == {"citation": {"title": "t", "location": location, "sourceContent": [{"text": "c"}]}}


@anthropic
def test_anthropic_tools_that_run_there(provider: Provider) -> None:
    ran = [
        ({"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}, []),
        ({"type": "web_search_tool_result", "tool_use_id": "s", "content": []}, []),
    ]
    with provider.stub([Say("Sunny.", extra={"blocks": ran}), "Hi"]) as stub:
        model = provider.model(stub, anthropic_tools=[SEARCH])
        events = ask(model, "Hello", [tool_spec("look")])
        ask(model, "Hello", [tool_spec("look")], tool_choice={"any": {}})
        first, forced = (request.body["tools"] for request in stub.requests)
    assert (text_of(events), stop_reason(events)) == ("Sunny.", "end_turn")
    assert sum("contentBlockStart" in event for event in events) == 1
    assert [tool["name"] for tool in first] == ["look", "web_search"]
    assert [tool["name"] for tool in forced] == ["look"]


def searching(number: int) -> Say:
    use = {"type": "server_tool_use", "id": f"s{number}", "name": "web_search", "input": {}}
    found = {"type": "web_search_tool_result", "tool_use_id": f"s{number}", "content": []}
    asked = [{"type": "input_json_delta", "partial_json": piece} for piece in ('{"query": ', '"x"}')]
    return Say(f"Searching {number}. ", stop="pause_turn", extra={"blocks": [(use, asked), (found, [])]})


@anthropic
def test_a_reply_that_anthropic_pauses_goes_on(provider: Provider) -> None:
    with provider.stub([searching(1), searching(2), "Sunny."]) as stub:
        events = ask(provider.model(stub, anthropic_tools=[SEARCH]))
        sent = [request.body["messages"] for request in stub.requests]
    assert (text_of(events), stop_reason(events)) == ("Searching 1. Searching 2. Sunny.", "end_turn")
    assert sum("messageStart" in event for event in events) == 1
    assert usage_of(events)["totalTokens"] == 3 * 18
    assert [len(messages) for messages in sent] == [1, 2, 2]
    kinds = [block["type"] for block in sent[2][1]["content"]]
    assert kinds == ["server_tool_use", "web_search_tool_result", "text"] * 2
    assert sent[2][1]["content"][0]["input"] == {"query": "x"}
    assert sent[2][1]["content"][2] == {"type": "text", "text": "Searching 1. "}


@anthropic
def test_a_reply_that_pauses_for_ever_ends(provider: Provider) -> None:
    with provider.stub(lambda request: searching(request.index)) as stub:
        assert stop_reason(ask(provider.model(stub, anthropic_tools=[SEARCH]))) == "end_turn"
        assert len(stub.requests) == 11


@anthropic
@pytest.mark.parametrize(("choice", "thinks"), [({"any": {}}, False), ({"auto": {}}, True)])
def test_anthropic_does_not_think_when_forced_to_a_tool(provider: Provider, choice: Any, thinks: bool) -> None:
    with provider.stub(["Hi"]) as stub:
        model = provider.model(stub, params={"thinking": {"type": "enabled", "budget_tokens": 1024}})
        ask(model, "Hello", [tool_spec("look")], tool_choice=choice)
        assert ("thinking" in stub.requests[0].body) is thinks


@anthropic
def test_anthropic_counts_the_cache_into_the_total(provider: Provider) -> None:
    counts = {"cache_read_input_tokens": 5, "cache_creation_input_tokens": 3}
    with provider.stub([Say("Hi", extra={"usage": counts})]) as stub:
        usage = usage_of(ask(provider.model(stub)))
    assert usage["totalTokens"] == 11 + 7 + 5 + 3
    assert (usage["cacheReadInputTokens"], usage["cacheWriteInputTokens"]) == (5, 3)


@pytest.mark.parametrize("provider", parameters("anthropic", "openai", "ollama", "gemini"))
@pytest.mark.parametrize("source", [{"text": "Milk."}, {"content": [{"text": "Milk."}]}])
def test_a_document_given_as_text(provider: Provider, source: Any) -> None:
    with provider.stub(["Hi"]) as stub:
        ask(provider.model(stub), [user({"document": {"format": "txt", "name": "note", "source": source}})])
        assert "Milk." in str(stub.requests[0].body)


@gemini
def test_gemini_safety_is_a_guardrail(provider: Provider) -> None:
    with provider.stub([Say("Hi", extra={"finish": "SAFETY"})]) as stub:
        assert stop_reason(ask(provider.model(stub))) == "guardrail_intervened"


@gemini
def test_gemini_counts_thoughts_that_it_does_not_name(provider: Provider) -> None:
    with provider.stub([Say("Hi", extra={"counts": {"promptTokenCount": 11, "totalTokenCount": 30}})]) as stub:
        usage = usage_of(ask(provider.model(stub)))
    assert (usage["inputTokens"], usage["outputTokens"], usage["totalTokens"]) == (11, 19, 30)


@gemini
def test_gemini_gets_the_signature_of_a_text_back(provider: Provider) -> None:
    with provider.stub([Say("Yes.", extra={"parts": [{"text": "", "thoughtSignature": "c2ln"}]}), "Hi"]) as stub:
        model = provider.model(stub)
        signed = [each for each in deltas(ask(model)) if "reasoningContent" in each]
        assert signed == [{"reasoningContent": {"signature": "c2ln"}}]
        thought = {"reasoningContent": {"reasoningText": {"text": "", "signature": "c2ln"}}}
        ask(model, [user("a"), assistant("Yes.", thought), user("b")])
        assert "c2ln" in str(stub.requests[1].body["contents"][1])


@gemini
def test_gemini_behind_a_page_that_is_no_json(provider: Provider) -> None:
    with provider.stub([Say(extra={"parts": [None]})]) as stub:
        stub.write = lambda http, request, say: http.stream("text/event-stream", [b"data: <html>\r\n\r\n"])
        with pytest.raises(ModelUnavailableError):
            ask(provider.model(stub))


@responses
def test_responses_cite_and_use_tools_that_run_there(provider: Provider) -> None:
    note = {"type": "url_citation", "url": "https://example.org", "title": "t", "start_index": 0, "end_index": 1}
    with provider.stub([Say("Sunny.", extra={"annotations": [note]})]) as stub:
        events = ask(provider.model(stub, params={"tools": [{"type": "web_search"}]}), "Hello", [tool_spec("look")])
        tools = stub.requests[0].body["tools"]
    assert {"citation": {"title": "t", "location": {"web": {"url": "https://example.org"}}}} in deltas(events)
    assert [tool.get("name", tool["type"]) for tool in tools] == ["web_search", "look"]


@bedrock
def test_bedrock_cites_without_streaming(provider: Provider) -> None:
    citation = {"title": "t", "sourceContent": [{"text": "s"}], "location": {"documentPage": {"start": 1, "end": 2}}}
    content = [{"citationsContent": {"content": [{"text": "c"}], "citations": [citation]}}, {"text": ""}]
    with provider.stub([Say("Hi", extra={"content": content})]) as stub:
        events = ask(provider.model(stub, streaming=False))
    assert deltas(events) == [{"text": "c"}, {"citation": citation}, {"text": "Hi"}]
