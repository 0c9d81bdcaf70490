"""What every session repository must do, as a test suite to inherit from.

Subclass `RepositoryConformance` in a test module under a name that begins with `Test` and implement
`make_repository`; pytest collects the rest.
"""

from __future__ import annotations

import asyncio
import time

from strands.journal.conformance import JournalConformance, draft, opening
from strands_cli.errors import AlreadyAnsweredError, LeaseHeldError, SessionExistsError
from strands_cli.kernel.state import State
from strands_cli.session import answers, deletion

__all__ = ["RepositoryConformance", "draft", "opening"]


class RepositoryConformance(JournalConformance):
    """The rules of a store of workflow sessions, one test each."""

    def test_one_question_has_one_winning_answer(self) -> None:
        async def check() -> None:
            repository = self.make_repository()
            journal = await self.begun(repository)
            await journal.append((draft("asked", "q", prompt="?"),), expect=1)

            async def answer(who: str) -> bool:
                handle = await repository.open(journal.session_id)
                try:
                    await answers.give(handle, "q", who, by=who)
                except AlreadyAnsweredError as error:
                    assert f" by {who} at " not in str(error), "the loser is told that it won"
                    return False
                return True

            won = await asyncio.gather(*(answer(f"w{number}") for number in range(32)))
            assert won.count(True) == 1
            state = State(await (await repository.open(journal.session_id)).load())
            winner = state.answer("q")
            assert winner is not None and winner.value == winner.by == f"w{won.index(True)}"

        self.run(check())

    def test_a_session_that_is_driven_is_not_deleted(self) -> None:
        async def check() -> None:
            repository = self.make_repository()
            journal = await repository.create("one", opening())
            async with journal.lease() as driver:
                await journal.append((draft("leased", driver=driver),), expect=1)
                try:
                    await deletion.delete(repository, await repository.open("one"), by="x", now=time.time())
                except LeaseHeldError:
                    pass
                else:
                    raise AssertionError("a live session was deleted")
            await deletion.delete(repository, await repository.open("one"), by="x", now=time.time())
            assert await repository.ids() == []

        self.run(check())

    def test_a_deletion_judges_the_newest_state(self) -> None:
        async def check() -> None:
            repository = self.make_repository()
            stale = await repository.create("one", opening())
            await stale.load()
            writer = await repository.open("one")
            await writer.load()
            await writer.append((draft("asked", "q", prompt="?"),), expect=1)
            seen: list[int] = []

            def judge(state: State) -> None:
                seen.append(len(state.open_questions()))
                raise SessionExistsError("kept")

            try:
                await deletion.delete(repository, stale, by="x", now=time.time(), judge=judge)
            except SessionExistsError:
                assert seen == [1]
            else:
                raise AssertionError("nobody was asked")
            assert len(await writer.load()) == 2

        self.run(check())
