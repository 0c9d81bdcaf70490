"""A team's inbox: a server in a thread, people who sign in, and workflows that ask them."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from strands import Workflow, tool
from strands.models.scripted import ScriptedModel, ToolCall
from strands_cli.inbox.apps import Apps
from strands_cli.inbox.deliveries import DeliveryLog
from strands_cli.inbox.endpoints import Endpoint, Endpoints
from strands_cli.inbox.inbox import Inbox
from strands_cli.inbox.notes import DeliveryError
from strands_cli.inbox.tokens import SCOPES, Tokens
from strands_cli.kernel.principal import Principal
from strands_cli.people import People
from strands_cli.session.refs import ref_of
from strands_cli.session.repository import FileSessionRepository
from strands_cli.session.timers import fire

ANNA = Principal("user:os:anna")
PEOPLE: dict[str, dict[str, Any]] = {
    "anna": {
        "name": "Anna",
        "ids": ["user:os:anna"],
        "roles": ["finance", "admin"],
        "substitute": {"dora": "2020-01-01..2099-12-31"},
    },
    "ben": {"name": "Ben", "ids": ["user:os:ben"], "roles": ["finance"]},
    "carla": {"name": "Carla", "ids": ["user:os:carla"], "roles": ["support"]},
    "dora": {"name": "Dora", "ids": ["user:os:dora"]},
}
DIFF = """--- a/refund_policy.md
+++ b/refund_policy.md
@@ -1,4 +1,4 @@
 # Refunds
-Customers have 14 days to ask for a refund.
+Customers have 30 days to ask for a refund.
 Receipts are needed for amounts above 100 EUR.
