"""Layers around an agent call: retries on a virtual clock, timeouts, budgets; and the limits on lanes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from strands_cli.errors import BudgetExceededError
from strands_cli.kernel.layers import CallTimeoutError, RetryPolicy, RunLimits, budget, retry, timeout
from strands_cli.kernel.types import AgentReply, Call, Draft
from support.driving import Echo, VirtualClock, driven, reply, session, spec

STEPS = spec("chain", {"steps": [{"agent": "a", "input": str(number)} for number in range(5)]})


class Flaky:
    """Fails so often before it answers."""

    def __init__(self, failures: int, error: Exception) -> None:
        self.left = failures
        self.error = error
        self.calls = 0

    async def __call__(self, call: Call) -> AgentReply:
        self.calls += 1
        if self.left:
            self.left -= 1
            raise self.error
        return reply("ok")


ONE = spec("chain", {"steps": [{"agent": "a", "input": "x"}]})


def transient(error: BaseException) -> bool:
    return isinstance(error, ConnectionError)


@pytest.mark.parametrize(
    ("policy", "waited"),
    [
        (RetryPolicy(3, "constant", 2, 60), 6),
        (RetryPolicy(3, "exponential", 1, 60), 7),
        (RetryPolicy(3, "exponential", 1, 2), 5),
        (RetryPolicy(3, "jittered", 1, 1), 3),
    ],
)
def test_transient_failures_are_waited_out(policy: RetryPolicy, waited: float) -> None:
    async def main() -> None:
        clock, flaky = VirtualClock(), Flaky(3, ConnectionError("down"))
        before = clock.time
        rest = await driven(await session(), ONE, flaky, clock=clock, layers=[retry(policy, transient)])
        assert rest.status == "completed" and flaky.calls == 4
        assert clock.time - before == waited

    asyncio.run(main())


def test_other_failures_are_not_tried_again_and_the_session_resumes() -> None:
    async def main() -> None:
        journal, flaky = await session(), Flaky(1, ValueError("no such model"))
        layers = [retry(RetryPolicy(5), transient)]
        rest = await driven(journal, ONE, flaky, layers=layers)
        assert rest.status == "failed" and flaky.calls == 1 and str(rest.error) == "no such model"
        assert (await driven(journal, ONE, flaky, layers=layers)).status == "completed"

    asyncio.run(main())


@given(
    st.integers(0, 50),
    st.sampled_from(["constant", "exponential", "jittered"]),
    st.floats(0, 10),
    st.floats(10, 100),
    st.none() | st.floats(-5, 1000),
)
def test_a_wait_is_never_negative_nor_over_the_maximum(
    attempt: int, backoff: Any, low: float, high: float, asked: float | None
) -> None:
    assert 0 <= RetryPolicy(1, backoff, low, high).wait(attempt, asked) <= high


def test_a_call_has_a_time_limit() -> None:
    async def main() -> None:
        limited = spec("chain", {"steps": [{"agent": "a", "input": "x", "timeout_s": 0.05}]})
        rest = await driven(await session(), limited, Echo({"steps/0": 5}), layers=[timeout()])
        assert rest.status == "failed" and isinstance(rest.error, CallTimeoutError)
        assert "steps/0" in str(rest.error)

    asyncio.run(main())


@pytest.mark.parametrize(
    ("limits", "done"), [(RunLimits(max_steps=3), 3), (RunLimits(max_tokens=2), 2), (RunLimits(max_duration_s=30), 3)]
)
def test_a_budget_stops_the_run_at_its_limit_also_over_resumes(limits: RunLimits, done: int) -> None:
    async def main() -> None:
        clock, journal = VirtualClock(), await session()

        async def perform(call: Call) -> AgentReply:
            clock.time += 10
            return reply("ok", tokens=1)

        for _ in range(2):
            rest = await driven(journal, STEPS, perform, clock=clock, layers=[budget(limits)])
            assert rest.status == "failed" and isinstance(rest.error, BudgetExceededError)
            assert len(rest.state.done) == done

    asyncio.run(main())


def test_a_budget_warns_once_near_its_limit() -> None:
    async def main() -> None:
        rest = await driven(await session(), STEPS, Echo(), layers=[budget(RunLimits(max_steps=6, warn_threshold=0.5))])
        assert rest.status == "completed"
        assert [key for key in rest.state.noted if "warned" in key] == ["budget/steps/warned"]

    asyncio.run(main())


def test_a_budget_question_pauses_and_each_extension_is_asked_for() -> None:
    async def main() -> None:
        from strands_cli.session import answers

        journal, layers = await session(), [budget(RunLimits(max_steps=2, on_exceed="ask"))]
        for number, done in enumerate((2, 4)):
            rest = await driven(journal, STEPS, Echo(), layers=layers)
            assert rest.status == "paused" and len(rest.state.done) == done
            await answers.give(journal, f"budget/steps/{number}", "extend", by="boss")
        assert (await driven(journal, STEPS, Echo(), layers=layers)).status == "completed"

    asyncio.run(main())


def test_a_budget_that_is_not_extended_ends_the_run() -> None:
    async def main() -> None:
        layers = [budget(RunLimits(max_steps=2, on_exceed="ask"))]
        rest = await driven(await session(), STEPS, Echo(), layers=layers, handler=lambda state: "stop")
        assert rest.status == "failed" and isinstance(rest.error, BudgetExceededError)

    asyncio.run(main())


@pytest.mark.parametrize("limit", [1, 3, None])
def test_max_parallel_limits_the_calls_of_the_whole_run(limit: int | None) -> None:
    async def main() -> None:
        running = most = 0

        async def perform(call: Call) -> AgentReply:
            nonlocal running, most
            running += 1
            most = max(most, running)
            await asyncio.sleep(0.01)
            running -= 1
            return reply("ok")

        branches = [{"id": f"b{number}", "steps": [{"agent": "a", "input": "x"}]} for number in range(10)]
        rest = await driven(await session(), spec("parallel", {"branches": branches}), perform, max_parallel=limit)
        assert rest.status == "completed" and most == (limit or 10)

    asyncio.run(main())


def test_a_question_asked_under_max_parallel_1_does_not_hold_up_the_others() -> None:
    async def main() -> None:
        layers = [budget(RunLimits(max_steps=1, on_exceed="ask"))]
        branches = [{"id": f"b{number}", "steps": [{"agent": "a", "input": "x"}]} for number in range(3)]
        config = spec("parallel", {"branches": branches})
        rest = await asyncio.wait_for(
            driven(await session(), config, Echo(), layers=layers, max_parallel=1, handler=lambda state: "extend"), 5
        )
        assert rest.status == "completed"

    asyncio.run(main())


def test_a_failure_is_reported_once_all_branches_are_at_rest() -> None:
    async def main() -> None:
        echo = Echo({"branches/slow/steps/0": 0.05})

        async def perform(call: Call) -> AgentReply:
            if call.key == "branches/bad/steps/0":
                raise ValueError("bad branch")
            return await echo(call)

        branches = [{"id": name, "steps": [{"agent": "a", "input": "x"}]} for name in ("bad", "slow")]
        rest = await driven(await session(), spec("parallel", {"branches": branches}), perform)
        assert rest.status == "failed" and str(rest.error) == "bad branch"
        assert echo.calls == ["branches/slow/steps/0"] and "branches/slow/steps/0" in rest.state.done

    asyncio.run(main())


def test_cancelling_a_run_cancels_its_branches_and_the_session_resumes() -> None:
    async def main() -> None:
        journal, echo = await session(), Echo({"branches/x/steps/0": 5, "branches/y/steps/0": 5})
        branches = [{"id": name, "steps": [{"agent": "a", "input": name}]} for name in ("x", "y")]
        config = spec("parallel", {"branches": branches})
        running = asyncio.ensure_future(driven(journal, config, echo))
        await asyncio.sleep(0.05)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert len(asyncio.all_tasks()) == 1, "nothing is left behind"
        assert (await driven(journal, config, Echo())).status == "completed"

    asyncio.run(main())


def test_a_cancelled_session_begins_nothing_new_while_it_runs() -> None:
    async def main() -> None:
        journal, echo = await session(), Echo({"branches/x/steps/0": 0.05, "branches/y/steps/0": 0.15})
        branches = [
            {"id": name, "steps": [{"agent": "a", "input": name}, {"agent": "a", "input": name * 2}]} for name in "xy"
        ]
        running = asyncio.ensure_future(driven(journal, spec("parallel", {"branches": branches}), echo))
        await asyncio.sleep(0.02)
        count = len(await journal.load())
        await journal.append((Draft("cancelled", "", {"by": "boss"}, 0.0),), expect=count)
        assert (await running).status == "cancelled"
        assert sorted(echo.calls) == ["branches/x/steps/0", "branches/y/steps/0"]

    asyncio.run(main())
