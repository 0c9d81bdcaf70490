"""Questions: asked once, answered by whoever is first, never by silence."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest

from strands_cli.errors import (
    AlreadyAnsweredError,
    AnswerError,
    LeaseHeldError,
    QuestionExpiredError,
    SessionFinishedError,
)
from strands_cli.kernel.state import State
from strands_cli.session import answers
from strands_cli.types import AnswerLater, HITLState
from support.driving import Echo, VirtualClock, driven, session, spec

GATE = spec(
    "chain",
    {
        "steps": [
            {"agent": "a", "input": "one"},
            {"type": "hitl", "prompt": "Go on?"},
            {"agent": "a", "input": "two {{ hitl_response }}"},
        ]
    },
)
TWO_GATES = spec(
    "parallel",
    {
        "branches": [
            {"id": "x", "steps": [{"type": "hitl", "prompt": "x?"}, {"agent": "a", "input": "x {{ hitl_response }}"}]},
            {"id": "y", "steps": [{"type": "hitl", "prompt": "y?"}, {"agent": "b", "input": "y {{ hitl_response }}"}]},
            {"id": "z", "steps": [{"agent": "c", "input": "z"}, {"agent": "c", "input": "zz"}]},
        ]
    },
)


def gate(**hitl: Any) -> dict[str, Any]:
    return spec("chain", {"steps": [{"type": "hitl", "prompt": "Go on?", **hitl}, {"agent": "a", "input": "done"}]})


def test_without_a_handler_the_run_pauses_and_an_answer_from_elsewhere_lets_it_go_on() -> None:
    async def main() -> None:
        journal, echo = await session(), Echo()
        rest = await driven(journal, GATE, echo)
        assert rest.status == "paused"
        assert [entry.key for entry in rest.state.open_questions()] == ["steps/1"]
        await answers.give(journal, "steps/1", "yes", by="ann")
        rest = await driven(journal, GATE, echo)
        assert rest.outcome is not None and rest.outcome.response == "<two yes>"
        assert echo.calls == ["steps/0", "steps/2"]

    asyncio.run(main())


def test_several_questions_are_open_together_and_partial_answers_are_used() -> None:
    async def main() -> None:
        journal, echo = await session(), Echo()
        rest = await driven(journal, TWO_GATES, echo)
        assert [entry.key for entry in rest.state.open_questions()] == ["branches/x/steps/0", "branches/y/steps/0"]
        assert echo.calls == ["branches/z/steps/0", "branches/z/steps/1"], "other branches come to rest first"
        await answers.give(journal, "branches/y/steps/0", "Y", by="ann")
        rest = await driven(journal, TWO_GATES, echo)
        assert [entry.key for entry in rest.state.open_questions()] == ["branches/x/steps/0"]
        assert echo.calls[2:] == ["branches/y/steps/1"]
        await answers.give(journal, "branches/x/steps/0", "X", by="ann")
        rest = await driven(journal, TWO_GATES, echo)
        assert rest.status == "completed"
        assert echo.calls[3:] == ["branches/x/steps/1"]

    asyncio.run(main())


def test_an_answer_that_arrives_while_another_branch_runs_is_used_at_once() -> None:
    async def main() -> None:
        journal = await session()
        echo = Echo({"branches/z/steps/0": 0.6, "branches/z/steps/1": 0.01})
        running = asyncio.ensure_future(driven(journal, TWO_GATES, echo))
        await asyncio.sleep(0.1)
        await answers.give(journal, "branches/x/steps/0", "X", by="ann")
        await asyncio.sleep(0.35)
        assert "branches/x/steps/1" in echo.calls, "before the slow branch came to rest"
        rest = await running
        assert rest.status == "paused"
        assert [entry.key for entry in rest.state.open_questions()] == ["branches/y/steps/0"]

    asyncio.run(main())


def test_a_handler_answers_one_question_at_a_time_while_other_branches_run() -> None:
    async def main() -> None:
        asked: list[str] = []
        at_once = 0

        async def handler(state: HITLState) -> str:
            nonlocal at_once
            at_once += 1
            assert at_once == 1
            asked.append(state.prompt)
            await asyncio.sleep(0.02)
            at_once -= 1
            return state.prompt.upper()

        echo = Echo()
        rest = await driven(await session(), TWO_GATES, echo, handler=handler)
        assert rest.status == "completed"
        assert asked == ["x?", "y?"]
        assert rest.outcome is not None and rest.outcome.context["branches"]["x"]["response"] == "<x X?>"

    asyncio.run(main())


def test_a_sync_handler_does_not_block_the_other_branches() -> None:
    async def main() -> None:
        echo = Echo()

        def handler(state: HITLState) -> str:
            deadline = time.monotonic() + 5
            while "branches/z/steps/1" not in echo.calls and time.monotonic() < deadline:
                time.sleep(0.01)
            return "ok"

        began = time.monotonic()
        assert (await driven(await session(), TWO_GATES, echo, handler=handler)).status == "completed"
        assert time.monotonic() - began < 3

    asyncio.run(main())


def test_an_answer_from_elsewhere_beats_a_handler_that_is_still_asking() -> None:
    async def main() -> None:
        journal, cancelled = await session(), asyncio.Event()

        async def handler(state: HITLState) -> str:
            try:
                await asyncio.sleep(30)
            except asyncio.CancelledError:
                cancelled.set()
                raise
            return "too late"

        running = asyncio.ensure_future(driven(journal, GATE, Echo(), handler=handler))
        await asyncio.sleep(0.05)
        await answers.give(journal, "steps/1", "from the web", by="bob")
        rest = await asyncio.wait_for(running, 5)
        assert rest.outcome is not None and rest.outcome.response == "<two from the web>"
        assert cancelled.is_set()

    asyncio.run(main())


def test_a_handler_may_leave_a_question_for_later() -> None:
    async def main() -> None:
        def handler(state: HITLState) -> str:
            if state.prompt == "x?":
                raise AnswerLater
            return "Y"

        echo = Echo()
        rest = await driven(await session(), TWO_GATES, echo, handler=handler)
        assert rest.status == "paused"
        assert [entry.key for entry in rest.state.open_questions()] == ["branches/x/steps/0"]
        assert "branches/y/steps/1" in echo.calls

    asyncio.run(main())


def test_a_failing_handler_fails_the_run_and_leaves_the_question_open() -> None:
    async def main() -> None:
        def handler(state: HITLState) -> str:
            raise RuntimeError("the pager is down")

        journal = await session()
        rest = await driven(journal, GATE, Echo(), handler=handler)
        assert rest.status == "failed" and "pager" in str(rest.error)
        assert [entry.key for entry in State(await journal.load()).open_questions()] == ["steps/1"]

    asyncio.run(main())


def test_the_second_answer_is_told_who_won_and_when() -> None:
    async def main() -> None:
        journal = await session()
        await driven(journal, GATE, Echo())
        await answers.give(journal, "steps/1", "yes", by="ann")
        with pytest.raises(AlreadyAnsweredError, match=r"answered by ann at 20\d\d-.*: 'yes'"):
            await answers.give(journal, "steps/1", "no", by="bob")

    asyncio.run(main())


def test_case_11_each_of_200_questions_has_one_winner_and_the_run_follows_it() -> None:
    async def main() -> None:
        branches = [
            {"id": f"b{n}", "steps": [{"type": "hitl", "prompt": "?"}, {"agent": "a", "input": "{{ hitl_response }}"}]}
            for n in range(200)
        ]
        config = spec("parallel", {"branches": branches})
        journal, echo = await session(), Echo()
        await driven(journal, config, echo)

        async def answerer(who: int) -> list[str]:
            won = []
            for n in range(200):
                key = f"branches/b{(n * 7 + who * 13) % 200}/steps/0"
                try:
                    await answers.give(journal, key, f"w{who}", by=f"w{who}")
                    won.append(key)
                except AlreadyAnsweredError:
                    pass
                await asyncio.sleep(0)
            return won

        winners = await asyncio.gather(*(answerer(who) for who in range(32)))
        assert sum(len(won) for won in winners) == 200
        rest = await driven(journal, config, echo)
        assert rest.outcome is not None
        for who, won in enumerate(winners):
            for key in won:
                assert rest.outcome.context["branches"][key.split("/")[1]]["response"] == f"<w{who}>"

    asyncio.run(main())


def test_case_35_a_deadline_without_a_default_fails_the_run_and_the_next_step_never_runs() -> None:
    async def main() -> None:
        journal, echo, clock = await session(), Echo(), VirtualClock()
        rest = await driven(journal, gate(timeout_seconds=60), echo, clock=clock)
        assert rest.status == "paused"
        clock.time += 61
        rest = await driven(journal, gate(timeout_seconds=60), echo, clock=clock)
        assert rest.status == "failed" and isinstance(rest.error, QuestionExpiredError)
        assert not echo.calls

    asyncio.run(main())


def test_a_deadline_takes_the_authors_default_and_marks_it() -> None:
    async def main() -> None:
        journal, clock = await session(), VirtualClock()
        config = gate(timeout_seconds=60, default="reject")
        assert (await driven(journal, config, Echo(), clock=clock)).status == "paused"
        clock.time += 59
        assert (await driven(journal, config, Echo(), clock=clock)).status == "paused"
        clock.time += 2
        rest = await driven(journal, config, Echo(), clock=clock)
        answer = rest.state.answer("steps/0")
        assert rest.status == "completed"
        assert answer is not None and answer.value == "reject" and answer.timed_out

    asyncio.run(main())


def test_a_deadline_fires_while_a_handler_is_asking() -> None:
    async def main() -> None:
        async def handler(state: HITLState) -> str:
            await asyncio.sleep(30)
            return "too late"

        rest = await driven(await session(), gate(timeout_seconds=0.1, default="d"), Echo(), handler=handler)
        answer = rest.state.answer("steps/0")
        assert answer is not None and answer.value == "d" and answer.timed_out

    asyncio.run(main())


def test_a_deadline_fires_while_another_branch_still_runs() -> None:
    async def main() -> None:
        branches = [
            {
                "id": "x",
                "steps": [
                    {"type": "hitl", "prompt": "x?", "timeout_seconds": 0.1, "default": "d"},
                    {"agent": "a", "input": "x"},
                ],
            },
            {"id": "z", "steps": [{"agent": "c", "input": "z"}]},
        ]
        rest = await driven(
            await session(), spec("parallel", {"branches": branches}), Echo({"branches/z/steps/0": 0.7})
        )
        assert rest.status == "completed"

    asyncio.run(main())


def test_waiting_for_people_is_not_running_time() -> None:
    async def main() -> None:
        async def slow(state: HITLState) -> str:
            await asyncio.sleep(0.5)
            return "ok"

        rest = await driven(await session(), GATE, Echo({"steps/0": 0.05}), handler=slow)
        assert 0.04 < rest.seconds < 0.4

    asyncio.run(main())


def test_a_finished_session_takes_no_answer_and_no_drive() -> None:
    async def main() -> None:
        journal = await session()
        await driven(journal, GATE, Echo(), handler=lambda state: "yes")
        with pytest.raises(AlreadyAnsweredError):
            await answers.give(journal, "steps/1", "no", by="bob")
        with pytest.raises(AnswerError, match="no question 'steps/9'"):
            await answers.give(journal, "steps/9", "no", by="bob")
        with pytest.raises(SessionFinishedError, match="completed"):
            await driven(journal, GATE, Echo())

    asyncio.run(main())


def test_case_12_a_session_has_one_driver() -> None:
    async def main() -> None:
        journal, echo = await session(), Echo({"steps/0": 0.2})
        first = asyncio.ensure_future(driven(journal, GATE, echo))
        await asyncio.sleep(0.05)
        with pytest.raises(LeaseHeldError):
            await driven(journal, GATE, echo)
        assert (await first).status == "paused"
        assert echo.calls == ["steps/0"]

    asyncio.run(main())


def test_case_28_templates_in_answers_and_replies_stay_as_they_are() -> None:
    async def main() -> None:
        journal, echo = await session(), Echo()
        hostile = "{{ 7*7 }} {% raw %} ${SECRET}"
        await driven(journal, GATE, echo)
        await answers.give(journal, "steps/1", hostile, by="ann")
        rest = await driven(journal, GATE, echo)
        assert rest.outcome is not None and rest.outcome.response == f"<two {hostile}>"
        assert json.dumps(rest.outcome.context)

    asyncio.run(main())
