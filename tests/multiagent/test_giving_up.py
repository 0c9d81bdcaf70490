"""A task of a graph or swarm that is denied, given up or begun anew, and a process that lacks a hook."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest

from strands.multiagent import Graph, Status
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
