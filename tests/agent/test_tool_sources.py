"""Tools from files and directories, and what a registry says of them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from strands import Agent
from strands.models import ScriptedModel
from strands.tools.decorator import FunctionToolMetadata
from strands.tools.loader import ToolLoader, load_tools_from_file_path
from strands.tools.registry import ToolRegistry
from strands.types.tools import ToolContext

SOURCE = '''
from strands import tool

@tool
def first(x: int) -> str:
    """First."""
    return "{text}"

@tool
def second() -> str:
    """Second."""
    return "b"
'''


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "tools"
    folder.mkdir()
    (folder / "mine.py").write_text(SOURCE.replace("{text}", "old"))
    (folder / "_private.py").write_text("raise RuntimeError")
    monkeypatch.chdir(tmp_path)
    return folder


def test_a_registry_finds_loads_and_reloads_the_tools_of_a_directory(tools: Path) -> None:
    registry = ToolRegistry()
    registry.initialize_tools()
    assert registry.registry == {} and registry.get_tools_dirs() == [tools]
    assert registry.discover_tool_modules() == {"mine": tools / "mine.py"}
    registry.initialize_tools(load_tools_from_directory=True)
    assert list(registry.registry) == ["first", "second"]
    (tools / "mine.py").write_text(SOURCE.replace("{text}", "new and longer"))
    registry.reload_tool("mine")
    function: Any = registry.registry["first"]
    assert function(1) == "new and longer"
    with pytest.raises(FileNotFoundError, match=r"nope\.py"):
        registry.reload_tool("nope")


def test_a_file_without_tools_is_one_that_the_others_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools/helper_of_wave.py").write_text("TEXT = 'wave'")
    source = "from helper_of_wave import TEXT\nfrom strands import tool\n\n@tool\ndef wave() -> str:\n    return TEXT\n"
    (tmp_path / "tools/wave.py").write_text(source)
    monkeypatch.chdir(tmp_path)
    assert Agent(model=ScriptedModel([]), load_tools_from_directory=True).tool_names == ["wave"]


def test_one_or_all_tools_of_a_file(tools: Path) -> None:
    path = str(tools / "mine.py")
    assert [each.tool_name for each in load_tools_from_file_path(path)] == ["first", "second"]
    assert [each.tool_name for each in ToolLoader.load_tools(path, "second")] == ["first", "second"]
    assert ToolLoader.load_tool(path, "second").tool_name == "second"
    assert ToolLoader.load_tool(path, "other").tool_name == "first"
    with pytest.raises(ValueError, match="Python file"):
        ToolLoader.load_tools("tool.sh", "tool")


def test_a_tool_spec_is_checked_and_completed() -> None:
    spec: Any = {"name": "n", "description": "d", "inputSchema": {"json": {"properties": {"a": {}}}}}
    ToolRegistry().validate_tool_spec(spec)
    schema = spec["inputSchema"]["json"]
    assert schema["type"] == "object" and schema["properties"]["a"]["type"] == "string"
    with pytest.raises(ValueError, match="description"):
        ToolRegistry().validate_tool_spec({"name": "n"})  # type: ignore[typeddict-item]
    bad: Any = {"name": "n", "description": "d", "inputSchema": {"json": {"type": "array"}}}
    with pytest.raises(ValueError, match="object"):
        ToolRegistry().validate_tool_spec(bad)


def test_what_a_function_says_of_itself_as_a_tool() -> None:
    def pay(amount: int, agent: Any, context: ToolContext) -> str:
        """Pay.

        Args:
            amount: In cents.
        """
        return "paid"

    metadata = FunctionToolMetadata(pay, "context")
    spec = metadata.extract_metadata()
    assert spec["name"] == "pay" and list(spec["inputSchema"]["json"]["properties"]) == ["amount"]
    arguments = metadata.validate_input({"amount": "5"})
    use: Any = {"toolUseId": "t", "name": "pay", "input": {}}
    metadata.inject_special_parameters(arguments, use, {"agent": "me"})
    assert (arguments["amount"], arguments["agent"], arguments["context"].tool_use) == (5, "me", use)
    with pytest.raises(ValueError, match="Validation failed for input parameters"):
        metadata.validate_input({})


def test_a_custom_executor_of_async_code_is_run_from_sync_code() -> None:
    from strands._async import run_async

    async def double(x: int) -> int:
        await asyncio.sleep(0)
        return 2 * x

    async def outside() -> int:
        return run_async(lambda: double(2))

    assert run_async(lambda: double(1)) == 2
    assert asyncio.run(outside()) == 4
