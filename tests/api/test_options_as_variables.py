"""An option that is given in the wrong place is told, and nothing runs: as a variable it would say nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from strands import SessionManager, Workflow
from strands.models.scripted import ScriptedModel
from strands_cli.errors import InputError


def workflow_of(prompt: str = "about {{ topic }}") -> Workflow:
    spec = {
        "version": 0,
        "name": "options",
        "runtime": {"provider": "scripted"},
        "agents": {"a": {"prompt": "p"}},
        "pattern": {"type": "chain", "config": {"steps": [{"agent": "a", "input": prompt}]}},
    }
    return Workflow.from_dict(spec, model=ScriptedModel(["done"]))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STRANDS_HOME", str(tmp_path / "home"))


async def _streamed(workflow: Workflow, **options: Any) -> list[Any]:
    return [each async for each in workflow.stream_async(**options)]


WAYS: list[Callable[..., Any]] = [
    Workflow.run,
    Workflow.run_interactive,
    Workflow.create_session,
    lambda workflow, **options: asyncio.run(_streamed(workflow, **options)),
]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("option", "place"),
    [
        ({"offline": True}, "option of the workflow"),
        ({"output_dir": "x"}, "option of the workflow"),
        ({"hooks": []}, "option of the workflow"),
        ({"answers": {}}, "option of resume"),
    ],
)
def test_it_is_an_error_that_says_where_it_belongs(way: Callable[..., Any], option: dict[str, Any], place: str) -> None:
    with pytest.raises(InputError, match=f"'{next(iter(option))}' is neither a variable") as error:
        way(workflow_of(), topic="x", **option)
    assert place in (error.value.hint or "")
    assert SessionManager().list_sessions() == []


def test_a_variable_of_that_name_is_one() -> None:
    assert workflow_of("a {{ model }} for {{ tools }}").run(model="kit", tools="wood").last_response == "done"


def test_a_mapping_holds_variables_and_no_options() -> None:
    assert workflow_of().run(variables={"topic": "x", "offline": True}).success
