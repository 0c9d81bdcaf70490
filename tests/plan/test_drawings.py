"""Drawings of plans: Mermaid, text for a terminal, SVG."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest

from strands_cli.loader import load_file
from strands_cli.loader.parts import steps
from strands_cli.plan import draw, mermaid, plan, svg, text
from strands_cli.plan.layout import back_edges, rows
from strands_cli.plan.model import Edge, Node, Plan, beside, one, step_node, steps_plan
from strands_cli.spec import AgentStep, HitlStep

FILES = sorted(each for each in (Path(__file__).parents[1] / "loader" / "specs").iterdir() if each.is_file())
AGENT = AgentStep(agent="writer", input="Write about {{ topic }}")
ASK = HitlStep(type="hitl", prompt='Is "this" <good>?', context_display="{{ last_response }}")
CHAIN = steps_plan([AGENT, ASK, AGENT], "steps")
BRANCHES = beside(
    steps_plan([AGENT, ASK], "branches/x/steps", group="branches/x"),
    steps_plan([AGENT], "branches/y/steps", group="branches/y"),
).then(one(step_node(AGENT, "reduce")))
LOOP = Plan(
    (Node("nodes/code", "agent", "coder", at_most=4), Node("nodes/review", "hitl", "Good?", at_least=0, at_most=4)),
    (Edge("nodes/code", "nodes/review"), Edge("nodes/review", "nodes/code", "hitl_response == 'no'")),
    ("nodes/code",),
    ("nodes/review",),
)


def test_a_chain_as_text() -> None:
    assert text(CHAIN) == (
        "● writer                                                               steps/0\n"
        "│ Write about {{ topic }}\n"
        "▼\n"
        '? Is "this" <good>?                                                    steps/1\n'
        "│ {{ last_response }}\n"
        "▼\n"
        "● writer                                                               steps/2\n"
        "  Write about {{ topic }}\n"
        "■ end\n"
        "\n"
        "2 agent calls, 1 question to a person\n"
    )


def test_branches_as_text() -> None:
    assert text(BRANCHES) == (
        "── branches/x ────────────────────────────────────────────────────────────────\n"
        "● writer                                                    branches/x/steps/0\n"
        "│ Write about {{ topic }}\n"
        "▼\n"
        '? Is "this" <good>?                                         branches/x/steps/1\n'
        "  {{ last_response }}\n"
        "└─▶ reduce\n"
        "── branches/y ────────────────────────────────────────────────────────────────\n"
        "● writer                                                    branches/y/steps/0\n"
        "  Write about {{ topic }}\n"
        "└─▶ reduce\n"
        "\n"
        "● writer                                                                reduce\n"
        "  Write about {{ topic }}\n"
        "■ end\n"
        "\n"
        "3 agent calls, 1 question to a person\n"
    )


def test_a_loop_as_text() -> None:
    assert text(LOOP) == (
        "● coder                                               1 to 4 times  nodes/code\n"
        "▼\n"
        "? Good?                                             0 to 4 times  nodes/review\n"
        "├─▶ nodes/code  when hitl_response == 'no'\n"
        "└─■ end\n"
        "\n"
        "1 to 4 agent calls, 1 question to a person\n"
    )


def test_a_chain_as_mermaid() -> None:
    assert mermaid(CHAIN) == (
        "flowchart TD\n"
        "  start([start])\n"
        '  n0["writer<br/>steps/0"]:::agent\n'
        '  n1{{"? Is #34;this#34; #60;good#62;?<br/>steps/1"}}:::hitl\n'
        '  n2["writer<br/>steps/2"]:::agent\n'
        "  done([end])\n"
        "  start --> n0\n"
        "  n0 --> n1\n"
        "  n1 --> n2\n"
        "  n2 --> done\n"
        "  classDef agent fill:#eef2ff,stroke:#4f46e5,color:#1e1b4b\n"
        "  classDef hitl fill:#fef3c7,stroke:#b45309,color:#451a03,stroke-width:2px\n"
    )


def test_branches_are_subgraphs_in_mermaid() -> None:
    drawing = mermaid(BRANCHES)

    assert drawing.count("subgraph ") == drawing.count("\n  end\n") == 2
    assert '-->|"hitl_response == #39;no#39;"| n0' in mermaid(LOOP)


@pytest.mark.parametrize("drawn", [CHAIN, BRANCHES, LOOP, Plan()])
def test_a_picture_is_xml_with_a_shape_for_every_node(drawn: Plan) -> None:
    root = ElementTree.fromstring(svg(drawn))
    shapes = [str(each.get("class")) for each in root.iter() if each.get("class") in ("agent", "hitl")]

    assert sorted(shapes) == sorted(node.kind for node in drawn.nodes)
    assert sum(each.get("class") in ("on", "back") for each in root.iter()) == len(drawn.edges)


def test_the_text_of_a_spec_does_no_harm_in_a_picture() -> None:
    hostile = Node("x", "agent", '<script>alert("x")</script>\x00\x1b[0m\ud800')

    ElementTree.fromstring(svg(one(hostile)))
    assert "<script>" not in svg(one(hostile)) + mermaid(one(hostile))


def test_rows_go_down_from_the_start() -> None:
    assert back_edges(LOOP) == {LOOP.edges[1]}
    assert rows(LOOP, back_edges(LOOP)) == [["nodes/code"], ["nodes/review"]]
    assert rows(BRANCHES, ()) == [
        ["branches/x/steps/0", "branches/y/steps/0"],
        ["branches/x/steps/1"],
        ["reduce"],
    ]


def test_a_plan_of_a_thousand_nodes_is_drawn() -> None:
    plan = steps_plan([AGENT] * 1000, "steps")

    assert len(rows(plan, back_edges(plan))) == 1000
    assert text(plan).count("●") == 1000


def test_a_drawing_is_asked_for_by_its_name() -> None:
    assert [draw(CHAIN, name) for name in ("text", "mermaid", "svg")] == [text(CHAIN), mermaid(CHAIN), svg(CHAIN)]
    with pytest.raises(ValueError, match="there is no drawing 'png'; there are text, mermaid, svg"):
        draw(CHAIN, "png")


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_pattern_is_drawn_with_every_step_and_every_question(file: Path) -> None:
    spec = load_file(file)
    found = plan(spec)

    asked = sum(step.get("type") == "hitl" for _, step in steps(spec.to_dict()))
    assert len(found.questions) == asked
    assert mermaid(found).count(":::hitl") == asked
    assert text(found).count("? ") >= asked
    ElementTree.fromstring(svg(found))
    ids = {node.id for node in found.nodes}
    assert {edge.source for edge in found.edges} | {edge.target for edge in found.edges} <= ids
    assert {*found.starts, *found.ends} <= ids and found.starts and found.ends


def test_a_picture_tells_where_each_node_stands() -> None:
    drawn = svg(LOOP, {"nodes/code": "done", "nodes/review": "waiting"}, style=False, links={"nodes/review": "#r"})
    groups = {each.get("data-key"): each for each in ElementTree.fromstring(drawn).iter(f"{SVG}g")}
    assert {key: each.get("class") for key, each in groups.items()} == {
        "nodes/code": "node agent done",
        "nodes/review": "node hitl waiting",
    }
    assert [each.get("href") for each in groups["nodes/review"].iter(f"{SVG}a")] == ["#r"]
    assert "<style>" not in drawn and "waiting: Good?" in drawn


SVG = "{http://www.w3.org/2000/svg}"
