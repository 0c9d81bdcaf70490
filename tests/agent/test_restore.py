"""`Agent.restore` and the recorder: a finished tool never runs twice, a started one never silently."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from strands import Agent, ToolContext, tool
from strands._core.recorder import AMBIGUOUS, OpenTurn, ToolStart, raised_in
from strands.hooks import BeforeInvocationEvent, BeforeToolCallEvent
from strands.interrupt import Interrupt
from strands.models import ScriptedModel, ToolCall
from strands.types.exceptions import EventLoopException, SessionException
from support.agents import MemoryRecorder, answer, answers, results_of, texts_of

RAN: list[str] = []


@pytest.fixture(autouse=True)
def _forget() -> None:
    RAN.clear()


@tool
def pay(to: str) -> str:
    """Pay somebody."""
    RAN.append(f"pay {to}")
    return f"paid {to}"


@tool(idempotent=True, context=True)
def send(to: str, tool_context: ToolContext) -> str:
    """Send a letter; the post office knows each key."""
    RAN.append(f"send {to} {tool_context.idempotency_key}")
    return f"sent {to}"


@tool(read_only=True)
def look(at: str) -> str:
    """Look."""
    RAN.append(f"look {at}")
    return f"saw {at}"


@tool(context=True)
def ask(tool_context: ToolContext) -> str:
    """Ask."""
    RAN.append("ask")
    return f"said {tool_context.interrupt('q')} with {tool_context.idempotency_key}"


def make(*script: Any, hooks: Any = ()) -> Agent:
    tools = [pay, send, look, ask]
    return Agent(model=ScriptedModel(list(script) or ["done"]), tools=tools, hooks=list(hooks), callback_handler=None)


def history(*uses: tuple[str, str, dict[str, Any]]) -> list[Any]:
    content = [{"toolUse": {"toolUseId": id, "name": name, "input": input}} for id, name, input in uses]
    return [{"role": "user", "content": [{"text": "go"}]}, {"role": "assistant", "content": content}]


def start(id: str, name: str) -> ToolStart:
    return ToolStart(id, name, "digest", f"key of {id}")


def test_finished_tools_are_taken_from_the_record_and_the_others_run() -> None:
    agent = make()
    finished: Any = {"toolUseId": "t1", "status": "success", "content": [{"text": "paid before"}]}
    agent.restore(history(("t1", "pay", {"to": "a"}), ("t2", "pay", {"to": "b"})), OpenTurn(finished={"t1": finished}))
    assert agent().stop_reason == "end_turn"
    assert RAN == ["pay b"]
    assert texts_of(results_of(agent)) == ["paid before", "paid b"]


def test_case_05_a_started_tool_becomes_a_question() -> None:
    agent = make()
    agent.restore(history(("t1", "pay", {"to": "a"})), OpenTurn(started={"t1": start("t1", "pay")}))
    (question,) = agent().interrupts or ()
    assert question.name == AMBIGUOUS
    assert question.reason["tool"] == "pay"
    assert question.reason["input"] == {"to": "a"}
    assert question.reason["options"] == ["run again", "skip", "result"]
    assert RAN == []


@pytest.mark.parametrize(
    ("response", "ran", "text"),
    [
        ("run again", ["pay a"], "paid a"),
        ("skip", [], "Skipped: the call was started before and may already have happened."),
        ({"result": "receipt 7"}, [], "receipt 7"),
        ("result: receipt 7", [], "receipt 7"),
    ],
)
def test_case_05_the_answer_decides(response: Any, ran: list[str], text: str) -> None:
    agent = make()
    agent.restore(history(("t1", "pay", {"to": "a"})), OpenTurn(started={"t1": start("t1", "pay")}))
    result = agent(answers(agent(), response))
    assert result.stop_reason == "end_turn"
    assert ran == RAN
    assert texts_of(results_of(agent)) == [text]


def test_an_answer_that_is_none_of_the_options_is_asked_again() -> None:
    agent = make()
    agent.restore(history(("t1", "pay", {"to": "a"})), OpenTurn(started={"t1": start("t1", "pay")}))
    (question,) = agent(answers(agent(), "yes")).interrupts or ()
    assert "'yes' is not one of" in question.reason["problem"]
    assert RAN == []


def test_case_05_an_idempotent_tool_runs_again_with_the_same_key_and_a_read_only_one_at_once() -> None:
    agent = make()
    turn = OpenTurn(started={"t1": start("t1", "send"), "t2": start("t2", "look")})
    agent.restore(history(("t1", "send", {"to": "a"}), ("t2", "look", {"at": "b"})), turn)
    assert agent().stop_reason == "end_turn"
    assert sorted(RAN) == ["look b", "send a key of t1"]


def test_answers_on_record_are_handed_to_the_tool() -> None:
    agent = make([ToolCall("ask", {}, "t1")])
    (question,) = agent("go").interrupts or ()
    question.response = "yes"
    again = Interrupt.from_dict(json.loads(json.dumps(question.to_dict())))
    other = make()
    turn = OpenTurn(started={"t1": start("t1", "ask")})
    turn.asked(again)
    other.restore(agent.messages, turn)
    assert other().stop_reason == "end_turn"
    assert texts_of(results_of(other)) == [f"said yes with {question.key}"]


def test_open_questions_are_asked_again_and_answered_by_id() -> None:
    agent = make([ToolCall("ask", {}, "t1"), ToolCall("pay", {"to": "a"}, "t2")])
    recorder = MemoryRecorder()
    agent.recorder = recorder
    (question,) = agent("go").interrupts or ()
    other = make()
    recorder.turn.asked(question)
    other.restore(agent.messages, recorder.turn)
    assert other.pending_interrupts == [question]
    assert other().interrupts == [question]
    assert RAN.count("ask") == 1
    assert other([answer(question, "ok")]).stop_reason == "end_turn"
    assert RAN.count("pay a") == 1


def test_a_started_tool_that_rests_at_its_own_open_question_is_not_in_doubt() -> None:
    agent = make([ToolCall("ask", {}, "t1")])
    (question,) = agent("go").interrupts or ()
    assert raised_in(question) == "t1"
    other = make()
    other.restore(agent.messages, OpenTurn(started={"t1": start("t1", "ask")}, interrupts={question.id: question}))
    assert other().interrupts == [question]


def test_a_started_tool_whose_question_was_answered_is_in_doubt_again() -> None:
    agent = make([ToolCall("ask", {}, "t1")])
    (question,) = agent("go").interrupts or ()
    question.response = "yes"
    other = make()
    other.restore(agent.messages, OpenTurn(started={"t1": start("t1", "ask")}, interrupts={question.id: question}))
    (doubt,) = other().interrupts or ()
    assert doubt.name == AMBIGUOUS
    assert RAN == ["ask"]


def test_hooks_run_again_from_the_top_with_recorded_answers() -> None:
    def approve(event: BeforeToolCallEvent) -> None:
        event.cancel_tool = event.interrupt("approval") != "y"

    agent = make([ToolCall("pay", {"to": "a"}, "t1")], hooks=[approve])
    (question,) = agent("go").interrupts or ()
    question.response = "y"
    other = make(hooks=[approve])
    other.restore(agent.messages, OpenTurn(interrupts={question.id: question}))
    assert other().stop_reason == "end_turn"
    assert RAN == ["pay a"]


def test_a_new_prompt_instead_gives_the_open_tools_up() -> None:
    agent = make()
    finished: Any = {"toolUseId": "t1", "status": "success", "content": [{"text": "paid before"}]}
    turn = OpenTurn(finished={"t1": finished}, started={"t2": start("t2", "pay")})
    agent.restore(history(("t1", "pay", {"to": "a"}), ("t2", "pay", {"to": "b"})), turn)
    agent("Never mind.")
    assert RAN == []
    assert [result["status"] for result in results_of(agent)] == ["success", "error"]


def test_the_recorder_hears_of_everything_before_it_is_built_on() -> None:
    agent = make([ToolCall("pay", {"to": "a"}, "t1"), ToolCall("look", {"at": "b"}, "t2")], "done")
    recorder = MemoryRecorder()
    agent.recorder = recorder
    agent("go")
    assert recorder.events[0] == ("replied", "tool_use")
    assert recorder.events[-1] == ("replied", "end_turn")
    inner = recorder.events[1:-1]
    assert inner.index(("started", ("t1", True))) < inner.index(("finished", ("t1", True)))
    assert inner.index(("started", ("t2", False))) < inner.index(("finished", ("t2", False)))


def test_a_tool_does_not_run_when_its_start_cannot_be_recorded() -> None:
    class Full(MemoryRecorder):
        async def tool_started(self, start: ToolStart, *, durable: bool) -> None:
            raise OSError("disk full")

    agent = make([ToolCall("pay", {"to": "a"})])
    agent.recorder = Full()
    with pytest.raises(EventLoopException, match="disk full"):
        agent("go")
    assert RAN == []


def test_direct_calls_are_no_part_of_the_record() -> None:
    agent = make()
    recorder = MemoryRecorder()
    agent.recorder = recorder
    agent.tool.pay(to="a")
    assert recorder.events == []


def test_what_finished_before_an_error_is_not_run_again_in_the_same_process() -> None:
    def fail_once(event: BeforeToolCallEvent) -> None:
        if event.tool_use["input"].get("to") == "b" and not RAN.count("failed"):
            RAN.append("failed")
            raise RuntimeError("hook failed")

    agent = make([ToolCall("pay", {"to": "a"}, "t1"), ToolCall("pay", {"to": "b"}, "t2")], "done", hooks=[fail_once])
    with pytest.raises(EventLoopException, match="hook failed"):
        agent("go")
    assert agent(None).stop_reason == "end_turn"
    assert sorted(RAN) == ["failed", "pay a", "pay b"]


def test_a_tool_that_was_cut_off_by_a_timeout_is_in_doubt() -> None:
    @tool
    async def slow() -> str:
        """Take long."""
        RAN.append("slow")
        await asyncio.sleep(10)
        return "done"

    async def main() -> None:
        agent = make([ToolCall("slow", {}, "t1"), ToolCall("pay", {"to": "a"}, "t2")], "done")
        agent.tool_registry.process_tools([slow])
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(agent.invoke_async("go"), 0.1)
        (doubt,) = (await agent.invoke_async(None)).interrupts or ()
        assert doubt.name == AMBIGUOUS
        result = await agent.invoke_async([answer(doubt, {"result": "it was done"})])
        assert result.stop_reason == "end_turn"
        assert texts_of(results_of(agent)) == ["it was done", "paid a"]

    asyncio.run(main())
    assert sorted(RAN) == ["pay a", "slow"]


def test_an_answer_to_a_call_that_was_refused_counts_for_nothing() -> None:
    refuse = [True]

    def lease(event: BeforeInvocationEvent) -> None:
        if refuse and event.agent.pending_interrupts == [] and event.messages is None:
            refuse.clear()
            raise SessionException("held by another process")

    agent = make([ToolCall("ask", {}, "t1")], "done", hooks=[lease])
    result = agent("go")
    with pytest.raises(SessionException):
        agent(answers(result, "yes"))
    assert len(agent.pending_interrupts) == 1
    assert agent(answers(result, "no")).stop_reason == "end_turn"
    assert texts_of(results_of(agent))[0].startswith("said no")


def test_a_question_keeps_its_first_answer() -> None:
    agent = make([ToolCall("ask", {}, "t1"), ToolCall("ask", {}, "t2")], "done")
    first, second = agent("go").interrupts or ()
    agent([answer(first, "yes")])
    with pytest.raises(ValueError, match="has the answer 'yes' already"):
        agent([answer(first, "no"), answer(second, "yes")])
    assert not second.answered
    assert agent([answer(first, "yes"), answer(second, "yes")]).stop_reason == "end_turn"
