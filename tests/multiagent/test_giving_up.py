"""A task of a graph or swarm that is denied, given up or begun anew, and a process that lacks a hook."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest

from strands.hooks import BeforeToolCallEvent
from strands.multiagent import Graph, GraphBuilder, Status, Swarm
from strands.session import FileSessionManager
from strands.types.exceptions import SessionException
from support.nodes import Gate, agent, answer, answers, clerk, graph, make_swarm, paying


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


@pytest.mark.parametrize("kind", ["graph", "swarm", "nested"])
@pytest.mark.parametrize("response", ["y", "n"])
def test_a_process_that_lacks_the_hook_that_asked_runs_nothing(tmp_path: Path, response: str, kind: str) -> None:
    ran: list[str] = []

    def speak(messages: list[Any]) -> str:
        ran.append("a")
        return "done"

    def make(*gates: Any, **more: Any) -> Any:
        manager = FileSessionManager("s", tmp_path, **more)
        if kind == "swarm":
            return Swarm([agent("a", speak)], session_manager=manager, hooks=list(gates))
        builder = GraphBuilder().set_session_manager(manager)
        if kind == "nested":
            builder.add_node(graph({"a": agent("a", speak)}, hooks=list(gates), id="i"), "in")
        else:
            builder.add_node(agent("a", speak), "a")
            builder.set_hook_providers(list(gates))
        return builder.build()

    asked = make(Gate("a"))("go")
    lacking = make()
    for task in (answers(asked, response), None):
        with pytest.raises(SessionException, match=r"Gate\.ask.*missing|missing.*Gate\.ask"):
            lacking(task)
    told = make(without_hooks=True)
    with contextlib.suppress(RuntimeError):
        told(answers(asked, response))
    assert ran == []
    again = make(Gate("a"))
    try:
        result = again(answers(asked, response))
        assert (result.status, ran) == ((Status.COMPLETED, ["a"]) if response == "y" else (Status.FAILED, []))
    except RuntimeError as error:
        assert (str(error), ran) == ("not today", [])


@pytest.mark.parametrize("whose", ["graph", "agent"])
def test_a_process_that_lacks_a_hook_further_on_runs_nothing(tmp_path: Path, whose: str) -> None:
    ran: list[Any] = []

    def make(has_hooks: bool, **more: Any) -> Graph:
        def judge(event: BeforeToolCallEvent) -> None:
            pass

        builder = GraphBuilder().set_session_manager(FileSessionManager("s", tmp_path, **more))
        builder.add_node(clerk("a", ran), "a")
        builder.add_node(agent("b", hooks=[judge] if has_hooks and whose == "agent" else []), "b")
        builder.add_edge("a", "b")
        builder.set_hook_providers([Gate("b")] if has_hooks and whose == "graph" else [])
        return builder.build()

    asked = make(True)("go")
    name = r"Gate\.ask" if whose == "graph" else r"judge.*node 'b'"
    with pytest.raises(SessionException, match=name + r".*reset\(\)"):
        make(False)(answers(asked))
    assert ran == []
    assert make(False, without_hooks=True)(answers(asked)).status is Status.COMPLETED
    assert ran == [1]


def test_a_hook_that_is_added_to_a_restored_graph_is_there(tmp_path: Path) -> None:
    def make() -> Graph:
        builder = GraphBuilder().set_session_manager(FileSessionManager("s", tmp_path))
        builder.add_node(agent("b"), "b")
        return builder.build()

    first = make()
    Gate("b").register_hooks(first.hooks)
    asked = first("go")
    assert asked.status is Status.INTERRUPTED
    restored = make()
    with pytest.raises(SessionException, match=r"Gate\.ask"):
        restored(answers(asked))
    Gate("b").register_hooks(restored.hooks)
    assert restored(answers(asked)).status is Status.COMPLETED


def test_a_process_that_lacks_the_tool_that_waits_runs_nothing(tmp_path: Path) -> None:
    ran: list[Any] = []
    asked = graph({"a": clerk("a", ran)}, root=tmp_path)("go")
    without = clerk("a", ran)
    del without.tool_registry.registry["wire"]
    lacking = graph({"a": without}, root=tmp_path)
    with pytest.raises(SessionException, match="wire"):
        lacking(answers(asked))
    assert graph({"a": clerk("a", ran)}, root=tmp_path)(None).status is Status.COMPLETED
    assert ran == [1]
