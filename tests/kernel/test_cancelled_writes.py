"""A run that is cancelled while it waits for a write's reply writes nothing twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

import pytest

from strands import Workflow
from strands.journal.memory import MemoryJournal, MemoryRepository
from strands_cli.kernel.types import Draft, Entry
from support.pattern_stories import ANSWERS, EXPECTED, STORIES, VARIABLES, model


class _SlowReplies(MemoryRepository):
    """Tells whoever has written one entry, of a number, only after a while."""

    def __init__(self, slow: int) -> None:
        super().__init__()
        self.slow = slow
        self.is_written = asyncio.Event()

    async def create(self, session_id: str, opened: Draft, rest: Sequence[Draft] = ()) -> MemoryJournal:
        journal = _SlowReply(session_id, self)
        await journal.append((opened, *rest), expect=0)
        self._journals[session_id] = journal
        return journal


class _SlowReply(MemoryJournal):
    def __init__(self, session_id: str, store: _SlowReplies) -> None:
        super().__init__(session_id)
        self._store = store

    async def append(self, drafts: Sequence[Draft], *, expect: int, durable: bool = False) -> list[Entry]:
        entries = await super().append(drafts, expect=expect, durable=durable)
        if entries and entries[0].seq <= self._store.slow <= entries[-1].seq:
            self._store.is_written.set()
            await asyncio.sleep(0.01)
        return entries


@pytest.mark.parametrize("name", STORIES)
def test_what_was_written_as_a_run_was_cancelled_is_there_once(name: str) -> None:
    async def cancelled(number: int) -> bool:
        store = _SlowReplies(number)
        workflow = Workflow.from_dict(STORIES[name], repository=store, model=model([]))
        begun = asyncio.ensure_future(workflow.run_async(session_id="s", variables=VARIABLES[name]))
        waits = asyncio.ensure_future(store.is_written.wait())
        await asyncio.wait({begun, waits}, return_when=asyncio.FIRST_COMPLETED)
        waits.cancel()
        cancelled = begun.cancel()
        await asyncio.wait({begun})
        result = await workflow.resume_async("s")
        while result.status == "paused":
            given = {each.id: ANSWERS[name].get(each.id, "approved") for each in result.questions}
            result = await workflow.resume_async("s", answers=given)
        assert result.last_response == EXPECTED[name]
        entries = await (await store.open("s")).load()
        written = Counter((entry.kind, entry.key) for entry in entries if entry.kind in ("asked", "done", "started"))
        assert set(written.values()) == {1}, written
        return cancelled

    async def at_each_entry() -> int:
        number = 1
        while await cancelled(number):
            number += 1
        return number

    assert asyncio.run(at_each_entry()) > 4
