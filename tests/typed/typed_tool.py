"""`@tool` keeps a function's signature, as a type checker sees it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from typing_extensions import assert_type

from strands import Agent, ToolContext, tool
from strands.tools.decorator import DecoratedFunctionTool
from strands.types.tools import ToolSpec


@tool
def add(a: int, b: int = 0) -> int:
    """Add."""
    return a + b


@tool(name="mail", idempotent=True, timeout=5.0)
def send(to: str) -> bool:
    """Send."""
    return bool(to)


@tool
async def look(at: str) -> str:
    """Look."""
    return at


@tool
async def count(to: int) -> AsyncIterator[int]:
    """Count."""
    for number in range(to):
        yield number


@tool(context=True)
def ask(question: str, tool_context: ToolContext) -> str:
    """Ask."""
    assert_type(tool_context.agent, Any)
    assert_type(tool_context.invocation_state, dict[str, Any])
    tool_context.interrupt(7)  # type: ignore[arg-type]
    return str(tool_context.interrupt("ok", reason={"question": question}))


class Desk:
    @tool
    def note(self, text: str) -> int:
        """Note."""
        return len(text)


async def a_tool_is_called_as_its_function() -> None:
    assert_type(add(1, b=2), int)
    assert_type(send("ann"), bool)
    assert_type(await look("x"), str)
    assert_type(count(3), AsyncIterator[int])
    add("1")  # type: ignore[arg-type]
    add(1, 2, 3)  # type: ignore[call-arg]
    add(a=1, c=2)  # type: ignore[call-arg]
    send()  # type: ignore[call-arg]
    text: str = add(1)  # type: ignore[assignment]
    print(text)


def a_method_is_called_without_self(desk: Desk) -> None:
    assert_type(desk.note("x"), int)
    desk.note(7)  # type: ignore[arg-type]


def a_tool_knows_what_a_model_is_told() -> None:
    assert_type(add.tool_name, str)
    assert_type(add.tool_spec, ToolSpec)
    assert isinstance(add, DecoratedFunctionTool)
    Agent(tools=[add, send, look, Desk().note])


@tool(context=7)  # type: ignore[call-overload, untyped-decorator]
def wrong_context() -> str:
    """Wrong."""
    return ""


@tool(retries=3)  # type: ignore[call-overload, untyped-decorator]
def wrong_option() -> str:
    """Wrong."""
    return ""
