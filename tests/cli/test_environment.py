"""`.env` files: which are read, what wins, and that every variable that is read is documented."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

from support.console import Console

ROOT = Path(__file__).parents[2]
SPEC = """\
version: 0
name: told
runtime: {provider: scripted}
tools: {python: ["told:told"]}
agents: {a: {prompt: p}}
pattern: {type: chain, config: {steps: [{tool: told}]}}
"""
TOOL = """\
import os

def told() -> dict:
    \"\"\"Return the environment.\"\"\"
    return {name: os.environ.get(name, "") for name in ("GREETING", "PLACE", "STRANDS_ORIGIN")}
"""


@pytest.fixture
def console(tmp_path: Path) -> Console:
    console = Console(tmp_path)
    (tmp_path / "flows").mkdir()
    console.write("flows/w.yaml", SPEC)
    console.write("flows/told.py", TOOL)
    console.write(".env", "# a comment\nGREETING=hello\nSTRANDS_ORIGIN=https://here.example\n")
    console.write("flows/.env", "GREETING=hi\nexport PLACE='over there'\nSTRANDS_ORIGIN=https://there.example\n")
    return console


def seen(console: Console, **env: str) -> list[str]:
    console.env.update(env)
    result = json.loads(console.run("run", "flows/w.yaml", "--json").stdout)
    told = json.loads(result["last_response"])
    return [told["GREETING"], told["PLACE"], told["STRANDS_ORIGIN"]]


def test_files_of_the_directory_and_of_the_workflow_are_read(console: Console) -> None:
    assert seen(console) == ["hello", "over there", "https://here.example"]


def test_what_the_environment_has_wins(console: Console) -> None:
    assert seen(console, GREETING="good day", PLACE="") == ["good day", "", "https://here.example"]


def test_a_workflow_does_not_say_where_sessions_are(console: Console) -> None:
    (console.directory / ".env").unlink()
    assert seen(console) == ["hi", "over there", ""]


def test_they_are_not_read_where_that_is_switched_off(console: Console) -> None:
    assert seen(console, STRANDS_DOTENV="0") == ["", "", ""]


def test_a_file_that_cannot_be_read_is_told_and_stops_nothing(console: Console) -> None:
    (console.directory / ".env").write_bytes(b"GREETING=\xff\xfe")
    ran = console.run("run", "flows/w.yaml", "--json")
    assert "'.env' is not read: it is not UTF-8 text" in ran.stderr


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("LD_PRELOAD=x.so", "LD_PRELOAD in '.env' is not taken: it says which code programs run"),
        ("PYTHONPATH=x", "PYTHONPATH in '.env' is not taken: it says which code programs run"),
        ("OPENAI_BASE_URL=http://x", "OPENAI_API_KEY of the environment would be sent there"),
        ("STRANDS_SLACK_API=http://x", "STRANDS_SLACK_TOKEN of the environment would be sent there"),
        ("GREETING=a\0b", "GREETING in '.env' is not taken"),
    ],
)
def test_a_file_says_neither_what_code_runs_nor_where_keys_of_others_go(console: Console, line: str, told: str) -> None:
    console.write(".env", f"{line}\n")
    console.env.update(OPENAI_API_KEY="k", STRANDS_SLACK_TOKEN="t")
    assert told in console.run("run", "flows/w.yaml", "--json").stderr


def test_a_file_says_where_its_own_keys_go(console: Console) -> None:
    console.write(".env", "OPENAI_API_KEY=k\nOPENAI_BASE_URL=http://x\n")
    assert "not taken" not in console.run("run", "flows/w.yaml", "--json").stderr


def test_every_variable_that_is_read_is_documented() -> None:
    read = set()
    for path in (ROOT / "src").rglob("*.py"):
        constants = (node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant))
        texts = (each for each in constants if isinstance(each, str))
        read |= {each for each in texts if re.fullmatch(r"_?(STRANDS|OTEL)_[A-Z0-9_]+", each)}
    rows = [line for line in (ROOT / "docs/environment.md").read_text().splitlines() if line.startswith("| `")]
    documented = {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert documented == read
