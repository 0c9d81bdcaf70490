"""Drawings of plans: Mermaid, text for a terminal, SVG."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from strands_cli.loader import load_file, load_text
from strands_cli.loader.parts import steps
from strands_cli.plan import dot, draw, mermaid, plan, svg, text
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
        '  n0["writer<br/>Write about #123;#123; topic #125;#125;<br/>steps/0"]:::agent\n'
        '  n1{{"? Is #34;this#34; #60;good#62;?<br/>#123;#123; last_response #125;#125;<br/>steps/1"}}:::hitl\n'
        '  n2["writer<br/>Write about #123;#123; topic #125;#125;<br/>steps/2"]:::agent\n'
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
    assert sum(each.get("class") == "mark" for each in root.iter()) == 2, "its start and its end"

    assert sorted(shapes) == sorted(node.kind for node in drawn.nodes)
    marks = max(len(drawn.starts) + len(drawn.ends), 1)
    assert sum(each.get("class") in ("on", "back") for each in root.iter()) == len(drawn.edges) + marks


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
    assert [draw(CHAIN, name) for name in ("text", "mermaid", "svg", "dot")] == [
        text(CHAIN),
        mermaid(CHAIN),
        svg(CHAIN),
        dot(CHAIN),
    ]
    with pytest.raises(ValueError, match="there is no drawing 'png'; there are text, mermaid, svg, dot"):
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


PROMPT = (
    "Deploy {{ version }} to production?\n\n- yes: all of it, in all regions, at once\n- no: "
    + "nothing, " * 30
    + "END"
)


def test_what_a_person_is_asked_is_drawn_whole() -> None:
    asking = steps_plan(
        [HitlStep(type="hitl", prompt=PROMPT, context_display="Look: " + "at it, " * 40 + "LAST")], "steps"
    )
    for drawn in (text(asking), mermaid(asking), svg(asking), dot(asking)):
        assert "END" in drawn and "LAST" in drawn and "…" not in drawn
    assert max(map(len, text(asking).splitlines())) <= 78
    shown = ["".join(each.itertext()) for each in ElementTree.fromstring(svg(asking)).iter(f"{SVG}text")]
    assert " ".join(shown[2].split()) == f"? {' '.join(PROMPT.split())}"


def test_a_condition_is_drawn_whole() -> None:
    condition = "nodes.check.response contains 'high' and " + " or ".join(f"inputs.level == {n}" for n in range(20))
    ways = Plan(LOOP.nodes, (Edge("nodes/code", "nodes/review", condition),), ("nodes/code",), ("nodes/review",))
    label = next(
        each for each in ElementTree.fromstring(svg(ways)).iter(f"{SVG}text") if each.get("class") == "small label"
    )
    title, *lines = label
    assert " ".join("".join(each.text or "" for each in lines).split()) == title.text == condition


def test_the_headline_of_a_node_is_its_own_name() -> None:
    for drawn in (mermaid(LOOP), dot(LOOP)):
        assert drawn.index("code") < drawn.index("agent coder")
    names = [each.get("class") for each in ElementTree.fromstring(svg(LOOP)).iter(f"{SVG}text")]
    assert names.count("name") == 2
    assert Node("rounds/*/workers/*", "agent", "a").name == "workers"
    assert Node("branches/web/steps/0", "agent", "a").name == "", "a step of a list has only a number"


def test_branches_are_named_where_they_begin() -> None:
    assert BRANCHES.begins == (("branches/x/steps/0", "x"), ("branches/y/steps/0", "y"))
    assert '  start -->|"x"| n0\n' in mermaid(BRANCHES) and '  start -> n0 [label="x"]\n' in dot(BRANCHES)
    assert CHAIN.begins == (("steps/0", ""),)


def test_where_else_a_person_is_asked_is_drawn() -> None:
    found = plan(load_text(APPROVALS, source="t"))
    assert found.nodes[0].approvals == ("before file_*, when {{ args.path == 'x' }}",)
    assert found.nodes[1].approvals == ("before the call",)
    assert found.notes == ("before any call of file_write", "when a budget is used up")
    for drawn in (text(found), mermaid(found), svg(found), dot(found)):
        said = " ".join(re.sub(r"<[^>]*>|\\n", " ", drawn).split())
        assert all(
            part in said for part in ("before file_*", "before the call", "before any call of file_write", "budget")
        )


def test_a_picture_is_for_light_and_dark_screens() -> None:
    style = svg(CHAIN).partition("<style>")[2].partition("</style>")[0]
    light, dark = style.split("@media (prefers-color-scheme: dark)")
    for part in ("text", ".small", ".agent", ".hitl", ".ground", "path"):
        assert f".drawing {part} {{" in light and f".drawing {part} {{" in dark


def test_a_graph_for_graphviz() -> None:
    assert dot(LOOP) == (
        "digraph workflow {\n"
        '  node [fontname="Helvetica,Arial,sans-serif", fontsize=11]\n'
        '  edge [fontname="Helvetica,Arial,sans-serif", fontsize=9, color="#6b7280"]\n'
        "  start [shape=oval]\n"
        "  end [shape=oval]\n"
        '  n0 [label="code\\nagent coder\\n1 to 4 times", '
        'shape=box, style="rounded,filled", fillcolor="#eef2ff", color="#4f46e5"]\n'
        '  n1 [label="review\\n? Good?\\n0 to 4 times", shape=hexagon, style=filled, '
        'fillcolor="#fef3c7", color="#b45309"]\n'
        "  start -> n0\n"
        "  n0 -> n1\n"
        "  n1 -> n0 [label=\"hitl_response == 'no'\"]\n"
        "  n1 -> end\n"
        "}\n"
    )
    assert r"\"quoted\" \\ path" in dot(one(Node("x", "agent", '"quoted" \\ path')))


APPROVALS = """
version: 0
name: janitor
runtime: {provider: scripted, budgets: {max_steps: 3, on_exceed: ask}}
tools: {python: [file_write]}
agents:
  janitor:
    prompt: You tidy up.
    tools: [file_write]
    approvals: [{tools: ["file_*"], when: "{{ args.path == 'x' }}"}]
approvals: [{tools: [file_write]}]
pattern:
  type: chain
  config:
    steps:
      - {agent: janitor, input: "Tidy up."}
      - {tool: file_write, args: {path: x, content: y}, approvals: [{}]}
"""
SVG = "{http://www.w3.org/2000/svg}"
