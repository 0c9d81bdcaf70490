"""A tool that a workflow names by where it is: found, or refused with what to write instead."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from strands import Agent, Workflow, tool
from strands.models import ScriptedModel
from strands_cli.errors import ExecutionError
from strands_cli.toolbox import as_tool, load, short_name
from support.specs import solo


@pytest.mark.parametrize(
    ("reference", "cause", "hint"),
    [
        ("json:nothing", "cannot be imported: .*json.__init__.py has no 'nothing'", "package.module:function"),
        ("no_such_package.tools:pay", "No module named 'no_such_package'", "importable here or from"),
        ("broken:pay", "cannot be imported: RuntimeError: at import", "package.module:function"),
        ("missing_part:pay", "No module named 'no_such_part'", "package.module:function"),
        ("pay", "there is no tool 'pay'", "Built in are"),
        ("plain:NUMBER", "is a int, not a tool", "Name a function, decorated with @tool or a plain one."),
    ],
)
def test_what_is_no_tool_is_refused_with_a_remedy(tmp_path: Path, reference: str, cause: str, hint: str) -> None:
    (tmp_path / "broken.py").write_text("raise RuntimeError('at import')")
    (tmp_path / "missing_part.py").write_text("import no_such_part")
    (tmp_path / "plain.py").write_text("NUMBER = 3\n")
    with pytest.raises(ExecutionError, match=cause) as refused:
        load(reference, tmp_path)
    assert hint in refused.value.hint


def test_files_of_one_name_beside_two_specs_are_two(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "helpers.py").write_text(f"def act() -> str:\n    '''Act.'''\n    return '{name}'\n")
    assert [load("helpers:act", tmp_path / name)() for name in ("one", "two")] == ["one", "two"]
    assert load("helpers.act", tmp_path / "one")() == "one"


def test_a_module_below_the_directory_of_the_spec_is_found(tmp_path: Path) -> None:
    (tmp_path / "desk_tools_a").mkdir()
    (tmp_path / "desk_tools_a/__init__.py").write_text("def act() -> str:\n    '''Act.'''\n    return 'package'\n")
    assert load("desk_tools_a:act", tmp_path)() == "package"


def test_a_function_an_agent_and_what_is_a_tool_already_are_tools() -> None:
    def act() -> str:
        """Act."""
        return "done"

    made = as_tool(act)
    assert made.tool_name == "act"
    assert as_tool(made) is made
    agent = Agent(model=ScriptedModel([]), name="clerk", callback_handler=None)
    assert as_tool(agent).tool_name == "clerk"
    assert as_tool([made]) == [made]


def test_a_reference_is_called_by_its_last_part() -> None:
    assert [short_name(each) for each in ("desk.tools:pay", "desk.tools.pay", "calculator")] == [
        "pay",
        "pay",
        "calculator",
    ]


def named(name: str) -> Any:
    @tool(name=name)
    def act() -> str:
        """Act."""
        return name

    return act


def test_two_tools_of_one_name_are_refused() -> None:
    with pytest.raises(ExecutionError, match="two tools given in Python are called 'pay'") as refused:
        Workflow.from_dict(solo(), model=ScriptedModel(["done"]), tools=[named("pay"), named("pay")]).run()
    assert "another name" in refused.value.hint
