"""What every database that holds sessions must do when people answer: a part of `support.sql_promises`."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, TypeVar

from strands import SessionManager, Workflow
from strands.journal.database import Database, DatabaseLayer, Row, Transaction, TransactionLayer
from strands.journal.find import SessionSummary
from strands.journal.sql import SqlRepository
from strands.models.scripted import ScriptedModel
from strands_cli.errors import AnswerError, LeaseHeldError, SessionDamagedError, SessionNotFoundError
from strands_cli.kernel.state import State
from strands_cli.session import answers
from strands_cli.session.conformance import RepositoryConformance, draft, opening
from support.databases import ReplyLost
from support.driving import Echo, VirtualClock, driven, session, spec
from support.last_moments import lived
from support.pattern_stories import ANSWERS, EXPECTED, STORIES, VARIABLES, model

T = TypeVar("T")
NOW = 1_700_000_000.0
_STEPS = [
    {"type": "hitl", "prompt": "Go on?", "timeout_seconds": 60, "default": "no"},
    {"agent": "a", "input": "done"},
]
GATE = spec("chain", {"steps": _STEPS})


class WatchedDatabase(DatabaseLayer):
    """A database whose clock stands where it is put, and that counts.

    Attributes:
        clock: Its clock; None for the database's own.
        statements: How many were run.
        read_bytes: How many bytes of lines came back.
    """

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self.clock: float | None = None
        self.statements = self.read_bytes = 0

    def _within(self, transaction: Transaction) -> Transaction:
        return _Watched(transaction, self)


class _Watched(TransactionLayer):
    def __init__(self, transaction: Transaction, database: WatchedDatabase) -> None:
        super().__init__(transaction)
        self._database = database

    def execute(self, statement: str, *values: object) -> list[Row]:
        if self._database.clock is not None:
            statement = statement.replace("strands_now()", repr(self._database.clock))
        self._database.statements += 1
        rows = super().execute(statement, *values)
        told = [value for row in rows for value in row if isinstance(value, (bytes, memoryview))]
        self._database.read_bytes += sum(map(len, told))
        return rows

    def execute_many(self, statement: str, rows: Sequence[Row]) -> None:
        self._database.statements += 1
        super().execute_many(statement, rows)


class AnswerPromises(RepositoryConformance):
    """The rules of answers in a database, one test each."""

    @abstractmethod
    def make_repository(self, namespace: str = "") -> SqlRepository:
        """Return a repository over the same database at every call within one test."""

    def rows(self, statement: str, *values: object) -> list[Any]:
        """Run a statement as an administrator would."""
        return self.make_repository().database.write(lambda each: each.execute(statement, *values))

    def watched(self) -> tuple[SqlRepository, WatchedDatabase]:
        """Return a repository over a database that is watched."""
        database = WatchedDatabase(self.make_repository().database)
        return SqlRepository(database), database

    def test_an_answer_reads_as_much_of_a_long_session_as_of_a_short_one(self) -> None:
        async def check() -> None:
            repository, database = self.watched()
            told = []
            for name, entries in (("first", 1), ("short", 3), ("long", 3000)):
                notes = [draft("noted", f"n{number}", text="x" * 100) for number in range(entries)]
                begun = draft("opened", format=1, workflow="w", pattern="chain")
                journal = await repository.create(name, begun._replace(at=1.5))
                await journal.append([draft("asked", "q", prompt="?")._replace(at=1.5)], expect=1)
                await journal.append([*notes, draft("paused", questions=["q"])], expect=2)
                database.statements = database.read_bytes = 0
                await repository.answer(name, ["q"], lambda there: [draft("answered", "q", value="yes")])
                told.append((database.statements, database.read_bytes))
                assert len(await (await repository.open(name)).load()) == entries + 4
            _, short, long = told  # the first of a store begins its heads log
            assert short == long and short[1] > 0, told

        self.run(check())

    def test_an_answer_whose_reply_was_lost_is_decided_once(self) -> None:
        async def check() -> None:
            repository = SqlRepository(ReplyLost(self.make_repository().database))
            await repository.create("s", opening(), [draft("asked", "q", prompt="?")])
            notes = iter(range(9))
            (entry,) = await repository.answer("s", ["q"], lambda there: [draft("noted", f"n{next(notes)}")])
            assert (entry.seq, entry.key) == (2, "n0")
            assert [each.key for each in await (await repository.open("s")).load()] == ["", "q", "n0"]

        self.run(check())

    def test_a_journal_that_was_answered_has_whole_rows(self) -> None:
        async def check() -> None:
            repository = self.make_repository()
            journal = await repository.create("s", opening(), [draft("asked", "q", prompt="?"), draft("paused")])
            await answers.give(journal, "q", "yes", by="ann")
            assert await repository.check("s") == ""
            assert [each.session_id for each in await repository.due()] == ["s"]
            assert (await repository.open_questions()).items == []

        self.run(check())

    def test_the_line_of_a_question_that_is_gone_or_another_is_named(self) -> None:
        async def check() -> None:
            repository = self.make_repository()
            journal = await repository.create("s", opening(), [draft("asked", "q", prompt="?"), draft("paused")])
            for line in (b'{"seq":7,"kind":"asked","key":"q","data":{},"at":1.0}', b"{}", b"{"):
                self.rows("update strands_entries set line = ? where session = ? and seq = 1", line, journal.no)
                try:
                    await answers.give(await repository.open("s"), "q", "yes", by="ann")
                except SessionDamagedError as error:
                    assert "session 's', entry 1: it" in error.message
                else:
                    raise AssertionError("an answer to what was not asked")
            assert self.rows("select count from strands_sessions where kind = 'workflow'") == [(3,)]

        self.run(check())

    def test_a_question_of_a_session_that_was_begun_anew_is_another(self) -> None:
        async def check() -> None:
            repository = self.make_repository()
            journal = await repository.create("s", opening(), [draft("asked", "q", prompt="?")])
            await repository.delete("s")
            await repository.create("s", opening(), [draft("asked", "q", prompt="?")])
            try:
                await answers.give(journal, "q", "yes", by="ann")
            except SessionNotFoundError:
                return
            raise AssertionError("the question of another session was answered")

        self.run(check())

    def test_the_clock_of_the_database_decides_of_deadlines(self) -> None:
        async def check() -> None:
            for wrong in (-600.0, 600.0):
                repository, database = self.watched()
                database.clock, clock = NOW, VirtualClock(NOW + wrong)
                journal = await session(repository)
                await driven(journal, GATE, Echo(), clock=clock)
                (question,) = (await repository.open_questions()).items
                assert question.deadline == NOW + 60

                database.clock, clock.time = NOW + 59, NOW + 59 + wrong
                assert (await driven(journal, GATE, Echo(), clock=clock)).status == "paused"
                assert await repository.due() == [] and await self.waits_for(repository) == ("steps/0",)

                database.clock, clock.time = NOW + 60, NOW + 60 + wrong
                before = await repository.export(journal.session_id)
                assert [each.since for each in await repository.due()] == [NOW + 60]
                assert await self.waits_for(repository) == () and (await repository.open_questions()).items == []
                assert await repository.export(journal.session_id) == before
                if wrong > 0:
                    try:
                        await answers.give(await repository.open(journal.session_id), "steps/0", "yes", by="ann")
                    except AnswerError as error:
                        assert "nobody answered in time" in error.message
                    else:
                        raise AssertionError("an answer was taken after its deadline")
                assert (await driven(journal, GATE, Echo(), clock=clock)).status == "completed"
                state = State(await journal.load())
                assert state.answered["steps/0"].data["timed_out"]
                await repository.delete(journal.session_id)

        self.run(check())

    def test_sessions_and_forks_go_by_the_clock_of_the_database(self) -> None:
        async def check() -> None:
            repository, database = self.watched()
            database.clock = NOW  # years before the machine's
            workflow = Workflow.from_dict(GATE, repository=repository, model=ScriptedModel(["done"]))
            paused = await workflow.run_async()
            manager = SessionManager(repository=repository)
            asked = await manager.get_session_async(paused.session_id or "")
            assert (asked.status, asked.questions[0].deadline) == ("paused", NOW + 60)
            database.clock = NOW + 30
            forked = await asked.fork_async("steps/0")
            assert (forked.status, forked.questions[0].deadline) == ("paused", NOW + 90)
            database.clock = NOW + 60
            late = await manager.get_session_async(asked.id)
            assert (late.status, late.questions) == ("answered", [])
            try:
                await manager.answer_async(asked.id, "steps/0", "yes")
            except AnswerError as error:
                assert "nobody answered in time" in error.message
            else:
                raise AssertionError("an answer was taken after its deadline")
            await manager.answer_async(forked.id, "steps/0", "yes")
            assert (await workflow.resume_async(forked.id)).success

        self.run(check())

    async def waits_for(self, repository: SqlRepository) -> tuple[str, ...]:
        """Return what the only session waits for."""
        summary: SessionSummary
        (summary,) = (await repository.find()).items
        return summary.waits_for

    def test_of_two_drivers_whose_clocks_are_apart_one_is_refused(self) -> None:
        config = spec("chain", {"steps": [{"agent": "a", "input": "once"}]})

        async def check() -> None:
            repository = self.make_repository()
            journal, echo = await session(repository), Echo({"steps/0": 0.2})
            drives = [
                driven(await repository.open(journal.session_id), config, echo, clock=VirtualClock(NOW + wrong))
                for wrong in (0.0, 600.0)
            ]
            ended = await asyncio.gather(*drives, return_exceptions=True)
            assert sorted(type(each).__name__ for each in ended) == ["DriveResult", LeaseHeldError.__name__]
            assert echo.calls == ["steps/0"]

        self.run(check())

    def test_many_who_write_to_a_live_run_do_not_stop_it(self) -> None:
        asks = [{"id": f"b{n}", "steps": [{"type": "hitl", "prompt": "?"}]} for n in range(20)]
        work = {"id": "work", "steps": [{"agent": "a", "input": f"{n}"} for n in range(20)]}
        config = spec("parallel", {"branches": [*asks, work]})

        async def check() -> None:
            repository = self.make_repository()
            journal = await session(repository)

            async def answer(number: int) -> None:
                handle, key = await repository.open(journal.session_id), f"branches/b{number}/steps/0"
                for _ in range(500):
                    if State(await handle.load()).is_asked(key):
                        break
                    await asyncio.sleep(0.01)
                await answers.give(handle, key, "yes", by="ann")

            delays = {f"branches/work/steps/{n}": 0.02 for n in range(20)}
            drive = driven(journal, config, Echo(delays))
            rest, _ = await asyncio.gather(drive, asyncio.gather(*map(answer, range(20))))
            while rest.status == "paused":
                rest = await driven(await repository.open(journal.session_id), config, Echo())
            state = State(await (await repository.open(journal.session_id)).load())
            assert rest.status == "completed" and len(state.answered) == 20

        self.run(check())

    def test_an_answer_at_each_moment_of_waiting_is_followed_by_a_drive(self) -> None:
        def flow(watched: Any) -> Workflow:
            return Workflow.from_dict(STORIES["workflow"], repository=watched, model=model([]))

        async def check() -> None:
            number, waits = 0, 1
            while number <= waits:
                repository = self.make_repository(f"n{number}")
                moment = number, bool(number % 2)
                result, found = await lived(repository, flow, ANSWERS["workflow"], moment, VARIABLES["workflow"])
                assert result.last_response == EXPECTED["workflow"]
                number, waits = number + 1, waits if number else found

        self.run(check())
