"""What every engine must do, as a test suite to inherit from.

Subclass `EngineConformance` in a test module under a name that begins with `Test` and implement `make_engine`; pytest
collects the rest.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from strands_cli.worker.conformance_workers import Deliveries, EngineCase, new_wake
from strands_cli.worker.engine import DriveOutcome, Wake

if TYPE_CHECKING:
    from strands.journal.database import Transaction

__all__ = ["Deliveries", "EngineConformance"]


class EngineConformance(EngineCase):
    """The rules of `Engine`, one test each."""

    # -- delivering ---------------------------------------------------------------------------------------------------

    def test_what_is_submitted_is_driven_once(self) -> None:
        async def check() -> None:
            first, second = new_wake(), new_wake("tenant/a")
            await self.make_engine().submit(first)
            deliveries = Deliveries()
            async with self.working(deliveries) as engine:
                await engine.submit(second)
                await self.until(lambda: len(deliveries.ended) == 2)
                last = new_wake()
                await engine.submit(last)
                await self.until(lambda: last in deliveries.ended)
            assert sorted(deliveries.begun) == sorted([first, second, last])

        self.run(check())

    def test_a_token_is_queued_once(self) -> None:
        async def check() -> None:
            engine, wake = self.make_engine(), new_wake()
            for _ in range(3):
                await engine.submit(wake)
            await self.make_engine().submit(wake)
            go_on = asyncio.Event()

            async def wait(_: Wake, __: int) -> DriveOutcome:
                await go_on.wait()
                return "completed"

            deliveries = Deliveries(wait)
            async with self.working(deliveries, engine=engine):
                await self.until(lambda: deliveries.begun == [wake])
                await engine.submit(wake)
                later = new_wake()
                await engine.submit(later)
                await self.until(lambda: later in deliveries.begun)
                go_on.set()
                await self.until(lambda: len(deliveries.ended) == 2)
                last = new_wake()
                await engine.submit(last)
                await self.until(lambda: last in deliveries.ended)
            assert deliveries.begun == [wake, later, last]

        self.run(check())

    def test_a_token_that_was_driven_can_come_again(self) -> None:
        """The relay submits what is still due: an engine that remembered it for ever would leave it lying."""

        async def check() -> None:
            wake, deliveries = new_wake(), Deliveries()
            async with self.working(deliveries) as engine:
                for times in (1, 2, 3):
                    await self.until_taken(engine, wake, deliveries, times)

        self.run(check())

    def test_the_next_token_of_a_session_that_is_being_driven_is_driven_too(self) -> None:
        async def check() -> None:
            wake = new_wake()
            following = wake._replace(token="8")
            go_on = asyncio.Event()

            async def wait(each: Wake, _: int) -> DriveOutcome:
                if each == wake:
                    await go_on.wait()
                return "completed" if each == wake else "elsewhere"

            deliveries = Deliveries(wait)
            async with self.working(deliveries) as engine:
                await engine.submit(wake)
                await self.until(lambda: deliveries.begun == [wake])
                await engine.submit(following)
                await self.until(lambda: following in deliveries.ended)
                go_on.set()
                await self.until(lambda: wake in deliveries.ended)

        self.run(check())

    def test_no_more_are_driven_at_a_time_than_there_are_slots(self) -> None:
        async def check() -> None:
            async def wait(_: Wake, __: int) -> DriveOutcome:
                await asyncio.sleep(0.02)
                return "paused"

            deliveries, engine = Deliveries(wait), self.make_engine()
            for _ in range(8):
                await engine.submit(new_wake())
            async with self.working(deliveries, slots=2, engine=engine):
                await self.until(lambda: len(deliveries.ended) == 8)
            assert deliveries.at_once <= 2

        self.run(check())

    def test_many_wakes_are_driven_once_each(self) -> None:
        async def check() -> None:
            wakes = [new_wake() for _ in range(self.many)]
            engine, deliveries = self.make_engine(), Deliveries()
            for start in range(0, self.many, 20):
                await asyncio.gather(*(engine.submit(each) for each in wakes[start : start + 20]))
            async with self.working(deliveries, engine=engine, slots=20):
                await self.until(lambda: len(deliveries.ended) >= self.many, times=1 + self.many / 500)
            assert sorted(deliveries.begun) == sorted(wakes)

        self.run(check())

    # -- what a drive comes to ----------------------------------------------------------------------------------------

    def test_a_drive_that_raises_is_tried_again(self) -> None:
        async def check() -> None:
            async def fail_twice(_: Wake, before: int) -> DriveOutcome:
                if before < 2:
                    raise OSError("the store cannot be reached")
                return "completed"

            wake, deliveries = new_wake(), Deliveries(fail_twice)
            async with self.working(deliveries) as engine:
                await engine.submit(wake)
                await self.until(lambda: wake in deliveries.ended)
            assert deliveries.begun == [wake] * 3

        self.run(check())

    def test_what_came_to_something_is_dropped(self) -> None:
        async def check() -> None:
            outcomes: tuple[DriveOutcome, ...] = ("completed", "paused", "failed", "cancelled", "elsewhere")
            wakes = {new_wake(): outcome for outcome in outcomes}

            async def come(wake: Wake, _: int) -> DriveOutcome:
                return wakes.get(wake, "completed")

            deliveries = Deliveries(come)
            async with self.working(deliveries, slots=1) as engine:
                for wake in wakes:
                    await engine.submit(wake)
                await self.until(lambda: len(deliveries.ended) == len(wakes))
                last = new_wake()
                await engine.submit(last)
                await self.until(lambda: last in deliveries.ended)
            assert sorted(deliveries.begun) == sorted([*wakes, last])

        self.run(check())

    def test_what_no_worker_was_fit_for_comes_again_and_holds_up_nothing(self) -> None:
        async def check() -> None:
            unfit, others = new_wake(), [new_wake() for _ in range(3)]
            came: list[DriveOutcome] = []

            async def lack(wake: Wake, before: int) -> DriveOutcome:
                if wake != unfit:
                    return "completed"
                came.append("completed" if before and set(others) <= set(deliveries.ended) else "unfit")
                return came[-1]

            deliveries = Deliveries(lack)
            async with self.working(deliveries, slots=1) as engine:
                await engine.submit(unfit)
                await self.until(lambda: came[:1] == ["unfit"])
                for each in others:
                    await engine.submit(each)
                await self.until(lambda: "completed" in came)

        self.run(check())

    # -- stopping and starting ----------------------------------------------------------------------------------------

    def test_who_stops_takes_no_more_and_ends_what_is_at_work(self) -> None:
        async def check() -> None:
            go_on, engine = asyncio.Event(), self.make_engine()

            async def wait(_: Wake, __: int) -> DriveOutcome:
                await go_on.wait()
                return "completed"

            first, second = new_wake(), new_wake()
            deliveries = Deliveries(wait)
            worker = asyncio.create_task(engine.work(deliveries, slots=4, alive_as="first"))
            await engine.submit(first)
            await self.until(lambda: deliveries.begun == [first])
            worker.cancel()
            await asyncio.sleep(0)
            await self.make_engine().submit(second)
            await asyncio.sleep(0.2)
            assert not worker.done(), "it left what was at work"
            go_on.set()
            await asyncio.wait([worker], timeout=self.patience)
            assert deliveries.ended == [first]
            following = Deliveries()
            async with self.working(following, alive_as="second"):
                await self.until(lambda: following.ended == [second])

        self.run(check())

    def test_what_was_queued_outlives_a_restart(self) -> None:
        async def check() -> None:
            before, deliveries = new_wake(), Deliveries()
            await self.make_engine().submit(before)
            await asyncio.to_thread(self.restart)
            async with self.working(deliveries) as engine:
                await self.until(lambda: before in deliveries.ended)
                await asyncio.to_thread(self.restart)
                after = new_wake()
                await self.until_taken(engine, after, deliveries, 1)

        self.run(check())

    def test_what_a_killed_worker_held_is_driven_by_another(self) -> None:
        if self.in_another_process() is None:
            return

        async def check() -> None:
            engine, wakes = self.make_engine(), [new_wake() for _ in range(4)]
            with self.other_worker("hang", slots=2) as other:
                for each in wakes:
                    await engine.submit(each)
                await self.until(lambda: len(other.begun()) == 2)
                other.kill()
            deliveries = Deliveries()
            async with self.working(deliveries, engine=engine):
                await self.until(lambda: sorted(deliveries.ended) == sorted(wakes), reaps=engine)

        self.run(check())

    def test_workers_share_what_there_is(self) -> None:
        if self.in_another_process() is None:
            return

        async def check() -> None:
            engine, wakes = self.make_engine(), [new_wake() for _ in range(12)]

            async def wait(_: Wake, __: int) -> DriveOutcome:
                await asyncio.sleep(0.1)
                return "completed"

            deliveries = Deliveries(wait)
            with self.other_worker("complete", slots=2) as other:
                async with self.working(deliveries, engine=engine, slots=2):
                    for each in wakes:
                        await engine.submit(each)
                    await self.until(lambda: len(deliveries.ended) + len(other.begun()) == len(wakes))
                assert sorted([*deliveries.begun, *other.begun()]) == sorted(wakes)

        self.run(check())

    # -- forgetting, and one transaction with the store ---------------------------------------------------------------

    def test_what_is_cancelled_is_forgotten_and_nothing_else(self) -> None:
        async def check() -> None:
            engine, wake = self.make_engine(), new_wake("tenant")
            others = [
                wake._replace(namespace=""),
                wake._replace(namespace="tenan"),
                wake._replace(session_id=wake.session_id + "0"),
            ]
            for each in (wake, wake._replace(token="8"), *others):
                await engine.submit(each)
            await self.until_cancelled(engine, wake)
            deliveries = Deliveries()
            async with self.working(deliveries, engine=engine):
                await self.until(lambda: len(deliveries.ended) >= len(others))
                following = wake._replace(token="9")
                await engine.submit(following)
                await self.until(lambda: following in deliveries.ended)
            assert sorted(deliveries.begun) == sorted([*others, following])

        self.run(check())

    def test_what_is_queued_in_a_transaction_counts_with_it(self) -> None:
        async def check() -> None:
            engine, kept, undone = self.make_engine(), new_wake(), new_wake()
            database = self.database()
            if database is None:
                return

            def undo(transaction: Transaction) -> None:
                assert engine.enqueue(transaction, undone)
                raise KeyError("undone")

            with contextlib.suppress(KeyError):
                await asyncio.to_thread(database.write, undo)
            for _ in range(2):
                assert await asyncio.to_thread(database.write, lambda each: engine.enqueue(each, kept))
            deliveries = Deliveries()
            async with self.working(deliveries, engine=engine):
                await self.until(lambda: kept in deliveries.ended)
                last = new_wake()
                await engine.submit(last)
                await self.until(lambda: last in deliveries.ended)
            assert deliveries.begun == [kept, last]

        self.run(check())
