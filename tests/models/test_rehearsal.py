"""Rehearsing: plausible answers to anything, the same ones every time, without a model."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from strands.models import ScriptedModel, ToolCall
from strands.models.scripted.examples import example
from support.providers import ask, assistant, collect, text_of, tool_spec, tool_uses, user


def said(prompt: Any, system: str | None = None, **hint: Any) -> str:
    kwargs = {"rehearse_hint": hint} if hint else {}
    return text_of(ask(ScriptedModel.rehearsal(), prompt, None, system, **kwargs))


def told(prompt: Any, system: str | None = None, **hint: Any) -> Any:
    return json.loads(said(prompt, system, **hint))


def test_a_text_is_about_the_prompt() -> None:
    assert "quantum computing" in said("Research quantum computing")
    assert said("Research quantum computing") == said("Research quantum computing")
    assert said("Research quantum computing") != said("Research bees")


@pytest.mark.parametrize(
    ("prompt", "starts"),
    [
        ("Summarize the report.", "Summary of the report, rehearsed"),
        ("You are a writer.\nPlease write a poem about rain.", "Draft: a poem about rain, rehearsed"),
        ("How do I reset my password?", 'A rehearsed answer to "How do I reset my password?"'),
        ("## Task\nResearch bees", "Findings on bees, rehearsed"),
    ],
)
def test_a_text_answers_in_the_words_of_the_prompt(prompt: str, starts: str) -> None:
    assert said(prompt).startswith(starts)


def test_a_revision_is_about_what_was_asked_at_first() -> None:
    history = [user("Write a poem about rain"), assistant("Drip."), user("Your draft has these issues: too short.")]
    assert said(history).startswith("Revised draft. Draft: a poem about rain")


@pytest.mark.parametrize("prompt", ["", "   ", "{", "```", "?" * 5000, "\x00", "<b>&", "a" * 100_000])
def test_any_prompt_gets_an_answer(prompt: str) -> None:
    assert 0 < len(said(prompt)) < 600


def test_a_script_can_come_first() -> None:
    model = ScriptedModel(["scripted"], rehearse=True)
    assert text_of(ask(model)) == "scripted"
    assert "rehearsed" in text_of(ask(model))


# -- what the patterns ask for --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "prompt",
    [
        'Answer with JSON only, {"route": "NAME"}, where NAME is one of: faq, billing.',
        'Choose a route.\nRoutes:\n- faq: common questions\n- billing: money\nAnswer {"route": "<name>"}',
        'Answer with {"route": "faq|billing"}',
    ],
)
def test_a_router_takes_the_first_route(prompt: str) -> None:
    assert told(f"My invoice is wrong.\n{prompt}") == {"route": "faq"}


def test_a_router_takes_the_first_route_of_its_hint() -> None:
    assert told("Anything", kind="router", routes=["billing", "faq"]) == {"route": "billing"}


JUDGE = 'Answer with JSON only: {"score": 0-100, "issues": [...], "fixes": [...]}'


def test_an_evaluator_fails_the_first_draft_and_passes_its_revision() -> None:
    draft = said("Write a poem about rain")
    first = told(f"Judge this draft:\n{draft}\n{JUDGE}")
    assert first["score"] < 70
    assert first["issues"] and first["fixes"]
    revised = said(f"Revise your draft. Issues: {first['issues']} Fixes: {first['fixes']}\n{draft}")
    second = told(f"Judge this draft:\n{revised}\n{JUDGE}")
    assert second["score"] >= 95
    assert (second["issues"], second["fixes"]) == ([], [])


def test_an_evaluator_passes_the_second_draft_of_its_conversation() -> None:
    history = [user(f"Judge: rain. {JUDGE}"), assistant('{"score": 60, "issues": ["x"], "fixes": ["y"]}')]
    assert told([*history, user(f"Judge: more rain. {JUDGE}")])["score"] >= 95


@pytest.mark.parametrize("needed", [0.8, 1, 5, 8.5, 10, 60, 85, 100])
def test_an_evaluator_knows_the_threshold(needed: float) -> None:
    first = told("Judge it.", kind="evaluator", min_score=needed, iteration=1)["score"]
    second = told("Judge it.", kind="evaluator", min_score=needed, iteration=2)["score"]
    assert first < needed <= second


def test_an_orchestrator_plans_and_then_has_no_more_tasks() -> None:
    ask_for = 'Break "tidy the data" into tasks. Answer with a JSON array of {"task": "..."}.'
    plan = told(ask_for)
    assert len(plan) == 3
    assert all(task["task"] for task in plan)
    after = [user(ask_for), assistant(json.dumps(plan)), user("Results of round 1: ... Return more tasks, or [].")]
    assert told(after) == []
    sent_back = [*after[:2], user(f"Feedback on your plan: fewer tasks. {ask_for}")]
    assert told(sent_back)


def test_an_orchestrator_knows_its_limits() -> None:
    assert len(told("Go", kind="orchestrator", max_workers=2, round=1)) == 2
    assert told("Go", kind="orchestrator", max_workers=2, round=2) == []


def test_a_hint_may_come_with_the_invocation_state() -> None:
    state = {"rehearse_hint": {"kind": "router", "routes": ["b", "a"]}}
    assert json.loads(text_of(ask(ScriptedModel.rehearsal(), "Go", invocation_state=state))) == {"route": "b"}


def test_json_has_the_keys_that_were_asked_for() -> None:
    prompt = 'Answer as JSON: {"title": "...", "tags": ["..."], "urgent": true, "count": 3, "tone": "calm|angry"}'
    answer = told(prompt)
    assert list(answer) == ["title", "tags", "urgent", "count", "tone"]
    assert [type(value) for value in answer.values()] == [str, list, bool, int, str]
    assert answer["tone"] == "calm"
    assert set(told("Reply in JSON with the keys name, age and city")) == {"name", "age", "city"}


def test_json_fits_the_schema_of_a_hint() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 5}}, "required": ["n"]}
    assert told("Go", kind="json", schema=schema) == {"n": 5}


# -- tools ----------------------------------------------------------------------------------------------------------


def test_each_tool_is_used_once_and_then_the_text_comes() -> None:
    model, history, specs = ScriptedModel.rehearsal(), [user("Look it up")], [tool_spec("search"), tool_spec("fetch")]
    used = []
    for _ in range(2):
        tool_use_id, name, arguments = tool_uses(ask(model, history, specs))[0]
        used.append((name, json.loads(arguments)))
        history.append(assistant({"toolUse": {"toolUseId": tool_use_id, "name": name, "input": {}}}))
        result = {"toolUseId": tool_use_id, "status": "error", "content": [{"text": "denied"}]}
        history.append(user({"toolResult": result}))
    assert used == [("search", {"query": "Look it up"}), ("fetch", {"query": "Look it up"})]
    assert "rehearsed" in text_of(ask(model, history, specs))
    history += [assistant("done"), user("Once more")]
    assert tool_uses(ask(model, history, specs))[0][1] == "search"


def test_a_tool_named_in_the_prompt_comes_first() -> None:
    specs = [tool_spec("search"), tool_spec("fetch")]
    assert tool_uses(ask(ScriptedModel.rehearsal(), "Use fetch on it", specs))[0][1] == "fetch"


def test_a_tool_choice_is_obeyed() -> None:
    specs = [tool_spec("search"), tool_spec("fetch")]
    model = ScriptedModel.rehearsal()
    assert tool_uses(ask(model, "Go", specs, tool_choice={"tool": {"name": "fetch"}}))[0][1] == "fetch"
    assert tool_uses(ask(model, "Go", specs, tool_choice={"any": {}}))[0][1] == "search"


class Address(BaseModel):
    street: str = Field(min_length=3, max_length=12)
    zip: int = Field(ge=1000, lt=10_000)


class Order(BaseModel):
    """An order."""

    customer: str
    address: Address
    items: list[Address] = Field(min_length=2)
    express: bool
    total: float = Field(gt=0)
    note: str | None


def test_structured_output_is_filled_with_valid_values() -> None:
    events = asyncio.run(collect(ScriptedModel.rehearsal().structured_output(Order, [user("Order two chairs")])))
    assert isinstance(events[-1]["output"], Order)


# -- examples of schemas --------------------------------------------------------------------------------------------

SCHEMAS = st.recursive(
    st.one_of(
        st.builds(
            lambda low, span: {"type": "integer", "minimum": low, "maximum": low + span}, *[st.integers(0, 50)] * 2
        ),
        st.builds(lambda low: {"type": "number", "exclusiveMinimum": low}, st.integers(-50, 50)),
        st.builds(
            lambda low, span: {"type": "string", "minLength": low, "maxLength": low + span}, *[st.integers(0, 90)] * 2
        ),
        st.builds(
            lambda values: {"enum": values}, st.lists(st.text(max_size=5) | st.integers(), min_size=1, max_size=3)
        ),
        st.builds(lambda value: {"const": value}, st.text(max_size=5) | st.none() | st.booleans()),
        st.sampled_from([{"type": "boolean"}, {"type": "null"}, {"type": ["string", "null"]}, {}]),
    ),
    lambda inner: st.one_of(
        st.builds(
            lambda properties, few: {
                "type": "object",
                "properties": properties,
                "required": list(properties)[: len(properties) if not few else 1],
            },
            st.dictionaries(st.sampled_from(["path", "query", "email", "id", "names", "url"]), inner, max_size=4),
            st.booleans(),
        ),
        st.builds(lambda items, least: {"type": "array", "items": items, "minItems": least}, inner, st.integers(0, 3)),
        st.builds(lambda options: {"anyOf": options}, st.lists(inner, min_size=1, max_size=3)),
    ),
    max_leaves=8,
)


@settings(deadline=None, max_examples=150)
@given(SCHEMAS)
def test_an_example_fits_its_schema(schema: dict[str, Any]) -> None:
    # The library's own check of the schema against its metaschema would take most of the time.
    jsonschema.Draft202012Validator(schema).validate(example(schema))


def test_an_example_follows_references_and_ends() -> None:
    node = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "children": {"type": "array", "items": {"$ref": "#/$defs/Node"}}},
        "required": ["name", "children"],
    }
    assert example({"$defs": {"Node": node}, "$ref": "#/$defs/Node"})["name"] == "example name"


def test_arguments_look_like_what_they_are_named() -> None:
    properties = {name: {"type": "string"} for name in ("file_path", "url", "command", "query", "user_email")}
    call = tool_uses(ask(ScriptedModel.rehearsal(), "Do it", [tool_spec("work", **properties)]))[0]
    assert json.loads(call[2]) == {
        "file_path": "example.txt",
        "url": "https://example.com/",
        "command": "echo rehearsal",
        "query": "Do it",
        "user_email": "ada@example.com",
    }


def test_a_scripted_call_may_be_mixed_with_rehearsing() -> None:
    model = ScriptedModel([ToolCall("search", {"query": "x"})], rehearse=True)
    assert tool_uses(ask(model, "Hello", [tool_spec("search")]))[0][2] == '{"query": "x"}'
