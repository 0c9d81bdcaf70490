"""What a registry of tools takes and refuses, and what it says then."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from strands import Agent, tool
from strands.models import ScriptedModel
from strands.tools.registry import ToolRegistry
from strands.types.tools import AgentTool


def named(name: str) -> AgentTool:
    @tool(name=name)
    def act() -> str:
        """Act."""
        return name

    return act


@pytest.mark.parametrize("name", ["", "with space", "x" * 65])
def test_a_name_that_no_model_can_call_is_refused(name: str) -> None:
    found = named("act")
    registry = ToolRegistry()

    class Misnamed(type(found)):  # type: ignore[misc]
        tool_name = name

    found.__class__ = Misnamed
    with pytest.raises(ValueError, match="must be 1 to 64 letters"):
        registry.register_tool(found)


def test_names_that_a_model_would_confuse_are_refused() -> None:
    registry = ToolRegistry()
    registry.register_tool(named("pay-bill"))
    with pytest.raises(ValueError, match=r"'pay_bill' differs from 'pay-bill' only in '-' and '_'; rename one"):
        registry.register_tool(named("pay_bill"))


def test_a_tool_that_is_added_on_the_way_is_dynamic_until_it_is_replaced() -> None:
    registry = ToolRegistry()
    registry.register_dynamic_tool(named("pay"))
    assert list(registry.dynamic_tools) == ["pay"]
    registry.replace(named("pay"))
    assert registry.dynamic_tools == {}
    other = named("pay")
    other.mark_dynamic()
    registry.replace(other)
    assert registry.dynamic_tools == {"pay": other}
    with pytest.raises(ValueError, match=r"no tool 'ship' to replace; there are \['pay'\]"):
        registry.replace(named("ship"))


def test_what_is_no_tool_is_left_out_and_said(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert ToolRegistry().process_tools([3, named("pay")]) == ["pay"]
    assert "3 is not a tool and is left out" in caplog.text


@pytest.mark.parametrize(
    ("item", "cause"),
    [
        ({"name": "pay"}, "needs 'path'"),
        ("nowhere/pay.py", "there is no tool file"),
        ("no_such_module_here", "neither a file nor an importable module"),
        ("json", "has no tool"),
    ],
)
def test_a_source_that_cannot_be_loaded_is_named_with_the_cause(item: Any, cause: str) -> None:
    with pytest.raises(ValueError, match=cause):
        ToolRegistry().process_tools([item])


TWO = "from strands import tool\n@tool\ndef a() -> str:\n    '''A.'''\n    return ''\nb = tool(name='b')(lambda: '')\n"


def test_one_tool_of_a_file_is_named_or_all_are_taken(tmp_path: Path) -> None:
    file = tmp_path / "two.py"
    file.write_text(TWO)
    registry = ToolRegistry()
    registry.load_tool_from_filepath("b", str(file))
    assert list(registry.registry) == ["b"]
    with pytest.raises(ValueError, match=r"has no tool 'c'; it has \['a', 'b'\]"):
        registry.load_tool_from_filepath("c", str(file))


def test_a_directory_with_a_file_that_cannot_be_loaded_is_refused_with_its_name(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("import no_such_module_here")
    with pytest.raises(ValueError, match=r"broken\.py' cannot be loaded: No module named"):
        ToolRegistry().load_directory(str(tmp_path))


SPEC = {"name": "pay", "description": "Pays.", "inputSchema": {"json": {"type": "object", "properties": {}}}}


def test_a_module_with_a_specification_is_told_of_its_agent(tmp_path: Path) -> None:
    file = tmp_path / "pay.py"
    file.write_text(
        f"TOOL_SPEC = {SPEC!r}\n"
        "async def pay(tool, **known):\n"
        "    text = known['system_prompt'] + str(len(known['tool_config']['tools']))\n"
        "    return {'toolUseId': tool['toolUseId'], 'status': 'success', 'content': [{'text': text}]}\n"
    )
    agent = Agent(model=ScriptedModel(["hi"]), tools=[str(file)], system_prompt="be kind ", callback_handler=None)
    assert agent.tool.pay()["content"] == [{"text": "be kind 1"}]
    found = agent.tool_registry.registry["pay"]
    assert (found.tool_type, found.supports_hot_reload) == ("python", True)


def test_a_specification_without_its_function_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "pay.py"
    file.write_text(f"TOOL_SPEC = {SPEC!r}")
    with pytest.raises(ValueError, match="TOOL_SPEC and a function of the name given there"):
        ToolRegistry().process_tools([str(file)])


def test_a_tool_of_a_module_is_named_after_a_colon() -> None:
    assert ToolRegistry().process_tools(["strands.vended_tools.sleep:sleep"]) == ["sleep"]
    with pytest.raises(ValueError, match=r"has no tool 'rest'"):
        ToolRegistry().process_tools(["strands.vended_tools.sleep:rest"])


def google(size: int, color: str) -> None:
    """Paint.

    Args:
        size: How large,
            in metres.
        color (str): Which.

    Returns:
        Nothing.
    """


def numpy(size: int, color: str) -> None:
    """Paint.

    Parameters
    ----------
    size : int
        How large,
        in metres.
    color
        Which.

    Returns
    -------
    None
    """


def rest(size: int, color: str) -> None:
    """Paint.

    :param size: How large, in metres.
    :param str color: Which.
    :returns: Nothing.
    """


@pytest.mark.parametrize("function", [google, numpy, rest])
def test_what_a_docstring_says_of_parameters_is_told_the_model(function: Any) -> None:
    spec = tool(function).tool_spec
    told = {name: each["description"] for name, each in spec["inputSchema"]["json"]["properties"].items()}
    assert {name: " ".join(text.split()) for name, text in told.items()} == {
        "size": "How large, in metres.",
        "color": "Which.",
    }
    assert spec["description"].startswith("Paint.")
    assert "metres" not in spec["description"]
