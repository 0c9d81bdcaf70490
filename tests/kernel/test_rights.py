"""Who may answer: one gate, a table of what it refuses; votes that make an answer; four eyes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from strands_cli.errors import AlreadyAnsweredError, ChangedQuestionError, NotEntitledError
from strands_cli.kernel import votes
from strands_cli.kernel.principal import Principal
from strands_cli.kernel.rights import admit, standing
from strands_cli.kernel.shown import digest, ref_of, session_and_key
from strands_cli.kernel.state import State
from strands_cli.kernel.types import Entry
from strands_cli.session import answers
from support.driving import Echo, driven, session, spec


def person(name: str, *roles: str, **more: Any) -> Principal:
    return Principal(f"user:os:{name}", name, frozenset(roles), **{"auth": "login", **more})


ANNA, BEN, CARL = person("anna", "finance"), person("ben", "finance"), person("carl")
BOT = Principal("mcp:bot", "bot", kind="agent", via="mcp")


def asked(**data: Any) -> list[Entry]:
    opened = {"workflow": "t", "pattern": "chain", "spec": {}, "inputs": {}, "principal": CARL.to_dict()}
    return [
        Entry(0, "opened", "", opened, 1.0),
        Entry(1, "asked", "steps/0", {"prompt": "First?"}, 2.0),
        Entry(2, "answered", "steps/0", {"value": "yes", "by": "ben", "principal": BEN.to_dict()}, 3.0),
        Entry(3, "asked", "steps/1", {"prompt": "Pay?", "choices": ["approve", "reject"], **data}, 4.0),
    ]


def verdict(entries: list[Entry], who: Principal, value: Any = "approve", **more: Any) -> str:
    state = State(entries)
    return admit(state, state.asked["steps/1"], who, value, **{"now": 10.0, "session_id": "s", **more}).code


FINANCE = {"ask": {"roles": ["finance"]}}


@pytest.mark.parametrize(
    ("data", "who", "value", "code"),
    [
        ({}, CARL, "approve", ""),
        ({}, Principal("handler:x"), "approve", ""),
        ({}, BOT, "approve", ""),
        ({}, CARL, "perhaps", "invalid-answer"),
        ({"deadline": 9.0}, CARL, "approve", "expired"),
        (FINANCE, ANNA, "approve", ""),
        (FINANCE, CARL, "approve", "not-eligible"),
        (FINANCE, person("dora", "finance", auth="asserted"), "approve", "auth-too-weak"),
        ({"ask": {"roles": ["finance"], "auth": "login"}}, person("a", "finance", auth="token"), "x", "invalid-answer"),
        ({"ask": {"roles": ["finance"], "auth": "login"}}, person("a", "finance", auth="token"), "", "invalid-answer"),
        ({"ask": {"auth": "login"}}, person("a", auth="token"), "approve", "auth-too-weak"),
        ({"ask": {"auth": "asserted"}}, Principal("handler:x"), "approve", ""),
        ({"ask": {"users": ["anna"]}}, ANNA, "approve", ""),
        ({"ask": {"users": ["user:os:anna"]}}, ANNA, "approve", ""),
        ({"ask": {"users": ["anna"]}}, Principal("user:oidc:x#1", person="anna", auth="login"), "approve", ""),
        ({"ask": {"users": ["anna"]}}, person("anna", person="another.anna"), "approve", "not-eligible"),
        ({"ask": {"users": ["anna"]}}, Principal("user:oidc:x#1", "anna", auth="login"), "approve", "not-eligible"),
        ({"ask": {"users": ["anna"]}}, person("ben", on_behalf="anna"), "approve", ""),
        ({"ask": {"users": ["mcp:bot"]}}, BOT, "approve", ""),
        ({"ask": {"exclude": ["starter"]}}, CARL, "approve", "excluded"),
        ({"ask": {"exclude": ["starter"]}}, ANNA, "approve", ""),
        ({"ask": {"exclude": ["starter"]}}, person("eve", on_behalf="user:os:carl"), "approve", "excluded"),
        (
            {"ask": {"exclude": ["starter"]}},
            Principal("token:1", "c", auth="token", person="carl"),
            "x",
            "invalid-answer",
        ),
        (
            {"ask": {"exclude": ["starter"]}},
            Principal("token:1", "c", auth="token", person="carl"),
            "reject",
            "excluded",
        ),
        (
            {"ask": {"exclude": ["starter"]}},
            Principal("user:os:carl", person="carla", auth="login"),
            "reject",
            "excluded",
        ),
        ({"ask": {"exclude": ["steps/0"]}}, Principal("token:1", auth="token", person="ben"), "reject", "excluded"),
        ({"ask": {"exclude": ["starter"]}}, Principal("handler:x"), "approve", "auth-too-weak"),
        ({"ask": {"exclude": ["steps/0"]}}, BEN, "approve", "excluded"),
        ({"ask": {"exclude": ["steps/0"]}}, ANNA, "approve", ""),
        ({"type": "approval"}, BOT, "approve", "agent"),
        ({"type": "ambiguous_tool"}, BOT, "approve", "agent"),
        ({"type": "budget"}, BOT, "approve", "agent"),
        ({"type": "approval"}, Principal("mcp:x", via="mcp"), "approve", "auth-too-weak"),
        ({"type": "approval"}, Principal("handler:x"), "approve", ""),
        (
            {"type": "approval", "ask": {"roles": ["x"]}},
            Principal("h", roles=frozenset("x")),
            "approve",
            "auth-too-weak",
        ),
        ({"quorum": {"approve": 2}}, Principal("handler:x"), "approve", "auth-too-weak"),
    ],
)
def test_each_refusal_has_its_code(data: dict[str, Any], who: Principal, value: str, code: str) -> None:
    assert verdict(asked(**data), who, value) == code


def test_what_is_over_or_was_not_shown_is_not_answered() -> None:
    entries = asked(**FINANCE)
    question = entries[3]
    assert verdict(entries, ANNA, shown=digest("s", question)) == ""
    assert verdict(entries, ANNA, shown=digest("other", question)) == "changed"
    changed = question._replace(data={**question.data, "prompt": "Pay 100 times as much?"})
    assert verdict([*entries[:3], changed], ANNA, shown=digest("s", question)) == "changed"
    closed = Entry(4, "answered", "steps/1", {"value": "approve"}, 5.0)
    assert verdict([*entries, closed], BEN) == "not-open"
    assert verdict([*entries, Entry(4, "expired", "steps/1", {}, 5.0)], BEN) == "expired"
    assert verdict([*entries, Entry(4, "cancelled", "", {}, 5.0)], ANNA) == "finished"


def test_a_claim_keeps_others_out_while_it_lasts() -> None:
    claim = Entry(4, "assigned", "steps/1", {"to": BEN.who, "principal": BEN.to_dict(), "until": 20.0}, 5.0)
    entries = [*asked(**FINANCE), claim]
    assert verdict(entries, ANNA) == "claimed" and verdict(entries, BEN) == ""
    assert verdict(entries, ANNA, now=20.0) == ""
    released = Entry(5, "assigned", "steps/1", {"to": "", "principal": BEN.to_dict()}, 6.0)
    assert verdict([*entries, released], ANNA) == ""


@pytest.mark.parametrize(("mode", "code"), [("anyone", ""), ("eligible", "not-eligible"), ("never", "not-eligible")])
def test_a_right_is_handed_on_as_far_as_the_author_lets_it(mode: str, code: str) -> None:
    handed = Entry(4, "assigned", "steps/1", {"to": CARL.who, "principal": ANNA.to_dict(), "until": None}, 5.0)
    entries = [*asked(**FINANCE, delegate=mode), handed]
    assert verdict(entries, CARL) == code
    assert verdict(entries, person("eve")) == "not-eligible"


def test_who_has_no_right_hands_none_on() -> None:
    eve = person("eve")
    handed = Entry(4, "assigned", "steps/1", {"to": CARL.who, "principal": eve.to_dict(), "until": None}, 5.0)
    assert verdict([*asked(**FINANCE, delegate="anyone"), handed], CARL) == "not-eligible"


EVE, DORA = person("eve"), person("dora")
FRED = person("fred", "finance", on_behalf="anna")
ANNA_BY_TOKEN = Principal("token:7", "anna", frozenset({"finance"}), "token", "api", person="anna")


@pytest.mark.parametrize(
    ("handed", "voters", "open_after"),
    [
        ([(EVE, ANNA), (DORA, EVE)], [DORA, ANNA], True),  # on from hand to hand
        ([(EVE, ANNA), (DORA, EVE)], [DORA, EVE], True),
        ([(EVE, FRED)], [EVE, ANNA_BY_TOKEN], True),  # by who stands in for her
        ([(EVE, ANNA)], [EVE, ANNA_BY_TOKEN], True),
        ([], [ANNA, ANNA_BY_TOKEN], True),
        ([(EVE, ANNA), (DORA, EVE)], [DORA, BEN], False),
    ],
)
def test_a_right_is_one_vote_through_however_many_hands_it_went(
    handed: list[tuple[Principal, Principal]], voters: list[Principal], open_after: bool
) -> None:
    rights = {**FINANCE, "quorum": {"approve": 2}, "delegate": "anyone"}
    entries = asked(**rights)
    for to, by in handed:
        entries.append(Entry(len(entries), "assigned", "steps/1", {"to": to.who, "principal": by.to_dict()}, 5.0))
    for who in voters:
        state = State(entries)
        found = admit(state, state.asked["steps/1"], who, "approve", now=10.0, session_id="s")
        assert found.code == "", found.message
        for draft in votes.drafts(state, state.asked["steps/1"], who, found, {"by": who.name}, at=10.0):
            entries.append(Entry(len(entries), *draft))
    assert State(entries).is_open("steps/1") is open_after


def test_an_escalation_adds_people() -> None:
    more = Entry(4, "escalated", "steps/1", {"level": 1, "ask": {"users": ["carl"]}}, 5.0)
    assert verdict([*asked(**FINANCE), more], CARL) == "" and verdict([*asked(**FINANCE), more], ANNA) == ""


def test_a_name_in_a_url_leads_back() -> None:
    key = "steps/1/interrupts/v1:before_tool_call:t1:é\ud800#2"
    assert session_and_key(ref_of("pay-1", key)) == ("pay-1", key)
    for wrong in ("", "q_", "q_!!", "steps/1", ref_of("a", "b") + "x", ref_of("a", "b")[2:]):
        with pytest.raises(ValueError, match="not a reference"):
            session_and_key(wrong)


# -- through a journal ------------------------------------------------------------------------------------------------


def paying(**data: Any) -> dict[str, Any]:
    first = {"type": "hitl", "prompt": "First?"}
    pay = {"type": "hitl", "prompt": "Pay?", "choices": ["approve", "reject"], **data}
    return spec("chain", {"steps": [first, pay, {"agent": "a", "input": "{{ steps[1].response }}"}]})


async def at_payment(workflow: dict[str, Any]) -> Any:
    journal = await session()
    await driven(journal, workflow, Echo())
    await answers.give(journal, "steps/0", "yes", by=BEN)
    assert (await driven(journal, workflow, Echo())).status == "paused"
    return journal


def test_two_persons_make_a_quorum_and_one_person_does_not() -> None:
    async def main() -> None:
        workflow = paying(ask={"roles": ["finance"]}, quorum={"approve": 2})
        journal = await at_payment(workflow)
        for _ in range(2):  # the same again is a success, and counts once
            await answers.give(journal, "steps/1", "approve", by=ANNA, channel="web")
        with pytest.raises(NotEntitledError) as caught:
            await answers.give(journal, "steps/1", "approve", by=CARL)
        assert caught.value.code == "not-eligible" and "role finance" in str(caught.value)
        state = State(await journal.load())
        assert state.is_open("steps/1") and [vote.by for vote in standing(state, "steps/1").votes] == ["anna"]
        await answers.give(journal, "steps/1", "approve", by=BEN)
        entries = await journal.load()
        kinds = [entry.kind for entry in entries if entry.key == "steps/1"]
        assert kinds == ["asked", "voted", "voted", "answered"]
        closed = entries[-1]
        assert closed.data["votes"] == [entry.seq for entry in entries if entry.kind == "voted"]
        assert closed.data["principal"] == BEN.to_dict()
        await answers.give(journal, "steps/1", "approve", by=ANNA)
        with pytest.raises(AlreadyAnsweredError):
            await answers.give(journal, "steps/1", "reject", by=ANNA)
        rest = await driven(journal, workflow, Echo())
        assert rest.outcome is not None and rest.outcome.response == "<approve>"

    asyncio.run(main())


def test_a_vote_may_be_changed_until_the_close_and_one_rejection_is_enough() -> None:
    async def main() -> None:
        journal = await at_payment(paying(quorum={"approve": 2}))
        await answers.give(journal, "steps/1", "approve", by=ANNA)
        await answers.give(journal, "steps/1", "reject", by=ANNA)
        state = State(await journal.load())
        assert state.answered["steps/1"].data["value"] == "reject"

    asyncio.run(main())


def test_a_vote_is_changed_before_enough_have_said_the_same() -> None:
    async def main() -> None:
        journal = await at_payment(paying(quorum={"approve": 2, "reject": 2}))
        for who, value in ((ANNA, "approve"), (ANNA, "reject"), (BEN, "approve")):
            await answers.give(journal, "steps/1", value, by=who)
        state = State(await journal.load())
        assert state.is_open("steps/1")
        assert [(vote.by, vote.value) for vote in standing(state, "steps/1").votes] == [
            ("anna", "reject"),
            ("ben", "approve"),
        ]
        await answers.give(journal, "steps/1", "approve", by=CARL)
        assert State(await journal.load()).answered["steps/1"].data["value"] == "approve"

    asyncio.run(main())


def test_one_person_is_one_vote_under_whatever_ids() -> None:
    async def main() -> None:
        journal = await at_payment(paying(quorum={"approve": 2}))
        for id in ("user:oidc:x#1", "user:slack:T/U1", "token:7"):
            await answers.give(journal, "steps/1", "approve", by=Principal(id, person="anna", auth="token"))
        stand_in = person("ben", on_behalf="anna")
        await answers.give(journal, "steps/1", "approve", by=stand_in)
        assert State(await journal.load()).is_open("steps/1")
        await answers.give(journal, "steps/1", "approve", by=person("dora"))
        assert not State(await journal.load()).is_open("steps/1")

    asyncio.run(main())


def test_who_said_yes_first_may_not_say_it_a_second_time_not_even_together() -> None:
    async def main() -> None:
        workflow = paying(ask={"exclude": ["steps/0"]})
        journal = await at_payment(workflow)
        with pytest.raises(NotEntitledError) as caught:
            await answers.give(journal, "steps/1", "approve", by=BEN)
        assert caught.value.code == "excluded" and "'steps/0'" in str(caught.value)
        await answers.give(journal, "steps/1", "approve", by=ANNA)

    asyncio.run(main())


def test_a_request_is_taken_once_whatever_was_said_since() -> None:
    async def main() -> None:
        journal = await at_payment(paying(quorum={"approve": 2, "reject": 2}))
        await answers.give(journal, "steps/1", "approve", by=ANNA, request="r1")
        await answers.give(journal, "steps/1", "reject", by=ANNA, request="r2")
        count = len(await journal.load())
        await answers.give(journal, "steps/1", "approve", by=ANNA, request="r1")
        assert len(await journal.load()) == count

    asyncio.run(main())


def test_an_answer_is_bound_to_what_was_shown() -> None:
    async def main() -> None:
        journal = await at_payment(paying())
        question = State(await journal.load()).asked["steps/1"]
        shown = digest(journal.session_id, question)
        with pytest.raises(ChangedQuestionError) as caught:
            await answers.give(journal, "steps/1", "approve", by=ANNA, shown={"steps/1": "sha256:0"})
        assert caught.value.question is not None and caught.value.question.shown == shown
        await answers.give(journal, "steps/1", "approve", by=ANNA, shown={"steps/1": shown})
        assert (await journal.load())[-1].data["shown"] == shown

    asyncio.run(main())


def test_free_text_is_a_name_and_no_right() -> None:
    async def main() -> None:
        journal = await at_payment(paying(ask={"users": ["anna"]}))
        with pytest.raises(NotEntitledError):
            await answers.give(journal, "steps/1", "approve", by="anna")

    asyncio.run(main())


def test_a_handler_that_asks_the_wrong_person_leaves_the_question_open(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        said: list[str] = []

        def handler(state: Any) -> str:
            said.append(state.question_id)
            return "yes"

        rest = await driven(await session(), paying(ask={"roles": ["finance"]}), Echo(), handler=handler)
        assert rest.status == "paused" and said == ["steps/0"]
        assert "role finance" in caplog.text

    asyncio.run(main())


def test_the_vote_of_a_handler_leaves_the_question_to_others() -> None:
    async def main() -> None:
        class Handler:
            principal = ANNA

            def __call__(self, state: Any) -> str:
                return "approve"

        journal = await session()
        rest = await driven(journal, paying(quorum={"approve": 2}), Echo(), handler=Handler())
        assert rest.status == "paused" and [entry.kind for entry in await journal.load()][-2:] == ["voted", "paused"]
        await answers.give(journal, "steps/1", "approve", by=BEN)
        assert (await driven(journal, paying(quorum={"approve": 2}), Echo())).status == "completed"

    asyncio.run(main())
