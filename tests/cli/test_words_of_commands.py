"""What commands print, called in this process: descriptions, lists, inputs, forms, and errors with their codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from strands_cli.cli.errors import run_command
from strands_cli.cli.phrases import ago, count, seconds, when
from strands_cli.cli.sessions._form import form_lines
from strands_cli.types import OpenQuestion

SPEC = """\
version: 0
name: rate
description: Rates texts.
runtime: {provider: openai, model_id: gpt-4o-mini, budgets: {max_steps: 1, max_tokens: 500}}
inputs:
  required: {topic: {type: string, description: what it is about, enum: [birds, bees]}}
  optional: {size: {type: integer, default: 3}}
agents: {writer: {prompt: Write.}}
pattern:
  type: chain
  config:
    steps:
      - {agent: writer, input: "Write about {{ topic }}"}
      - {type: hitl, prompt: "Good?"}
outputs: {artifacts: [{path: out.md, from: "{{ last_response }}"}]}
"""
RATER = """\
name: rater
description: Rates a text.
provider: openai
model_id: gpt-4o-mini
tools: [calculator]
prompt: Rate it in {{ language | default("English") }}.
output_schema: {type: object, properties: {score: {type: integer}}}
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STRANDS_HOME", str(tmp_path / "home"))
    (tmp_path / "rate.yaml").write_text(SPEC)
    (tmp_path / "atomic").mkdir()
    (tmp_path / "atomic/rater.yaml").write_text(RATER)
    return tmp_path


def strands(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    """Run a command; return what it printed, on either stream."""
    assert run_command(list(arguments)) == code, capsys.readouterr()
    told = capsys.readouterr()
    return told.out + told.err


def test_a_workflow_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    told = strands(capsys, "explain", "rate.yaml")
    assert "Rates texts." in told
    assert "It needs topic (string, one of birds, bees): what it is about" in told
    assert "It takes size (integer)" in told
    assert "a person is asked" in told
    assert "A person is asked at 1 point" in told
    assert "At most 1 step, 500 tokens; beyond that" in told
    assert "It writes out.md" in told


@pytest.mark.parametrize(
    ("arguments", "cause"),
    [
        (["--var", "topic"], "--var 'topic' is not NAME=VALUE"),
        (["--var", "tpic=birds"], "tpic"),
        (["--var", "topic=@none.txt"], "variable 'topic': cannot read 'none.txt': No such file"),
        (["--var", "topic=@bytes.txt"], "is not a UTF-8 text file"),
        (["--vars", "list.yaml"], "is not a mapping of names to values"),
        (["--vars", "none.json"], "--vars: cannot read 'none.json'"),
    ],
)
def test_variables_that_cannot_be_had_are_named(
    capsys: pytest.CaptureFixture[str], place: Path, arguments: list[str], cause: str
) -> None:
    (place / "bytes.txt").write_bytes(b"\xff\xfe\xff")
    (place / "list.yaml").write_text("- a\n")
    assert cause in strands(capsys, "run", "rate.yaml", "--offline", *arguments, code=2)


def test_variables_come_from_files_and_texts_win(capsys: pytest.CaptureFixture[str], place: Path) -> None:
    (place / "vars.json").write_text('{"topic": "bees", "size": 4}')
    (place / "empty.yaml").write_text("# none yet\n")
    (place / "topic.txt").write_text("birds")
    told = strands(capsys, "run", "rate.yaml", "--offline", "--vars", "vars.json", "--var", "topic=@topic.txt", code=19)
    assert "steps/1    asks  Good?" in told
    strands(capsys, "run", "rate.yaml", "--offline", "--vars", "empty.yaml", "--var", "topic=bees", code=19)
    assert "@bees" in strands(capsys, "run", "rate.yaml", "--offline", "--var", "topic=@@bees", code=2)


def test_an_agent_is_described_and_listed_and_checked(capsys: pytest.CaptureFixture[str], place: Path) -> None:
    told = strands(capsys, "atomic", "describe", "rater")
    assert "rater: Rates a text." in told
    assert "Tools: calculator" in told
    assert "Takes: any text" in told
    assert json.loads(strands(capsys, "atomic", "describe", "rater", "--json"))["name"] == "rater"
    (place / "atomic/broken.yaml").write_text("nam: x")
    listed = strands(capsys, "atomic", "list")
    assert "invalid: " in listed and "rater" in listed
    as_json = json.loads(strands(capsys, "atomic", "list", "--json"))
    assert {each["name"] for each in as_json} == {"rater", "broken"}
    assert "rater: 0 tests" in strands(capsys, "atomic", "validate", "rater")
    assert json.loads(strands(capsys, "atomic", "validate", "rater", "--json"))["valid"] is True
    wrong = json.loads(strands(capsys, "atomic", "validate", "atomic/broken.yaml", "--json", code=3))
    assert wrong["valid"] is False and wrong["problems"]


def test_where_there_are_no_agents_it_says_how_to_make_one(capsys: pytest.CaptureFixture[str], place: Path) -> None:
    (place / "none").mkdir()
    assert "strands atomic init NAME" in strands(capsys, "atomic", "list", "--dir", "none")


@pytest.mark.parametrize(
    ("arguments", "cause"),
    [
        (["--input", "a", "--input-file", "b"], "not both"),
        (["--input-file", "none.json"], "cannot read 'none.json': No such file"),
        (["--input-file", "bytes.txt"], "it is not UTF-8 text"),
    ],
)
def test_an_input_that_cannot_be_had_is_named(
    capsys: pytest.CaptureFixture[str], place: Path, arguments: list[str], cause: str
) -> None:
    (place / "bytes.txt").write_bytes(b"\xff\xfe\xff")
    assert cause in strands(capsys, "atomic", "run", "rater", "--offline", *arguments, code=2)


FORM = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "title": "Who"},
        "size": {"type": ["integer", "null"], "default": 3},
        "color": {"enum": ["red", "blue"]},
        "any": True,
        **{f"f{number}": {"type": "string"} for number in range(20)},
    },
    "required": ["name"],
}


def question(**more: object) -> OpenQuestion:
    given = {"key": "q", "text": "Well?", "kind": "input", "choices": None, "schema": None, **more}
    fields = OpenQuestion.__dataclass_fields__
    return OpenQuestion(**{name: given.get(name) for name in fields})  # type: ignore[arg-type]


def test_a_form_is_told_in_a_few_lines() -> None:
    lines = list(form_lines(question(schema=FORM)))
    assert lines[0] == "an object (-v shows its schema):"
    assert "  name: string - Who" in lines
    assert "  size: integer or null, default 3" in lines
    assert '  color: one of "red", "blue", optional' in lines
    assert "  any: JSON, optional" in lines
    assert lines[-1] == "  and 4 fields more"
    assert list(form_lines(question(schema={"type": "array"}))) == ["array (-v shows its schema)"]
    (ways,) = form_lines(question(kind="approval", choices=("approve", "reject", "edit")))
    assert "reject: WHY, or edit:" in ways


def test_numbers_and_times_are_as_people_read_them() -> None:
    assert [count(1, "agent"), count(2000, "agent")] == ["1 agent", "2,000 agents"]
    assert [seconds(value) for value in (0.4, 12, 200, 7500)] == ["0.4 s", "12 s", "3 min 20 s", "2 h 5 min"]
    assert [ago(None), when(None), ago(0)[-5:]] == ["", "", "d ago"]
