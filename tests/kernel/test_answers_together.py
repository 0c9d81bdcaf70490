"""Answers given together are one act, and an answer at the moment of pausing is not lost."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from strands_cli.errors import AlreadyAnsweredError, AnswerError, InvalidAnswerError
from strands_cli.kernel.state import State
from strands_cli.kernel.types import Draft, Entry
from strands_cli.session import answers
from strands_cli.session.memory import MemorySessionRepository
from strands_cli.session.repository import FileSessionRepository
from support.driving import Echo, VirtualClock, driven, session, spec

X, Z = "branches/x/steps/0", "branches/z/steps/0"
TWO = spec(
    "parallel",
    {
        "branches": [
            {"id": "x", "steps": [{"type": "hitl", "prompt": "x?"}, {"agent": "a", "input": "x {{ hitl_response }}"}]},
            {
                "id": "z",
                "steps": [
                    {"type": "hitl", "prompt": "z?", "choices": ["go", "halt"]},
                    {"agent": "b", "input": "z {{ hitl_response }}"},
                ],
            },
        ]
    },
)


class Nudged:
    """A journal to which somebody else writes just before an entry of one kind is appended, once."""

    def __init__(self, inner: Any, kind: str, nudge: Any) -> None:
        self._inner, self._kind, self._nudge = inner, kind, nudge

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def append(self, drafts: Sequence[Draft], **how: Any) -> list[Entry]:
        if self._nudge is not None and any(draft.kind == self._kind for draft in drafts):
            nudge, self._nudge = self._nudge, None
            await nudge(self._inner)
        return list(await self._inner.append(drafts, **how))


@pytest.fixture(params=["memory", "files"])
def repository(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    return MemorySessionRepository() if request.param == "memory" else FileSessionRepository(tmp_path)


@pytest.mark.parametrize(
    ("bad", "error"),
    [
        ({X: "yes", Z: "maybe"}, InvalidAnswerError),
        ({X: "yes", "branches/nobody": "go"}, AnswerError),
        ({X: "yes", Z: None}, InvalidAnswerError),
        ({X: "yes", Z: float("nan")}, InvalidAnswerError),
    ],
)
def test_of_answers_given_together_all_are_taken_or_none(bad: dict[str, Any], error: Any, repository: Any) -> None:
    async def main() -> None:
        journal = await session(repository)
        await driven(journal, TWO, Echo())
        before = await journal.load()
        with pytest.raises(error):
            await answers.give_all(journal, bad, by="ann")
        assert await journal.load() == before
        await answers.give_all(journal, {X: "no", Z: " GO "}, by="ann")
        state = State(await journal.load())
        assert [state.answer(key).value for key in (X, Z)] == ["no", "go"]  # type: ignore[union-attr]
        assert state.status == "answered"
        assert (await driven(journal, TWO, Echo())).status == "completed"

    asyncio.run(main())


def test_the_same_answer_by_the_same_person_is_a_success_and_written_once(repository: Any) -> None:
    async def main() -> None:
        journal = await session(repository)
        await driven(journal, TWO, Echo())
        await answers.give(journal, X, 1, by="ann")
        await answers.give_all(journal, {X: 1, Z: "go"}, by="ann")
        count = len(await journal.load())
        await answers.give_all(journal, {X: 1, Z: " go"}, by="ann")
        for value, who in ((1, "bob"), (2, "ann"), (True, "ann"), ("1", "ann")):
            with pytest.raises(AlreadyAnsweredError, match="by ann"):
                await answers.give(journal, X, value, by=who)
        assert len(await journal.load()) == count

    asyncio.run(main())


@pytest.mark.parametrize("given", [(1, 2), {1: 2}, {"a": (1,)}, OrderedDict(a=1), [None], {"a": None}])
def test_an_answer_is_what_json_makes_of_it_at_once(given: Any) -> None:
    gate = spec("chain", {"steps": [{"type": "hitl", "prompt": "?"}, {"agent": "a", "input": "{{ steps | tojson }}"}]})

    async def main() -> None:
        told = []
        for live in (True, False):
            journal, echo = await session(), Echo()
            if live:
                rest = await driven(journal, gate, echo, handler=lambda state: given)
            else:
                await driven(journal, gate, echo)
                await answers.give(journal, "steps/0", given, by="ann")
                rest = await driven(journal, gate, echo)
            assert rest.outcome is not None
            told.append((rest.outcome.response, rest.outcome.context["steps"][0]["response"]))
        assert told[0] == told[1] and type(told[0][1]) in (dict, list)

    asyncio.run(main())


@pytest.mark.parametrize(
    "value", [None, float("nan"), float("inf"), -float("inf"), [float("nan")], {1}, b"x", object()]
)
@pytest.mark.parametrize("hitl", [{}, {"schema": {"type": "number", "maximum": 10}}, {"default": "yes"}])
def test_silence_and_what_is_not_json_are_no_answers(value: Any, hitl: dict[str, Any]) -> None:
    gate = spec("chain", {"steps": [{"type": "hitl", "prompt": "?", **hitl}]})

    async def main() -> None:
        journal = await session()
        await driven(journal, gate, Echo())
        with pytest.raises(InvalidAnswerError, match="steps/0"):
            await answers.give(journal, "steps/0", value, by="ann")
        with pytest.raises(InvalidAnswerError, match="steps/0"):
            await driven(await session(), gate, Echo(), handler=lambda state: value)

    asyncio.run(main())


def test_null_is_an_answer_where_the_schema_allows_it() -> None:
    gate = spec("chain", {"steps": [{"type": "hitl", "prompt": "?", "schema": {"type": ["null", "string"]}}]})

    async def main() -> None:
        journal = await session()
        await driven(journal, gate, Echo())
        await answers.give(journal, "steps/0", None, by="ann")
        assert (await driven(journal, gate, Echo())).status == "completed"

    asyncio.run(main())


@pytest.mark.parametrize("both", [False, True])
def test_an_answer_just_before_the_pause_is_written_is_gone_on_with(repository: Any, both: bool) -> None:
    async def main() -> None:
        inner = await session(repository)

        async def answer(journal: Any) -> None:
            given = {X: "X", Z: "go"} if both else {Z: "go"}
            await answers.give_all(await repository.open(journal.session_id), given, by="ann")

        echo = Echo()
        await driven(inner, TWO, echo)
        rest = await driven(Nudged(inner, "paused", answer), TWO, echo)
        assert "branches/z/steps/1" in echo.calls
        assert rest.status == ("completed" if both else "paused")
        state = State(await inner.load())
        assert [entry.key for entry in state.open_questions()] == ([] if both else [X])
        assert state.status == rest.status

    asyncio.run(main())


def test_an_answer_to_one_question_just_before_the_last_one_is_asked_is_gone_on_with(repository: Any) -> None:
    async def main() -> None:
        inner = await session(repository)

        async def answer(journal: Any) -> None:
            await answers.give(await repository.open(journal.session_id), X, "X", by="ann")

        echo = Echo()
        rest = await driven(Nudged(inner, "paused", answer), TWO, echo)
        assert echo.calls == ["branches/x/steps/1"] and rest.status == "paused"
        entries = await inner.load()
        assert [entry.key for entry in entries if entry.kind == "asked"] == [X, Z]
        assert [entry.seq for entry in entries] == list(range(len(entries)))
        assert [entry.key for entry in State(entries).open_questions()] == [Z]
        assert vars(rest.state) == vars(State(entries))

    asyncio.run(main())


def test_a_deadline_just_before_the_pause_is_written_is_gone_on_with() -> None:
    clock = VirtualClock()
    gate = spec("chain", {"steps": [{"type": "hitl", "prompt": "?", "timeout_seconds": 60, "default": "d"}]})

    async def main() -> None:
        async def wait(journal: Any) -> None:
            clock.time += 60
            await journal.append((Draft("noted", "tick", {}, clock.time),), expect=len(await journal.load()))

        rest = await driven(Nudged(await session(), "paused", wait), gate, Echo(), clock=clock)
        assert rest.status == "completed" and rest.outcome is not None and rest.outcome.response == "d"

    asyncio.run(main())


def test_a_cancel_between_load_and_lease_ends_the_run_as_cancelled(repository: Any) -> None:
    async def main() -> None:
        inner = await session(repository)

        async def cancel(journal: Any) -> None:
            other = await repository.open(journal.session_id)
            await other.append((Draft("cancelled", "", {"by": "boss"}, 0.0),), expect=len(await other.load()))

        for kind in ("leased", "asked", "paused"):
            inner = await session(repository)
            rest = await driven(Nudged(inner, kind, cancel), TWO, Echo())
            assert rest.status == "cancelled"
            assert State(await inner.load()).status == "cancelled"

    asyncio.run(main())


@pytest.mark.parametrize("at", ["started", "closed", "leased"])
def test_a_run_that_is_cancelled_while_its_append_comes_through_records_nothing_twice(repository: Any, at: str) -> None:
    """What was held back for that append is on record; the lease is given back behind it."""
    two = spec("chain", {"steps": [{"agent": "a", "input": "one"}, {"agent": "b", "input": "two"}]})

    class Cancelled(Nudged):
        async def append(self, drafts: Sequence[Draft], **how: Any) -> list[Entry]:
            entries = list(await self._inner.append(drafts, **how))
            last = {"started": "steps/1", "leased": "steps/0", "closed": ""}[at]
            if drafts[-1].key == last and drafts[-1].kind == ("closed" if at == "closed" else "started"):
                raise asyncio.CancelledError
            return entries

    async def main() -> None:
        inner = await session(repository)
        with pytest.raises(asyncio.CancelledError):
            await driven(Cancelled(inner, "", None), two, Echo())
        entries = await inner.load()
        begun = [(entry.kind, entry.key) for entry in entries if entry.kind not in ("released", "closed")]
        assert len(begun) == len(set(begun)) and begun[:3] == [("opened", ""), ("leased", ""), ("started", "steps/0")]
        state = State(entries)
        assert state.driver == "" and sum(state.tokens.values()) == len(state.done)
        if at != "closed":
            rest = await driven(inner, two, Echo())
            assert rest.status == "completed" and vars(rest.state) == vars(State(await inner.load()))

    asyncio.run(main())
