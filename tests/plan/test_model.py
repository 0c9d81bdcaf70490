"""Plans: what will run, in which order, how often, and where somebody is asked."""

from __future__ import annotations

import pytest

from strands_cli.plan.model import Edge, Node, Plan, beside, chain, one, one_of, step_node, steps_plan
from strands_cli.spec import AgentStep, HitlStep

AGENT = AgentStep(agent="writer", input="\n  Write about {{ topic }}\nat length")
ASK = HitlStep(type="hitl", prompt="Good?", context_display="{{ last_response }}")


def test_steps_follow_each_other() -> None:
    plan = steps_plan([AGENT, ASK, AGENT], "steps")

    assert [node.id for node in plan.nodes] == ["steps/0", "steps/1", "steps/2"]
    assert plan.edges == (Edge("steps/0", "steps/1"), Edge("steps/1", "steps/2"))
    assert (plan.starts, plan.ends) == (("steps/0",), ("steps/2",))


def test_a_step_is_a_call_or_a_question() -> None:
    assert step_node(AGENT, "steps/0") == Node("steps/0", "agent", "writer", "Write about {{ topic }}")
    assert step_node(ASK, "nodes/ok", group="g") == Node("nodes/ok", "hitl", "Good?", "{{ last_response }}", "g")


def test_branches_stand_side_by_side_and_join() -> None:
    branches = beside(steps_plan([AGENT, ASK], "branches/x/steps"), steps_plan([AGENT], "branches/y/steps"))
    plan = branches.then(one(step_node(AGENT, "reduce")))

    assert plan.starts == ("branches/x/steps/0", "branches/y/steps/0")
    assert plan.ends == ("reduce",)
    assert Edge("branches/x/steps/1", "reduce") in plan.edges
    assert Edge("branches/y/steps/0", "reduce") in plan.edges


def test_nothing_before_or_after_is_nothing() -> None:
    single = one(step_node(AGENT, "reduce"))

    assert Plan().then(single) == single == single.then(Plan())
    assert chain([]) == Plan()
    assert beside(Plan(), single) == single


KEYS = {
    "steps/0": "steps/0",
    "steps/0/model/3": "steps/0",
    "steps/0/tools/call_1": "steps/0",
    "steps/0/interrupts/x/y": "steps/0",
    "nodes/review#2": "nodes/review",
    "nodes/review#2/model/0": "nodes/review",
    "router": "router",
    "router/1": "router",
    "router/review": "router/review",
    "rounds/2/workers/7": "rounds/*/workers/*",
    "rounds/2/workers/7/tools/t": "rounds/*/workers/*",
    "rounds/2/plan": "rounds/*/plan",
    "steps/1": None,
    "nodes": None,
    "rounds/2": None,
    "": None,
}


@pytest.mark.parametrize(("key", "owner"), KEYS.items())
def test_every_journal_key_belongs_to_a_node(key: str, owner: str | None) -> None:
    ids = ["steps/0", "nodes/review", "router", "router/review", "rounds/*/workers/*", "rounds/*/plan"]
    plan = Plan(tuple(Node(id, "agent", "a") for id in ids))

    found = plan.owner(key)
    assert (found.id if found else None) == owner


def test_calls_and_questions_are_counted() -> None:
    plan = steps_plan([AGENT, ASK, AGENT], "steps")

    assert plan.calls == (2, 2)
    assert [node.id for node in plan.questions] == ["steps/1"]
    assert plan.times(1, 3).calls == (2, 6)
    assert plan.times(0, None).calls == (0, None)


def test_of_alternatives_only_one_is_counted() -> None:
    routes = one_of(steps_plan([AGENT], "routes/x/steps"), steps_plan([AGENT] * 3, "routes/y/steps"))

    assert one(step_node(AGENT, "router")).then(routes).calls == (2, 4)
    assert beside(routes, steps_plan([AGENT], "steps")).calls == (2, 4)


def test_a_node_is_found_by_its_id() -> None:
    plan = steps_plan([AGENT], "steps")

    assert plan.node("steps/0").label == "writer"
    with pytest.raises(KeyError):
        plan.node("steps/1")


@pytest.mark.parametrize(
    ("least", "most", "told"),
    [(1, 1, ""), (0, 1, "perhaps"), (1, 4, "1 to 4 times"), (3, 3, "3 times"), (0, None, "0 or more times")],
)
def test_how_often_in_words(least: int, most: int | None, told: str) -> None:
    assert Node("x", "agent", "a", at_least=least, at_most=most).repeated == told
