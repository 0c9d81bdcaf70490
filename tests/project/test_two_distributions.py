"""`strands` is the package of two distributions: what is said where both are installed, and what stands in for one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from strands import Agent
from strands.models.scripted import ScriptedModel
from strands.vended_interventions.hitl import HumanInTheLoop
from strands_cli import owner

if sys.version_info >= (3, 11):
    import tomllib
else:
    tomllib = pytest.importorskip("tomli")

ROOT = Path(__file__).parents[2]
STAND_IN = ROOT / "packaging" / "strands-agents"


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
    assert "pip uninstall strands-agents" in done.stderr and "Traceback" not in done.stderr


def test_a_program_refuses_to_work_with_another_distributions_package(site: Path) -> None:
    put_over(site)
    done = python(site, "-c", "from strands_cli.api import Workflow")
    assert "ImportError: another distribution" in done.stderr and owner.REMEDY in done.stderr


def test_a_package_whose_files_were_taken_away_says_how_to_get_them_back(site: Path) -> None:
    (site / "strands" / "_version.py").unlink()
    done = python(site, "-m", "strands_cli", "--version")
    assert done.returncode == 10 and "--force-reinstall" in done.stderr


@pytest.mark.parametrize("program", [["-m", "strands_cli", "--version"], ["-c", "from strands import Workflow"]])
def test_that_another_distribution_has_files_here_is_said_once_and_all_works(site: Path, program: list[str]) -> None:
    (site / "strands" / "_identifier.py").write_text("")
    done = python(site, *program)
    assert done.returncode == 0
    assert done.stderr.count("whichever is uninstalled breaks both") == 1 and owner.REMEDY in done.stderr


def test_nothing_is_said_where_one_distribution_is_installed(site: Path) -> None:
    assert python(site, "-c", "from strands import Workflow").stderr == ""


def test_the_stand_in_has_a_name_a_version_and_no_code() -> None:
    told = tomllib.loads((STAND_IN / "pyproject.toml").read_text())
    ours = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert told["project"]["name"] == "strands-agents" and told["project"]["version"].endswith("+strands.cli")
    assert told["tool"]["hatch"]["build"]["targets"]["wheel"] == {"bypass-selection": True}
    assert sorted(each.name for each in STAND_IN.iterdir()) == ["README.md", "pyproject.toml"]
    asked = [name for names in told["project"]["optional-dependencies"].values() for name in names]
    for each in [*told["project"]["dependencies"], *asked]:
        name, _, extra = each.rstrip("]").partition("[")
        assert name == ours["name"] and (not extra or extra in ours["optional-dependencies"])


def test_what_makes_an_agent_like_another_can_read_its_guards_back() -> None:
    guard = HumanInTheLoop()
    agent = Agent(model=ScriptedModel([]), interventions=[guard])
    assert list(agent.interventions) == [guard] and agent.load_tools_from_directory is False
    assert list(Agent(model=ScriptedModel([])).interventions) == []


ADD_ONS = """
from bedrock_agentcore import BedrockAgentCoreApp
from strands_evals import Case, Experiment
from strands_evals.evaluators import OutputEvaluator
from strands_tools import current_time
from ag_ui_strands import StrandsAgent
from strands import Agent
from strands.models.scripted import ScriptedModel, ToolCall

agent = Agent(model=ScriptedModel([ToolCall("current_time", {}), "late"]), tools=[current_time], callback_handler=None)
assert str(agent("What time is it?")) == "late\\n"
judge = ScriptedModel([{"reason": "right", "score": 1.0, "test_pass": True}])
cases = [Case(name="c", input="The capital of France?", expected_output="Paris")]
experiment = Experiment(cases=cases, evaluators=[OutputEvaluator(rubric="Is it right?", model=judge)])
print(experiment.run_evaluations(lambda case: "Paris").overall_score)
StrandsAgent(Agent(model=ScriptedModel(["hello"]), callback_handler=None), name="greeter")
BedrockAgentCoreApp()
"""


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_add_on_packages_install_and_run_beside_this_one(tmp_path: Path) -> None:
    venv.create(tmp_path / "fresh", with_pip=True)
    program = str(tmp_path / "fresh" / "bin" / "python")
    pip = [program, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    installed = subprocess.run([*pip, str(ROOT), str(STAND_IN)], capture_output=True, text=True)
    if installed.returncode:
        pytest.skip(f"nothing can be installed here: {installed.stderr.strip().splitlines()[-1]}")
    add_ons = ["strands-agents-tools", "bedrock-agentcore", "strands-agents-evals", "ag_ui_strands"]
    subprocess.run([*pip, *add_ons], check=True)
    listed = subprocess.run([program, "-m", "pip", "list"], capture_output=True, text=True, check=True).stdout
    assert "1.62.0+strands.cli" in listed
    subprocess.run([program, "-m", "pip", "check"], check=True)
    subprocess.run([program, "-c", ADD_ONS], check=True)
    doctor = subprocess.run([program, "-m", "strands_cli", "doctor"], capture_output=True, text=True)
    assert "other owner" not in doctor.stdout
