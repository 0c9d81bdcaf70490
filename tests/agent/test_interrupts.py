"""Interrupts: how an agent stops to ask, and how it goes on."""

from __future__ import annotations

import copy
import dataclasses
import json
import pickle
import uuid
from collections import OrderedDict
from typing import Any

import pytest

from strands import Agent, ToolContext, tool
from strands.hooks import AfterToolCallEvent, BeforeToolCallEvent, HookProvider, HookRegistry
from strands.interrupt import Interrupt, InterruptException, InterruptState
from strands.models import ScriptedModel, ToolCall
from strands.tools.executors import SequentialToolExecutor
from strands.types.exceptions import EventLoopException
from support.agents import answer, answers, results_of, texts_of

RAN: list[str] = []


@pytest.fixture(autouse=True)
def _forget() -> None:
    RAN.clear()


@tool
def delete(path: str) -> str:
    """Delete a file."""
    RAN.append(path)
    return f"deleted {path}"


@tool(context=True)
def ask(question: str, tool_context: ToolContext) -> str:
    """Ask a person."""
    RAN.append(f"asking {question}")
    return f"they said {tool_context.interrupt('ask', reason={'question': question})!r}"


class Approval(HookProvider):
    """Asks before `delete`, and counts how often it looked."""

    def __init__(self) -> None:
        self.looked = 0
        self.after = 0

    def register_hooks(self, registry: HookRegistry, **kwargs: Any) -> None:
        registry.add_callback(BeforeToolCallEvent, self.approve)
        registry.add_callback(AfterToolCallEvent, self.done)

    def approve(self, event: BeforeToolCallEvent) -> None:
        if event.tool_use["name"] != "delete":
            return
        self.looked += 1
        if event.interrupt("approval", reason=event.tool_use["input"]) != "y":
            event.cancel_tool = "denied"

    def done(self, event: AfterToolCallEvent) -> None:
        self.after += 1


def make(*calls: ToolCall, hooks: Any = (), **options: Any) -> Agent:
    options.setdefault("tools", [delete, ask])
    return Agent(
        model=ScriptedModel([list(calls), "done", "done"]), hooks=list(hooks), callback_handler=None, **options
    )


def test_a_hook_stops_the_call_and_the_history_ends_with_the_tool_use() -> None:
    hook = Approval()
    agent = make(ToolCall("delete", {"path": "a"}, "t1"), hooks=[hook])
    result = agent("go")
    assert result.stop_reason == "interrupt"
    assert result.message == agent.messages[-1]
    assert agent.messages[-1]["role"] == "assistant"
    assert [(each.name, each.reason) for each in result.interrupts or ()] == [("approval", {"path": "a"})]
    assert (RAN, hook.after) == ([], 0)


def test_ids_are_the_same_in_every_process() -> None:
    agent = make(ToolCall("delete", {"path": "a"}, "t1"), ToolCall("ask", {"question": "q"}, "t2"), hooks=[Approval()])
    result = agent("go")
    assert [each.id for each in result.interrupts or ()] == [
        f"v1:before_tool_call:t1:{uuid.uuid5(uuid.NAMESPACE_OID, 'approval')}",
        f"v1:tool_call:t2:{uuid.uuid5(uuid.NAMESPACE_OID, 'ask')}",
    ]


def test_an_answer_goes_on_with_the_tool_without_asking_the_model_first() -> None:
    agent = make(ToolCall("delete", {"path": "a"}), hooks=[Approval()])
    result = agent("go")
    model: Any = agent.model
    assert len(model.requests) == 1
    result = agent(answers(result, "y"))
    assert (result.stop_reason, RAN) == ("end_turn", ["a"])
    assert [message["role"] for message in agent.messages] == ["user", "assistant", "user", "assistant"]
    assert len(model.requests) == 2


def test_a_no_keeps_the_tool_from_running() -> None:
    agent = make(ToolCall("delete", {"path": "a"}), hooks=[Approval()])
    agent(answers(agent("go"), "n"))
    assert RAN == []
    assert texts_of(results_of(agent)) == ["denied"]


