"""The audit over REST: who decided what in a session, and whether its record is as it was."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from pydantic import Field

from strands_cli.inbox.inbox import Inbox
from strands_cli.web.api.base import ReplyModel, SessionId
from strands_cli.web.api.sessions import seen
from strands_cli.web.auth import Auth
from strands_cli.web.openapi import problems


class AuditModel(ReplyModel):
    """The decisions of a session, and what does not hold of its record."""

    verified: bool = Field(description="Whether nothing was changed, and whoever decided was entitled to.")
    findings: list[dict[str, Any]] = Field(description="What does not hold: session, seq, rule, message.")
    decisions: list[dict[str, Any]] = Field(description="A row for each decision, as `strands audit export` has it.")


def add_routes(router: APIRouter, inbox: Inbox, auth: Auth) -> None:
    """Add the route of the audit."""

    @router.get(
        "/sessions/{session_id}/audit", operation_id="getAudit", response_model=AuditModel, responses=problems(404)
    )
    async def get_audit(request: Request, session_id: SessionId) -> dict[str, Any]:
        """Tell who decided what in a session, and whether its record is as it was."""
        from strands_cli.audit.decisions import decisions
        from strands_cli.audit.verify import verify

        session = await seen(request, inbox, auth, session_id, "audit:read")
        report = await verify(inbox.store, [session.id])
        rows = [row async for row in decisions(inbox.store, [session.id])] if not report.faults else []
        findings = [each.to_dict() for each in report.findings]
        return {"verified": not report.faults, "findings": findings, "decisions": rows}
