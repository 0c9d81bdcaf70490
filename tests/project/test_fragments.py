"""Pieces of workflow files on the pages are right: put into a whole workflow, each is rehearsed to its end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from ruamel.yaml import YAML

from strands import Workflow
from strands_cli.cli.validate import command as validate
from strands_cli.people import People
from strands_cli.prices import ModelPrice, Prices
from strands_cli.types import HITLState
from support.page import Block, blocks

ROOT = Path(__file__).parents[2]
AGENTS = {name: {"prompt": "You work."} for name in ("researcher", "writer", "reader", "critic", "planner")}
STEPS = [{"agent": "writer", "input": "Go."}]
INPUTS = {
    **{name: {"type": "string", "default": "tea"} for name in ("topic", "letter")},
    "amount": {"type": "number", "default": 7},
    "files": {"type": "array", "default": [{"name": "a.txt"}]},
}
OTHERS = ("prices.yaml", "answers.yaml", "replies.yaml", ".tests.yaml")
"""Names of files that are no part of a workflow."""
TOOLS = {"http_executors": [{"id": name, "base_url": "https://example.org"} for name in ("deploy", "deploy_status")]}


def pieces(*, people: bool = False) -> list[Any]:
    found = []
    for page in sorted((ROOT / "docs").glob("*.md")):
        for block in blocks(page.read_text(encoding="utf-8")):
            is_other = "version:" in block.text or any(name in block.text for name in OTHERS)
            is_piece = block.language == "yaml" and not is_other
            if is_piece and (block.title == "people.yaml") == people:
                found.append(pytest.param(block, id=f"{page.name}:{block.line}"))
    return found


def beside(place: Path) -> None:
    """Write the files of which the pages say what they are called."""
    for page in (ROOT / "docs").glob("*.md"):
        for block in blocks(page.read_text(encoding="utf-8")):
            if block.title and block.language == "yaml" and "version:" in block.text:
                (place / Path(block.title).name).write_text(block.text)


def whole(piece: dict[str, Any] | list[Any]) -> dict[str, Any]:
    if isinstance(piece, list):
        piece = {"steps": [{"type": "hitl", "prompt": "Fine?"}, *piece]}
    steps = [*STEPS, *piece.pop("steps", [])]
    base: dict[str, Any] = {
        "version": 0,
        "name": "piece",
        "runtime": {"provider": "openai", "model_id": "m"},
        "inputs": {"optional": INPUTS},
        "pattern": {"type": "chain", "config": {"steps": steps}},
    }
    if "approvals" in piece:
        base["tools"] = TOOLS
    return {**base, **piece, "agents": {**AGENTS, **piece.get("agents", {})}}


def answer(question: HITLState) -> str:
    return question.default_response or (question.choices or ("approve",))[0]


@pytest.mark.parametrize("block", pieces())
def test_a_piece_of_a_workflow_is_rehearsed(block: Block, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    piece = YAML(typ="safe").load(block.text)
    document = whole(piece)
    beside(tmp_path)
    (tmp_path / "piece.json").write_text(json.dumps(document))
    checked = CliRunner().invoke(validate, ["piece.json"])
    assert "piece.json: valid." in checked.output, checked.output or repr(checked.exception)
    if isinstance(piece, list):
        return  # steps that several people answer
    result = Workflow.from_dict(document, offline=True).run_interactive(hitl_handler=answer)
    assert result.success, result.error_message


@pytest.mark.parametrize("block", pieces(people=True))
def test_people_of_a_page_are_read(block: Block) -> None:
    assert People.from_dict(YAML(typ="safe").load(block.text)).by_key


def test_prices_of_a_page_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ROOT / "docs" / "observing.md").read_text(encoding="utf-8")
    (block,) = [each for each in blocks(page) if "# ~/.strands/prices.yaml" in each.text]
    (tmp_path / "prices.yaml").write_text(block.text)
    monkeypatch.setenv("STRANDS_PRICES", str(tmp_path / "prices.yaml"))
    assert Prices().get("our-own-model") == ModelPrice(0, 0)
