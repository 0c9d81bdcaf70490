"""People who answer: at once, late, at the very deadline, at the worst moment, and all at the same time."""

from __future__ import annotations

import asyncio
import random
from typing import TYPE_CHECKING

from simulation import stories
from simulation.machine import CLOCK, EPOCH, Died
from simulation.plan import QUIET
from strands.journal.entries import Entry
from strands_cli.api import SessionManager
from strands_cli.errors import StrandsError

if TYPE_CHECKING:
    from simulation.world import World

LOOKS = 7.0
"""How often, in seconds, somebody looks whether anything is open."""


class Person:
    """Somebody who answers questions.

    Args:
        world: Where.
        name: Who.
        manner: "eager", "slow", "edge" (of the deadline, or as the session pauses) or "late".
    """

    def __init__(self, world: World, name: str, manner: str) -> None:
        self._world = world
        self._name = name
        self._manner = manner
        self._chance = random.Random(f"{name} {world.plan.seed}")
        self._known: dict[tuple[str, str], Entry] = {}
        self._values: dict[tuple[str, str], object] = {}
        self._at_work: set[tuple[str, str]] = set()

    def told(self, session: str, entry: Entry) -> None:
        """A question was asked."""
        if entry.kind != "asked":
            return
        self._known[session, entry.key] = entry
        asyncio.get_running_loop().call_later(self._delay(entry), self._begin, session, entry.key)

    def _delay(self, asked: Entry) -> float:
        """Return when to answer: those of one manner do it at the same time."""
        share = random.Random(f"{self._manner} {asked.key} {self._world.plan.seed}").random()
        deadline = asked.data.get("deadline")
        left = deadline - EPOCH - CLOCK.now if deadline is not None else 20.0
        if self._manner == "eager":
            return 0.0 if share < 0.5 else 0.1 * share
        if self._manner == "slow":
            return left * share
        if self._manner == "late":
            return left + 3 * share
        return left + (share - 0.5) * 0.1

    def interferes(self, session: str, what: str) -> bool:
        """Somebody is about to write something; return whether there is an answer on its way now."""
        if self._manner != "edge" or "paused" not in what:
            return False
        mine = [known for known in self._known if known[0] == session]
        for known in mine:
            self._begin(*known)
        return bool(mine)

    def _begin(self, session: str, key: str) -> None:
        if (session, key) not in self._at_work:
            self._at_work.add((session, key))
            task = self._world.begin(self._answer(session, key))
            task.add_done_callback(lambda done: self._at_work.discard((session, key)))

    async def looks(self) -> None:
        """See to it, when nothing goes wrong any more, that nothing stays open."""
        while True:
            await asyncio.sleep(LOOKS)
            if CLOCK.now < QUIET:
                continue
            for session in self._world.sessions:
                for entry in self._world.open_now(session):
                    self._known[session, entry.key] = entry
                    self._begin(session, entry.key)

    async def _answer(self, session: str, key: str) -> None:
        world, asked = self._world, self._known[session, key]
        pattern = world.sessions[session]
        kind = str(asked.data.get("type", "hitl"))
        value = self._values.setdefault((session, key), stories.answer(pattern, key, kind, self._chance.random()))
        if self._chance.random() < 0.1 and kind == "approval":
            value = "perhaps"

        async def answer() -> None:
            manager = SessionManager(repository=world.repository(world.web))
            await (await manager.get_session_async(session)).answer_async(key, value, by=self._name)

        try:
            await world.by_web(answer())
        except StrandsError as error:
            world.note(self._name, f"answers {key} of {session}: {type(error).__name__}")
            return
        except (Died, asyncio.CancelledError):
            world.note(self._name, f"answers {key} of {session}, and is not told what came of it")
            return
        world.note(self._name, f"answers {key} of {session}: taken")
        world.ledger.took(session, key, self._name)
        await world.kick(session)
