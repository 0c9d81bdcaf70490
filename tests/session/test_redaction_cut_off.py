"""A death in the middle of a redaction: what was taken back stays so, and the session goes on."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

import pytest

from strands import Agent, tool
from strands.journal.errors import SessionDamagedError
from strands.session import FileSessionManager
from strands_cli.session.conformance import draft, opening
from strands_cli.session.repository import FileSessionRepository
from support.guarded import SECRET, TAKEN, GuardedModel


def test_a_head_from_before_a_redaction_is_no_damage(tmp_path: Path) -> None:
    async def check() -> None:
        repository = FileSessionRepository(tmp_path)
        journal = await repository.create("s", opening(), [draft("noted", "n", value=SECRET)])
        head = next(tmp_path.rglob("journal.head"))
        before = head.read_bytes()
        await journal.rewrite(lambda entry: {**entry.data, "value": "-"}, [draft("redacted", "n")], expect=2)
        head.write_bytes(before)  # as who dies between the two leaves it
        opened = await FileSessionRepository(tmp_path).open("s")
        assert [entry.kind for entry in await opened.load()] == ["opened", "noted", "redacted"]
        await opened.append((draft("noted", "m"),), expect=3, durable=True)

    asyncio.run(check())


def test_a_line_that_is_gone_is_still_noticed(tmp_path: Path) -> None:
    async def check() -> None:
        journal = await FileSessionRepository(tmp_path).create("s", opening(), [draft("noted", "n")])
        await journal.append((draft("redacted", "n"),), expect=2, durable=True)
        await journal.append((draft("noted", "m"),), expect=3, durable=True)
        file = next(tmp_path.rglob("journal.jsonl"))
        file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:-1]))
        with pytest.raises(SessionDamagedError, match="missing"):
            await (await FileSessionRepository(tmp_path).open("s")).load()

    asyncio.run(check())


class Failing(GuardedModel):
    """Fails once, then asks for the tool."""

    fails = True

    def tool_for(self, messages: Any, blocked: bool) -> tuple[str, str] | None:
        if self.fails:
            raise ValueError("broken")
        return ("work", "{}") if blocked else None


def test_a_prompt_whose_file_was_written_stays_redacted_when_the_process_dies_in_the_call(tmp_path: Path) -> None:
    here, dead = tmp_path / "here", tmp_path / "dead"
    seen: list[str] = []

    @tool
    def work() -> str:
        """Work."""
        shutil.copytree(here, dead)  # what a process that dies now leaves
        return "done"

    def agent(root: Path, model: GuardedModel) -> Agent:
        session = FileSessionManager(session_id="s", storage_dir=str(root))
        return Agent(model=model, tools=[work], callback_handler=None, session_manager=session)

    model = Failing()
    with pytest.raises(ValueError, match="broken"):
        agent(here, model)(f"say {SECRET}")
    assert SECRET in next(here.rglob("message_0.json")).read_text()
    model.fails = False
    agent(here, model)(None)

    restored = agent(dead, GuardedModel())
    assert restored.messages[0]["content"] == [{"text": TAKEN}]
    seen = [path.name for path in dead.rglob("*") if path.is_file() and SECRET in path.read_text()]
    assert seen == []
