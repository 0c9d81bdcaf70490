"""A process dies before or after any of its writes: each reminder is recorded once, and the run comes to its end."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from strands_cli.session import timers
from strands_cli.session.memory import MemorySessionRepository
from strands_cli.session.repository import FileSessionRepository
from strands_cli.types import RunResult
from support.crash import Death, MortalRepository, Story, When, echo_model

ASKING = {"type": "hitl", "remind": [1e-6, 2e-6, 3600], "escalate": [{"after": 1e-6, "notify": "slack:#cfo"}]}
SPEC: dict[str, Any] = {
    "version": 0,
    "name": "chain",
    "runtime": {"provider": "scripted"},
    "agents": {"a": {"prompt": "You are a."}},
    "pattern": {
        "type": "chain",
        "config": {
            "steps": [
                {"prompt": "Good?", **ASKING},
                {"agent": "a", "input": "write {{ hitl_response }}"},
                {"prompt": "Publish?", **ASKING},
            ]
        },
    },
}


class Reminded(Story):
    """A story in which what is due is recorded before somebody answers."""

    async def _process(self, repository: MortalRepository) -> RunResult:
        for session_id in await repository.ids():
            await timers.fire(await repository.open(session_id))
        return await super()._process(repository)


def played(repository: Any, death: Death) -> tuple[RunResult, Counter[tuple[str, str, Any]]]:
    told = Reminded(SPEC, echo_model)

    async def play() -> tuple[RunResult, Counter[tuple[str, str, Any]]]:
        result = await told.play(repository, death)
        [session_id] = await repository.ids()
        entries = await (await repository.open(session_id)).load()
        acts = [each for each in entries if each.kind in ("reminded", "escalated")]
        return result, Counter((each.kind, each.key, each.data.get("n", each.data.get("level"))) for each in acts)

    return asyncio.run(play())


ONCE = Counter(
    {(kind, key, number): 1 for key in ("steps/0", "steps/2") for kind, number in (("reminded", 2), ("escalated", 1))}
)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("kind", ["memory", "files"])
def test_a_death_at_any_write_reminds_once(kind: str, when: When, tmp_path: Path) -> None:
    death = Death()
    result, acts = played(MemorySessionRepository(), death)
    assert (result.success, acts) == (True, ONCE)
    for at in range(1, death.writes + 1):
        repository = MemorySessionRepository() if kind == "memory" else FileSessionRepository(tmp_path / str(at))
        result, acts = played(repository, Death(at, when))
        assert result.success, f"death {when} write {at}"
        assert acts == ONCE, f"death {when} write {at}"
