"""Servers that tell people of questions, and a run that asks one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from strands import Workflow
from support.web_server import Server


@contextmanager
def servers(home: Path, people: str, env: Mapping[str, str]) -> Iterator[Callable[[], Server]]:
    """Yield what starts a server of the store in `home`, which knows `people`; they are killed at the end."""
    running: list[Server] = []
    (home / "people.yaml").write_text(people)

    def start() -> Server:
        running.append(Server(home, str(home / "store"), "--people", "people.yaml", targets=(), env=env))
        time.sleep(1.2)  # what was recorded before a server looks for the first time is nobody's business
        return running[-1]

    yield start
    for server in running:
        server.close()


def asked(home: Path, gate: dict[str, Any]) -> str:
    """Ask what a gate asks, in the store in `home`, and return the id of the session."""
    spec = {
        "version": 0,
        "name": "pay",
        "runtime": {"provider": "scripted"},
        "agents": {"a": {"prompt": "p"}},
        "pattern": {"type": "chain", "config": {"steps": [gate, {"agent": "a", "input": "done"}]}},
    }
    return str(Workflow.from_dict(spec, store=str(home / "store")).run().session_id)
