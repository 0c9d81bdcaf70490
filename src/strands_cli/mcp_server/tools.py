"""The tools that a server has: one for each workflow, and three that only read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from strands_cli.callers.inputs import schema_of
from strands_cli.errors import AppError
from strands_cli.types import Json

if TYPE_CHECKING:
    from mcp_types import Tool

    from strands_cli.api.workflow import Workflow

LIST_QUESTIONS = "list_questions"
SHOW_QUESTION = "show_question"
SESSION_STATUS = "session_status"

_TEXT = {"type": "string"}
_SESSION = {**_TEXT, "description": "The session's id, as the result of a call has it."}
_QUESTION = {**_TEXT, "description": "The question's id in that session."}
_RESULT: dict[str, Json] = {
    "type": "object",
    "properties": {
        "session": {**_TEXT, "description": "The id of the session, by which session_status tells more."},
        "workflow": _TEXT,
        "status": {**_TEXT, "description": "completed, paused, failed, cancelled, running, answered or interrupted."},
        "response": {**_TEXT, "description": "The final text of a completed run."},
        "error": _TEXT,
        "questions": {"type": "array", "items": {"type": "object"}, "description": "What waits for an answer."},
        "artifacts": {"type": "array", "items": _TEXT, "description": "Files that it wrote."},
    },
    "required": ["session", "workflow", "status", "questions"],
}


def names_of(workflows: Mapping[str, Workflow]) -> dict[str, Workflow]:
    """Return the workflows by the names of their tools.

    Raises:
        AppError: Two would have the same name, or one that of a tool of the server.
    """
    found: dict[str, Workflow] = {}
    for workflow in workflows.values():
        name = re.sub(r"[^A-Za-z0-9_.-]+", "_", workflow.name).strip("_")[:64] or "workflow"
        if name in found or name in (LIST_QUESTIONS, SHOW_QUESTION, SESSION_STATUS):
            raise AppError(
                f"the workflow {workflow.name!r} would be a second tool {name!r}", hint="Give it another name."
            )
        found[name] = workflow
    return found


def workflow_tool(name: str, workflow: Workflow) -> Tool:
    """Return the tool that runs a workflow."""
    from mcp_types import Tool

    return Tool(
        name=name,
        title=workflow.name,
        description=workflow.spec.description or f"Run the workflow {workflow.name}.",
        input_schema=schema_of(workflow),
        output_schema=_RESULT,
    )


def reading_tools() -> list[Tool]:
    """Return the tools that only read."""
    from mcp_types import Tool, ToolAnnotations

    def reading(name: str, description: str, **properties: Json) -> Tool:
        return Tool(
            name=name,
            description=description,
            input_schema={
                "type": "object",
                "properties": properties,
                "required": list(properties),
                "additionalProperties": False,
            },
            annotations=ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False),
        )

    return [
        reading(LIST_QUESTIONS, "List the questions of these workflows that wait for an answer, and who gives it."),
        reading(
            SHOW_QUESTION,
            "Show one question: all that is asked, and how it is answered.",
            session=_SESSION,
            question=_QUESTION,
        ),
        reading(SESSION_STATUS, "Tell how a session stands, what it waits for, and what it came to.", session=_SESSION),
    ]
