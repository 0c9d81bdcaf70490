"""A pattern of another package: one module and an entry point, and everything that knows patterns knows it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support.console import Console
from support.packages import install

SRC = Path(__file__).parents[2] / "src"
RELAY = '''
"""relay: runners hand a text on; a person may look at it on the way, and a coach has the last word."""

from pydantic import Field

from strands_cli.kernel.types import Outcome
from strands_cli.patterns.step import answered, offering, step, text
from strands_cli.plan import Plan, step_node
from strands_cli.plan.model import Node, chain, one
from strands_cli.spec.base import Closed, Id
from strands_cli.spec.roles import RESULT, AgentId, Group, Results, Template
from strands_cli.spec.steps import Step

SAYS = "runners hand a text on"
NAMES = frozenset(("legs",))
SOFT_NAMES = frozenset(("total_legs",))
RESULTS = {"legs": Results(RESULT, of="runners", word="runner")}


class Branch(Group):
    """A runner: what it does."""

    steps_key = "does"
    id: Id
    does: list[Step] = Field(min_length=1)


class RelayConfig(Closed):
    """Runners, and a coach."""

    runners: list[Branch] = Field(min_length=1)
    coach: AgentId
    slogan: Template = "Judge: {{ last_response }}"


async def run(config, run, names):
    scope = {**names, "legs": {}}
    for runner in config.runners:
        for index, one_step in enumerate(runner.does):
            result = await step(run, one_step, scope, f"runners/{runner.id}/{index}")
            scope = answered(scope, result)
            scope["legs"][runner.id] = result.names()
    scope = offering(scope, total_legs=len(config.runners))
    from strands_cli.loader.template import render

    reply = await run.agent("coach", config.coach, render(config.slogan, scope), names=scope)
    return Outcome(text(reply.text), {"legs": scope["legs"]}, {**scope, "last_response": reply.text}, config.coach)


def plan(config):
    steps = [(f"runners/{each.id}/{index}", one) for each in config.runners for index, one in enumerate(each.does)]
    return chain([one(step_node(each, key)) for key, each in steps] + [one(Node("coach", "agent", config.coach))])


def so_far(done):
    return {"legs": {key.split("/")[1]: shown for key, shown in done.items() if key.startswith("runners/")}}
'''
SPEC = """
version: 0
name: handed on
runtime: {provider: scripted}
inputs: {optional: {topic: {type: string, default: tea}}}
agents:
  writer: {prompt: You write.}
  coach: {prompt: You judge.}
pattern:
  type: relay
  config:
    runners:
      - {agent: writer, input: "Write about {{ topic }}"}
      - id: editor
        does: [{type: hitl, prompt: "Good?", context_display: "{{ legs.writer.response }}"}]
    coach: coach
    slogan: "Judge {{ last_response }} of {{ total_legs }}, and {{ legs.editor.response }}"
"""
NEST = """
from __future__ import annotations

from pydantic import Field

from strands_cli.plan import Plan
from strands_cli.spec.base import Closed, Id
from strands_cli.spec.roles import AgentId, Expression, Template
from strands_cli.spec.steps import AgentStep, Step

SAYS = "loops in loops"


class NestConfig(Closed):
    until: Expression
    hint: list[Template] = Field(default_factory=list)
    body: list[AgentStep | NestConfig] = Field(default_factory=list)
    lanes: dict[Id, list[Step]] = Field(default_factory=dict)
    teams: dict[Id, list[AgentId]] = Field(default_factory=dict)


async def run(config, run, names):
    raise NotImplementedError


def plan(config):
    return Plan()


def so_far(done):
    return {}
"""
NESTED = """
version: 0
name: nested
runtime: {provider: scripted}
inputs: {optional: {topic: string}}
agents: {a: {prompt: p}}
pattern:
  type: nest
  config:
    until: "topic == 'x'"
    hint: ["about {{ topic }}"]
    body:
      - {agent: a}
      - until: "true"
        body: [{until: "false", body: [{agent: a, input: "{{ topic }}"}]}]
    lanes: {one: [{agent: a}, {type: hitl, prompt: "{{ topic }}?"}]}
    teams: {red: [a]}
