"""A provider that is down across restarts, and a session with tens of thousands of entries."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from pathlib import Path
from typing import Any

from strands_cli.api import SessionManager
from strands_cli.session import answers
from strands_cli.session.repository import FileSessionRepository
from support.commands import command, environment
from support.driving import Echo, driven, session, spec
from support.stub_openai import Fault, StubOpenAI

SPEC = {
    "version": 0,
    "name": "down",
    "runtime": {"provider": "openai", "model_id": "gpt-4o-mini", "failure_policy": {"retries": 1, "wait_min": 0}},
    "agents": {"a": {"prompt": "You are a."}},
    "pattern": {
        "type": "chain",
        "config": {"steps": [{"agent": "a", "input": text} for text in ("one", "two", "three")]},
    },
}


def test_case_41_a_provider_down_across_restarts_finishes_afterwards(tmp_path: Path) -> None:
    (tmp_path / "flow.json").write_text(json.dumps(SPEC), encoding="utf-8")
    down = {"two"}

    def script(request: Any) -> Any:
        return Fault(503, "down for maintenance") if request.prompt in down else f"did {request.prompt}"

    with StubOpenAI(script) as stub:
        env = environment(tmp_path / "home", stub.url)
        first = command(["run", "flow.json"], env, tmp_path)
        assert first.returncode == 10 and "down for maintenance" in first.stderr and "strands resume" in first.stderr
        (failed,) = SessionManager(tmp_path / "home" / "workflows").list_sessions(status="failed")
        assert command(["resume", failed.id], env, tmp_path).returncode == 10
        down.clear()
        finished = command(["resume", failed.id], env, tmp_path)
        assert finished.returncode == 0 and finished.stdout.strip() == "did three"
        asked = Counter(request.prompt for request in stub.requests)
        assert asked["one"] == asked["three"] == 1, "finished calls are not repeated"


def test_case_43_a_session_of_20_000_entries_goes_on(tmp_path: Path) -> None:
    async def main() -> None:
        steps: list[dict[str, Any]] = [{"agent": "a", "input": f"{number}"} for number in range(10_000)]
        config = spec("chain", {"steps": [*steps, {"type": "hitl", "prompt": "?"}, {"agent": "b", "input": "end"}]})
        repository = FileSessionRepository(tmp_path)
        journal, echo = await session(repository), Echo()
        assert (await driven(journal, config, echo)).status == "paused"
        again = await repository.open(journal.session_id)
        assert len(await again.load()) > 20_000
        await answers.give(again, "steps/10000", "yes", by="ann")
        rest = await driven(again, config, echo)
        assert rest.status == "completed" and len(echo.calls) == 10_001

    asyncio.run(main())
