"""Hundreds of answers from processes that go on with the same sessions at once: no session is left to nobody."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

from strands_cli.api.session_manager import SessionManager
from support.answerer import BRANCHES, workflow

SESSIONS = 80


def test_no_answer_is_lost_at_the_moment_of_pausing(tmp_path: Path) -> None:
    async def begin() -> None:
        flow = workflow(str(tmp_path))
        results = await asyncio.gather(*(flow.run_async() for _ in range(SESSIONS)))
        assert {result.status for result in results} == {"paused"}

    asyncio.run(begin())
    tests = Path(__file__).parents[1]
    command = [sys.executable, str(tests / "support" / "answerer.py"), str(tmp_path)]
    processes = [
        subprocess.Popen(
            [*command, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": str(tests)},
        )
        for name in BRANCHES
    ]
    for process in processes:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
    told = []
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        told.append(process.communicate(timeout=100)[0])
        assert process.returncode == 0
    sessions = SessionManager(tmp_path).list_sessions()
    assert [session.status for session in sessions] == ["completed"] * SESSIONS, told
    for session in sessions:
        closed = [item for item in session.history if item.kind == "hitl"]
        assert sorted(item.key for item in closed) == [f"branches/{name}/steps/0" for name in BRANCHES]
        assert [item.text for item in closed] == ["yes"] * len(BRANCHES)
