"""People claim a question, give it back, hand it on and stand in for each other."""

from __future__ import annotations

from typing import Any

import pytest

from strands_cli.inbox.deliveries import DeliveryLog
from strands_cli.inbox.notes import DeliveryError
from support.team import FINANCE, FOUR_EYES, Team, asking, in_thread

from .conftest import SignIn

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: make services")
expect: Any = sync_api.expect

SCRIPT = pytest.mark.parametrize("script", [True, False], ids=["with-script", "without-script"])
REFUSED = "the server responded with a status of 4"


@SCRIPT
def test_what_one_has_claimed_another_takes_over(team: Team, sign_in: SignIn, script: bool) -> None:
    team.begin(asking("payout", "Pay?", choices=["approve", "reject"], **FINANCE))
    path = f"/q/{team.ref('payout')}"
    anna, ben = (sign_in(name, script=script) for name in ("anna", "ben"))
    anna.goto(path)
    anna.get_by_role("button", name="Claim it for half an hour").click()
    expect(anna.get_by_role("complementary")).to_contain_text("It is with you until")
    ben.goto(path)
    expect(ben.get_by_role("heading", name="It is with Anna until")).to_be_visible()
    assert ben.get_by_role("button", name="Send this answer").count() == 0
    ben.get_by_role("button", name="Take it over").click()
    expect(ben.get_by_role("complementary")).to_contain_text("Ben claimed it")
    ben.get_by_role("button", name="Give it back").click()
    expect(ben.get_by_role("complementary")).to_contain_text("It waits for an answer.")
    anna.goto(path)
    anna.get_by_label("approve").check()
    anna.get_by_role("button", name="Send this answer").click()
    expect(anna.get_by_text("Your answer is recorded.")).to_be_visible()


@SCRIPT
def test_a_question_is_handed_to_somebody_by_name_and_taken_back(team: Team, sign_in: SignIn, script: bool) -> None:
    team.begin(asking("payout", "Pay?", choices=["approve", "reject"], **FINANCE))
    path = f"/q/{team.ref('payout')}"
    anna, ben = (sign_in(name, script=script) for name in ("anna", "ben"))
    anna.goto(path)
    anna.get_by_text("Delegate", exact=True).first.click()
    assert anna.get_by_label("To", exact=True).locator("option").all_inner_texts() == ["Choose somebody", "Ben"]
    anna.get_by_label("To", exact=True).select_option("Ben")
    anna.get_by_label("Reason").fill("You know Acme")
    anna.get_by_role("button", name="Delegate").click()
    standing = anna.get_by_role("complementary")
    expect(standing).to_contain_text("It is with Ben.")
    expect(standing).to_contain_text("Anna handed it to Ben")
    expect(standing).to_contain_text("You know Acme")
    ben.goto(path)
    expect(ben.get_by_role("complementary")).to_contain_text("It is with you.")
    expect(ben.get_by_role("button", name="Send this answer")).to_be_visible()
    anna.get_by_role("button", name="Take it back from Ben").click()
    expect(anna.get_by_role("complementary")).to_contain_text("It waits for an answer.")


def test_keys_alone_hand_a_question_on(team: Team, sign_in: SignIn) -> None:
    team.begin(asking("payout", "Pay?", choices=["approve", "reject"], **FINANCE))
    page = sign_in("anna")
    page.goto(f"/q/{team.ref('payout')}")

    def tab_to(selector: str) -> None:
        for _ in range(40):
            if page.evaluate("(wanted) => document.activeElement.matches(wanted)", selector):
                return
            page.keyboard.press("Tab")
        raise AssertionError(f"no Tab leads to {selector}")

    tab_to("#standing summary")
    page.keyboard.press("Enter")
    tab_to("#to")
    page.keyboard.type("B")
    tab_to("[action$=delegate] button")
    page.keyboard.press("Enter")
    expect(page.get_by_role("complementary")).to_contain_text("Anna handed it to Ben")