"""
DEEP = {
    'until: "topic ==': ('until: "topik ==', "'topik'"),
    'hint: ["about {{ topic': ('hint: ["about {{ topik', "'topik'"),
    "body: [{agent: a,": ("body: [{agent: b,", "agent 'b' is not declared"),
    'input: "{{ topic }}': ('input: "{{ topik }}', "'topik'"),
    'prompt: "{{ topic }}?': ('prompt: "{{ topik }}?', "'topik'"),
    "lanes: {one: [{agent: a}": ("lanes: {one: [{agent: b}", "agent 'b' is not declared"),
    "teams: {red: [a]": ("teams: {red: [b]", "agent 'b' is not declared"),
}
BUILD = """
from strands import FluentBuilder

begun = FluentBuilder("built").runtime("scripted").agent("writer", "You write.").agent("coach", "You judge.")
builder = begun.pattern("relay").with_part("coach", "coach")
builder.add_part("runners", {"id": "a", "does": [{"agent": "writer"}]})
for call in (
    lambda: builder.with_part("coach", "couch"),
    lambda: builder.with_part("caoch", "coach"),
    lambda: builder.add_part("runners", {"id": "b", "does": []}),
    lambda: begun.pattern("relai"),
):
    try:
        call()
    except Exception as error:
        print(error)
