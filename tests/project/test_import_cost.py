"""What an import loads: nothing heavy before it is used."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from strands_cli.spec.registry import own_patterns

PROVIDERS = {"openai", "boto3", "botocore", "anthropic", "google.genai", "ollama", "litellm", "httpx"}
HEAVY = PROVIDERS | {"mcp", "opentelemetry", "starlette", "uvicorn", "rich", "jinja2", "mpmath", "ruamel", "jsonschema"}
HEAVY |= {"sqlite3", "psycopg", "strands.journal.sql"}
UNUSED = {"datetime", "strands.hooks.multi_agent_events", "strands.types.session", "strands._other_homes"}
"""Parts of an agent's package that an agent alone does not need: sessions, graphs and swarms, old names."""
STATEMENTS = {
    "import strands": HEAVY | {"pydantic", "click", "strands_cli", "asyncio", "inspect", "dataclasses"},
    "from strands import Agent, tool": HEAVY | UNUSED | {"pydantic", "click", "strands_cli"},
    "from strands.models.scripted import ScriptedModel": HEAVY | UNUSED | {"pydantic", "click", "strands_cli"},
    "from strands import Workflow": HEAVY | UNUSED | {"pydantic", "click"},
    "from strands_cli.errors import StrandsError": HEAVY | {"pydantic", "click", "strands.agent.agent"},
}
UNMEASURED = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
"""The environment without what makes a process measure the coverage of its code, and import what that takes."""


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, env=UNMEASURED, capture_output=True, text=True, check=True)


@pytest.mark.parametrize("statement", STATEMENTS)
def test_an_import_loads_nothing_heavy(statement: str) -> None:
    code = f"{statement}\nimport sys\nprint(*sys.modules)"
    loaded = _run([sys.executable, "-c", code]).stdout.split()
    assert STATEMENTS[statement].intersection(loaded) == set()


@pytest.mark.parametrize("arguments", [["--help"], ["version"], ["run", "--help"]], ids=" ".join)
def test_the_command_loads_nothing_heavy_to_say_what_it_is(arguments: list[str]) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "strands_cli.cli.main", *arguments]
    done = _run(command)
    loaded = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert "click" in loaded
    assert (HEAVY | {"pydantic"}) & loaded == set()


def test_a_workflow_loads_the_model_of_its_own_pattern_only() -> None:
    spec = {
        "version": 0,
        "name": "x",
        "runtime": {"provider": "scripted"},
        "agents": {"a": {"prompt": "p"}},
        "pattern": {"type": "chain", "config": {"steps": [{"agent": "a", "input": "{{ topic }}"}]}},
    }
    code = f"from strands_cli.loader import load_dict\nload_dict({spec!r})\nimport sys\nprint(*sys.modules)"
    loaded = _run([sys.executable, "-c", code]).stdout.split()
    patterns = {f"strands_cli.spec.{name}" for name in own_patterns()}
    assert patterns & set(loaded) == {"strands_cli.spec.chain"}
    assert not [name for name in loaded if name.startswith("strands_cli.patterns")]