"""
HOSTILE = '<img src=x onerror=alert(1)> "quoted" & \u202egnp.exe\u202c \x1b[31mred\x07'
FINANCE = {"ask": {"roles": ["finance"]}}
FOUR_EYES = {**FINANCE, "quorum": {"approve": 2, "reject": 1}}
VISIT = {
    "type": "object",
    "required": ["hotel", "nights", "breakfast", "arrival"],
    "properties": {
        "hotel": {"enum": ["Seaside", "Old Town", "Airport"], "description": "Where they stay."},
        "nights": {"type": "integer", "minimum": 1, "maximum": 14, "default": 2},
        "breakfast": {"type": "boolean"},
        "arrival": {"type": "string", "format": "date"},
        "extras": {"type": "array", "items": {"enum": ["parking", "crib", "late checkout"]}},
        "guests": {"type": "array", "items": {"type": "string"}, "description": "Names beside the traveller's."},
        "remarks": {"type": "string", "maxLength": 500},
    },
}


def spec(name: str, steps: list[dict[str, Any]], agent: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """Return a chain of one agent."""
    return {
        "version": 0,
        "name": name,
        "runtime": {"provider": "scripted", "failure_policy": {"retries": 0}},
        "agents": {"clerk": {"prompt": "You work with care.", **(agent or {})}},
        "pattern": {"type": "chain", "config": {"steps": steps}},
        **more,
    }


def asking(name: str, prompt: str, **more: Any) -> Workflow:
    """Return a workflow in which an agent works, then a person is asked, then the agent goes on."""
    steps = [
        {"agent": "clerk", "input": "Look into it"},
        {"type": "hitl", "prompt": prompt, **more},
        {"agent": "clerk", "input": "Go on with {{ hitl_response }}"},
    ]
    return Workflow.from_dict(spec(name, steps), model=ScriptedModel(["I have looked into it.", "All is done."]))


def cleaning() -> Workflow:
    """Return a workflow whose agent wants to delete files, and asks first."""

    @tool
    def delete_files(paths: list[str], older_than_days: int = 30, dry_run: bool = False) -> str:
        """Delete files that are old enough."""
        return f"deleted {len(paths)}"

    rule = {
        "tools": ["delete_*"],
        "prompt": "Delete {{ args.paths | length }} files for good?",
        "options": ["approve", "edit", "reject"],
        "remember": "session",
    }
    call = ToolCall("delete_files", {"paths": ["/var/log/app.log.1", "/var/log/app.log.2", "/tmp/build"]}, "t1")
    told = spec("cleanup", [{"agent": "clerk", "input": "Make room on the disk"}], {"approvals": [rule]})
    return Workflow.from_dict(told, model=ScriptedModel([call, "There is room again."]), tools=[delete_files])


def trip() -> Workflow:
    """Return a workflow with inputs, to be started from its page."""
    steps: list[dict[str, Any]] = [
        {"agent": "clerk", "input": "Plan a trip to {{ city }} for {{ days }} days"},
        {"type": "hitl", "prompt": "Book the trip to {{ city }}?", "choices": ["book", "hold"]},
    ]
    inputs = {
        "required": {"city": {"type": "string", "description": "Where to."}},
        "optional": {"days": {"type": "integer", "default": 3}, "class": {"type": "string", "enum": ["2nd", "1st"]}},
    }
    told = spec("trip", steps, inputs=inputs, description="Plans a trip, and asks before it books.")
    return Workflow.from_dict(told, model=ScriptedModel(["A plan."]))


class Team:
    """An inbox with questions, the people, and the address of its server.

    Args:
        folder: Where the sessions are kept.
    """

    def __init__(self, folder: Path) -> None:
        self.folder: Path = folder
        self.store = FileSessionRepository(folder)
        self.inbox = Inbox(self.store, people=People.from_dict(PEOPLE), apps=Apps([trip()]))
        self.auth_tokens = Tokens(self.inbox.data)
        self.tokens: dict[str, str] = {name: self.auth_tokens.create(name, scopes=SCOPES)[1] for name in PEOPLE}
        self.endpoints = Endpoints(self.inbox.data)
        self.sessions: dict[str, str] = {}
        self.url: str = ""

    def begin(self, workflow: Workflow) -> str:
        """Run a workflow until it waits or ends; return its session's id."""
        workflow._options.repository = self.store
        result = workflow.run()
        self.sessions[workflow.name] = result.session_id
        return result.session_id

    def webhook(self, url: str) -> Endpoint:
        """Have the events of trips, which nobody begins, sent to an address."""
        return self.endpoints.add(url, workflows=["trip"])[0]

    def pass_time(self, name: str, seconds: float) -> None:
        """Have happen to the question of a workflow what is due after so many seconds."""

        async def passed() -> None:
            await fire(await self.store.open(self.sessions[name]), now=time.time() + seconds)

        in_thread(passed())

    def delivered(self) -> None:
        """Have a delivery of each state to the webhook."""
        log, target = DeliveryLog(self.inbox.data), f"webhook:{self.endpoints.list()[0].id}"
        for number, (name, session_id) in enumerate(sorted(self.sessions.items())[:3]):
            log.add(target, f"msg_{session_id}.3", session_id, 3, "steps/1", "question.opened")
            delivery = log.find(target, f"msg_{session_id}.3")
            assert delivery is not None, name
            if number == 0:
                log.end(delivery, "done")
            else:
                is_final = number == 1
                log.fail(delivery, DeliveryError("it answered 503", status=503, retry_after=86_400, is_final=is_final))

    def begin_all(self) -> None:
        """Begin one workflow of each kind."""
        self.begin(cleaning())
        self.begin(asking("payout", "Pay 4,200 EUR to Acme Ltd?", choices=["approve", "reject"], timeout_seconds=7_000))
        self.begin(asking("booking", "Which hotel shall I book?", schema=VISIT))
        self.begin(asking("contract", "Sign the contract with Acme Ltd?", choices=["approve", "reject"], **FOUR_EYES))
        self.begin(asking("policy", "Publish this change?", choices=["publish", "hold"], context_display=DIFF))
        self.begin(asking("inquiry", f"What do I answer? {HOSTILE}", context_display=f"They wrote: {HOSTILE}\n" * 3))

    def ref(self, name: str) -> str:
        """Return the reference of the question that a workflow has asked."""
        found = in_thread(self.inbox.session(self.sessions[name], ANNA))
        return ref_of(found.id, found.question_ids[-1])

    def answered(self, name: str) -> Any:
        """Return what is on record of the answer to the question of a workflow."""
        return in_thread(self.inbox.question(self.ref(name), ANNA)).answer


def in_thread(work: Coroutine[Any, Any, Any]) -> Any:
    """Return what a coroutine returns, whether or not this thread has a loop at work, as one that drives a browser."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


@contextmanager
def serving(team: Team) -> Iterator[str]:
    """Serve a team's inbox on a free port; yield the address."""
    import socket

    import uvicorn

    from strands_cli.web.app import create_app
    from strands_cli.web.settings import ServerSettings

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        team.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        app = create_app(team.inbox, ServerSettings(origin=team.url, auth="token", drive=0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])), daemon=True)
        thread.start()
        try:
            while not server.started and thread.is_alive():
                time.sleep(0.01)
            yield team.url
        finally:
            server.should_exit = True
            thread.join(10)
