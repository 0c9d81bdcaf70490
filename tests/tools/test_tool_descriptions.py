"""What a tool is described by: given, changed and completed."""

from __future__ import annotations

import copy
import textwrap
from pathlib import Path
from typing import Any

import pytest

from strands import Agent, tool
from strands.models import ScriptedModel, ToolCall
from strands.tools.loader import ToolLoader
from strands.tools.tools import PythonAgentTool, normalize_schema, normalize_tool_spec


@tool
def look_up(query: str) -> str:
    """Look something up."""
    return query


SPEC: Any = copy.deepcopy(look_up.tool_spec)


@pytest.mark.parametrize("made", [look_up, PythonAgentTool("look_up", SPEC, print)], ids=["function", "module"])
@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"name": "other"}, "keeps its name"),
        ({"description": None}, "has no 'description'"),
        ({"inputSchema": None}, "has no 'inputSchema'"),
    ],
)
def test_a_description_that_is_no_longer_one_of_the_tool_is_refused(made: Any, change: Any, problem: str) -> None:
    spec = {key: value for key, value in {**SPEC, **change}.items() if value is not None}
    with pytest.raises(ValueError, match=problem):
        made.tool_spec = spec
    assert made.tool_spec == SPEC


def test_a_schema_is_completed_where_it_says_nothing_and_the_given_one_stays() -> None:
    given: Any = {"properties": {"a": {}, "b": {"anyOf": [{"type": "null"}]}, "c": {"properties": {"d": {}}}}}
    before = copy.deepcopy(given)
    done = normalize_schema(given)
    assert done["properties"]["a"] == {"type": "string", "description": "Property a"}
    assert done["properties"]["b"] == {"description": "Property b", "anyOf": [{"type": "null"}]}
    assert given == before


def test_a_schema_without_end_is_refused() -> None:
    schema: Any = {"type": "object", "properties": {}}
    for _ in range(100):
        schema = {"type": "object", "properties": {"child": schema}}
    with pytest.raises(ValueError, match="nesting exceeds 64"):
        normalize_tool_spec({"name": "deep", "description": "", "inputSchema": {"json": schema}})


def test_a_tool_without_a_schema_stays_without_one() -> None:
    spec: Any = {"name": "bare", "description": "Bare."}
    assert normalize_tool_spec(spec) == spec


def test_a_tool_file_imports_the_files_beside_it(tmp_path: Path) -> None:
    (tmp_path / "greeting_beside.py").write_text("TEXT = 'hello from beside'")
    source = """
        from strands import tool
        import greeting_beside

        @tool
        def greet() -> str:
            return greeting_beside.TEXT

        @tool
        def part() -> str:
            return "bye"
        """
    (tmp_path / "greet.py").write_text(textwrap.dedent(source))
    agent = Agent(
        model=ScriptedModel([ToolCall("greet", {}), "Done."]), tools=[str(tmp_path / "greet.py")], callback_handler=None
    )
    agent("go")
    assert agent.messages[2]["content"][0]["toolResult"]["content"] == [{"text": "hello from beside"}]
    assert [each.tool_name for each in ToolLoader.load_tools(str(tmp_path / "greet.py"), "part")] == ["greet", "part"]
    assert ToolLoader.load_tool(str(tmp_path / "greet.py"), "part").tool_name == "part"


def test_a_loader_takes_a_function_of_a_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = "from strands import tool\n\n@tool\ndef wave() -> str:\n    return 'wave'\n"
    (tmp_path / "waving_module.py").write_text(source)
    monkeypatch.syspath_prepend(str(tmp_path))
    assert ToolLoader.load_python_tool("waving_module:wave", "wave").tool_name == "wave"
    with pytest.raises(FileNotFoundError, match="nowhere"):
        ToolLoader.load_tool("nowhere", "wave")


def test_a_docstring_of_nothing_but_arguments_describes_them() -> None:
    @tool
    def only_arguments(first: str, second: int) -> str:
        """Args:
        first: The first.
        second: The second.
        """
        return first * second

    properties = only_arguments.tool_spec["inputSchema"]["json"]["properties"]
    assert only_arguments.tool_spec["description"] == "only_arguments"
    assert [each["description"] for each in properties.values()] == ["The first.", "The second."]


def test_a_name_that_names_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="give a text"):
        tool(name=0)  # type: ignore[call-overload]
    source = "from strands import tool\n\n@tool\ndef {0}(): return 1\n"
    (tmp_path / "two.py").write_text(source.format("first") + source.format("second"))
    with pytest.raises(ValueError, match="has no tool 'third'"):
        Agent(model=ScriptedModel([]), tools=[{"path": str(tmp_path / "two.py"), "name": "third"}])
