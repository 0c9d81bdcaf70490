"""`strands` is the package of two distributions: what is said where both are installed, and what stands in for one."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from strands import Agent
from strands.models.scripted import ScriptedModel
from strands.vended_interventions.hitl import HumanInTheLoop

if sys.version_info >= (3, 11):
    import tomllib
else:
    tomllib = pytest.importorskip("tomli")

ROOT = Path(__file__).parents[2]
STAND_IN = ROOT / "packaging" / "strands-agents"
REMEDY = re.compile(
    r"(pip uninstall -y strands-agents), then (pip install --force-reinstall --no-deps [^\n]+?)( \(|\. )"
)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A directory of packages in which strands-cli is installed."""
    for package in ("strands", "strands_cli"):
        shutil.copytree(ROOT / "src" / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def python(site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, "PYTHONPATH": str(site), "PYTHONWARNINGS": "default"},
        cwd=site,
        capture_output=True,
        text=True,
    )


def put_over(site: Path) -> None:
    (site / "strands" / "__init__.py").write_text("from . import agent\n")
    (site / "strands" / "agent" / "__init__.py").write_text("class Agent: ...\n")


def test_a_command_refuses_to_work_with_another_distributions_package(site: Path) -> None:
    put_over(site)
    done = python(site, "-m", "strands_cli", "--version")
    assert done.returncode == 10
    assert done.stderr.startswith("Error: another distribution, strands-agents most likely,")
    assert "pip uninstall -y strands-agents" in done.stderr and "Traceback" not in done.stderr


def test_a_program_refuses_to_work_with_another_distributions_package(site: Path) -> None:
    put_over(site)
    done = python(site, "-c", "from strands_cli.api import Workflow")
    assert "ImportError: another distribution" in done.stderr and REMEDY.search(done.stderr)


def test_a_package_whose_files_were_taken_away_says_how_to_get_them_back(site: Path) -> None:
    (site / "strands" / "_version.py").unlink()
    done = python(site, "-m", "strands_cli", "--version")
    assert done.returncode == 10 and "--force-reinstall" in done.stderr


@pytest.mark.parametrize("program", [["-m", "strands_cli", "--version"], ["-c", "from strands import Workflow"]])
def test_that_another_distribution_has_files_here_is_said_once_and_all_works(site: Path, program: list[str]) -> None:
    (site / "strands" / "_identifier.py").write_text("")
    done = python(site, *program)
    assert done.returncode == 0
    assert done.stderr.count("whichever is uninstalled breaks both") == 1 and REMEDY.search(done.stderr)


@pytest.mark.parametrize(
    ("told", "again"),
    [
        ({}, "strands-cli. Packages"),
        ({"url": "file://CLONE"}, "CLONE CLONE/packaging/strands-agents (the second"),
        ({"url": "file://CLONE", "dir_info": {"editable": True}}, "-e CLONE CLONE/packaging/strands-agents"),
        ({"url": "file:///gone/strands_cli-1-py3-none-any.whl"}, "strands-cli. Packages"),
        (
            {"url": "https://example.org/s", "vcs_info": {"vcs": "git"}},
            "'strands-cli @ git+https://example.org/s' "
            "'strands-agents @ git+https://example.org/s#subdirectory=packaging/strands-agents'",
        ),
    ],
)
def test_the_remedy_installs_from_where_this_one_came(site: Path, told: dict[str, object], again: str) -> None:
    about = site / "strands_cli-9.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: strands-cli\nVersion: 9\n")
    (about / "direct_url.json").write_text(json.dumps(told).replace("CLONE", str(ROOT)))
    done = python(site, "-c", "from strands_cli.owner import remedy; print(remedy())")
    assert f"--force-reinstall --no-deps {again.replace('CLONE', str(ROOT))}" in done.stdout


def test_nothing_is_said_where_one_distribution_is_installed(site: Path) -> None:
    assert python(site, "-c", "from strands import Workflow").stderr == ""


