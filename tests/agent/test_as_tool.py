"""Agents as tools: questions go up, answers come down, at any depth, in any process."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from strands import Agent, ToolContext, tool
from strands._core.recorder import OpenTurn
from strands.hooks import BeforeToolCallEvent
from strands.interrupt import Interrupt, InterruptState
from strands.models import Reply, ScriptedModel, ToolCall
from support.agents import MemoryRecorder, answer, answers, results_of, texts_of

RAN: list[str] = []


@tool
def delete(path: str) -> str:
    """Delete a file."""
    RAN.append(path)
    return f"deleted {path}"


def approve(event: BeforeToolCallEvent) -> None:
    if event.interrupt("approval", reason=event.tool_use["input"]) != "y":
        event.cancel_tool = "denied"


def agent(name: str, script: Any, *tools: Any, hooks: Any = ()) -> Agent:
    return Agent(model=ScriptedModel(script), tools=list(tools), name=name, hooks=list(hooks), callback_handler=None)


def tree(again: bool = False) -> Agent:
    """A chief who asks a manager who asks a worker who wants to delete; `again` as another process would build it."""
    RAN.clear()
    calls = [ToolCall("delete", {"path": "a"}, "w1")], [ToolCall("worker", {"input": "x"}, "m1")]
    worker = agent("worker", [*([] if again else calls[0]), "deleted it"], delete)
    worker.add_hook(approve, BeforeToolCallEvent)
    manager = agent("manager", [*([] if again else calls[1]), "it is gone"])
    manager.tool_registry.process_tools([worker])
    chief = agent("chief", ["all done"] if again else [ToolCall("manager", {"input": "clean up"}, "c1"), "all done"])
    chief.tool_registry.process_tools([manager.as_tool(description="Manages.")])
    return chief


def test_an_agent_is_a_tool_that_takes_a_text() -> None:
    helper = agent("my helper!", ["helped"])
    spec = helper.as_tool().tool_spec
    assert spec["name"] == "my_helper"
    assert spec["inputSchema"]["json"]["required"] == ["input"]
    chief = agent("chief", [ToolCall("my_helper", {"input": "help"}), "ok"], helper)
    chief("go")
    assert texts_of(results_of(chief)) == ["helped\n"]
    assert helper.messages[0]["content"] == [{"text": "help"}]


def test_each_call_begins_anew_unless_the_context_is_preserved() -> None:
    calls = [ToolCall("helper", {"input": "1"}), ToolCall("helper", {"input": "2"}), "ok"]
    forgetful, faithful = agent("helper", ["a", "b"]), agent("helper", ["a", "b"])
    agent("chief", calls, forgetful)("go")
    agent("chief", calls, faithful.as_tool(preserve_context=True))("go")
    assert (len(forgetful.messages), len(faithful.messages)) == (2, 4)


def test_a_question_goes_up_two_levels_and_its_answer_comes_down() -> None:
    chief = tree()
    result = chief("go")
    (question,) = result.interrupts or ()
    assert (question.name, question.reason) == ("approval", {"path": "a"})
    assert RAN == []
    result = chief(answers(result, "y"))
    assert str(result) == "all done\n"
    assert RAN == ["a"]


def test_a_no_comes_down_as_well() -> None:
    chief = tree()
    chief(answers(chief("go"), "n"))
    assert RAN == []


def test_the_answer_comes_down_in_another_process() -> None:
    first = tree()
    (question,) = first("go").interrupts or ()
    stored = json.loads(json.dumps({"messages": first.messages, "state": first._interrupt_state.to_dict()}))
    other = tree(again=True)
    other.messages = stored["messages"]
    other._interrupt_state = InterruptState.from_dict(stored["state"])
    assert other.pending_interrupts == [question]
    assert str(other([answer(question, "y")])) == "all done\n"
    assert RAN == ["a"]


def test_the_answer_comes_down_from_a_record() -> None:
    first = tree()
    recorder = MemoryRecorder()
    first.recorder = recorder
    (question,) = first("go").interrupts or ()
    asked = Interrupt.from_dict(json.loads(json.dumps(question.to_dict())))
    other = tree(again=True)
    turn = OpenTurn(started=dict(recorder.turn.started))
    turn.asked(asked)
    other.restore(json.loads(json.dumps(first.messages)), turn)
    assert str(other([answer(question, "y")])) == "all done\n"
    assert RAN == ["a"]


def test_an_agent_may_ask_again_after_an_answer() -> None:
    @tool(context=True)
    def form(tool_context: ToolContext) -> str:
        """Fill in a form."""
        return f"{tool_context.interrupt('name')} {tool_context.interrupt('age')}"

    def build(again: bool) -> Agent:
        helper = agent("helper", ["filled"] if again else [ToolCall("form", {}, "f1"), "filled"], form)
        return agent("chief", ["ok"] if again else [ToolCall("helper", {"input": "x"}, "c1"), "ok"], helper)

    chief = build(False)
    second = chief(answers(chief("go"), "Ada"))
    (question,) = second.interrupts or ()
    assert question.name == "age"
    stored = json.loads(json.dumps({"messages": chief.messages, "state": chief._interrupt_state.to_dict()}))
    other = build(True)
    other.messages = stored["messages"]
    other._interrupt_state = InterruptState.from_dict(stored["state"])
    assert str(other([answer(question, 36)])) == "ok\n"


def test_two_agents_that_ask_under_one_id_are_told_apart() -> None:
    RAN.clear()
    workers = [
        agent(name, [ToolCall("delete", {"path": name}, "t1"), "ok"], delete, hooks=[approve])
        for name in ("one", "two")
    ]
    calls = [ToolCall("one", {"input": "x"}, "c1"), ToolCall("two", {"input": "x"}, "c2")]
    chief = agent("chief", [calls, "done"], *workers)
    first, second = chief("go").interrupts or ()
    assert first.id != second.id
    assert (first.reason, second.reason) == ({"path": "one"}, {"path": "two"})
    assert chief([answer(first, "n"), answer(second, "y")]).stop_reason == "end_turn"
    assert RAN == ["two"]


def test_a_call_of_a_busy_agent_waits_for_it() -> None:
    helper = agent("helper", [Reply("a", delay=0.02), "b"])
    calls = [ToolCall("helper", {"input": "1"}, "t1"), ToolCall("helper", {"input": "2"}, "t2")]
    chief = agent("chief", [calls, "done"], helper)
    chief("go")
    assert [text.strip() for text in texts_of(results_of(chief))] == ["a", "b"]


def test_listeners_of_the_caller_hear_the_agent() -> None:
    chief = agent("chief", [ToolCall("helper", {"input": "1"}), "done"], agent("helper", ["hello"]))

    async def main() -> list[Any]:
        return [
            event["tool_stream_event"]["data"]
            async for event in chief.stream_async("go")
            if "tool_stream_event" in event
        ]

    assert "hello" in [event.get("data") for event in asyncio.run(main())]
