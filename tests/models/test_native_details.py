"""What only one provider's own API has: citations, tools that run there, signatures, its own counts."""

from __future__ import annotations

from typing import Any

import pytest

from strands import Agent, tool
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
from support.stub_http import Fault, Say, Use

anthropic = pytest.mark.parametrize("provider", parameters("anthropic"))
gemini = pytest.mark.parametrize("provider", parameters("gemini"))
responses = pytest.mark.parametrize("provider", parameters("openai_responses"))
bedrock = pytest.mark.parametrize("provider", parameters("bedrock"))
SEARCH = {"type": "web_search_20250305", "name": "web_search"}
SEARCHES = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}
PAGE = {"type": "web_search_result", "url": "https://example.org", "title": "Weather", "encrypted_content": "enc"}
FOUND = {"type": "web_search_tool_result", "tool_use_id": "s", "content": [PAGE]}


@tool
def look() -> str:
    """Look."""
    return "seen"


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
        (SEARCHES, [{"type": "input_json_delta", "partial_json": '{"query": "x"}'}]),
        (FOUND, []),
    ]
    with provider.stub([Say("Sunny.", extra={"blocks": ran}), "Hi"]) as stub:
        model = provider.model(stub, anthropic_tools=[SEARCH])
        events = ask(model, "Hello", [tool_spec("look")])
        ask(model, "Hello", [tool_spec("look")], tool_choice={"any": {}})
        first, forced = (request.body["tools"] for request in stub.requests)
    assert (text_of(events), stop_reason(events)) == ("Sunny.", "end_turn")
    assert not any("toolUse" in str(event) for event in events if "contentBlockStart" in event)
    assert [tool["name"] for tool in first] == ["look", "web_search"]
    assert [tool["name"] for tool in forced] == ["look"]


@anthropic
def test_what_anthropics_own_tools_did_goes_back_to_the_same_model(provider: Provider) -> None:
    asked = [{"type": "input_json_delta", "partial_json": '{"query": "x"}'}]
    with provider.stub([Say("Sunny.", extra={"blocks": [(SEARCHES, asked), (FOUND, [])]}), "Yes.", "Well."]) as stub:
        model = provider.model(stub, anthropic_tools=[SEARCH])
        agent = Agent(model=model, callback_handler=None)
        agent("The weather?")
        assert "https://example.org" in str(agent.messages[1])
        agent("Sure?")
        model.update_config(model_id="another")
        agent("Really?")
        second, third = (request.body["messages"][1]["content"] for request in stub.requests[1:])
    assert second == [{**SEARCHES, "input": {"query": "x"}}, FOUND, {"type": "text", "text": "Sunny."}]
    assert third == [{"type": "text", "text": "Sunny."}]


@anthropic
def test_anthropic_leaves_thoughts_out_whose_history_has_changed(provider: Provider) -> None:
    fault = Fault(400, "thinking block is bound to a different conversation", kind="invalid_request_error")
    with provider.stub([fault, "Hi", "Again"]) as stub:
        model = provider.model(
            stub, params={"thinking": {"type": "adaptive"}, "extra_headers": {"anthropic-beta": "b"}}
        )
        assert [text_of(ask(model)) for _ in range(2)] == ["Hi", "Again"]
        sent = [(request.body["thinking"], request.headers["anthropic-beta"]) for request in stub.requests]
    dropping = {"type": "adaptive", "block_binding": {"prefix_mismatch_behavior": "drop_block"}}
    assert sent[0] == ({"type": "adaptive"}, "b")
    assert sent[1] == sent[2] == (dropping, "b,thinking-binding-controls-2026-08-01")


@anthropic
def test_a_reply_that_ends_with_a_thought_goes_back_without_it(provider: Provider) -> None:
    thought = {"reasoningContent": {"reasoningText": {"text": "Hm.", "signature": "s"}}}
    picture = {"image": {"format": "png", "source": {"bytes": b"img"}}}
    history = [user("a"), assistant(thought), user("b"), assistant("c", picture, thought), user("d", " ")]
    with provider.stub(["Hi"]) as stub:
        ask(provider.model(stub), history)
        sent = stub.requests[0].body["messages"]
    assert [message["role"] for message in sent] == ["user", "user", "assistant", "user"]
    assert [block["type"] for block in sent[2]["content"]] == ["text", "text"]
    assert "image" in sent[2]["content"][1]["text"]


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


def blocks_of(events: list[Any]) -> list[int]:
    """Return the number of the block of each event that is of one."""
    told = [next(iter(event.items())) for event in events]
    return [piece["contentBlockIndex"] for name, piece in told if name.startswith("contentBlock")]


@anthropic
def test_events_say_which_block_of_the_reply_they_are_of(provider: Provider) -> None:
    reply = Say("ab", reasoning="Hm.", tools=[Use("look", {})])
    with provider.stub([reply]) as stub:
        found = blocks_of(ask(provider.model(stub)))
    assert (sorted(found), set(found)) == (found, {0, 1, 2})


@anthropic
def test_blocks_are_counted_on_after_a_pause(provider: Provider) -> None:
    with provider.stub([searching(1), "Sunny."]) as stub:
        found = blocks_of(ask(provider.model(stub, anthropic_tools=[SEARCH])))
    assert (sorted(found), set(found)) == (found, {0, 1, 2, 3})


@anthropic
@pytest.mark.parametrize("params", [{"tools": [SEARCH]}, {"mcp_servers": [{"type": "url", "name": "s", "url": "u"}]}])
def test_a_reply_that_pauses_for_tools_that_stand_in_the_params_goes_on(provider: Provider, params: Any) -> None:
    with provider.stub([searching(1), "Sunny."]) as stub:
        events = ask(provider.model(stub, params=params))
    assert (text_of(events), stop_reason(events)) == ("Searching 1. Sunny.", "end_turn")


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