def test_the_stand_in_has_a_name_a_version_and_no_code() -> None:
    told = tomllib.loads((STAND_IN / "pyproject.toml").read_text())
    ours = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert told["project"]["name"] == "strands-agents" and told["project"]["version"].endswith("+strands.cli")
    assert told["tool"]["hatch"]["build"]["targets"]["wheel"] == {"bypass-selection": True}
    assert sorted(each.name for each in STAND_IN.iterdir()) == ["README.md", "pyproject.toml"]
    asked = [name for names in told["project"]["optional-dependencies"].values() for name in names]
    asked += [each for each in told["project"]["dependencies"] if each.startswith(ours["name"])]
    assert len(asked) > 1
    for each in asked:
        name, _, extra = each.rstrip("]").partition("[")
        assert name == ours["name"] and (not extra or extra in ours["optional-dependencies"])


def test_what_makes_an_agent_like_another_can_read_its_guards_back() -> None:
    guard = HumanInTheLoop()
    agent = Agent(model=ScriptedModel([]), interventions=[guard])
    assert list(agent.interventions) == [guard] and agent.load_tools_from_directory is False
    assert list(Agent(model=ScriptedModel([])).interventions) == []


ADD_ONS = ["strands-agents-tools", "bedrock-agentcore", "strands-agents-evals", "ag-ui-strands"]

PROGRAM = """
import asyncio
from ag_ui.core import RunAgentInput, UserMessage
from ag_ui_strands import StrandsAgent
from bedrock_agentcore import BedrockAgentCoreApp
from starlette.testclient import TestClient
from strands_evals import Case, Experiment
from strands_evals.evaluators import OutputEvaluator
from strands_tools import current_time, mcp_client
from strands import Agent
from strands.models.scripted import ScriptedModel, ToolCall

def agent(*replies, **given):
    return Agent(model=ScriptedModel(replies), callback_handler=None, **given)

assert str(agent(ToolCall("current_time", {}), "late", tools=[current_time])("What time is it?")) == "late\\n"

judge = ScriptedModel([ToolCall("EvaluationOutput", {"reason": "right", "score": 1.0, "test_pass": True})])
cases = [Case(name="c", input="The capital of France?", expected_output="Paris")]
experiment = Experiment(cases=cases, evaluators=[OutputEvaluator(rubric="Is it right?", model=judge)])
assert experiment.run_evaluations(lambda case: "Paris").overall_score == 1.0

async def events():
    said = [UserMessage(id="1", role="user", content="Hi")]
    asked = RunAgentInput(
        thread_id="t", run_id="r", state={}, messages=said, tools=[], context=[], forwarded_props={}
    )
    return [event.type.value async for event in StrandsAgent(agent("hello"), name="greeter").run(asked)]

told = asyncio.run(events())
assert (told[0], told[-1]) == ("RUN_STARTED", "RUN_FINISHED") and "TEXT_MESSAGE_CONTENT" in told, told

app = BedrockAgentCoreApp()
app.entrypoint(lambda payload: {"said": str(agent("hello")(payload["prompt"]))})
with TestClient(app) as client:
    assert client.post("/invocations", json={"prompt": "Hi"}).json() == {"said": "hello\\n"}
"""


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("first", ["this one", "the SDK"])
def test_add_on_packages_install_and_run_beside_this_one(first: str, tmp_path: Path) -> None:
    venv.create(tmp_path / "fresh", with_pip=True)
    program = str(tmp_path / "fresh" / "bin" / "python")
    pip = [program, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    given = [str(ROOT), str(STAND_IN)] if first == "this one" else ADD_ONS
    installed = subprocess.run([*pip, *given], capture_output=True, text=True)
    if installed.returncode:
        pytest.skip(f"nothing can be installed here: {installed.stderr.strip().splitlines()[-1]}")
    if first == "this one":
        subprocess.run([*pip, *ADD_ONS], check=True)
    else:
        subprocess.run([*pip, str(ROOT)], check=True)
        told = subprocess.run([program, "-m", "strands_cli", "doctor"], capture_output=True, text=True)
        found = REMEDY.search(told.stdout)
        assert found is not None and "strands-agents 1." in told.stdout
        for command in found.group(1, 2):
            subprocess.run([program, "-m", *shlex.split(command)], check=True, capture_output=True)
    listed = subprocess.run([program, "-m", "pip", "list"], capture_output=True, text=True, check=True).stdout
    assert "1.62.0+strands.cli" in listed
    subprocess.run([program, "-m", "pip", "check"], check=True)
    subprocess.run([program, "-c", PROGRAM], check=True)
    doctor = subprocess.run([program, "-m", "strands_cli", "doctor"], capture_output=True, text=True)
    assert "other owner" not in doctor.stdout
