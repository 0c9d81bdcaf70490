"""A process that answers one branch of each of many sessions, and goes on with them: python answerer.py ROOT BRANCH."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

from strands.models.scripted import ScriptedModel
from strands_cli.api import Workflow
from strands_cli.api.session_manager import SessionManager
from strands_cli.errors import LeaseHeldError
from strands_cli.session.repository import FileSessionRepository
from support.cast import hitl, spec

BRANCHES = ("x", "y", "z")
SPEC = spec(
    "parallel",
    {"branches": [{"id": name, "steps": [hitl("?"), {"agent": "a", "input": name}]} for name in BRANCHES]},
)


def workflow(root: str) -> Workflow:
    return Workflow.from_dict(SPEC, repository=FileSessionRepository(root), model=ScriptedModel(lambda messages: "ok"))


async def main(root: str, branch: str) -> None:
    flow = workflow(root)
    print("ready", flush=True)
    sys.stdin.readline()
    for session in sorted(await SessionManager(root).list_sessions_async(), key=lambda each: each.id):
        given: dict[str, Any] = {f"branches/{branch}/steps/0": "yes"}
        try:
            await flow.resume_async(session.id, answers=given)
        except LeaseHeldError as error:
            print(error.message, flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
