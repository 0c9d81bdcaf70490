"""What a question says to the person who is asked."""

from __future__ import annotations

from pathlib import Path

from strands import Workflow, tool
from strands.hooks import BeforeToolCallEvent
from strands.models.scripted import ScriptedModel, ToolCall
from strands_cli.session.repository import FileSessionRepository


def test_a_hooks_question_names_the_tool_that_it_is_about(tmp_path: Path) -> None:
    @tool
    def delete_files(paths: list[str]) -> str:
        """Delete."""
        return "deleted"

    def approve(event: BeforeToolCallEvent) -> None:
        event.interrupt("approval", reason=event.tool_use["input"])

    steps = {"steps": [{"agent": "janitor", "input": "Clean up"}]}
    spec = {
        "version": 0,
        "name": "clean",
        "runtime": {"provider": "scripted"},
        "agents": {"janitor": {"prompt": "You clean.", "tools": ["delete_files"]}},
        "pattern": {"type": "chain", "config": steps},
    }
    model = ScriptedModel([ToolCall("delete_files", {"paths": ["a"]}), "Clean."])
    repository = FileSessionRepository(tmp_path)
    workflow = Workflow.from_dict(spec, tools=[delete_files], hooks=[approve], model=model, repository=repository)
    (question,) = workflow.run().questions
    assert question.prompt == "janitor asks about delete_files: approval"
