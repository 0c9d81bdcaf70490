"""The smaller commands, and the shape of the command line."""

import json
import os
import re
import subprocess
import sys

import pytest

from strands_cli.cli.app import COMMANDS
from support.console import STRANDS, Console

HEAVY = ("pydantic", "rich", "ruamel", "jinja2", "jsonschema", "openai", "boto3", "opentelemetry", "asyncio", "httpx")


def imported(console: Console, *arguments: str) -> set[str]:
    code = f"import sys; from strands_cli.cli.main import main; main({list(arguments)!r}); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=console.env, timeout=60)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    "arguments", [("--help",), ("--version",), ("version",), ("sessions", "--help"), ("run", "--help")]
)
def test_help_imports_nothing_heavy(console: Console, arguments: tuple[str, ...]) -> None:
    assert imported(console, *arguments).isdisjoint(HEAVY)


def test_help_lists_every_command_with_the_help_that_it_has(console: Console) -> None:
    shown = console.run("--help").stdout
    commands = re.findall(r"^  ([a-z0-9-]+)  +[A-Z]", shown.split("Commands:")[1], re.MULTILINE)
    assert commands == list(COMMANDS)
    for command in commands:
        assert console.run(command, "--help").stdout.startswith(f"Usage: strands {command}")


@pytest.mark.parametrize("arguments", [(), ("sessions",)])
def test_without_a_command_it_says_what_there_is(console: Console, arguments: tuple[str, ...]) -> None:
    shown = console.run(*arguments, code=2).stderr
    assert shown.startswith("Usage: strands") and "Error" not in shown


def test_version(console: Console) -> None:
    told = json.loads(console.run("version", "--json").stdout)["strands"]
    assert console.run("--version").stdout == f"strands {told}\n"
    assert console.run("version").stdout.startswith(f"strands {told} (Python ")


def test_validate(console: Console) -> None:
    assert console.run("validate", "my_workflow.yaml").stdout == (
        "my_workflow.yaml: valid. interactive-research: chain, 2 agents, 1 question.\n"
    )
    assert json.loads(console.run("validate", "my_workflow.yaml", "--json").stdout)["valid"] is True
    assert console.run("validate", "my_workflow.yaml", "--quiet").stdout == ""


def test_plan_and_explain_and_graph(console: Console) -> None:
    plan = console.run("plan", "my_workflow.yaml").stdout
    assert "researcher" in plan and "2 agent calls, 1 question to a person" in plan
    planned = json.loads(console.run("plan", "my_workflow.yaml", "--json").stdout)
    assert [node["id"] for node in planned["nodes"]] == ["steps/0", "steps/1", "steps/2"]
    explained = console.run("explain", "my_workflow.yaml").stdout
    assert "a person is asked: Review the research findings." in explained
    for form, part in (("mermaid", "flowchart"), ("text", "researcher"), ("svg", "<svg")):
        assert part in console.run("graph", "my_workflow.yaml", "--format", form).stdout


def test_init_writes_a_workflow_that_runs(console: Console) -> None:
    console.run("init")
    console.run("validate", "workflow.yaml")
    console.run("run", "workflow.yaml", "--offline", "--var", "topic=tea", code=19)
    refused = console.run("init", code=12)
    assert "--force" in refused.stderr
    console.run("init", "--force")


def test_schema_is_json_schema(console: Console) -> None:
    assert "runtime" in json.loads(console.run("schema").stdout)["properties"]


def test_list_supported(console: Console) -> None:
    told = json.loads(console.run("list-supported", "--json").stdout)
    assert {"chain", "parallel"} <= set(told["patterns"])
    assert {"openai", "bedrock", "scripted"} <= set(told["providers"])


def test_doctor(console: Console) -> None:
    told = json.loads(console.run("doctor", "--json").stdout)
    states = {check["name"]: check["state"] for check in told["checks"]}
    assert told["healthy"] is True
    assert (states["python"], states["package"], states["sessions"]) == ("ok", "ok", "ok")
    assert states["provider openai"] == "missing"
    console.env["OPENAI_API_KEY"] = "sk-canary"
    shown = console.run("doctor").stdout
    assert "sk-canary" not in shown and re.search(r"ok +provider openai", shown)
    (console.home / "workflows").mkdir(parents=True, mode=0o755)
    (console.home / "workflows").chmod(0o755)
    assert "chmod 700" in console.run("doctor", code=10).stdout


def test_doctor_names_another_owner_of_the_package(console: Console) -> None:
    other = console.directory / "site" / "strands_agents-9.9.dist-info"
    other.mkdir(parents=True)
    (other / "METADATA").write_text("Metadata-Version: 2.1\nName: strands-agents\nVersion: 9.9\n")
    (other / "RECORD").write_text("strands/__init__.py,,\n")
    console.env["PYTHONPATH"] = os.pathsep.join([str(console.directory / "site"), console.env.get("PYTHONPATH", "")])
    shown = console.run("doctor", code=10).stdout
    assert "strands-agents 9.9" in shown


def test_debug_shows_the_traceback(console: Console) -> None:
    done = subprocess.run(
        [STRANDS, "validate", "nowhere.yaml", "--debug"],
        capture_output=True,
        text=True,
        env=console.env,
        cwd=console.directory,
        timeout=60,
    )
    assert done.returncode == 12
    assert "Traceback" in done.stderr and "Error: no such file" in done.stderr
