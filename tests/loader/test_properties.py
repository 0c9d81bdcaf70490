"""What holds for any text: a clean error or a spec; and a spec's YAML is that spec."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from strands_cli.capability.checker import CapabilityError
from strands_cli.errors import TemplateError
from strands_cli.loader import LoadError, load_dict, load_text
from strands_cli.loader.load import parse
from strands_cli.loader.template import check, evaluate, render
from strands_cli.loader.yaml_reader import read_yaml
from strands_cli.schema.validator import SchemaValidationError
from strands_cli.spec.dump import to_yaml
from support.spec_text import chain, pattern

REFUSALS = (LoadError, SchemaValidationError, CapabilityError)
CHARACTERS = st.characters(exclude_categories=["Cs"])
TEXTS = st.text(CHARACTERS)
YAMLISH = st.text(st.sampled_from("abc:-[]{}&*!|>'\"%@`?,#\n \t0.~<\\\x85\u2028é"), max_size=60)
SCALARS = (
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
)
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4), max_leaves=12
)
FILES = sorted(path for path in (Path(__file__).parent / "specs").iterdir() if path.is_file())
SECTIONS = ["version", "name", "runtime", "agents", "pattern", "inputs", "tools", "outputs", "env", "skills"]
CONFIG_KEYS = ["steps", "tasks", "router", "routes", "branches", "nodes", "edges", "producer", "evaluator", "reduce"]
SPECS = [
    chain("- {agent: a, input: hi}\n- {type: hitl, prompt: p}", more="inputs: {values: {x: y}}\n"),
    pattern("graph", "nodes: {x: {agent: a}, y: {agent: a}}\nedges: [{from: x, choose: [{when: else, to: y}]}]"),
    pattern("workflow", "tasks: [{id: x, agent: a}, {id: y, agent: a, deps: [x]}]"),
    pattern("routing", "router: {agent: a}\nroutes: {x: {then: [{agent: a}]}}"),
]


@settings(deadline=None)
@given(YAMLISH | TEXTS)
def test_any_text_gives_a_spec_or_a_refusal(text: str) -> None:
    for source in ("spec.yaml", "spec.json"):
        with contextlib.suppress(*REFUSALS):
            load_text(text, source=source)


@settings(deadline=None)
@given(st.binary())
def test_any_bytes_give_a_spec_or_a_refusal(raw: bytes) -> None:
    with contextlib.suppress(*REFUSALS):
        load_text(raw)


@settings(deadline=None)
@given(st.sampled_from(SPECS), st.integers(0, 300), st.integers(0, 8), YAMLISH)
def test_any_slip_in_a_spec_gives_a_spec_or_a_refusal_with_a_place(text: str, at: int, cut: int, put: str) -> None:
    try:
        load_text(text[:at] + put + text[at + cut :], source="spec.yaml")
    except REFUSALS as refusal:
        assert all(problem.line > 0 and problem.column > 0 for problem in refusal.problems)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(SECTIONS) | TEXTS, VALUES))
def test_any_dict_gives_a_spec_or_a_refusal(data: dict[str, Any]) -> None:
    with contextlib.suppress(*REFUSALS):
        load_dict(data)


@settings(deadline=None)
@given(
    st.sampled_from(CONFIG_KEYS),
    VALUES,
    st.sampled_from(SPECS),
)
def test_any_config_gives_a_spec_or_a_refusal(key: str, value: Any, text: str) -> None:
    data: Any = read_yaml(text, "")[0]
    data["pattern"]["config"][key] = value

    with contextlib.suppress(*REFUSALS):
        load_dict(data)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of everything in a document."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in items:
        yield (*path, key)
        yield from places(each, (*path, key))


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(FILES), st.data(), VALUES)
def test_anything_anywhere_in_a_spec_gives_a_spec_or_a_refusal(file: Path, draw: st.DataObject, value: Any) -> None:
    data: Any = parse(file.read_text(encoding="utf-8"), file.name)[0]
    *path, last = draw.draw(st.sampled_from(list(places(data))))
    holder = data
    for part in path:
        holder = holder[part]
    holder[last] = value

    with contextlib.suppress(*REFUSALS):
        load_dict(data, base_dir=file.parent)


@settings(deadline=None)
@given(st.dictionaries(TEXTS, VALUES, min_size=1))
def test_any_values_read_back_from_their_yaml(data: dict[str, Any]) -> None:
    assert read_yaml(to_yaml(data), "")[0] == data


@settings(deadline=None)
@given(TEXTS, VALUES)
def test_any_spec_reads_back_from_its_yaml(text: str, value: Any) -> None:
    data: Any = read_yaml(SPECS[0], "")[0]
    data["description"], data["agents"]["a"]["prompt"] = text, "{% raw %}" + text.replace("endraw", "") + "{% endraw %}"
    data["inputs"]["values"]["x"] = value
    with contextlib.suppress(*REFUSALS):
        spec = load_dict(data)
        assert load_text(spec.to_yaml()).to_dict() == spec.to_dict()


@settings(deadline=None)
@given(st.text(st.sampled_from("{}%#-|.[]()'\" abx1~*+=,"), max_size=40) | TEXTS)
def test_any_template_gives_a_text_or_a_template_error(template: str) -> None:
    for do in (check, lambda text: render(text, {"a": 1, "b": {"x": [1]}}), lambda text: evaluate(text, {"a": 1})):
        with contextlib.suppress(TemplateError):
            do(template)


@given(TEXTS)
def test_any_value_is_put_in_as_it_is(value: str) -> None:
    assert render("<{{ value }}>", {"value": value}) == f"<{value}>"
    assert render("<{{ value }}>{% if true %}{% endif %}", {"value": value}) == f"<{value}>"
