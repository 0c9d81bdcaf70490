"""What is wrong with a file: all of it at once, each with its place and the nearest right word."""

from __future__ import annotations

import pytest

from strands_cli.capability.checker import CapabilityError
from strands_cli.errors import INVALID_SPEC, UNSUPPORTED, StrandsError
from strands_cli.loader import load_dict
from strands_cli.loader.load import parse
from strands_cli.schema.validator import SchemaValidationError
from support.spec_text import chain, faults, load, pattern


def test_all_problems_come_at_once_in_the_order_of_the_file() -> None:
    text = """\
version: 3
nmae: demo
runtime:
  provider: opnai
  temperature: 3
agents:
  writer:
    prompt: "Hello {{ name"
    tools: [calculatr]
pattern:
  type: chain
  config:
    steps:
      - {agent: writr, inptu: hi}
      - {type: hitl, promt: Ok?}
"""
    assert faults(text) == [
        "spec.yaml:1:1: 'name' is missing",
        "spec.yaml:1:10: version 3 is not known; write 0 or 1",
        "spec.yaml:2:1: unknown key 'nmae'; did you mean 'name'?",
        "spec.yaml:4:13: provider 'opnai' is not known; did you mean 'openai'?",
        "spec.yaml:5:16: 'temperature' must be at most 2, not 3",
        "spec.yaml:8:13: 'prompt': malformed template: unexpected end of template, expected 'end of print statement'.",
        "spec.yaml:9:13: tool 'calculatr' is neither built in nor declared under 'tools'; did you mean 'calculator'?",
        "spec.yaml:14:17: agent 'writr' is not declared under 'agents'; did you mean 'writer'?",
        "spec.yaml:14:24: unknown key 'inptu'; did you mean 'input'?",
        "spec.yaml:15:9: 'prompt' is missing",
        "spec.yaml:15:22: unknown key 'promt'; did you mean 'prompt'?",
    ]


def test_the_error_carries_the_place_of_the_first_problem() -> None:
    with pytest.raises(SchemaValidationError) as caught:
        load(chain("- {agent: a}\n- {agent: b}"))

    error = caught.value
    assert (error.json_pointer, error.line, error.column) == ("/pattern/config/steps/1/agent", 11, 17)
    assert (error.exit_code, len(error.problems)) == (INVALID_SPEC, 1)
    assert isinstance(error, StrandsError)


