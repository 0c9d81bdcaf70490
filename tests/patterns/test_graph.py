"""graph: nodes, and edges that may depend on what was answered."""

from __future__ import annotations

from typing import Any

import pytest

from strands_cli.errors import ExecutionError
from strands_cli.plan import plan
from support.cast import Cast, hitl, spec

WRITE_AND_REVIEW: dict[str, Any] = {
    "nodes": {
        "write": {
            "agent": "a",
            "input": "write {{ topic }}{% if nodes.review %}: {{ nodes.review.response }}{% endif %}",
        },
        "review": hitl("Good?", context_display="{{ nodes.write.response }}"),
        "publish": {"agent": "b", "input": "publish {{ nodes.write.response }} ({{ nodes.write.iteration }})"},
        "drop": hitl("Why?"),
    },
    "edges": [
        {"from": "write", "to": ["review"]},
        {
            "from": "review",
            "choose": [
                {"when": "{{ nodes.review.response == 'approve' }}", "to": "publish"},
                {"when": "hitl_response contains 'drop'", "to": "drop"},
                {"when": "else", "to": "write"},
            ],
        },
    ],
    "max_iterations": 3,
}


def graph(nodes: dict[str, Any], edges: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return spec("graph", {"nodes": nodes, "edges": edges, **more})


def echo(prompt: str) -> str:
    return f"<{prompt}>"


def test_it_goes_where_the_answer_leads() -> None:
    cast = Cast(spec("graph", WRITE_AND_REVIEW), {"a": echo, "b": echo})
    paused = cast.run(topic="bees")
    assert (paused.questions[0].id, paused.questions[0].context) == ("nodes/review", "<write bees>")
    again = cast.resume(paused, "shorter")
    assert (again.questions[0].id, again.questions[0].context) == ("nodes/review#2", "<write bees: shorter>")
    result = cast.resume(again, "approve")
    assert result.last_response == "<publish <write bees: shorter> (2)>"
    context = result.execution_context
    assert context["execution_path"] == ["write", "review", "write", "review", "publish"]
    assert context["terminal_node"] == "publish"
    assert context["total_steps"] == 5
    node = context["nodes"]["write"]
    assert (node["response"], node["status"], node["iteration"]) == ("<write bees: shorter>", "completed", 2)
    assert (context["nodes"]["drop"]["response"], context["nodes"]["drop"]["status"]) == ("", "pending")
    assert len(cast.prompts("a")) == 2


def test_a_terminal_node_may_be_a_person() -> None:
    cast = Cast(spec("graph", WRITE_AND_REVIEW), {"a": echo})
    result = cast.resume(cast.resume(cast.run(topic="x"), "drop it"), "dull")
    assert (result.status, result.last_response, result.agent_id) == ("completed", "dull", "a")
    assert result.execution_context["terminal_node"] == "drop"


def test_the_path_is_one_conversation() -> None:
    cast = Cast(spec("graph", WRITE_AND_REVIEW), {"a": echo, "b": echo})
    cast.resume(cast.resume(cast.run(topic="x"), "more"), "approve")
    assert [len(messages) for messages in cast.requests] == [1, 3, 1]


def test_a_node_visited_too_often_is_named() -> None:
    cast = Cast(
        graph({"ping": {"agent": "a", "input": "x"}}, [{"from": "ping", "to": "ping"}], max_iterations=4), {"a": "pong"}
    )
    with pytest.raises(ExecutionError, match=r"node 'ping' would be visited more than 4 times \(max_iterations\)"):
        cast.run()
    assert len(cast.told) == 4


def test_the_limit_counts_over_resumes() -> None:
    cast = Cast(spec("graph", WRITE_AND_REVIEW), {"a": echo})
    rest = cast.resume(cast.resume(cast.run(topic="x"), "again"), "again")
    with pytest.raises(ExecutionError, match="'write' would be visited more than 3 times"):
        cast.resume(rest, "again")


def test_a_graph_ends_where_no_condition_holds() -> None:
    edges = [{"from": "one", "choose": [{"when": "last_response == 'x'", "to": "two"}]}]
    cast = Cast(graph({"one": {"agent": "a", "input": "?"}, "two": {"agent": "b"}}, edges), {"a": "y"})
    result = cast.run()
    assert (result.success, result.last_response) == (True, "y")
    assert result.execution_context["terminal_node"] == "one"
    assert "when no condition of node 'one' holds, the graph ends there" in cast.workflow.spec.warnings[0]
    assert plan(cast.workflow.spec).ends == ("nodes/one", "nodes/two")


def test_a_condition_that_cannot_be_decided_is_an_error_naming_the_node() -> None:
    edges = [
        {
            "from": "one",
            "choose": [{"when": "nodes[last_response].response == 'x'", "to": "two"}, {"when": "else", "to": "two"}],
        }
    ]
    cast = Cast(graph({"one": {"agent": "a", "input": "?"}, "two": {"agent": "b"}}, edges), {"a": "y"})
    with pytest.raises(ExecutionError, match=r"condition .* of node 'one' cannot be decided: 'y'"):
        cast.run()


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ("nodes.one.response contains 'high'", True),
        ("{{ 'HIGH' in nodes.one.response.upper() }}", True),
        ("last_response | search('qual[a-z]+: (\\w+)')", True),
        ("last_response is search('low')", False),
        ("nodes.one.iteration >= 2", False),
        ("level in ['a', 'b'] and not strict", True),
        ("nodes.two.response == 'x'", False),
        ("nodes.two.iteration == 0", True),
        ("inputs.level == 'a'", True),
        ("{{ nodes.one.response | length > 3 }}", True),
    ],
)
def test_conditions_over_every_name_in_scope(when: str, holds: bool) -> None:
    edges = [{"from": "one", "choose": [{"when": when, "to": "two"}, {"when": "else", "to": "three"}]}]
    nodes = {"one": {"agent": "a", "input": "{{ level }}{{ strict }}"}, "two": {"agent": "b", "input": "2"}}
    cast = Cast(
        graph({**nodes, "three": {"agent": "c", "input": "3"}}, edges), {"a": "quality: high", "b": "2", "c": "3"}
    )
    assert cast.run(level="a", strict=False).last_response == ("2" if holds else "3")


