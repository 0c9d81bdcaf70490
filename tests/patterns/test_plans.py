"""Plans: every key of every journal belongs to a node of its workflow's plan, and people are where they are asked."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from strands_cli.kernel.types import Entry
from strands_cli.loader import load_dict
from strands_cli.plan import Plan, plan
from strands_cli.session.memory import MemorySessionRepository
from support import pattern_stories as patterns
from support.cast import hitl, spec
from support.crash import Death, Story


def planned(data: dict[str, Any]) -> Plan:
    return plan(load_dict(data))


def journal(name: str) -> list[Entry]:
    repository = MemorySessionRepository()
    told = Story(
        patterns.STORIES[name], patterns.model, answers=patterns.ANSWERS[name], variables=patterns.VARIABLES[name]
    )

    async def main() -> list[Entry]:
        await told.play(repository, Death())
        [session] = await repository.ids()
        return await (await repository.open(session)).load()

    return asyncio.run(main())


@pytest.mark.parametrize("name", patterns.STORIES)
def test_every_key_belongs_to_a_node(name: str) -> None:
    drawn = planned(patterns.STORIES[name])
    entries = [entry for entry in journal(name) if entry.key]
    assert len(entries) >= 10
    for entry in entries:
        node = drawn.owner(entry.key)
        assert node is not None, entry.key
        if entry.kind in ("asked", "answered"):
            assert node.kind == "hitl"
        elif entry.kind == "started":
            assert (node.kind, node.label) == ("agent", entry.data["agent"])


@pytest.mark.parametrize("name", patterns.STORIES)
def test_a_run_makes_as_many_calls_as_planned(name: str) -> None:
    least, most = planned(patterns.STORIES[name]).calls
    done = sum(entry.kind == "done" and "of" not in entry.data for entry in journal(name))
    assert least <= done
    assert most is None or done <= most


@pytest.mark.parametrize("name", patterns.STORIES)
def test_every_edge_joins_nodes_and_every_node_can_be_reached(name: str) -> None:
    drawn = planned(patterns.STORIES[name])
    ids = {node.id for node in drawn.nodes}
    assert {end for edge in drawn.edges for end in (edge.source, edge.target)} <= ids
    assert set(drawn.starts) <= ids
    assert set(drawn.ends) <= ids
    reached = set(drawn.starts)
    for _ in ids:
        reached |= {edge.target for edge in drawn.edges if edge.source in reached}
    assert reached == ids


def edges(drawn: Plan) -> list[tuple[str, str, str]]:
    return [(edge.source, edge.target, edge.label) for edge in drawn.edges]


def test_a_workflow() -> None:
    drawn = planned(patterns.STORIES["workflow"])
    assert drawn.starts == ("tasks/top",)
    assert drawn.ends == ("tasks/end",)
    assert ("tasks/top", "tasks/left", "") in edges(drawn)
    assert [node.id for node in drawn.questions] == ["tasks/ask", "tasks/ask2"]


def test_a_routing() -> None:
    drawn = planned(patterns.STORIES["routing"])
    assert edges(drawn)[:3] == [
        ("router", "router/review", ""),
        ("router/review", "routes/flat/steps/0", "flat"),
        ("router/review", "routes/deep/steps/0", "deep"),
    ]
    assert drawn.ends == ("routes/flat/steps/0", "routes/deep/steps/2")
    assert drawn.node("router").at_most == 3
    assert drawn.calls == (2, 5), "the router up to three times, then one of the routes"


def test_a_graph() -> None:
    drawn = planned(patterns.STORIES["graph"])
    assert edges(drawn) == [
        ("nodes/write", "nodes/check", ""),
        ("nodes/check", "nodes/publish", "hitl_response == 'yes'"),
        ("nodes/check", "nodes/write", "else"),
    ]
    assert drawn.node("nodes/write").at_most == 10
    assert drawn.node("nodes/publish").at_most == 1
    assert drawn.ends == ("nodes/publish",)


def test_an_evaluator_optimizer() -> None:
    drawn = planned(patterns.STORIES["evaluator_optimizer"])
    assert edges(drawn) == [
        ("iterations/*/draft", "iterations/*/evaluation", ""),
        ("iterations/*/evaluation", "iterations/*/review", "score below 90"),
        ("iterations/*/review", "iterations/*/draft", "go on"),
    ]
    without = {**patterns.STORIES["evaluator_optimizer"]["pattern"]["config"]}
    del without["review_gate"]
    drawn = planned(spec("evaluator_optimizer", without, ["writer", "critic"]))
    assert edges(drawn)[1] == ("iterations/*/evaluation", "iterations/*/draft", "score below 90")
    assert not drawn.questions


def test_an_orchestrator() -> None:
    drawn = planned(patterns.STORIES["orchestrator_workers"])
    assert [node.id for node in drawn.questions] == ["rounds/*/review", "reduce/review", "writeup"]
    assert ("rounds/*/review", "rounds/*/plan", "sent back") in edges(drawn)
    assert ("rounds/*/workers/*", "rounds/*/plan", "next round") in edges(drawn)
    config = {"orchestrator": {"agent": "a"}, "worker_template": {"agent": "b"}, "reduce": hitl()}
    small = planned(spec("orchestrator_workers", config))
    assert edges(small) == [("rounds/*/plan", "rounds/*/workers/*", ""), ("rounds/*/workers/*", "reduce", "")]
