"""Clients of models are made once: calls that wait, answers, and sessions in the background go over one connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from strands import SessionManager, Workflow
from support.stub_ollama import StubOllama

STEPS = [{"agent": "a", "input": "one"}, {"type": "hitl", "prompt": "Go on?"}, {"agent": "a", "input": "two"}]


def workflow(stub: StubOllama, root: Path) -> Workflow:
    told: dict[str, Any] = {
        "version": 0,
        "name": "kept",
        "runtime": {"provider": "ollama", "model_id": "llama", "host": stub.url},
        "agents": {"a": {"prompt": "You are a."}},
        "pattern": {"type": "chain", "config": {"steps": STEPS}},
    }
    return Workflow.from_dict(told, store=root)


def calls_that_wait(flow: Workflow, root: Path) -> None:
    for _ in range(2):
        flow.resume(flow.run().session_id, "yes")


def a_session_of_the_manager(flow: Workflow, root: Path) -> None:
    for _ in range(2):
        SessionManager(root).get_session(flow.run().session_id).resume("yes")


def live_sessions(flow: Workflow, root: Path) -> None:
    for _ in range(2):
        live = flow.create_session().start()
        assert live.wait(30).status == "paused"
        live.answer("steps/1", "yes")
        assert live.wait(30).status == "completed"


def within_a_loop(flow: Workflow, root: Path) -> None:
    async def main() -> None:
        for _ in range(2):
            flow.resume(flow.run().session_id, "yes")

    asyncio.run(main())


@pytest.mark.parametrize("work", [calls_that_wait, a_session_of_the_manager, live_sessions, within_a_loop])
def test_a_client_is_kept_from_call_to_call(tmp_path: Path, work: Callable[[Workflow, Path], None]) -> None:
    with StubOllama("Done.") as stub:
        work(workflow(stub, tmp_path), tmp_path)
        assert len(stub.requests) == 4
        assert len({request.peer for request in stub.requests}) == 1