def test_what_a_model_says_is_no_template() -> None:
    edges = [{"from": "one", "choose": [{"when": "last_response contains '1 + 1'", "to": "two"}]}]
    nodes = {"one": {"agent": "a", "input": "?"}, "two": {"agent": "b", "input": "{{ last_response }}"}}
    cast = Cast(graph(nodes, edges), {"a": "{{ 1 + 1 }}", "b": echo})
    assert cast.run().last_response == "<{{ 1 + 1 }}>"


def test_a_node_without_an_input_is_told_its_agents_prompt() -> None:
    """There the nodes go by their agents' names too: the newest node of an agent."""
    data = graph(
        {"draft": {"agent": "writer", "input": "write"}, "check": {"agent": "critic"}},
        [{"from": "draft", "to": "check"}],
    )
    data["agents"] = {
        "writer": {"prompt": "You are writer.{% if nodes.critic %} {{ nodes.critic.response }}{% endif %}"},
        "critic": {"prompt": "You are critic. Check {{ nodes.writer.response }}."},
    }
    cast = Cast(data, {"writer": "draft one", "critic": echo})
    assert cast.run().last_response == "<You are critic. Check draft one.>"


def test_names_for_artifacts(tmp_path: Any) -> None:
    data = spec("graph", WRITE_AND_REVIEW)
    text = (
        "{{ terminal_node }} {{ total_steps }} {{ execution_path | join('>') }} {{ execution_context.total_steps }}"
        "{% if nodes.drop.response %} dropped{% endif %}{% if nodes.drop %} dropped{% endif %}"
        "{% for id, node in execution_context.nodes.items() %} {{ id }}={{ node.status }}{% endfor %}"
    )
    data["outputs"] = {"artifacts": [{"path": "log.txt", "from": text}]}
    cast = Cast(data, {"a": "x", "b": "y"}, output_dir=tmp_path)
    cast.resume(cast.run(topic="x"), "approve")
    assert (tmp_path / "log.txt").read_text() == (
        "publish 3 write>review>publish 3 write=completed review=completed publish=completed drop=pending"
    )
