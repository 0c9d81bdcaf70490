"""Calls of workflows: run until a question, have it asked, take the answer, go on."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from strands_cli.api.workflow import Workflow
from strands_cli.callers.following import Following
from strands_cli.callers.service import Listener, Service, SessionReport
from strands_cli.forms import FormAnswerError
from strands_cli.mcp_server.client import Client, progress_to
from strands_cli.mcp_server.elicitation import answer_of, form_params, has_form, page_params
from strands_cli.mcp_server.results import result_of
from strands_cli.mcp_server.state import CallState
from strands_cli.types import Json, OpenQuestion

if TYPE_CHECKING:
    from mcp.server.context import ServerRequestContext
    from mcp_types import CallToolRequestParams, CallToolResult, ElicitResult, InputRequiredResult

logger: logging.Logger = logging.getLogger(__name__)

_TRIES = 3
"""So often a client within a call is asked again for an answer that does not fit."""


@dataclass
class _Round:
    """What a client brought.

    Attributes:
        problems: Why an answer was not taken, by question id: it is asked again with that.
        visited: Questions whose page the user agreed to visit.
        took: Whether an answer was recorded.
        left: Whether the user left a question open.
        notes: What the client is told beside.
    """

    problems: dict[str, str] = field(default_factory=dict)
    visited: set[str] = field(default_factory=set)
    took: bool = False
    left: bool = False
    notes: list[str] = field(default_factory=list)


class WorkflowCalls:
    """Runs workflows for MCP clients.

    Args:
        service: The workflows.
        following: Goes on with sessions when their calls are over.
        patience: Seconds that a call waits for a person who answers elsewhere.
    """

    def __init__(self, service: Service, following: Following, *, patience: float) -> None:
        self._service = service
        self._following = following
        self._patience = patience

    async def call(
        self, context: ServerRequestContext[Any, Any], workflow: Workflow, params: CallToolRequestParams
    ) -> CallToolResult | InputRequiredResult:
        """Run a workflow, or go on with the call that the request state is of.

        Raises:
            StrandsError: It cannot be run.
        """
        client, listener = Client.of(context), progress_to(context)
        brought = _Round()
        if params.request_state is None:
            report = await self._service.start(workflow, params.arguments or {}, client.principal, listener=listener)
        else:
            state = CallState.from_text(params.request_state)
            brought = await self._taken(workflow, client, state, params.input_responses or {})
            if brought.left and not brought.took and not brought.problems:
                return self._given_back(workflow, await self._service.standing(state.session), brought)
            if brought.visited and not brought.took:
                keys = brought.visited
                if not await self._service.until_answered(workflow, state.session, keys, self._patience):
                    return self._given_back(workflow, await self._service.standing(state.session), brought)
            report = await self._service.go_on(workflow, state.session, listener=listener)
        if client.in_rounds:
            return self._asked(workflow, client, report, brought)
        return await self._ask_within(context, client, workflow, report, listener)

    # -- protocol 2026-07-28: the client calls again with the answers ---------------------------------------------

    def _asked(
        self, workflow: Workflow, client: Client, report: SessionReport, brought: _Round
    ) -> CallToolResult | InputRequiredResult:
        from mcp_types import ElicitRequest, InputRequiredResult

        url = self._service.url
        forms = _forms_of(client, report)
        pages = [each for each in report.questions if each not in forms] if client.has_pages and url else []
        if report.status != "paused" or not (forms or pages):
            return self._given_back(workflow, report, brought)
        asked: dict[str, Any] = {
            each.id: ElicitRequest(params=form_params(each, brought.problems.get(each.id, ""))) for each in forms
        }
        asked |= {each.id: ElicitRequest(params=page_params(url, each)) for each in pages}
        shown = {each.id: each.shown for each in (*forms, *pages)}
        state = CallState(report.session, shown, tuple(each.id for each in pages))
        return InputRequiredResult(input_requests=asked, request_state=state.to_text())

    async def _taken(
        self, workflow: Workflow, client: Client, state: CallState, responses: Mapping[str, Any]
    ) -> _Round:
        """Record the answers that a client brought to what it was shown."""
        session, brought = await self._service.session(workflow, state.session), _Round()
        answers: dict[str, Json] = {}
        for key in state.shown:
            response, question = responses.get(key), session.question(key)
            if response is None or question is None or not hasattr(response, "action"):
                continue
            if response.action != "accept":
                brought.left = True
            elif key in state.pages:
                brought.visited.add(key)
            else:
                try:
                    answers[key] = answer_of(question, response)
                except FormAnswerError as error:
                    brought.problems[key] = str(error)
        await self._record(workflow, client, state.session, answers, state.shown, brought)
        return brought

    async def _record(
        self,
        workflow: Workflow,
        client: Client,
        session_id: str,
        answers: Mapping[str, Json],
        shown: Mapping[str, str],
        brought: _Round,
    ) -> None:
        taken = await self._service.answer(workflow, session_id, answers, shown, client.principal)
        brought.problems |= taken.refused
        brought.problems |= dict.fromkeys(taken.changed, "what is asked has changed since")
        brought.notes += taken.late.values()
        brought.took = brought.took or bool(answers.keys() - taken.refused.keys() - set(taken.changed))

    # -- older protocols: the client is asked while it waits -------------------------------------------------------

    async def _ask_within(
        self,
        context: ServerRequestContext[Any, Any],
        client: Client,
        workflow: Workflow,
        report: SessionReport,
        listener: Listener,
    ) -> CallToolResult:
        brought = _Round()
        while report.status == "paused":
            brought.took = False
            for question in _forms_of(client, report):
                await self._ask_form(context, client, workflow, report.session, question, brought)
            if not brought.took and client.has_pages and self._service.url:
                pages = [each for each in report.questions if each not in _forms_of(client, report)]
                await self._ask_pages(context, workflow, report.session, pages, brought)
            if not brought.took:
                break
            report = await self._service.go_on(workflow, report.session, listener=listener)
        return self._given_back(workflow, report, brought)

    async def _ask_form(
        self,
        context: ServerRequestContext[Any, Any],
        client: Client,
        workflow: Workflow,
        session_id: str,
        question: OpenQuestion,
        brought: _Round,
    ) -> None:
        """Have a user fill in the form of one question; an answer that does not fit is asked for again."""
        shown, problem = {question.id: question.shown}, ""
        for _ in range(_TRIES):
            params = form_params(question, problem)
            asking = context.session.elicit_form(params.message, params.requested_schema, context.request_id)
            reply = await _reply(asking)
            if reply is None or reply.action != "accept":
                return
            try:
                answers = {question.id: answer_of(question, reply)}
            except FormAnswerError as error:
                problem = str(error)
                continue
            now = _Round(notes=brought.notes)
            await self._record(workflow, client, session_id, answers, shown, now)
            brought.took = brought.took or now.took
            if now.took:
                return
            problem = now.problems[question.id]
        brought.notes.append(f"{question.id}: no answer was taken: {problem}")

    async def _ask_pages(
        self,
        context: ServerRequestContext[Any, Any],
        workflow: Workflow,
        session_id: str,
        questions: Sequence[OpenQuestion],
        brought: _Round,
    ) -> None:
        """Send the user to the pages of questions that people answer, and wait a while for an answer."""
        visited = set()
        for question in questions:
            params = page_params(self._service.url, question)
            told = params.message, params.url, params.elicitation_id or ""
            reply = await _reply(context.session.elicit_url(*told, context.request_id))
            if reply is not None and reply.action == "accept":
                visited.add(question.id)
        if visited:
            brought.took = await self._service.until_answered(workflow, session_id, visited, self._patience)

    def _given_back(self, workflow: Workflow, report: SessionReport, brought: _Round) -> CallToolResult:
        if report.status == "paused":
            self._following.follow(workflow, report.session)
        return result_of(self._service.url, report, brought.notes)


def _forms_of(client: Client, report: SessionReport) -> list[OpenQuestion]:
    """Return the open questions that the client asks its user."""
    return [each for each in report.for_caller() if has_form(each)] if client.has_forms else []


async def _reply(asking: Awaitable[ElicitResult]) -> ElicitResult | None:
    """Return what a user said; None where the client cannot ask after all: the question stays open then."""
    from mcp.shared.exceptions import MCPError

    try:
        return await asking
    except MCPError as error:
        logger.warning("the client did not ask: %s", error)
        return None
