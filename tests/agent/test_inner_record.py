"""What an agent does as a tool of another is on record step by step: after a death it goes on where it stopped."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from strands import Agent, ToolContext, tool
from strands._core.recorder import AMBIGUOUS, OpenTurn
from strands.hooks import AfterToolCallEvent, BeforeToolCallEvent
from strands.interrupt import Interrupt, hook_prefix
from strands.models import ScriptedModel, ToolCall
from strands.tools.executors import SequentialToolExecutor
from strands.types.exceptions import SessionException
from support.agents import MemoryRecorder, answer, answers, results_of, texts_of

RAN: list[str] = []
ASKED: list[str] = []


class Died(BaseException):
    """The process is gone."""


@pytest.fixture(autouse=True)
def _forget() -> None:
    RAN.clear()
    ASKED.clear()


def tools(deadly: str = "") -> list[Any]:
    deaths = [deadly]  # a list is not part of what a tool is, so the next process has the same tools

    @tool
    def pay(to: str) -> str:
        """Pay somebody."""
        RAN.append(f"pay {to}")
        if to in deaths:
            raise Died
        return f"paid {to}"

    @tool(context=True)
    def ask(tool_context: ToolContext) -> str:
        """Ask."""
        found = tool_context.interrupt("q")
        RAN.append(f"ask {found}")
        if "ask" in deaths:
            raise Died
        return f"said {found}"

    return [pay, ask]


def agent(name: str, steps: list[Any], *tools: Any, **more: Any) -> Agent:
    """Return an agent whose model depends on nothing but its own messages."""

    def script(messages: list[Any]) -> Any:
        turn = sum(message["role"] == "assistant" for message in messages)
        ASKED.append(f"{name} {turn}")
        return steps[turn % len(steps)]

    return Agent(model=ScriptedModel(script), tools=list(tools), name=name, callback_handler=None, **more)


def pays(*names: str) -> list[Any]:
    return [ToolCall("pay", {"to": name}, name) for name in names]


def tree(steps: list[Any], deadly: str = "", depth: int = 1, **more: Any) -> Agent:
    """A chief over a worker with these steps, and over a manager between them when `depth` is 2."""
    below = agent("worker", [*steps, "worked"], *tools(deadly), **more)
    if depth == 2:
        below = agent("manager", [ToolCall("worker", {"input": "y"}, "m1"), "managed"], below)
    return agent("chief", [ToolCall(below.name, {"input": "x"}, "c1"), "done"], below)


def died(chief: Agent, prompt: Any = "go") -> MemoryRecorder:
    """Let the chief work until its process dies; return what is on record."""
    recorder = MemoryRecorder()
    if chief.turn.open is not None:
        recorder.turn = OpenTurn(subagents=chief.turn.open.subagents, started=chief.turn.open.started)
    chief.recorder = recorder
    with pytest.raises(Died):
        chief(prompt)
    return recorder


def again(chief: Agent, other: Agent, recorder: MemoryRecorder) -> Agent:
    """Put `other`, as a new process builds it, where the record of `chief` ends."""
    stored = json.loads(json.dumps({"messages": chief.messages, "turn": recorder.turn.to_dict()}))
    other.restore(stored["messages"], OpenTurn.from_dict(stored["turn"]))
    return other


@pytest.mark.parametrize("depth", [1, 2])
def test_finished_tools_inside_come_from_the_record_and_a_doubtful_one_asks_at_the_top(depth: int) -> None:
    steps: list[Any] = [pays("a"), pays("b")]
    first = tree(steps, "b", depth)
    other = again(first, tree(steps, depth=depth), died(first))
    asked = len(ASKED)
    (doubt,) = other(None).interrupts or ()
    assert (doubt.name, doubt.reason["input"]) == (AMBIGUOUS, {"to": "b"})
    assert RAN == ["pay a", "pay b"]
    assert len(ASKED) == asked, "no model was asked again"
    assert str(other([answer(doubt, {"result": "paid b"})])) == "done\n"
    assert RAN == ["pay a", "pay b"]


@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize(
    ("response", "ran", "told"),
    [("run again", ["pay a", "pay a"], "paid a"), ("skip", ["pay a"], "Skipped"), ("result: 7", ["pay a"], "7")],
)
def test_case_05_the_answer_about_an_inner_tool_decides_in_yet_another_process(
    depth: int, response: str, ran: list[str], told: str
) -> None:
    first = tree([pays("a")], "a", depth)
    second = again(first, tree([pays("a")], depth=depth), died(first))
    (doubt,) = second(None).interrupts or ()
    third = tree([pays("a")], depth=depth)
    turn = OpenTurn()
    turn.asked(Interrupt.from_dict(json.loads(json.dumps(doubt.to_dict()))))
    third.restore(second.messages, turn)
    assert third.pending_interrupts == [doubt]
    assert str(third([answer(doubt, response)])) == "done\n"
    assert ran == RAN
    worker = third.tool_registry.registry["worker" if depth == 1 else "manager"].agent  # type: ignore[attr-defined]
    if depth == 2:
        worker = worker.tool_registry.registry["worker"].agent
    assert texts_of(results_of(worker))[0].startswith(told)


def test_case_05_run_again_is_for_one_run_of_an_inner_tool_too() -> None:
    first = tree([pays("a")], "a")
    second = again(first, tree([pays("a")], "a"), died(first))
    (doubt,) = second(None).interrupts or ()
    recorder = MemoryRecorder()
    recorder.turn.asked(doubt)
    second.recorder = recorder
    with pytest.raises(Died):
        second([answer(doubt, "run again")])
    third = again(second, tree([pays("a")]), recorder)
    assert [each.name for each in third(None).interrupts or ()] == [AMBIGUOUS]
    assert RAN == ["pay a", "pay a"]


@pytest.mark.parametrize("depth", [1, 2])
def test_a_death_after_an_answer_keeps_what_was_before_the_question_and_after_it(depth: int) -> None:
    steps: list[Any] = [pays("a"), [ToolCall("ask", {}, "q1")], pays("b")]
    first = tree(steps, "b", depth)
    recorder = MemoryRecorder()
    first.recorder = recorder
    result = first("go")
    recorder.turn.asked((result.interrupts or ())[0])
    with pytest.raises(Died):
        first(answers(result, "yes"))
    other = again(first, tree(steps, depth=depth), recorder)
    (doubt,) = other(None).interrupts or ()
    assert doubt.name == AMBIGUOUS
    assert str(other([answer(doubt, "skip")])) == "done\n"
    assert RAN == ["pay a", "ask yes", "pay b"]


def test_an_answered_question_of_a_sibling_is_not_asked_again() -> None:
    steps: list[Any] = [[ToolCall("ask", {}, "q1"), *pays("a")], pays("b")]
    first = tree(steps, "ask")
    recorder = MemoryRecorder()
    first.recorder = recorder
    result = first("go")
    recorder.turn.asked((result.interrupts or ())[0])
    with pytest.raises(Died):
        first(answers(result, "yes"))
    other = again(first, tree(steps), recorder)
    (doubt,) = other(None).interrupts or ()
    assert (doubt.name, doubt.reason["tool"]) == (AMBIGUOUS, "ask")
    other([answer(doubt, "run again")])
    assert RAN == ["pay a", "ask yes", "ask yes", "pay b"]


@pytest.mark.parametrize("depth", [1, 2])
def test_a_call_that_is_cut_off_goes_on_in_the_same_process_without_any_recorder(depth: int) -> None:
    chief = tree([pays("a"), pays("b")], "b", depth)
    with pytest.raises(Died):
        chief("go")
    (doubt,) = chief(None).interrupts or ()
    assert (doubt.name, doubt.reason["input"]) == (AMBIGUOUS, {"to": "b"})
    assert str(chief([answer(doubt, "skip")])) == "done\n"
    assert RAN == ["pay a", "pay b"]


def test_a_call_that_is_cancelled_while_the_inner_model_answers_goes_on() -> None:
    @tool
    async def hang() -> str:
        """Hang, once."""
        RAN.append("hang")
        if RAN.count("hang") == 1:
            await asyncio.sleep(60)
        return "hung"

    hang.idempotent = True
    worker = agent("worker", [pays("a"), [ToolCall("hang", {}, "h")], "worked"], *tools(), hang)
    chief = agent("chief", [ToolCall("worker", {"input": "x"}, "c1"), "done"], worker)

    async def main() -> Any:
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(chief.invoke_async("go"), 0.1)
        return await chief.invoke_async(None)

    assert asyncio.run(main()).stop_reason == "end_turn"
    assert RAN == ["pay a", "hang", "hang"]


def test_nothing_inside_is_on_disk_before_the_first_tool_that_acts() -> None:
    chief = tree([pays("a")])
    recorder = MemoryRecorder()
    chief.recorder = recorder
    chief("go")
    assert [event for event, _ in recorder.events if event.startswith("inside")] == [
        "inside c1: entered",
        "inside c1: opened",
        "inside c1: message",
        "inside c1: message",
        "inside c1: started",
        "inside c1: finished",
        "inside c1: message",
    ]
    assert [event for event, durable in recorder.events if durable is True] == [
        "inside c1: started",
        "inside c1: finished",
    ]
    assert ("started", ("c1", False)) in recorder.events
    assert ("finished", ("c1", True)) in recorder.events
    assert recorder.turn == OpenTurn()


def test_an_agent_that_was_entered_and_did_nothing_simply_begins() -> None:
    first = tree([pays("a")])
    recorder = MemoryRecorder()
    first.recorder = recorder
    first.tool_registry.registry["worker"].agent.model = ScriptedModel([])  # type: ignore[attr-defined]

    def die(event: Any) -> None:
        raise Died

    first.tool_registry.registry["worker"].agent.add_hook(die, BeforeToolCallEvent)  # type: ignore[attr-defined]
    first.tool_registry.registry["worker"].agent.model = ScriptedModel([pays("a")])  # type: ignore[attr-defined]
    other = again(first, tree([pays("a")]), died(first))
    assert str(other(None)) == "done\n"
    assert RAN == ["pay a"]


def test_an_agent_that_had_ended_is_not_called_again() -> None:
    first = tree([pays("a")])

    def die(event: AfterToolCallEvent) -> None:
        raise Died

    first.add_hook(die, AfterToolCallEvent)
    recorder = died(first)
    other = again(first, tree([pays("a")]), recorder)
    asked = len(ASKED)
    assert str(other(None)) == "done\n"
    assert texts_of(results_of(other)) == ["worked\n"]
    assert ASKED[asked:] == ["chief 1"]


def test_a_start_without_a_record_of_what_was_inside_is_in_doubt() -> None:
    """As releases wrote it that did not record what agents do inside a tool use."""
    first = tree([pays("a")], "a")
    recorder = died(first)
    recorder.turn.subagents.clear()
    other = again(first, tree([pays("a")]), recorder)
    (doubt,) = other(None).interrupts or ()
    assert doubt.id.startswith(hook_prefix("c1"))


def test_a_context_that_is_preserved_is_there_again() -> None:
    def build(deadly: str) -> Agent:
        worker = agent("worker", [pays("a"), "first", pays("b"), "second"], *tools(deadly))
        calls = [ToolCall("worker", {"input": "1"}, "c1")], [ToolCall("worker", {"input": "2"}, "c2")]
        return agent("chief", [*calls, "done"], worker.as_tool(preserve_context=True))

    first = build("b")
    other = again(first, build(""), died(first))
    (doubt,) = other(None).interrupts or ()
    other([answer(doubt, "skip")])
    worker = other.tool_registry.registry["worker"].agent  # type: ignore[attr-defined]
    assert [each["content"][0].get("text") for each in worker.messages][::4] == ["1", "2"]
    assert len(worker.messages) == 8
    assert RAN == ["pay a", "pay b"]


def test_two_calls_of_one_agent_one_after_the_other_are_kept_apart() -> None:
    def build(deadly: str) -> Agent:
        def script(messages: list[Any]) -> Any:
            asked = messages[0]["content"][0]["text"]
            return pays(asked) if len(messages) == 1 else f"worked on {asked}"

        worker = Agent(model=ScriptedModel(script), tools=tools(deadly), name="worker", callback_handler=None)
        both = [ToolCall("worker", {"input": "a"}, "c1"), ToolCall("worker", {"input": "b"}, "c2")]
        return agent("chief", [both, "done"], worker, tool_executor=SequentialToolExecutor())

    first = build("b")
    other = again(first, build(""), died(first))
    (doubt,) = other(None).interrupts or ()
    other([answer(doubt, "skip")])
    assert texts_of(results_of(other)) == ["worked on a\n", "worked on b\n"]
    assert RAN == ["pay a", "pay b"]


def test_two_agents_at_once_go_on_each_from_its_own_record() -> None:
    def build(deadly: str) -> Agent:
        workers = [agent(name, [pays(f"{name}1"), pays(f"{name}2"), "worked"], *tools(deadly)) for name in "ab"]
        calls = [ToolCall(name, {"input": "x"}, f"c{name}") for name in "ab"]
        return agent("chief", [calls, "done"], *workers)

    first = build("b2")
    other = again(first, build(""), died(first))
    result = other(None)
    while result.interrupts:
        result = other(answers(result, "skip"))
    assert result.stop_reason == "end_turn"
    assert sorted(RAN) == ["pay a1", "pay a2", "pay b1", "pay b2"]


def test_a_tool_use_that_a_hook_repeats_begins_anew() -> None:
    def repeat(event: AfterToolCallEvent) -> None:
        event.retry = event.tool_use["name"] == "worker" and RAN == ["pay a"]

    chief = tree([pays("a")])
    chief.recorder = MemoryRecorder()
    chief.add_hook(repeat, AfterToolCallEvent)
    chief("go")
    assert RAN == ["pay a", "pay a"]


def test_an_agent_that_fails_is_an_error_result() -> None:
    def fail(event: BeforeToolCallEvent) -> None:
        raise RuntimeError("no hands")

    chief = tree([pays("a")], hooks=[fail])
    chief.recorder = MemoryRecorder()
    assert chief("go").stop_reason == "end_turn"
    assert "no hands" in texts_of(results_of(chief))[0]


@pytest.mark.parametrize("depth", [1, 2])
def test_a_store_that_fails_stops_the_caller_and_is_no_result(depth: int) -> None:
    class Full(MemoryRecorder):
        full = True

        async def _note(self, path: Any, what: str, data: dict[str, Any], durable: bool) -> None:
            if self.full and what == "started" and len(path) == depth:
                raise SessionException("disk full")
            await super()._note(path, what, data, durable)

    chief = tree([pays("a")], depth=depth)
    recorder = chief.recorder = Full()
    with pytest.raises(SessionException, match="disk full"):
        chief("go")
    assert RAN == []
    recorder.full = False
    assert chief(None).stop_reason == "end_turn"
    assert RAN == ["pay a"]


def test_a_new_prompt_instead_gives_the_agent_up() -> None:
    first = tree([pays("a")], "a")
    other = again(first, tree([pays("a")]), died(first))
    other("Never mind.")
    assert RAN == ["pay a"]
    assert [result["status"] for result in results_of(other)] == ["error"]