@pytest.mark.parametrize("response", ["", 0, False, [], {}])
def test_falsy_answers_are_answers(response: Any) -> None:
    agent = make(ToolCall("ask", {"question": "q"}))
    result = agent(answers(agent("go"), response))
    assert result.stop_reason == "end_turn"
    assert texts_of(results_of(agent)) == [f"they said {response!r}"]


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (None, ValueError),
        (float("nan"), ValueError),
        ({"a": [float("inf")]}, ValueError),
        (object(), TypeError),
        ({1, 2}, TypeError),
        (b"y", TypeError),
    ],
)
def test_what_is_no_answer_is_refused_and_the_question_stays(response: Any, error: type[Exception]) -> None:
    agent = make(ToolCall("ask", {"question": "q"}))
    result = agent("go")
    with pytest.raises(error, match="interrupt"):
        agent(answers(result, response))
    assert [each.id for each in agent.pending_interrupts] == [each.id for each in result.interrupts or ()]
    assert agent(answers(result, "yes")).stop_reason == "end_turn"


@pytest.mark.parametrize(
    ("response", "made"),
    [((1, 2), [1, 2]), ({1: 2}, {"1": 2}), ({"a": (1,)}, {"a": [1]}), (OrderedDict(a=1), {"a": 1})],
)
def test_an_answer_is_what_json_makes_of_it_at_once(response: Any, made: Any) -> None:
    agent = make(ToolCall("ask", {"question": "q"}))
    agent(answers(agent("go"), response))
    assert texts_of(results_of(agent)) == [f"they said {made!r}"]


def test_a_reason_is_what_json_makes_of_it_at_once() -> None:
    def approve(event: BeforeToolCallEvent) -> None:
        event.interrupt("approval", reason={1: ("a", OrderedDict(b=2))})

    (question,) = make(ToolCall("delete", {"path": "a"}), hooks=[approve])("go").interrupts or ()
    assert question.reason == {"1": ["a", {"b": 2}]}
    assert type(question.reason["1"][1]) is dict


def test_an_answer_may_be_known_in_advance() -> None:
    def approve(event: BeforeToolCallEvent) -> None:
        assert event.interrupt("approval", response="y") == "y"

    agent = make(ToolCall("delete", {"path": "a"}), hooks=[approve])
    assert agent("go").stop_reason == "end_turn"
    assert RAN == ["a"]


def test_several_questions_in_sequence_are_asked_one_after_the_other() -> None:
    @tool(context=True)
    def form(tool_context: ToolContext) -> str:
        """Fill in a form."""
        name = tool_context.interrupt("name")
        return f"{name} {tool_context.interrupt('age', reason=name)}"

    agent = make(ToolCall("form"), tools=[form])
    first = agent("go")
    second = agent(answers(first, "Ada"))
    assert [(each.name, each.reason) for each in second.interrupts or ()] == [("age", "Ada")]
    agent(answers(second, 36))
    assert texts_of(results_of(agent)) == ["Ada 36"]


def test_concurrent_siblings_finish_and_never_run_again() -> None:
    agent = make(
        ToolCall("ask", {"question": "q"}, "t1"),
        ToolCall("delete", {"path": "a"}, "t2"),
        ToolCall("delete", {"path": "b"}, "t3"),
    )
    result = agent("go")
    assert sorted(RAN) == ["a", "asking q", "b"]
    agent(answers(result, "x"))
    assert sorted(RAN) == ["a", "asking q", "asking q", "b"]
    assert texts_of(results_of(agent)) == ["they said 'x'", "deleted a", "deleted b"]


def test_the_sequential_executor_stops_at_the_first_question() -> None:
    agent = make(
        ToolCall("delete", {"path": "a"}, "t1"),
        ToolCall("ask", {"question": "q"}, "t2"),
        ToolCall("delete", {"path": "b"}, "t3"),
        tool_executor=SequentialToolExecutor(),
    )
    result = agent("go")
    assert RAN == ["a", "asking q"]
    agent(answers(result, "x"))
    assert RAN == ["a", "asking q", "asking q", "b"]
    assert texts_of(results_of(agent)) == ["deleted a", "they said 'x'", "deleted b"]


