"""Questions as MCP clients ask them of their users: a form of flat fields, or an address to visit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from strands_cli.callers.questions import page_of, text_of
from strands_cli.forms import form_of, read
from strands_cli.forms.elicitation import requested_schema
from strands_cli.types import Json, OpenQuestion

if TYPE_CHECKING:
    from mcp_types import ElicitRequestFormParams, ElicitRequestURLParams, ElicitResult


def has_form(question: OpenQuestion) -> bool:
    """Whether clients can show a question as a form: what is nested they cannot."""
    return requested_schema(form_of(question)) is not None


def form_params(question: OpenQuestion, problem: str = "") -> ElicitRequestFormParams:
    """Return the request for a question's form; `problem` says why the last answer was not taken."""
    from mcp_types import ElicitRequestFormParams

    message = text_of(question)
    if problem:
        message = f"The last answer was not taken: {problem}\n\n{message}"
    return ElicitRequestFormParams(message=message, requested_schema=requested_schema(form_of(question)) or {})


def page_params(url: str, question: OpenQuestion) -> ElicitRequestURLParams:
    """Return the request to visit the page at which a person answers a question."""
    from mcp_types import ElicitRequestURLParams

    page = page_of(url, question)
    return ElicitRequestURLParams(
        message=f"A person has to decide this there: {question.prompt}",
        url=page,
        elicitation_id=page.rpartition("/")[2],
    )


def answer_of(question: OpenQuestion, result: ElicitResult) -> Json:
    """Return the answer that a form was filled in with.

    Raises:
        FormAnswerError: It does not fit.
    """
    content: dict[str, Any] = dict(result.content or {})
    return read(form_of(question), content)
