"""`$ref`: agents in files of their own."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from strands_cli.errors import FILE, INVALID_SPEC
from strands_cli.loader import LoadError, load_dict, load_file, load_text
from strands_cli.schema.validator import SchemaValidationError
from support.spec_text import chain

SPECS = Path(__file__).parent / "specs"


def test_an_agent_of_another_file_with_overrides() -> None:
    helper = load_file(SPECS / "everything.yaml").agents["helper"]

    assert (helper.prompt, helper.model_id, helper.tools) == ("You help.", "other", ["current_time"])
    assert helper.output_schema == {"type": "object", "properties": {"answer": {"type": "string"}}}


def test_one_agent_of_a_spec_brings_its_model_and_its_tools() -> None:
    spec = load_file(SPECS / "everything.yaml")

    assert (spec.agents["borrowed"].provider, spec.agents["borrowed"].model_id) == ("anthropic", "claude")
    assert any(getattr(tool, "id", "") == "shout" for tool in spec.tools.python) if spec.tools else False


def test_a_loaded_spec_no_longer_needs_its_files(tmp_path: Path) -> None:
    data = load_file(SPECS / "everything.yaml").to_dict()

    assert load_dict(data, base_dir=tmp_path).to_dict() == data


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder / "spec.yaml"


def test_references_are_followed_from_where_they_stand(tmp_path: Path) -> None:
    below = tmp_path / "agents"
    below.mkdir()
    write(below, inner="{$ref: ./deeper.yaml, model_id: inner}", deeper="{prompt: deep, model_id: deep}")

    spec = load_file(write(tmp_path, spec=chain(agents="a: {$ref: agents/inner.yaml}")))
    assert (spec.agents["a"].prompt, spec.agents["a"].model_id) == ("deep", "inner")


def test_a_reference_that_leads_back_to_itself(tmp_path: Path) -> None:
    file = write(tmp_path, spec=chain(agents="a: {$ref: x.yaml}"), x="{$ref: y.yaml}", y="{$ref: x.yaml}")

    with pytest.raises(LoadError, match=r"leads back to itself: x\.yaml -> y\.yaml -> x\.yaml") as caught:
        load_file(file)
    assert (caught.value.exit_code, caught.value.line) == (INVALID_SPEC, 5)


@pytest.mark.parametrize("agent", ["{$ref: pipe}", "{prompt: p, output_schema: pipe}"])
def test_a_reference_to_a_pipe_is_refused_at_once(agent: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(LoadError, match="'pipe': it is a pipe, not a regular file") as caught:
        load_file(write(tmp_path, spec=chain(agents=f"a: {agent}")))
    assert (caught.value.exit_code, caught.value.line) == (FILE, 5)


def test_a_reference_to_a_device_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match="'/dev/zero': it is a device, not a regular file"):
        load_file(write(tmp_path, spec=chain(agents="a: {$ref: /dev/zero}")))


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        ("{$ref: '#/$defs/x'}", "'#/$defs/x' leads nowhere"),
        ("{items: {$ref: 'https://example.com/x.json'}}", "remote schemas are not fetched"),
    ],
)
def test_a_schema_that_refers_to_nothing(schema: str, problem: str) -> None:
    step = f"- {{agent: a}}\n- {{type: hitl, prompt: p, schema: {schema}}}"
    for text in (chain(agents=f"a: {{prompt: p, output_schema: {schema}}}"), chain(step)):
        with pytest.raises(SchemaValidationError, match=re.escape(problem)) as caught:
            load_text(text)
        assert caught.value.line


def test_a_reference_to_nothing(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match=r"spec\.yaml:5:13: '\$ref': no such file: 'x\.yaml'") as caught:
        load_file(write(tmp_path, spec=chain(agents="a: {$ref: x.yaml}")))
    assert caught.value.exit_code == FILE


@pytest.mark.parametrize(
    ("ref", "told"),
    [
        ("x.yaml", "has several agents"),
        ("x.yaml#onee", "has no agent 'onee'.*did you mean 'one'"),
        ("[1]", "path of a file"),
    ],
)
def test_a_reference_that_names_no_agent(ref: str, told: str, tmp_path: Path) -> None:
    other = "agents: {one: {prompt: a}, two: {prompt: b}}"

    with pytest.raises(LoadError, match=told):
        load_file(write(tmp_path, spec=chain(agents=f"a: {{$ref: {ref}}}"), x=other))


def test_a_problem_in_another_file_has_its_place_there(tmp_path: Path) -> None:
    file = write(tmp_path, spec=chain(agents="a: {$ref: x.yaml}"), x="prompt: hello\npromt: p\ntools: [calculatr]\n")

    with pytest.raises(SchemaValidationError) as caught:
        load_file(file)
    assert [str(problem) for problem in caught.value.problems] == [
        "x.yaml:2:1: unknown key 'promt'; did you mean 'prompt'?",
        "x.yaml:3:9: tool 'calculatr' is neither built in nor declared under 'tools'; did you mean 'calculator'?",
    ]


def test_a_broken_file_has_its_place_there(tmp_path: Path) -> None:
    file = write(tmp_path, spec=chain(agents="a: {$ref: x.yaml}"), x="prompt: [\n")

    with pytest.raises(LoadError, match=r"^x\.yaml:2:1: not valid YAML"):
        load_file(file)
