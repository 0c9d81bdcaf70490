"""A model that connects to MCP servers by itself: to those that it may, and each agent for itself."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mcp", reason="the MCP SDK is not installed")

from strands import Agent
from strands.models.scripted import ScriptedModel, ToolCall
from strands.vended_tools import make_mcp_router
from support.agents import results_of, texts_of

TESTS = Path(__file__).parent.parent
DESK: Any = {"command": sys.executable, "args": ["-m", "support.mcp_server"], "cwd": str(TESTS)}


def told(*orders: dict[str, Any], **options: Any) -> list[str]:
    """Return what a model is told that gives these orders one after the other."""
    router = make_mcp_router(servers={"desk": DESK}, **options)
    script = [[ToolCall("mcp_router", order, f"t{number}")] for number, order in enumerate(orders)]
    with Agent(model=ScriptedModel([*script, "done"]), tools=[router], callback_handler=None) as agent:
        agent("go")
        return texts_of(results_of(agent))


def test_a_model_connects_lists_calls_and_disconnects() -> None:
    connect, there = {"command": "connect", "server_name": "desk"}, {"connection_id": "one"}
    call = {"command": "call_tool", "tool_name": "add", "arguments": {"a": 2, "b": 3}, **there}
    texts = told(
        {**connect, **there},
        {"command": "list_connections"},
        {"command": "list_tools", **there},
        call,
        {**connect, **there},
        {**connect, "connection_id": "two"},
        {"command": "disconnect", **there},
        call,
        max_connections=1,
    )
    assert texts[:2] == ["connected to desk as one", "one"]
    assert "'add'" in texts[2] or '"add"' in texts[2]
    assert texts[3] == "5"
    assert "already exists" in texts[4] and "limit of 1" in texts[5]
    assert texts[6] == "one is disconnected" and "no active connection" in texts[7]


def test_a_model_is_told_what_is_missing() -> None:
    texts = told(
        {"command": "connect", "connection_id": "one", "server_name": "evil"},
        {"command": "connect", "connection_id": "one"},
        {"command": "call_tool"},
        {"command": "list_connections"},
    )
    assert "allowlist: desk" in texts[0] and "server_name" in texts[1] and "connection_id" in texts[2]
    assert texts[3] == "none"


def test_a_router_needs_servers() -> None:
    with pytest.raises(ValueError, match="must not be empty"):
        make_mcp_router(servers={})
    with pytest.raises(ValueError, match="max_connections"):
        make_mcp_router(servers={"desk": DESK}, max_connections=0)
    assert "desk" in make_mcp_router(servers={"desk": DESK}).tool_spec["description"]


def test_a_call_that_a_server_died_in_may_have_happened() -> None:
    orders = [
        {"command": "connect", "connection_id": "one", "server_name": "desk"},
        {"command": "call_tool", "connection_id": "one", "tool_name": "vanish"},
    ]
    script = [[ToolCall("mcp_router", order, f"t{number}")] for number, order in enumerate(orders)]
    with Agent(
        model=ScriptedModel([*script, "done"]), tools=[make_mcp_router(servers={"desk": DESK})], callback_handler=None
    ) as agent:
        assert [each.name for each in agent("go").interrupts or ()] == ["ambiguous_tool_call"]