def test_partial_answers_are_fine_and_the_rest_is_asked_again() -> None:
    agent = make(
        ToolCall("ask", {"question": "one"}, "t1"),
        ToolCall("ask", {"question": "two"}, "t2"),
        ToolCall("delete", {"path": "c"}, "t3"),
        hooks=[Approval()],
    )
    first, second, third = agent("go").interrupts or ()
    result = agent([answer(second, "2")])
    assert [each.id for each in result.interrupts or ()] == [first.id, third.id]
    result = agent([answer(first, "1"), answer(third, "y")])
    assert texts_of(results_of(agent)) == ["they said '1'", "they said '2'", "deleted c"]
    assert RAN.count("asking two") == 2


def test_all_callbacks_run_and_an_interrupt_beats_a_cancellation() -> None:
    seen: list[str] = []

    def first(event: BeforeToolCallEvent) -> None:
        event.interrupt("one")

    def second(event: BeforeToolCallEvent) -> None:
        seen.append("second")
        event.cancel_tool = "no"

    def third(event: BeforeToolCallEvent) -> None:
        event.interrupt("two")

    agent = make(ToolCall("delete", {"path": "a"}), hooks=[first, second, third])
    result = agent("go")
    assert seen == ["second"]
    assert [each.name for each in result.interrupts or ()] == ["one", "two"]
    result = agent(answers(result, "y"))
    assert texts_of(results_of(agent)) == ["no"]


def test_one_name_twice_on_one_event_is_an_error() -> None:
    def one(event: BeforeToolCallEvent) -> None:
        event.interrupt("same")

    def two(event: BeforeToolCallEvent) -> None:
        event.interrupt("same")

    with pytest.raises(EventLoopException, match="'same' is used twice"):
        make(ToolCall("delete", {"path": "a"}), hooks=[one, two])("go")


@pytest.mark.parametrize("reason", [{1, 2}, object(), b"bytes", {"x": {1}}, float("nan")])
def test_a_reason_that_is_not_json_is_refused_at_once(reason: Any) -> None:
    def approve(event: BeforeToolCallEvent) -> None:
        event.interrupt("approval", reason=reason)

    with pytest.raises(EventLoopException, match="'approval' must be JSON"):
        make(ToolCall("delete", {"path": "a"}), hooks=[approve])("go")


def test_an_exception_handler_in_a_tool_does_not_swallow_a_question() -> None:
    @tool(context=True)
    def careful(tool_context: ToolContext) -> str:
        """Catch everything."""
        try:
            return str(tool_context.interrupt("q"))
        except Exception:
            return "swallowed"

    agent = make(ToolCall("careful"), tools=[careful])
    assert agent("go").stop_reason == "interrupt"
    assert not issubclass(InterruptException, Exception)


def test_another_prompt_while_questions_wait_is_refused() -> None:
    agent = make(ToolCall("ask", {"question": "q"}))
    result = agent("go")
    for prompt in ("hello", [{"text": "hello"}], [{"role": "user", "content": [{"text": "x"}]}]):
        with pytest.raises(TypeError, match="interruptResponse"):
            agent(prompt)
    assert agent(answers(result, "x")).stop_reason == "end_turn"


def test_an_unknown_id_is_named_and_nothing_of_the_list_is_taken() -> None:
    agent = make(ToolCall("ask", {"question": "q"}))
    (question,) = agent("go").interrupts or ()
    with pytest.raises(KeyError, match="'nope'"):
        agent([answer(question, "x"), {"interruptResponse": {"interruptId": "nope", "response": 1}}])
    assert agent.pending_interrupts == [question]
    assert not question.answered


def test_a_block_without_a_response_is_refused() -> None:
    agent = make(ToolCall("ask", {"question": "q"}))
    (question,) = agent("go").interrupts or ()
    with pytest.raises(KeyError, match="response"):
        agent([{"interruptResponse": {"interruptId": question.id}}])


def test_answers_when_nothing_was_asked_are_refused() -> None:
    with pytest.raises(ValueError, match="waits for none"):
        make()([{"interruptResponse": {"interruptId": "x", "response": 1}}])


