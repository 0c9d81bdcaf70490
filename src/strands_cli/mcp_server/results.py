"""What a client is told of a session: in words, and as an object."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from strands_cli.callers.questions import is_for_caller, told_of, way_to_answer
from strands_cli.callers.service import SessionReport
from strands_cli.errors import InputError, StrandsError
from strands_cli.mcp_server.tools import SESSION_STATUS
from strands_cli.types import Json

if TYPE_CHECKING:
    from mcp_types import CallToolResult


def result_of(url: str, report: SessionReport, notes: Sequence[str] = ()) -> CallToolResult:
    """Return the result of a call whose session stands like this.

    Args:
        url: The address at which people answer, or "".
        report: How it stands.
        notes: What else the client has to know, a text each.
    """
    from mcp_types import CallToolResult, TextContent

    texts = [*notes, _text(url, report)]
    return CallToolResult(
        content=[TextContent(text=text) for text in texts],
        structured_content=standing_of(url, report),
        is_error=report.status == "failed",
    )


def standing_of(url: str, report: SessionReport) -> dict[str, Json]:
    """Return how a session stands, as the tools' output schema has it."""
    told: dict[str, Json] = {
        "session": report.session,
        "workflow": report.workflow,
        "status": report.status,
        "questions": [told_of(url, report.session, each) for each in report.questions],
    }
    if report.status == "completed":
        told["response"] = report.text
    elif report.status == "failed":
        told["error"] = report.text
    if report.artifacts:
        told["artifacts"] = list(report.artifacts)
    return told


def error_result(error: StrandsError) -> CallToolResult:
    """Return the result of a call that could not be done."""
    return text_result(error.message if isinstance(error, InputError) else str(error), is_error=True)


def text_result(text: str, structured: Json = None, *, is_error: bool = False) -> CallToolResult:
    """Return a result of one text."""
    from mcp_types import CallToolResult, TextContent

    return CallToolResult(content=[TextContent(text=text)], structured_content=structured, is_error=is_error)


def _text(url: str, report: SessionReport) -> str:
    if report.status == "completed":
        return report.text
    if report.status == "failed":
        return f"The run failed: {report.text}\nNothing that it finished is lost: strands resume {report.session}"
    if report.status != "paused":
        return f"The session {report.session} is {report.status}."
    lines = [f"The run is not finished: it waits for an answer. Session {report.session}."]
    for question in report.questions:
        who = "left open" if is_for_caller(question) else way_to_answer(url, report.session, question)
        lines.append(f"- {question.id}: {question.prompt} ({who})")
    lines.append(f"The tool {SESSION_STATUS} tells what became of it.")
    return "\n".join(lines)