THERE = {"type": "web_search_call", "id": "ws", "status": "completed", "action": {"type": "search", "query": "x"}}
THOUGHT = {"type": "reasoning", "id": "rs", "summary": [], "encrypted_content": "enc"}
DRAWN = {"type": "image_generation_call", "id": "ig", "status": "completed", "result": "aW1n", "output_format": "webp"}


@responses
def test_what_ran_at_responses_goes_back_in_its_place(provider: Provider) -> None:
    with provider.stub([Say("Sunny.", [Use("look")], extra={"items": [THOUGHT, THERE, DRAWN]}), "Yes."]) as stub:
        agent = Agent(model=provider.model(stub), tools=[look], callback_handler=None)
        agent("The weather?")
        items = stub.requests[1].body["input"]
    assert agent.messages[1]["content"][2] == {"image": {"format": "webp", "source": {"bytes": b"img"}}}
    assert "query" in str(agent.messages[1]["content"][1]["reasoningContent"]["reasoningText"])
    assert items[1:3] == [THOUGHT, THERE]
    assert [part["text"] for part in items[3]["content"]][1] == "Sunny."
    assert [item["type"] for item in items[4:]] == ["function_call", "function_call_output"]


@responses
def test_the_phase_of_a_text_goes_back_to_its_model(provider: Provider) -> None:
    with provider.stub([Say("Looking.", [Use("look")], extra={"phase": "commentary"}), "Yes."]) as stub:
        agent = Agent(model=provider.model(stub), tools=[look], callback_handler=None)
        agent("The weather?")
        said = [item for item in stub.requests[1].body["input"] if item.get("role") == "assistant"]
    assert [(item["phase"], item["content"][0]["text"]) for item in said] == [("commentary", "Looking.")]
    assert agent.messages[1]["content"][0] == {"text": "Looking."}


@responses
def test_responses_cite_files(provider: Provider) -> None:
    notes = [
        {"type": "file_citation", "file_id": "f1", "filename": "a.pdf", "index": 3},
        {"type": "file_path", "file_id": "f2", "index": 3},
    ]
    with provider.stub([Say("Sunny.", extra={"annotations": notes})]) as stub:
        found = [each["citation"] for each in deltas(ask(provider.model(stub))) if "citation" in each]
    assert [(each["title"], each["source"]) for each in found] == [("a.pdf", "f1"), ("", "f2")]


@gemini
def test_gemini_rests_on_pages(provider: Provider) -> None:
    grounding = {
        "groundingChunks": [{"web": {"uri": "https://example.org/a", "title": "A"}}],
        "groundingSupports": [{"segment": {"text": "Sunny."}, "groundingChunkIndices": [0]}],
    }
    with provider.stub([Say("Sunny.", extra={"grounding": grounding}), "Yes."]) as stub:
        agent = Agent(model=provider.model(stub), callback_handler=None)
        agent("The weather?")
        agent("Sure?")
        assert stub.requests[1].body["contents"][1]["parts"] == [{"text": "Sunny."}]
    cited = agent.messages[1]["content"][0]["citationsContent"]
    place = {"web": {"url": "https://example.org/a", "domain": "example.org"}}
    assert cited["citations"] == [{"title": "A", "location": place, "sourceContent": [{"text": "Sunny."}]}]
    assert cited["content"] == [{"text": "Sunny."}]


@gemini
def test_gemini_gets_pictures_and_code_back_as_they_came(provider: Provider) -> None:
    code = {"executableCode": {"code": "print(1)", "language": "PYTHON"}}
    ran = {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1\n"}}
    picture = {"inlineData": {"mimeType": "image/png", "data": "aW1n"}, "thoughtSignature": "c2ln"}
    with provider.stub([Say("See:", extra={"parts": [code, ran, picture]}), "Yes."]) as stub:
        agent = Agent(model=provider.model(stub), callback_handler=None)
        agent("Draw.")
        assert {"image": {"format": "png", "source": {"bytes": b"img"}}} in agent.messages[1]["content"]
        assert "print(1)" in str(agent.messages[1])
        agent("Sure?")
        *before, shown = stub.requests[1].body["contents"][1]["parts"]
    assert before == [{"text": "See:"}, code, ran]
    assert (shown["inlineData"]["data"], shown["thoughtSignature"]) == ("aW1n", "c2ln")


@pytest.mark.parametrize("provider", parameters("anthropic", "gemini", "openai", "openai_responses", "ollama"))
def test_blank_texts_and_empty_replies_stay_here(provider: Provider) -> None:
    history = [user("a", " "), assistant(" \n"), user("b"), {"role": "assistant", "content": []}, user("c")]
    with provider.stub(["Hi"]) as stub:
        ask(provider.model(stub), history)
        body = stub.requests[0].body
    turns = body.get("messages") or body.get("contents") or body["input"]
    if provider.name != "ollama":  # it takes them
        assert [turn["role"] for turn in turns] == ["user", "user", "user"]
        assert '" "' not in str(turns).replace("'", '"')


@bedrock
def test_bedrock_cites_without_streaming(provider: Provider) -> None:
    citation = {"title": "t", "sourceContent": [{"text": "s"}], "location": {"documentPage": {"start": 1, "end": 2}}}
    content = [{"citationsContent": {"content": [{"text": "c"}], "citations": [citation]}}, {"text": ""}]
    with provider.stub([Say("Hi", extra={"content": content})]) as stub:
        events = ask(provider.model(stub, streaming=False))
    assert deltas(events) == [{"text": "c"}, {"citation": citation}, {"text": "Hi"}]