def test_a_direct_call_while_questions_wait_is_refused() -> None:
    agent = make(ToolCall("ask", {"question": "q"}))
    agent("go")
    with pytest.raises(RuntimeError, match="cannot be called directly"):
        agent.tool.delete(path="a")
    assert RAN == ["asking q"]


def test_a_history_replaced_while_questions_wait_is_named_and_can_be_given_up() -> None:
    agent = make(ToolCall("ask", {"question": "q"}))
    result = agent("go")
    agent.messages = []
    with pytest.raises(ValueError, match="does not end with the tool use"):
        agent(answers(result, "x"))
    agent.abandon_interrupts()
    assert agent("next").stop_reason == "end_turn"


def test_questions_can_be_given_up() -> None:
    agent = make(ToolCall("ask", {"question": "q"}, "t1"), ToolCall("delete", {"path": "a"}, "t2"))
    (question,) = agent("go").interrupts or ()
    assert agent.abandon_interrupts() == [question]
    assert [result["status"] for result in results_of(agent)] == ["error", "success"]
    assert agent.pending_interrupts == []
    assert agent("next").stop_reason == "end_turn"
    assert agent.abandon_interrupts() == []


def test_none_asks_again_without_running_anything() -> None:
    agent = make(ToolCall("ask", {"question": "q"}))
    first = agent("go")
    again = agent(None)
    assert again.stop_reason == "interrupt"
    assert again.interrupts == first.interrupts
    assert RAN == ["asking q"]


def test_a_pause_survives_as_plain_json() -> None:
    agent = make(ToolCall("ask", {"question": "q"}, "t1"), ToolCall("delete", {"path": "a"}, "t2"))
    result = agent("go")
    stored = json.loads(json.dumps({"messages": agent.messages, "state": agent._interrupt_state.to_dict()}))
    assert set(next(iter(stored["state"]["interrupts"].values()))) == {"id", "name", "reason", "response"}
    other = Agent(
        model=ScriptedModel(["done"]), tools=[delete, ask], messages=stored["messages"], callback_handler=None
    )
    other._interrupt_state = InterruptState.from_dict(stored["state"])
    assert other.pending_interrupts == list(result.interrupts or ())
    other(answers(result, "x"))
    assert texts_of(results_of(other)) == ["they said 'x'", "deleted a"]
    assert RAN.count("a") == 1


def test_an_interrupt_keeps_its_answer_through_json() -> None:
    question = Interrupt("id", "name", {"a": 1}, digest="d")
    assert not question.answered
    question.response = None
    again = Interrupt.from_dict(json.loads(json.dumps(question.to_dict())))
    assert again.answered
    assert again == question


def test_listeners_hear_of_a_question() -> None:
    heard: list[Any] = []

    def handler(**event: Any) -> None:
        if "tool_interrupt_event" in event:
            heard.append(event["tool_interrupt_event"])

    agent = make(ToolCall("ask", {"question": "q"}, "t1"))
    agent.callback_handler = handler
    result = agent("go")
    assert heard == [
        {"tool_use": {"toolUseId": "t1", "name": "ask", "input": {"question": "q"}}, "interrupts": result.interrupts}
    ]


@pytest.mark.parametrize(
    "extras",
    [
        {},
        {"digest": "d", "key": "k"},
        {"digest": "shown", "asked": "first", "carried": {"tool_use_id": "t"}},
        {"response": "y"},
        {"answered": True},
        {"response": False, "key": "k"},
    ],
)
def test_a_question_is_rebuilt_from_its_dictionary_and_copied(extras: dict[str, Any]) -> None:
    question = Interrupt("id", "name", {"why": 1}, **extras)
    data = json.loads(json.dumps(question.to_dict()))
    twins = [Interrupt(**data), Interrupt.from_dict(data), copy.copy(question), copy.deepcopy(question)]
    for twin in [*twins, pickle.loads(pickle.dumps(question))]:
        assert twin == question and twin.answered == question.answered and twin.asked == question.asked
    plain = {"id": "id", "name": "name", "reason": {"why": 1}, "response": extras.get("response")}
    assert dataclasses.asdict(question) == plain