def test_what_may_not_be_done_is_refused_in_words(team: Team, sign_in: SignIn) -> None:
    team.begin(asking("payout", "Pay?", choices=["approve", "reject"], **FINANCE))
    page = sign_in("anna", allowed=(REFUSED,))
    page.goto(f"/q/{team.ref('payout')}")
    page.get_by_text("Delegate", exact=True).first.click()
    page.evaluate("document.querySelector('#to').add(new Option('Carla', 'carla'))")  # as an old page may offer her
    page.get_by_label("To", exact=True).select_option("Carla")
    page.get_by_role("button", name="Delegate").click()
    expect(page.get_by_role("alert")).to_contain_text("Not handed on")
    expect(page.get_by_role("alert")).to_contain_text("cannot be handed to Carla: it is for role finance")
    expect(page.get_by_role("complementary")).to_contain_text("It waits for an answer.")


def test_a_question_that_stays_with_who_may_answer_is_not_handed_on(team: Team, sign_in: SignIn) -> None:
    team.begin(asking("payout", "Pay?", choices=["approve", "reject"], delegate="never", **FINANCE))
    page = sign_in("anna")
    page.goto(f"/q/{team.ref('payout')}")
    expect(page.get_by_role("button", name="Claim it for half an hour")).to_be_visible()
    assert page.get_by_text("Delegate", exact=True).count() == 0


def test_who_stands_in_for_somebody_is_told_for_whom(team: Team, sign_in: SignIn) -> None:
    team.begin(asking("payout", "Pay?", choices=["approve", "reject"], ask={"roles": ["admin"]}))
    page = sign_in("dora")
    page.goto(f"/q/{team.ref('payout')}")
    standing = page.get_by_role("complementary")
    expect(standing.get_by_role("list", name="People who may answer")).to_contain_text("Dora for Anna")
    expect(standing).to_contain_text("You answer for Anna.")
    page.get_by_label("approve").check()
    page.get_by_role("button", name="Send this answer").click()
    expect(page.get_by_role("complementary")).to_contain_text("By Dora for Anna")


def test_what_was_done_and_what_comes_is_told(team: Team, sign_in: SignIn) -> None:
    escalate = [{"after": "1d", "roles": ["board"], "notify": ["slack:#board"]}]
    team.begin(
        asking("contract", "Sign?", remind=["4h"], escalate=escalate, choices=["approve", "reject"], **FOUR_EYES)
    )
    page = sign_in("anna")
    page.goto(f"/q/{team.ref('contract')}")
    standing = page.get_by_role("complementary")
    expect(standing).to_contain_text("Reminder 1 in 3 h 59 min")
    expect(standing).to_contain_text("Escalation 1: role board may answer, too; slack:#board is told")
    team.pass_time("contract", 86_460)
    page.reload()
    expect(standing).to_contain_text("Reminder 1 was due")
    expect(standing).to_contain_text("Escalated to level 1: role board may answer, too")
    expect(standing).to_contain_text("Role finance or role board")
    assert standing.get_by_text("If nobody answers").count() == 0


def test_whom_it_could_not_be_told_of_is_told(team: Team, sign_in: SignIn) -> None:
    session = team.begin(asking("payout", "Pay?", choices=["approve", "reject"]))
    log = DeliveryLog(team.inbox.data)
    log.add("mail:anna@example.org", "m1", session, 3, "steps/1", "question.opened")
    log.fail(log.newest()[0], DeliveryError("the mailbox is full", is_final=True))
    page = sign_in("anna")
    page.goto(f"/q/{team.ref('payout')}")
    expect(page.get_by_role("complementary")).to_contain_text("mail:anna@example.org: the mailbox is full")


def test_the_run_tells_what_was_asked_and_who_answered(team: Team, sign_in: SignIn) -> None:
    session = team.begin(asking("payout", "Pay 4,200 EUR?", choices=["approve", "reject"], ask={"roles": ["admin"]}))
    dora = team.inbox.people.principal("user:os:dora", auth="login", via="web")
    in_thread(team.inbox.answer(team.ref("payout"), "approve", dora, reason="It is what we ordered."))
    page = sign_in("anna")
    page.goto(f"/sessions/{session}")
    item = page.locator(".timeline .hitl")
    expect(item).to_contain_text("Pay 4,200 EUR?")
    expect(item).to_contain_text("approve by Dora for Anna, over web")
    expect(item).to_contain_text("It is what we ordered.")