print(builder.build().run().success)
"""
WRONG = {
    "- {agent: writer,": ("- {agent: writre,", "agent 'writre' is not declared under 'agents'; did you mean 'writer'?"),
    "coach: coach\n": ("coach: couch\n", "agent 'couch' is not declared under 'agents'; did you mean 'coach'?"),
    "about {{ topic }}": ("about {{ topik }}", "variable 'topik' is not declared under 'inputs'"),
    "Judge {{ last_response }}": ("Judge {{ last_response", "'slogan': "),
    "slogan:": ("slogen:", "unknown key 'slogen'; did you mean 'slogan'?"),
    "legs.editor.response": ("legs.editor.answer", "a result has no 'answer'"),
    "legs.writer.response": ("legs.writter.response", "there is no runner 'writter'; did you mean 'writer'?"),
    "{topic: {type": ("{legs: {type", "variable 'legs' has a name that the engine uses"),
    "type: relay": ("type: relai", "'type' cannot be 'relai'; did you mean 'relay'?"),
}


@pytest.fixture
def theirs(tmp_path: Path) -> Console:
    console = Console(tmp_path)
    files = {"acme_relay.py": RELAY, "acme_nest.py": NEST, "acme_broken.py": "SAYS = 'nothing'"}
    points = {f"strands.patterns/{name}": f"acme_{name}" for name in ("relay", "nest", "broken")}
    install(tmp_path / "site", "acme_patterns", files, points)
    console.env["PYTHONPATH"] = os.pathsep.join([str(tmp_path / "site"), console.env.get("PYTHONPATH", "")])
    console.write("relay.yaml", SPEC)
    return console


def test_it_is_listed_validated_explained_planned_and_drawn(theirs: Console) -> None:
    assert "relay" in theirs.run("list-supported").stdout
    assert "handed on: relay, 2 agents, 1 question." in theirs.run("validate", "relay.yaml").stdout
    told = theirs.run("explain", "relay.yaml").stdout
    assert "handed on (relay): runners hand a text on." in told
    assert "runners/editor/0: a person is asked: Good?" in told
    assert "coach" in theirs.run("plan", "relay.yaml").stdout
    assert "coach" in theirs.run("graph", "relay.yaml").stdout


@pytest.mark.parametrize(("right", "wrong", "told"), [(right, *each) for right, each in WRONG.items()])
def test_what_is_wrong_with_it_is_told_with_its_place(theirs: Console, right: str, wrong: str, told: str) -> None:
    assert right in SPEC
    theirs.write("relay.yaml", SPEC.replace(right, wrong))
    shown = theirs.run("validate", "relay.yaml", code=3).stderr
    line = SPEC[: SPEC.index(right)].count("\n") + 1
    assert told in shown and f"relay.yaml:{line}:" in shown


@pytest.mark.parametrize(("right", "wrong", "told"), [(right, *each) for right, each in DEEP.items()])
def test_marks_are_followed_to_any_depth(theirs: Console, right: str, wrong: str, told: str) -> None:
    theirs.write("nested.yaml", NESTED)
    theirs.run("validate", "nested.yaml")
    assert right in NESTED
    theirs.write("nested.yaml", NESTED.replace(right, wrong))
    shown = theirs.run("validate", "nested.yaml", code=3).stderr
    assert told in shown and f"nested.yaml:{NESTED[: NESTED.index(right)].count(chr(10)) + 1}:" in shown


def test_ids_are_declared_once(theirs: Console) -> None:
    theirs.write("relay.yaml", SPEC.replace("{agent: writer, input", "{id: editor, agent: writer, input"))
    assert "runner 'editor' is declared twice" in theirs.run("validate", "relay.yaml", code=3).stderr


def test_it_runs_pauses_shows_what_is_done_and_goes_on(theirs: Console) -> None:
    paused = json.loads(theirs.run("run", "relay.yaml", "--json", code=None).stdout)
    assert paused["status"] == "paused" and list(paused["execution_context"]["legs"]) == ["writer"]
    done = json.loads(theirs.run("resume", paused["session_id"], "--response", "yes", "--json").stdout)
    assert done["success"] and done["execution_context"]["legs"]["editor"]["response"] == "yes"


def test_a_session_whose_pattern_is_not_here_names_it_and_waits(theirs: Console) -> None:
    paused = json.loads(theirs.run("run", "relay.yaml", "--json", code=None).stdout)
    answer = ("resume", paused["session_id"], "--response", "yes")
    with_package = theirs.env.pop("PYTHONPATH")
    said = theirs.run(*answer, code=17).stderr
    assert "needs the pattern 'relay', which is not here" in said and "strands.patterns" in said
    theirs.env["PYTHONPATH"] = with_package
    assert theirs.run(*answer).stdout


def test_its_schema_stands_beside_ours(theirs: Console) -> None:
    schema = json.loads(theirs.run("schema").stdout)
    variants = {each["title"] for each in schema["$defs"]["Pattern"]["oneOf"]}
    assert {"relay", "chain"} <= variants and "broken" not in variants
    assert schema["$defs"]["relay.Branch"]["required"] == ["id", "does"]
    assert schema["$defs"]["Branch"]["required"] == ["id", "steps"]
    items = schema["$defs"]["RelayConfig"]["properties"]["runners"]["items"]["anyOf"]
    assert {"$ref": "#/$defs/relay.Branch"} in items and len(items) > 2


def test_two_files_are_a_pattern_of_the_package_itself(tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    for package in ("strands", "strands_cli"):
        shutil.copytree(SRC / package, copy / package, ignore=shutil.ignore_patterns("__pycache__"))
    model, code = RELAY.split("\n\nasync def run(", 1)
    copy.joinpath("strands_cli/spec/relay.py").write_text(model, encoding="utf-8")
    imports = model[: model.index("SAYS = ")]
    copy.joinpath("strands_cli/patterns/relay.py").write_text(f"{imports}\nasync def run({code}", encoding="utf-8")
    console = Console(tmp_path, {"PYTHONPATH": str(copy)})
    console.write("relay.yaml", SPEC)
    assert "relay, routing, workflow" in console.run("list-supported").stdout
    assert "runners hand a text on" in console.run("explain", "relay.yaml").stdout
    console.write("wrong.yaml", SPEC.replace("coach: coach", "coach: couch"))
    assert "did you mean 'coach'?" in console.run("validate", "wrong.yaml", code=3).stderr
    paused = json.loads(console.run("run", "relay.yaml", "--json", code=None).stdout)
    assert json.loads(console.run("resume", paused["session_id"], "--response", "yes", "--json").stdout)["success"]


def test_a_builder_makes_it(theirs: Console) -> None:
    theirs.write("build.py", BUILD)
    command = [sys.executable, "build.py"]
    done = subprocess.run(command, env=theirs.env, cwd=theirs.directory, capture_output=True, text=True, timeout=60)
    shown = done.stdout.splitlines()
    assert "did you mean 'coach'?" in shown[0] and "unknown key 'caoch'" in shown[1]
    assert "needs at least 1 entry" in shown[2] and "did you mean 'relay'?" in shown[3]
    assert shown[-1] == "True", done.stderr


def test_a_package_without_all_of_it_is_named(theirs: Console) -> None:
    theirs.write("relay.yaml", SPEC.replace("type: relay", "type: broken"))
    told = theirs.run("validate", "relay.yaml", code=None).stderr
    assert "pattern 'broken' of 'acme_broken' has no BrokenConfig, run, plan, so_far" in told
