"""Specs as people write them: every pattern and every section loads, and reads back from its own YAML."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from strands_cli.loader import load_dict, load_file, load_text
from strands_cli.loader.load import parse
from strands_cli.schema.validator import SchemaValidationError, json_schema
from strands_cli.spec import HitlStep, Spec, known_patterns
from strands_cli.spec.registry import pattern_record
from support.spec_text import chain, load

SPECS = Path(__file__).parent / "specs"
FILES = sorted(path for path in SPECS.iterdir() if path.is_file())


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_spec_loads_without_a_warning(path: Path) -> None:
    spec = load_file(path)

    assert spec.warnings == ()
    assert spec._base_dir == path.parent


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_spec_reads_back_from_its_yaml_and_from_its_dict(path: Path) -> None:
    spec = load_file(path)

    assert load_text(spec.to_yaml()).to_dict() == spec.to_dict()
    assert load_dict(json.loads(json.dumps(spec.to_dict()))).to_dict() == spec.to_dict()


def test_the_specs_cover_every_pattern() -> None:
    assert {load_file(path).pattern.type for path in FILES} == set(known_patterns())


@pytest.mark.parametrize("name", known_patterns())
def test_the_config_of_a_pattern_has_its_own_model(name: str) -> None:
    spec = load_file(SPECS / f"{name}.yaml")

    assert type(spec.pattern.config) is pattern_record(name).model


def test_keys_that_are_no_python_names_have_other_names_in_python() -> None:
    spec = load_file(SPECS / "chain.yaml")

    details = spec.pattern.config.steps[3]
    assert isinstance(details, HitlStep)
    assert details.schema_ is not None and details.schema_["type"] == "object"
    assert spec.outputs.artifacts[1].from_ == "{{ TRACE }}"
    assert load_file(SPECS / "graph.yaml").pattern.config.edges[0].from_ == "code"


def test_a_default_of_null_is_a_default() -> None:
    with_null = load(chain("- {type: hitl, prompt: p, default: null}")).pattern.config.steps[0]
    without = load(chain("- {type: hitl, prompt: p}")).pattern.config.steps[0]

    assert isinstance(with_null, HitlStep) and with_null.has_default
    assert isinstance(without, HitlStep) and not without.has_default


def test_yes_and_no_are_texts_and_so_are_dates_and_keys() -> None:
    text = chain(more="inputs: {values: {a: yes, b: no, c: on, d: 2024-01-01, e: 0o17, f: 1e3, g: ~, 7: seven}}\n")

    values = load(text).inputs.values
    assert values == {
        "a": "yes",
        "b": "no",
        "c": "on",
        "d": "2024-01-01",
        "e": 15,
        "f": 1000.0,
        "g": None,
        "7": "seven",
    }


def test_anchors_and_merges_are_taken_apart() -> None:
    text = chain(
        agents="""
        base: &base {prompt: p, tools: [calculator]}
        a: {<<: *base, prompt: mine}
        """
    )

    spec = load(text)
    assert (spec.agents["a"].prompt, spec.agents["a"].tools) == ("mine", ["calculator"])


@pytest.mark.parametrize("mark", ["\ufeff", ""])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(mark: str, end: str, tmp_path: Path) -> None:
    file = tmp_path / "spec.yaml"
    file.write_bytes((mark + chain("- {agent: a, input: x}")).replace("\n", end).encode())

    assert load_file(file).name == "demo"


@pytest.mark.parametrize("version", ["0", "1", "1.0.0", "'0'", "1.0"])
def test_versions_that_are_known(version: str) -> None:
    load(chain().replace("version: 0", f"version: {version}"))


def test_the_json_schema_accepts_every_spec_and_describes_itself() -> None:
    schema = json_schema()
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)

    for path in FILES:
        data, _ = parse(path.read_text(encoding="utf-8"), path.name)
        assert [error.message for error in validator.iter_errors(data)] == [], path.name
    assert not validator.is_valid({"version": 0})
    assert schema["$defs"]["Runtime"]["properties"]["temperature"]["anyOf"][0]["maximum"] == 2


def test_the_json_schema_knows_the_short_forms_of_branches_and_routes() -> None:
    validator = Draft202012Validator(json_schema())
    step, question = {"agent": "a", "input": "x"}, {"type": "hitl", "prompt": "p"}
    head = {"version": 0, "name": "n", "runtime": {"provider": "scripted"}, "agents": {"a": {"prompt": "p"}}}
    routes = {"x": step, "y": [step, question], "z": {"then": [step]}, "w": question}
    for pattern in (
        {"type": "parallel", "config": {"branches": [step, {"id": "b", **question}, {"id": "c", "steps": [step]}]}},
        {"type": "routing", "config": {"router": {"agent": "a"}, "routes": routes}},
    ):
        data = {**head, "pattern": pattern}
        assert [error.message for error in validator.iter_errors(data)] == []
        assert load_dict(data).pattern.type == pattern["type"]
        broken = json.loads(json.dumps(data).replace('"input"', '"inpt"'))
        assert not validator.is_valid(broken)
        with pytest.raises(SchemaValidationError, match="inpt"):
            load_dict(broken)


def test_the_json_schema_refers_only_to_what_it_defines() -> None:
    schema = json_schema()
    used = {word.split('"')[0] for word in json.dumps(schema).split("#/$defs/")[1:]}

    assert used <= schema["$defs"].keys()


def test_a_spec_is_made_of_python_values_too() -> None:
    data = parse(chain(), "spec.yaml")[0]

    assert load_dict(data).to_dict() == Spec.model_validate(data).to_dict()
