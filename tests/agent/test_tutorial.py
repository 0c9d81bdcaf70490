"""The tutorial on asking people, as its reader writes it, with a scripted model."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import Any

import pytest

from strands import Agent, tool
from strands.hooks import BeforeToolCallEvent, HookProvider, HookRegistry
from strands.models import ScriptedModel, ToolCall
from strands.session import FileSessionManager
from strands.types.tools import ToolContext

deleted: list[str] = []


@tool
def delete_files(paths: list[str]) -> str:
    """Delete files at the specified paths."""
    deleted.extend(paths)
    return f"Successfully deleted files: {paths}"


@tool
def inspect_files(paths: list[str]) -> dict[str, Any]:
    """Inspect files and return their metadata."""
    return {path: {"size": "1KB", "age": "10 days"} for path in paths}


class ApprovalHook(HookProvider):
    def __init__(self, app_name: str) -> None:
        self.app_name = app_name

    def register_hooks(self, registry: HookRegistry, **kwargs: Any) -> None:
        registry.add_callback(BeforeToolCallEvent, self.approve)

    def approve(self, event: BeforeToolCallEvent) -> None:
        if event.tool_use["name"] != "delete_files":
            return
        reason = {"paths": event.tool_use["input"]["paths"]}
        approval = event.interrupt(f"{self.app_name}-approval", reason=reason)
        if approval.lower() != "y":
            event.cancel_tool = "User denied permission to delete files"


class SmartDeleteTool:
    def __init__(self, app_name: str, approval_threshold: int = 3) -> None:
        self.app_name = app_name
        self.approval_threshold = approval_threshold

    @tool(context=True)
    def smart_delete(self, tool_context: ToolContext, paths: list[str]) -> str:
        """Delete files with smart approval, requests confirmation for bulk deletes."""
        if len(paths) >= self.approval_threshold:
            approval = tool_context.interrupt(
                f"{self.app_name}-bulk-approval",
                reason={"paths": paths, "count": len(paths), "message": f"You are about to delete {len(paths)} files"},
            )
            if approval.lower() != "y":
                return f"Bulk delete cancelled by user. {len(paths)} files were NOT deleted."
        deleted.extend(paths)
        return f"Successfully deleted {len(paths)} files: {paths}"


class PersistentApprovalHook(HookProvider):
    def __init__(self, app_name: str) -> None:
        self.app_name = app_name

    def register_hooks(self, registry: HookRegistry, **kwargs: Any) -> None:
        registry.add_callback(BeforeToolCallEvent, self.approve_with_memory)

    def approve_with_memory(self, event: BeforeToolCallEvent) -> None:
        if event.tool_use["name"] != "delete_files":
            return
        trust_key = f"{self.app_name}-trust"
        if event.agent.state.get(trust_key) == "t":
            return
        reason = {"paths": event.tool_use["input"]["paths"], "options": "t=trust always, y=yes once, n=no"}
        approval = event.interrupt(f"{self.app_name}-approval", reason=reason).lower()
        if approval == "t":
            event.agent.state.set(trust_key, "t")
        elif approval != "y":
            event.cancel_tool = "User denied permission"


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    deleted.clear()
    yield


def run_with_interrupts(agent: Agent, prompt: str, choice: str) -> tuple[Any, int]:
    """The caller's loop of the tutorial; returns the result and how many questions were asked."""
    asked = 0
    result = agent(prompt)
    while result.stop_reason == "interrupt":
        responses: Any = []
        for interrupt in result.interrupts or ():
            asked += 1
            assert interrupt.reason["paths"]
            responses.append({"interruptResponse": {"interruptId": interrupt.id, "response": choice}})
        result = agent(responses)
    return result, asked


@pytest.mark.parametrize(("choice", "gone"), [("y", ["old.txt", "temp.csv"]), ("N", [])])
def test_a_hook_asks_before_files_are_deleted(choice: str, gone: list[str]) -> None:
    paths = ["old.txt", "temp.csv"]
    script: Any = [ToolCall("inspect_files", {"paths": paths}), ToolCall("delete_files", {"paths": paths}), "ok"]
    agent = Agent(
        model=ScriptedModel(script),
        hooks=[ApprovalHook("filemanager")],
        system_prompt="You are a file management assistant. Always inspect files before deleting them.",
        tools=[delete_files, inspect_files],
        callback_handler=None,
    )
    result, asked = run_with_interrupts(agent, f"Please delete these old files: {paths}", choice)
    assert (result.stop_reason, result.message["content"], asked) == ("end_turn", [{"text": "ok"}], 1)
    assert deleted == gone


@pytest.mark.parametrize(("count", "choice", "asked", "gone"), [(2, "n", 0, 2), (5, "y", 1, 5), (5, "n", 1, 0)])
def test_a_tool_asks_above_a_threshold(count: int, choice: str, asked: int, gone: int) -> None:
    smart = SmartDeleteTool("smartfile", approval_threshold=3)
    paths = [f"file{number}.txt" for number in range(count)]
    agent = Agent(
        model=ScriptedModel([ToolCall("smart_delete", {"paths": paths}), "ok"]),
        tools=[smart.smart_delete, inspect_files],
        callback_handler=None,
    )
    assert run_with_interrupts(agent, f"Delete these files: {paths}", choice)[1] == asked
    assert len(deleted) == gone


def persistent(directory: str, *paths: str) -> Agent:
    return Agent(
        model=ScriptedModel([ToolCall("delete_files", {"paths": list(paths)}), "ok"]),
        hooks=[PersistentApprovalHook("persistent-app")],
        session_manager=FileSessionManager(session_id="demo-session", storage_dir=directory),
        tools=[delete_files, inspect_files],
        callback_handler=None,
    )


def test_trust_is_remembered_across_processes() -> None:
    with tempfile.TemporaryDirectory() as directory:
        assert run_with_interrupts(persistent(directory, "file1.txt"), "Delete file1.txt", "t")[1] == 1
        again = persistent(directory, "file2.txt", "file3.txt")
        assert run_with_interrupts(again, "Delete file2.txt and file3.txt", "n")[1] == 0
    assert deleted == ["file1.txt", "file2.txt", "file3.txt"]


def test_a_question_is_answered_by_another_agent_on_the_same_session() -> None:
    with tempfile.TemporaryDirectory() as directory:
        question = persistent(directory, "file1.txt")("Delete file1.txt").interrupts
        assert question is not None
        again = persistent(directory)
        again.model = ScriptedModel(["ok"])
        assert [each.id for each in again.pending_interrupts] == [each.id for each in question]
        response: Any = [{"interruptResponse": {"interruptId": question[0].id, "response": "y"}}]
        assert again(response).stop_reason == "end_turn"
    assert deleted == ["file1.txt"]
