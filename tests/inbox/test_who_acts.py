"""The inbox decides by who answers: in their own right, for somebody they stand in for, or not at all."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, TypeVar

import pytest

from strands_cli import Workflow
from strands_cli.api import SessionManager
from strands_cli.errors import AnswerError, NotEntitledError
from strands_cli.inbox.errors import OutdatedQuestionError
from strands_cli.inbox.inbox import Inbox
from strands_cli.kernel.principal import Principal, os_principal
from strands_cli.people import People, PeopleFileError
from strands_cli.session.repository import store_at
from support.specs import solo

T = TypeVar("T")
TODAY = datetime.now(timezone.utc).date()
PEOPLE = {
    "anna": {"roles": ["finance"], "substitute": {"carl": f"{TODAY}..{TODAY + timedelta(1)}"}},
    "ben": {"roles": ["finance"], "substitute": {"carl": f"{TODAY - timedelta(9)}..{TODAY - timedelta(8)}"}},
    "carl": {"roles": []},
    "dora": {"roles": []},
}


@pytest.fixture(params=["files", "sqlite"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    return str(tmp_path / "runs") if request.param == "files" else f"sqlite:///{tmp_path}/runs.db"


def asked(place: str, people: dict[str, Any] = PEOPLE, **rights: Any) -> Inbox:
    """Return the inbox of a store in which one question waits."""
    gate = {"type": "hitl", "prompt": "Pay?", "choices": ["yes", "no"], **rights}
    spec = solo(1, pattern={"type": "chain", "config": {"steps": [gate]}})
    Workflow.from_dict(spec, store=place).run()
    return Inbox(store_at(place), people=People.from_dict(people))


def inside(inbox: Inbox, work: Callable[[str], Coroutine[Any, Any, T]]) -> T:
    async def run() -> T:
        page = await inbox.questions(Principal("user:os:nobody"))
        return await work(page.items[0].ref)

    return asyncio.run(run())


def token(inbox: Inbox, person: str) -> Principal:
    return inbox.people.of_person(person, f"token:{person}")


FINANCE = {"ask": {"roles": ["finance"], "auth": "token"}}


def test_who_has_the_role_answers_and_who_has_not_is_told_why(place: str) -> None:
    inbox = asked(place, **FINANCE)

    async def work(ref: str) -> None:
        dora, ben = token(inbox, "dora"), token(inbox, "ben")
        may = (await inbox.question(ref, dora)).may
        assert may is not None
        assert (may.code, (await inbox.question(ref, ben)).may) == ("not-eligible", None)
        with pytest.raises(NotEntitledError, match="it is for role finance"):
            await inbox.answer(ref, "yes", dora)
        mine = [len((await inbox.questions(each, mine=True)).items) for each in (dora, ben)]
        assert mine == [0, 1]
        found = await inbox.answer(ref, "yes", ben)
        assert found.question.status == "answered"
        assert found.question.answer is not None
        assert found.question.answer["by"] == "ben"

    inside(inbox, work)


def test_a_substitute_acts_for_somebody_only_in_their_days_and_it_is_on_record(place: str) -> None:
    inbox = asked(place, **FINANCE, quorum={"yes": 2})

    async def work(ref: str) -> None:
        carl = token(inbox, "carl")
        assert (await inbox.question(ref, carl)).may is None
        voted = (await inbox.answer(ref, "yes", carl)).question
        assert voted.status == "open"
        with pytest.raises(NotEntitledError):
            await inbox.answer(ref, "yes", token(inbox, "dora"))
        journal = await inbox.store.open(voted.session)
        vote = next(entry for entry in await journal.load() if entry.kind == "voted")
        assert (vote.data["principal"]["person"], vote.data["principal"]["on_behalf"]) == ("carl", "anna")
        once_more = (await inbox.answer(ref, "yes", token(inbox, "anna"))).question
        assert once_more.status == "open", "who stands in for somebody and that one are one vote"
        closed = (await inbox.answer(ref, "yes", token(inbox, "ben"))).question
        assert closed.status == "answered"

    inside(inbox, work)


@pytest.mark.parametrize(("role", "stranded"), [("finance", False), ("board", True)])
def test_a_question_that_nobody_may_answer_is_stranded(place: str, role: str, stranded: bool) -> None:
    inbox = asked(place, ask={"roles": [role]})

    async def work(ref: str) -> None:
        assert (await inbox.question(ref, token(inbox, "dora"))).is_stranded is stranded
        page = await inbox.questions(token(inbox, "dora"), state="stranded")
        assert bool(page.items) is stranded

    inside(inbox, work)


def test_a_question_is_claimed_given_back_and_handed_on(place: str) -> None:
    inbox = asked(place, **FINANCE, delegate="anyone")

    async def work(ref: str) -> None:
        anna, ben, dora = (token(inbox, name) for name in ("anna", "ben", "dora"))
        claimed = await inbox.claim(ref, anna)
        assert (claimed.status, claimed.question.assignee) == ("claimed", "anna")
        with pytest.raises(NotEntitledError, match="is with anna"):
            await inbox.answer(ref, "yes", ben)
        assert (await inbox.release(ref, anna)).status == "open"
        handed = await inbox.delegate(ref, ben, "dora", why="I am away")
        assert handed.question.assignee == "dora"
        found = (await inbox.answer(ref, "no", dora)).question
        assert found.answer is not None
        assert (found.status, found.answer["on_behalf"]) == ("answered", "ben")

    inside(inbox, work)


@pytest.mark.parametrize("to", ["anan", "b\u202eora", "\0", " ", "mcp:bot", "system:timer", "link:dora", "handler:x"])
def test_a_question_is_handed_to_nobody_who_is_no_person(place: str, to: str) -> None:
    inbox = asked(place, ask={"exclude": ["starter"]})

    async def work(ref: str) -> None:
        with pytest.raises(AnswerError, match=r"nobody called|no person"):
            await inbox.delegate(ref, token(inbox, "ben"), to)
        with pytest.raises(AnswerError, match="has passed"):
            await inbox.delegate(ref, token(inbox, "ben"), "dora", until=1.0)
        assert (await inbox.question(ref, token(inbox, "ben"))).question.assignee == ""

    inside(inbox, work)


def test_an_answer_to_something_else_is_not_taken_and_the_same_request_twice_is_one(place: str) -> None:
    inbox = asked(place, **FINANCE, quorum={"yes": 2})

    async def work(ref: str) -> None:
        ben = token(inbox, "ben")
        with pytest.raises(OutdatedQuestionError):
            await inbox.answer(ref, "yes", ben, shown="sha256:0")
        shown = (await inbox.question(ref, ben)).shown
        first = await inbox.answer(ref, "yes", ben, shown=shown, request="r1")
        again = await inbox.answer(ref, "yes", ben, shown=shown, request="r1")
        assert (first.replayed, again.replayed) == (False, True)
        assert len(again.question.question.votes) == 1

    inside(inbox, work)


def test_who_answers_in_a_terminal_and_on_a_page_is_one_person(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = os_principal().id
    people = {"anna": {"roles": ["finance"], "ids": [user]}, "ben": {"roles": ["finance"]}}
    file = tmp_path / "people.yaml"
    file.write_text(json.dumps(people))
    inbox = asked(place, people, **FINANCE, quorum={"yes": 2})

    async def work(ref: str) -> None:
        first = (await inbox.answer(ref, "yes", token(inbox, "anna"))).question
        session = await SessionManager(store=place).get_session_async(first.session)
        with pytest.raises(NotEntitledError):
            await session.answer_async(first.question.id, "yes")
        monkeypatch.setenv("STRANDS_PEOPLE", str(file))
        await session.answer_async(first.question.id, "yes")
        found = (await inbox.question(ref, token(inbox, "ben"))).question
        assert [vote["who"] for vote in found.votes] == ["anna"]
        assert (await inbox.answer(ref, "yes", token(inbox, "ben"))).question.status == "answered"

    inside(inbox, work)


def test_a_file_of_people_that_cannot_be_read_lets_nobody_answer(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inbox = asked(place)
    monkeypatch.setenv("STRANDS_PEOPLE", str(tmp_path / "none.yaml"))

    async def work(ref: str) -> None:
        view = await inbox.question(ref, token(inbox, "anna"))
        session = await SessionManager(store=place).get_session_async(view.session)
        with pytest.raises(PeopleFileError, match=r"none\.yaml"):
            await session.answer_async(view.question.id, "yes")
        assert (await inbox.question(ref, token(inbox, "anna"))).status == "open"

    inside(inbox, work)