def test_a_spec_without_a_file_has_pointers_instead_of_lines() -> None:
    data = parse(chain("- {agent: nobody}"), "")[0]

    with pytest.raises(SchemaValidationError) as caught:
        load_dict(data)
    assert str(caught.value).startswith("/pattern/config/steps/0/agent: agent 'nobody' is not declared")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (chain().replace("type: chain", "type: chian"), "'type' cannot be 'chian'; did you mean 'chain'?"),
        (chain().replace("type: chain", "type: 7"), "'type' cannot be 7; expected one of 'chain'"),
        (chain("- {type: hitll, prompt: p}"), "'type' cannot be 'hitll'; did you mean 'hitl'?"),
        (chain("[]"), "'steps' needs at least 1 entry, not 0"),
        (chain("- 7"), "must be a mapping, not 7"),
        (chain("- {agent: a, timeout_s: 0}"), "'timeout_s' must be more than 0, not 0"),
        (chain(more="telemetry: {otl: {}}\n"), "unknown key 'otl'; did you mean 'otel'?"),
        (chain(more="tools: {mcp: [{id: x}]}\n"), "an mcp server needs either a command or a url"),
        (
            chain(more="tools: {http_executors: [{id: x, base_url: 'https://me:pw@a.example/b'}]}\n"),
            "a URL must not hold a name and password",
        ),
        (
            chain(agents="a: {prompt: p, inference: {temprature: 1}}"),
            "unknown key 'temprature'; did you mean 'temperature'?",
        ),
        (chain(agents="a: {promt: p}"), "unknown key 'promt'; did you mean 'prompt'?"),
        (
            chain("- {agent: a, input: '{{ x | trucate(3) }}'}"),
            "there is no filter 'trucate'; did you mean 'truncate'?",
        ),
        (chain("- {type: hitl, prompt: p, choices: [a, b], default: c}"), "the default 'c' is not one of the choices"),
        (
            chain("- {type: hitl, prompt: p, schema: {type: integer}, default: x}"),
            "the default 'x' does not fit the schema",
        ),
        (chain("- {type: hitl, prompt: p, schema: {type: intger}}"), "not a JSON Schema"),
        (chain("- {type: hitl, prompt: p, validation: {pattern: '[a'}}"), "'[a' is not a regular expression"),
        (chain("- {type: hitl, prompt: p, validation: {pattern: 'a+'}, default: b}"), "does not match the pattern"),
        (chain(more="inputs: {required: {n: intger}}\n"), "'type' cannot be 'intger'; did you mean 'integer'?"),
        (
            chain(more="inputs: {required: {n: {type: integer, default: x}}}\n"),
            "'n' must be an integer, not a string 'x'",
        ),
        (chain(more="inputs: {required: {n: {enum: [b]}}, values: {n: c}}\n"), "'n' cannot be 'c'"),
        (
            chain(more="inputs: {values: {last_response: x}}\n"),
            "variable 'last_response' has a name that the engine uses",
        ),
        (chain("- {agent: a, vars: {steps: x}}"), "variable 'steps' has a name that the engine uses"),
        (chain(more="runtime2: {}\n"), "unknown key 'runtime2'; did you mean 'runtime'?"),
        (chain(more="env: {secrets: [{source: file, name: x}]}\n"), "a secret from a file needs its path"),
        (chain(more="context_policy: {retrieval: {jit_tools: [grp]}}\n"), "cannot be 'grp'; did you mean 'grep'?"),
        (chain(more="context_policy: {retrieval: {mcp_servers: [x]}}\n"), "mcp server 'x' is not declared"),
    ],
)
def test_each_problem_says_what_was_expected(text: str, told: str) -> None:
    assert told in "\n".join(faults(text))


WORKFLOW = """
tasks:
  - {id: one, agent: a, deps: [three]}
  - {id: two, agent: a, deps: [one, twoo]}
  - {id: three, agent: a, deps: [two]}
  - {id: four, agent: a}
  - {id: four, agent: a}
"""


def test_tasks_that_wait_for_each_other_or_for_nobody() -> None:
    told = faults(pattern("workflow", WORKFLOW))

    assert len(told) == 3
    assert "these tasks wait for each other: 'one' -> 'three' -> 'two' -> 'one'" in told[0]
    assert "task 'two' depends on 'twoo', which is not a task; did you mean 'two'?" in told[1]
    assert "task 'four' is declared twice" in told[2]


def test_a_cycle_is_named_in_its_order() -> None:
    text = pattern("workflow", "tasks: [{id: x, agent: a, deps: [y]}, {id: y, agent: a, deps: [x]}]")

    assert "these tasks wait for each other: 'x' -> 'y' -> 'x'" in faults(text)[0]


def test_a_thousand_tasks_in_a_row_are_no_cycle() -> None:
    tasks = "\n".join(f"- {{id: t{n}, agent: a, deps: [{f't{n + 1}' if n < 999 else ''}]}}" for n in range(1000))

    assert faults(pattern("workflow", f"tasks:\n{tasks}")) == []


GRAPH = """
nodes:
  start: {agent: a}
  middle: {type: hitl, prompt: p}
  island: {agent: a}
edges:
  - {from: strat, to: middle}
  - {from: start, choose: [{when: else, to: midle}, {when: "x is defind", to: middle}]}
  - {from: middle}
"""


def test_edges_that_lead_nowhere() -> None:
    told = "\n".join(faults(pattern("graph", GRAPH)))

    assert "node 'strat' is not declared under 'nodes'; did you mean 'start'?" in told
    assert "node 'midle' is not declared under 'nodes'; did you mean 'middle'?" in told
    assert "'else' must be the last choice" in told
    assert "there is no test 'defind'; did you mean 'defined'?" in told
    assert "an edge has either 'to' or 'choose'" in told


