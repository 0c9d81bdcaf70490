"""Somebody answers at a moment of the tests' choice: before or after any time that a driver waits for its journal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from strands.journal.find import due
from strands_cli.api import Workflow
from strands_cli.errors import AnswerError, ExecutionError
from strands_cli.kernel.state import State
from strands_cli.kernel.types import Draft, Entry
from strands_cli.session import answers
from support.journal_layers import JournalLayer, RepositoryLayer


class Moment:
    """One of the moments at which a driver waits for its journal while a question is open.

    Args:
        number: Which, from 1; 0 for none.
        after: What was waited for has happened then.
        act: What happens at that moment.

    Attributes:
        waits: How many there were.
    """

    def __init__(self, number: int, after: bool, act: Callable[[], Awaitable[None]]) -> None:
        self.waits = 0
        self.is_waiting = False
        self._number = number
        self._after = after
        self._act = act

    async def around(self, wait: Callable[[], Awaitable[Any]]) -> Any:
        self.waits += self.is_waiting
        mine = self.is_waiting and self.waits == self._number
        if mine and not self._after:
            await self._act()
        result = await wait()
        if mine and self._after:
            await self._act()
        return result


class WatchedJournal(JournalLayer):
    """A journal that tells a moment whenever somebody waits for it."""

    def __init__(self, inner: Any, moment: Moment) -> None:
        super().__init__(inner)
        self._moment = moment

    async def load(self) -> list[Entry]:
        return list(await self._moment.around(self._inner.load))

    async def append(self, drafts: Sequence[Draft], *, expect: int, durable: bool = False) -> list[Entry]:
        self._moment.is_waiting |= any(draft.kind == "asked" for draft in drafts)
        entries = await self._moment.around(lambda: self._inner.append(drafts, expect=expect, durable=durable))
        if any(draft.kind == "leased" for draft in drafts):
            self._moment.is_waiting = bool(State(await self._inner.load()).open_questions())
        return list(entries)

    async def sync(self) -> None:
        await self._moment.around(self._inner.sync)

    async def tail(self, after: int) -> list[Entry]:
        return list(await self._moment.around(lambda: self._inner.tail(after)))


class WatchedRepository(RepositoryLayer):
    """A repository whose journals are `WatchedJournal`s."""

    def __init__(self, inner: Any, moment: Moment) -> None:
        super().__init__(inner)
        self._moment = moment

    def around(self, journal: Any) -> WatchedJournal:
        return WatchedJournal(journal, self._moment)


class People:
    """Who answers a session's questions.

    Args:
        repository: Where it is.
        given: Question id to answer; "approved" to the others.
    """

    def __init__(self, repository: Any, given: Mapping[str, Any]) -> None:
        self._repository = repository
        self._given = given

    async def answer(self) -> None:
        """Answer all that is open."""
        for session_id in await self._repository.ids():
            journal = await self._repository.open(session_id)
            for entry in State(await journal.load()).open_questions():
                try:
                    await answers.give(journal, entry.key, self._given.get(entry.key, "approved"), by="ann")
                except AnswerError:
                    continue

    async def check(self) -> None:
        """Check that no answer was passed over: who rested had seen it, or the session is due."""
        (session_id,) = await self._repository.ids()
        entries = await (await self._repository.open(session_id)).load()
        closed: dict[str, int] = {}
        for entry in entries:
            if entry.kind == "answered":
                closed[entry.key] = entry.seq
            elif entry.kind == "paused":
                assert not closed.keys() & set(entry.data["questions"]), "somebody paused over an answer"
        rest = max(entry.seq for entry in entries if entry.kind in ("leased", "paused", "failed", "closed"))
        unseen = [seq for seq in closed.values() if seq > rest]
        over = State(entries).finished
        assert [each.session_id for each in await due(self._repository)] == [session_id] * bool(unseen and not over)


async def lived(
    repository: Any,
    flow: Callable[[Any], Workflow],
    given: Mapping[str, Any],
    moment: tuple[int, bool],
    variables: Mapping[str, Any] | None = None,
) -> tuple[Any, int]:
    """Live a session from its beginning to its end, whatever it takes; what it came to, and the moments there were.

    Args:
        repository: Where it is kept, and nothing else.
        flow: Makes the workflow over a repository.
        given: What people answer.
        moment: The number of the moment at which somebody answers all that is open, and whether that is after it.
        variables: What it begins with.
    """
    people = People(repository, given)
    at = Moment(*moment, people.answer)
    watched = WatchedRepository(repository, at)
    session_id = ""
    for _ in range(20):
        try:
            workflow = flow(watched)
            begun = bool(session_id)
            result = await (workflow.resume_async(session_id) if begun else workflow.run_async(variables=variables))
        except ExecutionError as error:
            return error, at.waits
        finally:
            await people.check()
        if result.status != "paused":
            return result, at.waits
        at.is_waiting = False
        session_id = result.session_id
        await people.answer()
        await people.check()
    raise AssertionError("it comes to no end")
