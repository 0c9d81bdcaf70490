"""Processes that make one new session at once: every one of them gets it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

AGENT = """
import sys
from strands import Agent
from strands.models.scripted import ScriptedModel
from strands.session import FileSessionManager
print("ready", flush=True)
sys.stdin.readline()
for number in range(10):
    sessions = FileSessionManager(f"one-{number}", storage_dir=sys.argv[1])
    model = ScriptedModel(lambda messages: "ok")
    agent = Agent(agent_id=sys.argv[2], model=model, session_manager=sessions, callback_handler=None)
    assert str(agent("hello")).strip() == "ok"
"""
WORKFLOW = """
import asyncio, sys
from strands_cli.errors import SessionExistsError
from strands_cli.session.conformance import draft, opening
from strands_cli.session.repository import FileSessionRepository
print("ready", flush=True)
sys.stdin.readline()
async def main():
    repository, mine = FileSessionRepository(sys.argv[1]), 0
    for number in range(30):
        try:
            await repository.create(f"one-{number}", opening(), [draft("noted", "by", value=sys.argv[2])])
            mine += 1
        except SessionExistsError:
            pass
        assert len(await (await repository.open(f"one-{number}")).load()) == 2
        await repository.create(f"{number}-{sys.argv[2]}", opening())
    print(mine)
asyncio.run(main())
"""


def together(script: str, root: Path, count: int = 6) -> list[str]:
    """What so many processes print that begin at one moment."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(root), f"p{number}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(count)
    ]
    for process in processes:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    ended = [process.communicate(timeout=120) for process in processes]
    assert [process.returncode for process in processes] == [0] * count, [error for _, error in ended]
    return [output for output, _ in ended]


def test_agents_that_make_one_session_at_once_all_have_it(tmp_path: Path) -> None:
    together(AGENT, tmp_path / "sessions")
    assert not list(tmp_path.rglob("*.tmp"))


@pytest.mark.parametrize("again", [False, True])
def test_of_workflows_that_begin_one_session_at_once_one_has_it_and_each_sees_it_whole(
    again: bool, tmp_path: Path
) -> None:
    """`again`: where a creation died half-way before."""
    root = tmp_path / "w"
    if again:
        for number in range(30):
            directory = root / f"session_one-{number}"
            directory.mkdir(parents=True, mode=0o700)
            (directory / "journal.jsonl").write_bytes(b'{"seq":0,"kind":"ope'[: number % 3 * 10])
    assert sum(int(count) for count in together(WORKFLOW, root)) == 30
    assert not list(root.rglob("*.tmp"))
