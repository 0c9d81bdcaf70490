"""Servers that die at one write to their store, by orders as `support.session_worker` takes; a team that outlives them.

`<root>/address` is where the newest server listens; it is there once that does.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from strands.journal.locate import repository_at
from strands.journal.sql import SqlRepository
from strands.models.scripted import ScriptedModel
from strands_cli.api import Workflow
from strands_cli.inbox.apps import Apps
from strands_cli.inbox.data import ServerData
from strands_cli.inbox.inbox import Inbox
from strands_cli.inbox.tokens import SCOPES, Tokens
from strands_cli.session.refs import ref_of
from strands_cli.session.repository import FileSessionRepository, SessionRepository
from strands_cli.web.serving import Listening, serve
from strands_cli.web.settings import ServerSettings
from support.databases import Killing
from support.disks import killing_disk
from support.session_worker import Workers, lines
from support.session_worker import serve as serve_orders
from support.web_server import until

WAIT_SECONDS = 60.0
_SPEC = """
version: 0
name: paying
runtime: {provider: scripted}
agents: {clerk: {prompt: You are a clerk.}}
pattern:
  type: chain
  config:
    steps:
      - {agent: clerk, input: prepare}
      - type: hitl
        prompt: "Pay?"
        choices: ["yes", "no"]
        ask: {users: [anna, ben]}
        quorum: {"yes": 2}
        remind: [10ms]
      - {agent: clerk, input: "pay: {{ hitl_response }}"}
      - {type: hitl, prompt: "Is it there?", choices: ["yes", "no"]}
      - {agent: clerk, input: file}
"""


def store_of(place: str, when: str, at: int) -> SessionRepository:
    """Return a store whose process dies "before" or "after" its write number `at`; 0 never."""
    if "://" not in place:
        return FileSessionRepository(place, disk=killing_disk(at, when) if at else None)
    store = repository_at(place)
    if not at:
        return store
    assert isinstance(store, SqlRepository)
    return SqlRepository(Killing(store.database, at, when), store.namespace)


def work(root: Path, order: dict[str, Any]) -> None:
    """Serve until it is killed."""
    when, at = order["disk"]
    workflow = Workflow.from_yaml(_SPEC, model=ScriptedModel(lambda *_: "done"))
    inbox = Inbox(store_of(order["store"], when, at), apps=Apps([workflow]), data=ServerData(root / "server.db"))
    with Listening("127.0.0.1", 0, None) as listening:
        settings = ServerSettings(origin=listening.origin, auth="token", drive=2, grace=1.0)
        (root / "address.new").write_text(listening.origin)
        os.replace(root / "address.new", root / "address")
        serve(inbox, settings, listening, say=lambda text: None)


class Team:
    """People and a program who have a run done, by whichever server is there.

    Args:
        root: Where the servers keep their data.
        place: The store.
        workers: Forks the servers.
        death: "before" or "after", and the number of the write at which the first server dies.

    Attributes:
        deaths: How many servers have died.
    """

    def __init__(self, root: Path, place: str, workers: Workers, death: tuple[str, int]) -> None:
        self.deaths = 0
        self._root, self._place, self._workers, self._death = root, place, workers, death
        tokens = Tokens(ServerData(root / "server.db"))
        self._secrets = {person: tokens.create(person, scopes=SCOPES)[1] for person in ("anna", "ben")}
        self._pid, self._url = 0, ""
        self._client = httpx.Client(timeout=WAIT_SECONDS)

    def live(self) -> str:
        """Have a run done from its start to its end; return its session."""
        try:
            self._serve(self._death)
            session = str(self._ask("POST", "/sessions", json={"workflow": "paying"})["id"])
            pay, look = ref_of(session, "steps/1"), ref_of(session, "steps/3")
            self._until(lambda: "hitl_reminded" in self._events(session))
            self._ask("POST", f"/questions/{pay}/answer", json={"value": "yes"})
            self._ask("POST", f"/questions/{pay}/answer", json={"value": "yes"}, person="ben")
            self._until(lambda: self._events(session).count("hitl_requested") == 2)
            self._ask("POST", f"/questions/{look}/answer", json={"value": "yes"})
            self._until(lambda: self._ask("GET", f"/sessions/{session}")["status"] == "completed")
            return session
        finally:
            self._client.close()
            self._kill()

    def _events(self, session: str) -> list[str]:
        return [each["type"] for each in self._ask("GET", f"/sessions/{session}/events")["items"]]

    def _ask(self, method: str, path: str, *, person: str = "anna", **more: Any) -> Any:
        """Return a reply; who gets none asks again, as it is not known whether the request came through."""
        headers = {"Authorization": f"Bearer {self._secrets[person]}", "Idempotency-Key": f"{person}:{path}"}
        while True:
            try:
                told = self._client.request(method, f"{self._url}/api/v1{path}", headers=headers, **more)
            except httpx.TransportError:
                self.deaths += 1
                assert self.deaths == 1, "the second server has died"
                self._serve(("after", 0))
                continue
            assert told.is_success, told.text
            return told.json()

    def _serve(self, death: tuple[str, int]) -> None:
        self._kill()
        (self._root / "address").unlink(missing_ok=True)
        order = {"do": "serve", "root": str(self._root), "store": self._place, "disk": death, "background": True}
        self._pid = int(self._workers.ask(order)["pid"])
        until((self._root / "address").exists)
        self._url = (self._root / "address").read_text()

    def _kill(self) -> None:
        if self._pid:
            os.kill(self._pid, signal.SIGKILL)
            self._workers.ask({"do": "wait"})
            self._pid = 0
            assert not lines(self._root, "errors"), lines(self._root, "errors")

    def _until(self, check: Callable[[], Any]) -> None:
        until(check, seconds=WAIT_SECONDS)


if __name__ == "__main__":
    serve_orders(work)
