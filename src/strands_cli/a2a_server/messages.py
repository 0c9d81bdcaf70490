"""Messages of the protocol: what a caller's holds, and what is said of a session."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from strands_cli.callers.inputs import schema_of
from strands_cli.callers.questions import is_for_caller, text_of, told_of, way_to_answer
from strands_cli.callers.service import SessionReport
from strands_cli.errors import InputError
from strands_cli.types import Json, OpenQuestion

if TYPE_CHECKING:
    from a2a.types import Message, Part, TaskStatus

    from strands_cli.api.workflow import Workflow

QUESTIONS = "questions"
ANSWERS = "answers"
_INTERRUPT = "interruptResponse"


def variables_of(workflow: Workflow, message: Message) -> dict[str, Json]:
    """Return the variables that a message gives a run: those of its data parts, and its text as the one that is left.

    Raises:
        InputError: There is text, and it is not clear which variable it is.
    """
    from strands.multiagent.a2a.parts import data_of

    found: dict[str, Json] = {}
    for data in data_of(message.parts):
        if not isinstance(data, dict):
            raise InputError("a data part with the variables of the workflow is an object")
        found.update(data)
    text = _text(message)
    schema = schema_of(workflow)
    if not text or not schema["properties"]:
        return found
    left = [name for name in schema.get("required", ()) if name not in found]
    names = left or [name for name in schema["properties"] if name not in found]
    if len(names) != 1:
        raise InputError(
            f"the text may be any of {', '.join(names)}" if names else "the text is none of the variables",
            hint=f"Send a data part: an object with {', '.join(schema['properties'])}.",
        )
    return {**found, names[0]: _typed(text, schema["properties"][names[0]])}


def answers_of(message: Message, questions: Sequence[OpenQuestion]) -> dict[str, Json]:
    """Return question id to answer, of a message.

    A data part holds `{"answers": {ID: VALUE}}`; the text answers the one question that a caller may answer.

    Raises:
        InputError: It holds none, or it is not clear what the text answers.
    """
    from strands.multiagent.a2a.parts import data_of

    found: dict[str, Json] = {}
    for data in data_of(message.parts):
        told = data.get(ANSWERS) if isinstance(data, dict) else None
        response = data.get(_INTERRUPT) if isinstance(data, dict) else None
        if isinstance(told, dict):
            found.update(told)
        elif isinstance(response, dict) and isinstance(response.get("interruptId"), str):
            found[response["interruptId"]] = response.get("response")
        else:
            raise InputError('a data part with answers is an object: {"answers": {QUESTION: VALUE}}')
    text = _text(message)
    if text:
        open_ids = [each.id for each in questions if is_for_caller(each) and each.id not in found]
        if len(open_ids) != 1:
            several = f"{len(open_ids)} questions are open" if open_ids else "no question is left for it"
            raise InputError(
                f"the text answers no question: {several}",
                hint='Answer each by its id, in a data part: {"answers": {QUESTION: VALUE}}.',
            )
        found[open_ids[0]] = text
    if not found:
        raise InputError("the message holds no answer")
    return found


def status_of(url: str, report: SessionReport, notes: Sequence[str] = ()) -> TaskStatus:
    """Return the status of a task whose session stands like this.

    Args:
        url: The address at which people answer, or "".
        report: How it stands.
        notes: What else the caller has to know, a text each.
    """
    from a2a.types import Message, Role, TaskState, TaskStatus

    states = {
        "completed": TaskState.TASK_STATE_COMPLETED,
        "failed": TaskState.TASK_STATE_FAILED,
        "cancelled": TaskState.TASK_STATE_CANCELED,
    }
    state = states.get(report.status, TaskState.TASK_STATE_WORKING)
    parts = [_text_part(note) for note in notes]
    if report.status == "paused":
        answerable = any(is_for_caller(each) for each in report.questions)
        state = TaskState.TASK_STATE_INPUT_REQUIRED if answerable else TaskState.TASK_STATE_AUTH_REQUIRED
        parts += _question_parts(url, report)
    elif report.status == "failed":
        parts.append(_text_part(report.text))
    status = TaskStatus(state=state)
    if parts:
        told = "\0".join([report.session, report.status, *(str(part) for part in parts)])
        id_ = hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        status.message.CopyFrom(Message(message_id=id_, role=Role.ROLE_AGENT, task_id=report.session, parts=parts))
    return status


def response_parts(report: SessionReport) -> list[Part]:
    """Return the parts of the artifact that a completed run is told by."""
    return [_text_part(report.text)]


def _question_parts(url: str, report: SessionReport) -> list[Part]:
    from a2a.helpers import new_data_part

    parts = []
    told = {}
    for question in report.questions:
        text = text_of(question)
        if not is_for_caller(question):
            text = f"{text}\n\n{way_to_answer(url, report.session, question)}"
        parts.append(_text_part(text))
        told[question.id] = told_of(url, report.session, question)
    return [*parts, new_data_part(json.loads(json.dumps({QUESTIONS: told}, default=str)))]


def _text_part(text: str) -> Part:
    from a2a.types import Part

    return Part(text=text.encode("utf-8", "replace").decode("utf-8"))


def _text(message: Message) -> str:
    return "\n".join(part.text for part in message.parts if part.HasField("text")).strip()


def _typed(text: str, schema: Mapping[str, Json]) -> Json:
    """Return the value that a text writes for a variable."""
    from strands_cli.loader.input_types import from_text

    try:
        return from_text(text, schema.get("type", "string"))
    except ValueError as error:
        raise InputError(f"the text is not {schema['type']}: {error}") from None
