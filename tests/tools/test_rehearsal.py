"""A rehearsal changes nothing: only tools that are marked read-only run, the others are answered from their types."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel

from strands import Workflow, tool
from strands.hooks import BeforeToolCallEvent, HookRegistry
from strands.models.scripted import ScriptedModel, ToolCall
from strands.types.tools import AgentTool, ToolResult, ToolSpec
from strands_cli.resources.rehearsed import RehearsedTool
from strands_cli.session.repository import FileSessionRepository
from support.small_server import serving
from support.specs import solo


class Receipt(BaseModel):
    id: str
    amount: float
    lines: list[str]


CALLS: list[str] = []


def recorded(name: str, returns: Any, **marks: bool) -> Any:
    def call(to: str = "x") -> Any:
        CALLS.append(name)
        return "really"

    call.__annotations__["return"] = returns
    return tool(name=name, description="Do it.", **marks)(call)  # type: ignore[call-overload]


def told(tools: list[Any], *calls: Any, hooks: Any = (), **options: Any) -> list[ToolResult]:
    """Return the results that the model was given, in the order of its calls."""
    CALLS.clear()
    model = ScriptedModel([*calls, "done"])
    workflow = Workflow.from_dict(solo(), model=model, tools=tools, hooks=hooks, **{"offline": True, **options})
    assert workflow.run().success
    messages = model.requests[-1].messages
    return [block["toolResult"] for message in messages for block in message["content"] if "toolResult" in block]


@pytest.mark.parametrize(
    ("returns", "shape"),
    [
        (int, int),
        (float, (int, float)),
        (bool, bool),
        (list[int], list),
        (Receipt, dict),
        (dict[str, int], dict),
    ],
)
def test_a_tool_that_may_change_something_is_answered_from_what_it_returns(returns: Any, shape: Any) -> None:
    [result] = told([recorded("wire", returns)], ToolCall("wire", {}))
    assert CALLS == []
    assert result["status"] == "success"
    value = json.loads(result["content"][0]["text"])
    assert isinstance(value, shape)
    if returns is Receipt:
        Receipt.model_validate(value)


@pytest.mark.parametrize("returns", [str, None, Any, "NoSuchName"])
def test_without_a_type_it_says_that_nothing_was_called(returns: Any) -> None:
    [result] = told([recorded("wire", returns)], ToolCall("wire", {}))
    assert CALLS == []
    assert result["content"] == [{"text": "Rehearsal: wire was not called."}]


def test_what_is_marked_read_only_runs_and_idempotent_is_not_enough() -> None:
    tools = [recorded("look", str, read_only=True), recorded("put", str, idempotent=True)]
    results = told(tools, [ToolCall("look", {}), ToolCall("put", {})])
    assert CALLS == ["look"]
    assert [result["content"][0]["text"] for result in results] == ["really", "Rehearsal: put was not called."]


def test_a_class_of_the_users_is_answered_by_its_output_schema() -> None:
    class Ledger(AgentTool):
        tool_name = "ledger"
        tool_type = "custom"
        tool_spec: ClassVar[ToolSpec] = {
            "name": "ledger",
            "description": "Book it.",
            "inputSchema": {"json": {"type": "object", "properties": {}}},
            "outputSchema": {"json": {"type": "object", "properties": {"booked": {"type": "boolean"}}}},
        }

        async def stream(self, tool_use: Any, invocation_state: Any, **kwargs: Any) -> Any:
            CALLS.append("ledger")
            yield {"toolUseId": tool_use["toolUseId"], "status": "success", "content": [{"text": "really"}]}

    [result] = told([Ledger()], ToolCall("ledger", {}))
    assert CALLS == []
    assert json.loads(result["content"][0]["text"]) == {"booked": True}


def test_a_hook_that_puts_another_tool_in_its_place_changes_nothing_either() -> None:
    real = recorded("real", str)

    class Swap:
        def register_hooks(self, registry: HookRegistry, **kwargs: Any) -> None:
            registry.add_callback(BeforeToolCallEvent, self.before)

        def before(self, event: BeforeToolCallEvent) -> None:
            event.selected_tool = real

    [result] = told([recorded("look", str, read_only=True)], ToolCall("look", {}), hooks=[Swap()])
    assert CALLS == []
    assert "was not called" in result["content"][0]["text"]


def test_real_tools_run_when_they_are_asked_for() -> None:
    [result] = told([recorded("wire", int)], ToolCall("wire", {}), real_tools=True)
    assert CALLS == ["wire"]
    assert result["content"][0]["text"] == "really"


@pytest.mark.parametrize("real_tools", [False, True])
def test_a_rehearsal_that_paused_goes_on_as_it_began(tmp_path: Path, real_tools: bool) -> None:
    CALLS.clear()
    spec = solo(1, {"approvals": [{"tools": ["wire"]}]})
    repository = FileSessionRepository(tmp_path / "sessions")
    model = ScriptedModel([ToolCall("wire", {}), "done"])
    options: dict[str, Any] = {"model": model, "tools": [recorded("wire", str)], "repository": repository}
    paused = Workflow.from_dict(spec, offline=True, real_tools=real_tools, **options).run()
    assert paused.status == "paused"
    assert paused.session_id is not None
    assert Workflow.from_dict(spec, **options).resume(paused.session_id, "approve").success
    assert (["wire"] if real_tools else []) == CALLS


def test_a_rehearsed_tool_is_to_an_approval_what_the_real_one_is() -> None:
    real = recorded("wire", str)
    assert RehearsedTool(real).identity == real.identity


def test_tools_of_ours_neither_write_nor_send_nor_execute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there.txt").write_text("kept")
    with serving(lambda request: (200, {}, b"sent")) as server:
        spec = solo(
            tools={"python": ["file_read", "file_write", "http_request", "web_fetch", "python_exec", "calculator"]},
            security={"guardrails": {"allow_hosts": [server.url.removeprefix("http://")]}},
        )
        calls = [
            ToolCall("file_read", {"path": "there.txt"}),
            ToolCall("file_write", {"path": "there.txt", "content": "gone"}),
            ToolCall("http_request", {"url": server.url}),
            ToolCall("web_fetch", {"url": server.url}),
            ToolCall("python_exec", {"code": "print(open('x', 'w'))"}),
            ToolCall("calculator", {"expression": "6*7"}),
        ]
        model = ScriptedModel([calls, "done"])
        assert Workflow.from_dict(spec, model=model, offline=True).run().success
        assert server.requests == []
    results = [block["toolResult"] for block in model.requests[-1].messages[-1]["content"]]
    texts = [result["content"][0]["text"] for result in results]
    assert [result["status"] for result in results] == ["success"] * 6
    assert (texts[0], texts[5]) == ("kept", "42")
    assert all(text.startswith("Rehearsal: ") for text in texts[1:5])
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["there.txt"]
    assert (tmp_path / "there.txt").read_text() == "kept"
