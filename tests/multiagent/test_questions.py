"""The questions of graphs and swarms: one for each thing, and an answer is for one of them."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from strands import Agent, ToolContext, tool
from strands.hooks import BeforeMultiAgentInvocationEvent, BeforeNodeCallEvent
from strands.models.scripted import ScriptedModel, ToolCall
from strands.multiagent import Graph, GraphBuilder, Status, Swarm
from strands.session import FileSessionManager
from strands.types.exceptions import ConcurrencyException, SessionException
from support.nodes import Gate, agent, answer, answers, clerk, graph

FIXTURES = Path(__file__).parent.parent / "session" / "fixtures"


def test_nodes_of_one_name_in_two_graphs_ask_two_questions() -> None:
    ran: list[str] = []

    def region(name: str) -> Graph:
        def publish(messages: list[Any]) -> str:
            ran.append(name)
            return "out"

        return graph({"publish": agent("p", publish)}, hooks=[Gate("publish", name)])

    outer = graph({name: region(name) for name in ("test", "production")})
    result = outer("go")
    assert sorted(each.reason for each in result.interrupts) == ["production", "test"]
    (test,) = [each for each in result.interrupts if each.reason == "test"]
    assert outer(answer(test)).status is Status.INTERRUPTED
    assert ran == ["test"]


NAMES = [("big", "small"), ("a@b", "b"), ("a%40b", "a@b")]


@pytest.mark.parametrize("names", NAMES)
@pytest.mark.parametrize("nested", [0, 1, 2])
@pytest.mark.parametrize("place", ["in process", "afresh"])
def test_one_tool_use_id_in_two_nodes_is_two_questions(
    tmp_path: Path, place: str, nested: int, names: tuple[str, str]
) -> None:
    effects: list[int] = []

    def make() -> Graph:
        nodes: dict[str, Any] = {
            name: clerk("c", effects, amount) for name, amount in zip(names, [90000, 5], strict=True)
        }
        for _ in range(nested):
            nodes = {name: graph({"inner": each}, id=name) for name, each in nodes.items()}
        return graph(nodes, root=tmp_path)

    made = make()
    result = made("go")
    assert sorted(each.reason for each in result.interrupts) == [5, 90000]
    assert len({each.id for each in result.interrupts}) == 2
    (small,) = [each for each in result.interrupts if each.reason == 5]
    made = make() if place == "afresh" else made
    result = made(answer(small))
    assert effects == [5]
    assert [each.reason for each in result.interrupts] == [90000]
    made = make() if place == "afresh" else made
    assert made(answers(result)).status is Status.COMPLETED
    assert effects == [5, 90000]


def test_an_answer_that_comes_late_is_for_no_other_agent_of_a_swarm() -> None:
    effects: list[int] = []
    first, second = clerk("first", effects, 1), clerk("second", effects, 2)

    def hand_over(messages: list[Any]) -> Any:
        if len(messages) == 1:
            return ToolCall("wire", {"amount": 1}, id="call_0")
        if len(messages) == 3:
            return ToolCall("handoff_to_agent", {"agent_name": "second", "message": "go on"}, id="call_1")
        return "handed on"

    first.model = ScriptedModel(hand_over)
    swarm = Swarm([first, second])
    asked = swarm("go").interrupts
    result = swarm(answer(asked[0]))
    assert [each.reason for each in result.interrupts] == [2]
    with pytest.raises(KeyError, match="waiting are"):
        swarm(answer(asked[0]))
    assert effects == [1]


def test_answers_that_contradict_each_other_are_refused() -> None:
    effects: list[int] = []
    made = graph({"a": clerk("a", effects)})
    result = made("go")
    with pytest.raises(ValueError, match="answered twice"):
        made(answers(result) + answers(result, "n"))
    assert [each.id for each in made.pending_interrupts] == [each.id for each in result.interrupts]
    assert made(answers(result) * 2).status is Status.COMPLETED
    with pytest.raises(ValueError, match="has asked nothing"):
        made(answers(result))
    assert effects == [1]


@pytest.mark.parametrize("place", ["in process", "afresh"])
def test_questions_of_release_0_1_0_are_answered_under_their_ids(tmp_path: Path, place: str) -> None:
    shutil.copytree(FIXTURES / "strands_0_1_0", tmp_path / "store")
    paid: list[str] = []

    def payer(name: str) -> Agent:
        @tool(context=True)
        def pay(tool_context: ToolContext) -> str:
            """Pay."""
            tool_context.interrupt("pay-ok", reason={"by": name})
            paid.append(name)
            return "paid"

        return agent(name, f"done by {name}", tools=[pay])

    inner = graph({"x": payer("x")}, id="inner")
    manager = FileSessionManager("graph", tmp_path / "store")
    builder = GraphBuilder().set_graph_id("g").set_session_manager(manager)
    condition: Callable[[Any], bool] = lambda state: len(state.completed_nodes) == 2  # noqa: E731
    executors: dict[str, Agent | Graph] = {"a": payer("a"), "in": inner, "z": agent("z", "end")}
    for name, executor in executors.items():
        builder.add_node(executor, name)
    builder.add_edge("a", "z", condition)
    builder.add_edge("in", "z", condition)
    made = builder.build()
    first, second = made.pending_interrupts
    assert (first.id, second.id) == (
        "v1:tool_call:t-a:015d2423-4d28-5aea-ad7b-3b17397971dd",
        "v1:tool_call:t-x:015d2423-4d28-5aea-ad7b-3b17397971dd",
    )
    assert made(answer(second)).status is Status.INTERRUPTED
    assert paid == ["x"]
    assert made(answer(first)).status is Status.COMPLETED
    assert paid == ["x", "a"]
    swarm = Swarm([payer("b")], id="sw", session_manager=FileSessionManager("swarm", tmp_path / "store"))
    assert swarm(answer(swarm.pending_interrupts[0])).status is Status.COMPLETED
    assert paid == ["x", "a", "b"]


def test_a_graph_works_for_one_caller_at_a_time() -> None:
    found: list[Any] = []

    def again(messages: list[Any]) -> Any:
        try:
            made("meanwhile")
        except ConcurrencyException as error:
            found.append(str(error))
        return "done"

    made = graph({"a": agent("a", again)})
    assert made("go").status is Status.COMPLETED
    assert found == ["graph 'g' is at work for another caller; wait for that call to end"]


def test_a_call_that_is_refused_takes_its_answers_back(tmp_path: Path) -> None:
    def make() -> Graph:
        return graph({"a": agent("a")}, root=tmp_path, hooks=[Gate("a")])

    made = make()
    asked, late = made("go"), make()

    def refuse(event: BeforeMultiAgentInvocationEvent) -> None:
        raise PermissionError("not now")

    made.add_hook(refuse)
    with pytest.raises(PermissionError):
        made(answers(asked))
    assert len(made.pending_interrupts) == 1
    other = make()
    assert len(other.pending_interrupts) == 1
    assert other(answers(asked)).status is Status.COMPLETED
    with pytest.raises(SessionException, match="moved on"):
        late(answers(asked))
    assert len(late.pending_interrupts) == 1


def test_of_two_hooks_of_one_class_each_must_be_there(tmp_path: Path) -> None:
    def made(*names: str) -> Graph:
        nodes = {"a": agent("a"), "b": agent("b")}
        return graph(nodes, root=tmp_path, hooks=[Gate(name) for name in names], edges=(("a", "b"),))

    asked = answers(made("a", "b")("go"))
    with pytest.raises(SessionException, match="Gate"):
        made("a")(asked)
    assert made("a", "b")(asked).status is Status.INTERRUPTED


def test_an_answer_about_one_run_of_a_node_is_none_about_the_next() -> None:
    made = graph({"a": agent("a")}, hooks=[Gate("a")])
    first = answers(made("go"))
    assert made(first).status is Status.COMPLETED
    assert made("again").status is Status.INTERRUPTED
    with pytest.raises(KeyError, match="no interrupt has the id"):
        made(first)


def test_a_question_that_a_hook_of_a_node_swallowed_is_asked_all_the_same() -> None:
    class Swallows(Gate):
        def ask(self, event: BeforeNodeCallEvent) -> None:
            with contextlib.suppress(BaseException):
                super().ask(event)

    made = graph({"a": agent("a")}, hooks=[Swallows("a")])
    asked = made("go")
    assert asked.status is Status.INTERRUPTED
    with pytest.raises(RuntimeError, match="not today"):
        made(answers(asked, "n"))
    assert "done" not in str(made.nodes["a"].executor.messages)  # type: ignore[union-attr]


def test_a_node_is_refused_without_a_word_too() -> None:
    class Refuses(Gate):
        def ask(self, event: BeforeNodeCallEvent) -> None:
            event.cancel_node = event.interrupt("why not?")

    made = graph({"a": agent("a")}, hooks=[Refuses("a")])
    with pytest.raises(RuntimeError, match="cancelled by user"):
        made(answers(made("go"), ""))
    assert "done" not in str(made.nodes["a"].executor.messages)  # type: ignore[union-attr]