def test_a_node_that_cannot_be_reached_is_a_warning() -> None:
    spec = load(pattern("graph", "nodes: {start: {agent: a}, island: {agent: a}}"))

    assert spec.warnings == ("spec.yaml:9:32: node 'island' can never be reached; it starts at 'start'",)


@pytest.mark.parametrize("edges", ["[{from: x, to: [y, z]}]", "[{from: x, to: y}, {from: x, to: z}]"])
def test_several_targets_are_unsupported_and_the_way_out_is_named(edges: str) -> None:
    nodes = "{x: {agent: a}, y: {agent: a}, z: {agent: a}}"

    with pytest.raises(CapabilityError, match="use the pattern 'parallel' or 'workflow'") as caught:
        load(pattern("graph", f"nodes: {nodes}\nedges: {edges}"))
    assert caught.value.exit_code == UNSUPPORTED
    assert caught.value.problems[0].line == 10


def test_a_provider_that_no_package_has_is_unsupported() -> None:
    with pytest.raises(CapabilityError, match="no package here provides models of 'zzz'"):
        load(chain().replace("provider: openai", "provider: zzz"))


JANITOR = """
a:
  prompt: p
  tools: [delete_files, list_files]
  approvals: [{tools: %s}]
"""


@pytest.mark.parametrize(
    ("globs", "told"),
    [
        ("['delete_*']", ""),
        ("['*', '!list_files']", ""),
        ("'delete_files'", ""),
        ("['dlete_*']", "approval of 'dlete_*' matches no tool of this agent; it would never ask"),
        ("['*', '!list_fils']", "approval of '!list_fils' matches no tool of this agent"),
        ("[current_time]", "approval of 'current_time' matches no tool"),
    ],
)
def test_a_gate_never_stays_open_by_a_misspelt_name(globs: str, told: str) -> None:
    found = faults(chain(agents=JANITOR % globs), tools=("delete_files", "list_files"))

    assert told in "\n".join(found) if told else found == []


@pytest.mark.parametrize(
    ("approval", "told"),
    [
        ("when: '{{ args.amount >= 100 and tool and agent }}'", ""),
        (
            "when: 'amount >= 100'",
            "'when' of an approval does not know 'amount'; expected one of 'agent', 'args', 'tool'",
        ),
        ("prompt: 'Refund {{ arg.amount }}?'", "'prompt' of an approval does not know 'arg'; did you mean 'args'?"),
        ("when: 'args.amount >='", "'when': malformed template"),
    ],
)
def test_the_condition_of_a_gate_knows_the_call_and_nothing_else(approval: str, told: str) -> None:
    agents = f"a: {{prompt: p, tools: [refund], approvals: [{{tools: refund, {approval}}}]}}"

    found = faults(chain(agents=agents), tools=("refund",))
    assert told in "\n".join(found) if told else found == []


def test_a_stored_spec_is_not_asked_for_its_tools_again() -> None:
    text = chain(agents="a: {prompt: p, tools: [refund], approvals: [{tools: refund}]}")
    data = load(text, tools=("refund",)).to_dict()

    assert load_dict(data, tools=None).to_dict() == data
    with pytest.raises(SchemaValidationError):
        load_dict(data)


def test_tools_given_in_python_are_known_only_when_they_are_given() -> None:
    text = chain(agents="a: {prompt: p, tools: [delete_files]}")

    assert "tool 'delete_files' is neither built in nor declared" in faults(text)[0]
    assert faults(text, tools=("delete_files",)) == []


def test_a_tool_that_a_server_may_have_is_a_warning() -> None:
    text = chain(agents="a: {prompt: p, tools: [s, write_row]}", more="tools: {mcp: [{id: s, command: c}]}\n")

    assert "tool 'write_row' is not declared; it must come from an mcp server" in load(text).warnings[0]


def test_branches_need_ids_of_their_own_and_company() -> None:
    two = "branches: [{id: x, steps: [{agent: a}]}, {id: x, steps: [{agent: a}]}]"

    assert "branch 'x' is declared twice" in faults(pattern("parallel", two))[0]
    assert (
        "'branches' needs at least 2 entries, not 1"
        in faults(pattern("parallel", "branches: [{id: x, steps: [{agent: a}]}]"))[0]
    )


