"""The questions of graphs and swarms: one for each thing, answered, denied, given up or begun anew."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from strands import Agent, ToolContext, tool
from strands.hooks import (
    AfterNodeCallEvent,
    BeforeMultiAgentInvocationEvent,
    BeforeNodeCallEvent,
    BeforeToolCallEvent,
    HookProvider,
    HookRegistry,
)
from strands.models.scripted import ScriptedModel, ToolCall
from strands.multiagent import Graph, GraphBuilder, Status, Swarm
from strands.session import FileSessionManager
from strands.types.exceptions import ConcurrencyException, SessionException

FIXTURES = Path(__file__).parent.parent / "session" / "fixtures"


class Gate(HookProvider):
    """Asks before node `name`, and counts the nodes that ran."""

    def __init__(self, name: str, who: str = "", ran: list[str] | None = None) -> None:
        self.name, self.who = name, who
        self.ran = ran if ran is not None else []

    def register_hooks(self, registry: HookRegistry, **kwargs: Any) -> None:
        registry.add_callback(BeforeNodeCallEvent, self.ask)
        registry.add_callback(AfterNodeCallEvent, lambda event: self.ran.append(event.node_id))

    def ask(self, event: BeforeNodeCallEvent) -> None:
        if event.node_id == self.name and event.interrupt("ok", reason=self.who) != "y":
            event.cancel_node = "not today"


def agent(name: str, script: Any = "done", **kwargs: Any) -> Agent:
    model = ScriptedModel(script if callable(script) else lambda messages: script)
    return Agent(model=model, name=name, agent_id=name, callback_handler=None, retry_strategy=None, **kwargs)


def clerk(name: str, effects: list[Any], amount: int = 1, id: str = "call_0") -> Agent:
    """Return an agent that wires money after its hook has asked, always under one tool use id."""

    @tool
    def wire(amount: int) -> str:
        """Wire money."""
        effects.append(amount)
        return "sent"

    def gate(event: BeforeToolCallEvent) -> None:
        if event.tool_use["name"] == "wire" and event.interrupt("ok", reason=event.tool_use["input"]["amount"]) != "y":
            event.cancel_tool = "no"

    def script(messages: list[Any]) -> Any:
        if any("toolResult" in block for block in messages[-1]["content"]):
            return "done"
        return ToolCall("wire", {"amount": amount}, id=id)

    return agent(name, script, tools=[wire], hooks=[gate])


def graph(
    nodes: dict[str, Any],
    *,
    id: str = "g",
    root: Path | None = None,
    hooks: list[Any] | None = None,
    edges: tuple[tuple[str, str], ...] = (),
) -> Graph:
    builder = GraphBuilder().set_graph_id(id).set_hook_providers(hooks or [])
    if root is not None:
        builder.set_session_manager(FileSessionManager("s", root))
    for name, executor in nodes.items():
        builder.add_node(executor, name)
    for edge in edges:
        builder.add_edge(*edge)
    return builder.build()


def answer(interrupt: Any, response: Any = "y") -> list[Any]:
    return [{"interruptResponse": {"interruptId": interrupt.id, "response": response}}]


def answers(result: Any, response: Any = "y") -> list[Any]:
    return [block for each in result.interrupts for block in answer(each, response)]


def test_nodes_of_one_name_in_two_graphs_ask_two_questions() -> None:
    ran: list[str] = []

    def region(name: str) -> Graph:
        return graph({"publish": agent("p", lambda messages: ran.append(name) or "out")}, hooks=[Gate("publish", name)])

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


def make_swarm(root: Path | None, *agents: Agent, hooks: Any = None) -> Swarm:
    manager = FileSessionManager("s", root) if root is not None else None
    return Swarm(list(agents), session_manager=manager, hooks=hooks)


@pytest.mark.parametrize("kind", ["graph", "swarm", "nested"])
@pytest.mark.parametrize("place", ["in process", "without a session", "afresh"])
def test_a_denied_node_ends_its_task_and_not_the_session(tmp_path: Path, place: str, kind: str) -> None:
    root = None if place == "without a session" else tmp_path
    ran: list[str] = []

    def make() -> Any:
        gate = Gate("b", ran=ran)
        if kind == "swarm":
            return make_swarm(root, agent("b"), hooks=[gate])
        inner = graph({"a": agent("a"), "b": agent("b")}, edges=(("a", "b"),), hooks=[gate], id="i", root=root)
        return inner if kind == "graph" else graph({"in": inner}, root=None)

    if kind == "nested":
        root = None
    made = make()
    for _ in range(2):
        result = made("go")
        assert [each.name for each in result.interrupts] == ["ok"]
        made = make() if place == "afresh" and kind != "nested" else made
        if kind == "swarm":
            assert made(answers(result, "n")).status is Status.FAILED
        else:
            with pytest.raises(RuntimeError, match="not today"):
                made(answers(result, "n"))
        assert not made.is_under_way and not made.pending_interrupts
        made = make() if place == "afresh" and kind != "nested" else made
    result = made("something else")
    assert made(answers(result)).status is Status.COMPLETED


@pytest.mark.parametrize("place", ["in process", "afresh"])
def test_what_is_half_done_beside_a_denied_node_goes_on_and_nothing_new_begins(tmp_path: Path, place: str) -> None:
    effects: list[int] = []
    ran: list[str] = []

    def make() -> Graph:
        nodes = {"a": clerk("a", effects), "b": agent("b"), "c": agent("c")}
        return graph(nodes, root=tmp_path, hooks=[Gate("b", ran=ran)], edges=(("a", "c"),))

    made = make()
    result = made("go")
    assert len(result.interrupts) == 2
    (node,) = [each for each in result.interrupts if each.reason == ""]
    with pytest.raises(RuntimeError, match="not today"):
        made(answer(node, "n"))
    made = make() if place == "afresh" else made
    (wire,) = made.pending_interrupts
    result = made(answer(wire))
    assert (result.status, effects) == (Status.FAILED, [1])
    assert "c" not in ran and not made.is_under_way


def paying(effects: list[Any], down: list[Any]) -> Agent:
    @tool
    def pay() -> str:
        """Pay."""
        effects.append("paid")
        return "paid"

    def script(messages: list[Any]) -> Any:
        if len(messages) == 1:
            return ToolCall("pay", {})
        if down:
            down.pop()
            raise ConnectionError("network down")
        return "done"

    return agent("payer", script, tools=[pay])


@pytest.mark.parametrize("kind", ["graph", "swarm", "nested"])
@pytest.mark.parametrize("state", ["half done", "waiting"])
@pytest.mark.parametrize("place", ["in process", "without a session", "afresh"])
def test_another_task_is_refused_until_it_is_reset(tmp_path: Path, place: str, state: str, kind: str) -> None:
    root = None if place == "without a session" else tmp_path
    effects: list[Any] = []
    down = [True]

    def make() -> Any:
        payer = clerk("payer", effects) if state == "waiting" else paying(effects, down)
        if kind == "swarm":
            return make_swarm(root, payer)
        if kind == "nested":
            return graph({"in": graph({"payer": payer}, id="inner")}, root=root)
        return graph({"payer": payer}, root=root)

    made = make()
    with contextlib.suppress(Exception):
        made("the bills")
    error: Any = TypeError if state == "waiting" else ValueError
    before = list(effects)
    made = make() if place == "afresh" else made
    for _ in range(2):
        with pytest.raises(error, match=r"None.*reset\(\)"):
            made("other bills")
    assert effects == before
    made.reset()
    assert not made.is_under_way and not made.pending_interrupts
    made = make() if place == "afresh" else made
    result = made("other bills")
    result = made(answers(result)) if state == "waiting" else result
    assert result.status is Status.COMPLETED
    assert len(effects) == len(before) + 1


def test_a_reset_of_nothing_changes_nothing(tmp_path: Path) -> None:
    made = graph({"a": agent("a")}, root=tmp_path)
    made.reset()
    result = made("go")
    assert (result.status, len(result.execution_order)) == (Status.COMPLETED, 1)
    made.reset()
    result = made("go")
    assert (result.status, len(result.execution_order)) == (Status.COMPLETED, 1)


@pytest.mark.parametrize("kind", ["graph", "swarm", "nested", "hook"])
@pytest.mark.parametrize("place", ["in process", "without a session", "afresh"])
def test_questions_that_are_given_up(tmp_path: Path, place: str, kind: str) -> None:
    root = None if place == "without a session" else tmp_path
    effects: list[Any] = []

    def make() -> Any:
        if kind == "swarm":
            return make_swarm(root, clerk("a", effects))
        if kind == "hook":
            return graph({"a": agent("a")}, root=root, hooks=[Gate("a")])
        inner = clerk("a", effects)
        return graph({"a": graph({"x": inner}, id="i") if kind == "nested" else inner}, root=root)

    made = make()
    result = made("go")
    made = make() if place == "afresh" else made
    assert [each.id for each in made.pending_interrupts] == [each.id for each in result.interrupts]
    assert [each.id for each in made.abandon_interrupts()] == [each.id for each in result.interrupts]
    assert made.abandon_interrupts() == []
    made = make() if place == "afresh" else made
    assert not made.pending_interrupts and not made.is_under_way
    with pytest.raises(ValueError, match="has asked nothing"):
        made(answers(result))
    again = made("something else")
    assert [each.name for each in again.interrupts] == ["ok"]
    assert effects == []


@pytest.mark.parametrize("place", ["in process", "afresh"])
def test_what_was_cut_off_beside_a_question_that_is_given_up_goes_on(tmp_path: Path, place: str) -> None:
    effects: list[Any] = []
    down = [True]

    def make() -> Graph:
        return graph({"asks": clerk("asks", effects), "pays": paying(effects, down)}, root=tmp_path)

    made = make()
    with pytest.raises(Exception, match="network down"):
        made("go")
    made = make() if place == "afresh" else made
    assert len(made.abandon_interrupts()) == 1
    made = make() if place == "afresh" else made
    assert made.is_under_way
    result = made(None)
    assert (result.status, effects) == (Status.FAILED, ["paid"])
    assert result.results["pays"].status is Status.COMPLETED


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
    for name, executor in {"a": payer("a"), "in": inner, "z": agent("z", "end")}.items():
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


@pytest.mark.parametrize("kind", ["graph", "swarm", "nested"])
@pytest.mark.parametrize("response", ["y", "n"])
def test_a_process_that_lacks_the_hook_that_asked_runs_nothing(tmp_path: Path, response: str, kind: str) -> None:
    ran: list[str] = []

    def make(*gates: Any) -> Any:
        executor = agent("a", lambda messages: ran.append("a") or "done")
        if kind == "swarm":
            return make_swarm(tmp_path, executor, hooks=list(gates))
        if kind == "nested":
            return graph({"in": graph({"a": executor}, hooks=list(gates), id="i")}, root=tmp_path)
        return graph({"a": executor}, root=tmp_path, hooks=list(gates))

    asked = make(Gate("a"))("go")
    lacking = make()
    for task in (answers(asked, response), None):
        with pytest.raises(RuntimeError, match=r"Gate\.ask.*missing"):
            lacking(task)
    lacking.missing_hooks.clear()
    with contextlib.suppress(RuntimeError):
        lacking(answers(asked, response))
    assert ran == []
    again = make(Gate("a"))
    try:
        result = again(answers(asked, response))
        assert (result.status, ran) == ((Status.COMPLETED, ["a"]) if response == "y" else (Status.FAILED, []))
    except RuntimeError as error:
        assert (str(error), ran) == ("not today", [])


def test_a_process_that_lacks_a_hook_further_on_runs_nothing(tmp_path: Path) -> None:
    ran: list[str] = []

    def make(*gates: Any) -> Graph:
        nodes = {"a": clerk("a", ran), "b": agent("b", lambda messages: ran.append("b") or "done")}
        return graph(nodes, root=tmp_path, hooks=list(gates), edges=(("a", "b"),))

    asked = make(Gate("b"))("go")
    with pytest.raises(RuntimeError, match=r"Gate\.ask.*reset\(\)"):
        make()(answers(asked))
    assert ran == []
    told = make()
    told.missing_hooks.clear()
    assert told(answers(asked)).status is Status.COMPLETED
    assert ran == [1, "b"]


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