REFERENCES = {
    chain(
        "- {agent: a}\n- {agent: a, input: '{{ steps[1].response }}'}"
    ): "'input' of step 1 uses steps[1], and only the steps",
    chain("- {agent: a, input: '{{ steps[-1].response }}'}"): "'input' of step 0 uses steps[-1]",
    chain("- {agent: a, input: '{{ steps[0].response | upper }}'}"): "'input' of step 0 uses steps[0]",
    chain() + "outputs: {artifacts: [{path: x, from: '{{ steps[3].response }}'}]}\n": "uses steps[3], and there are 1",
    pattern("workflow", "tasks: [{id: one, agent: a, input: '{{ tasks.two.response }}'}]"): "there is no task 'two'",
    pattern(
        "graph", "nodes: {code: {agent: a, input: '{{ nodes.cod.response }}'}}"
    ): "no node 'cod'; did you mean 'code'?",
    pattern(
        "graph",
        "nodes: {x: {agent: a}, y: {agent: a}}\n"
        "edges: [{from: x, choose: [{when: \"nodes['z'].response == 'ok'\", to: y}]}]",
    ): "'when' uses nodes.z, and there is no node 'z'",
    pattern(
        "parallel",
        "branches: [{id: l, steps: [{agent: a}]}, {id: r, steps: [{agent: a}]}]\n"
        "reduce: {agent: a, input: '{{ branches.left.response }}'}",
    ): "'input' uses branches.left, and there is no branch 'left'",
}


@pytest.mark.parametrize(("text", "told"), REFERENCES.items())
def test_what_a_template_refers_to_must_be_there(text: str, told: str) -> None:
    assert told in "\n".join(faults(text))


@pytest.mark.parametrize(
    "text",
    [
        chain("- {agent: a}\n- {agent: a, input: '{{ steps[0].response }} {{ steps[-1].response }}'}"),
        chain("- {agent: a, input: \"{{ steps[3].response | default('') }}{{ steps[4] is defined }}\"}"),
        chain("- {agent: a, input: '{% for x in steps %}{{ x.response }}{% endfor %}'}"),
        pattern("graph", "nodes: {code: {agent: a, input: '{{ nodes.a.response }}{{ nodes.items() | list }}'}}"),
    ],
)
def test_references_that_are_there_or_are_guarded(text: str) -> None:
    assert faults(text) == []


def test_a_task_waits_for_the_tasks_whose_results_it_uses() -> None:
    first = "{id: one, agent: a}, {id: two, agent: a, deps: [one]}"
    tasks = f"tasks: [{first}, {{id: three, agent: a, input: '{{{{ tasks.two }}}}'}}]"

    spec = load(pattern("workflow", tasks))
    assert [task.get("deps") for task in spec.to_dict()["pattern"]["config"]["tasks"]] == [None, ["one"], ["two"]]
    assert "task 'three' uses 'two' without naming it under 'deps'; it waits for it all the same" in spec.warnings[0]
    assert spec.warnings[0].startswith("spec.yaml:9:68: ")
    assert load(spec.to_yaml()).warnings == ()


def test_tasks_that_use_each_other_wait_for_each_other() -> None:
    tasks = "tasks: [{id: x, agent: a, input: '{{ tasks.y }}'}, {id: y, agent: a, deps: [x]}]"

    assert "these tasks wait for each other: 'x' -> 'y' -> 'x'" in faults(pattern("workflow", tasks))[0]


@pytest.mark.parametrize("written", ["true", "7", "{one: two}", "[1, [one], null]"])
def test_what_a_task_waits_for_is_refused_where_it_is_no_list_of_tasks(written: str) -> None:
    for waits in (
        f"{{id: two, agent: a, deps: {written}, input: '{{{{ tasks.one }}}}'}}",
        f"{{id: two, deps: {written}}}",
    ):
        tasks = f"tasks: [{{id: one, agent: a}}, {waits}, {{id: three, agent: a, input: '{{{{ tasks.two }}}}'}}]"
        assert any("deps" in fault for fault in faults(pattern("workflow", tasks)))
