"""Pages stay up to date by themselves, and leave whoever is at work on them alone."""

from __future__ import annotations

from typing import Any

import pytest

from support.team import ANNA, Team, asking, in_thread

from .conftest import SignIn

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: make services")
expect: Any = sync_api.expect


def test_a_new_question_comes_and_what_is_half_written_stays(team: Team, sign_in: SignIn) -> None:
    team.begin(asking("first", "The first?"))
    page = sign_in("anna")
    page.get_by_label("Text").fill("half writ")
    expect(page.get_by_role("link", name="The first?")).to_be_visible()
    with page.expect_response("**/api/v1/events"):
        page.reload()
    page.get_by_label("Text").fill("half writ")
    page.evaluate("window.untouched = true")
    team.begin(asking("second", "The second?"))
    expect(page.get_by_role("link", name="The second?")).to_be_visible()
    expect(page.get_by_role("status")).to_have_text("1 new")
    expect(page.get_by_label("Text")).to_have_value("half writ")
    expect(page.get_by_label("Text")).to_be_focused()
    assert page.evaluate("window.untouched")


def test_an_answer_from_elsewhere_is_told_while_somebody_still_thinks(team: Team, sign_in: SignIn) -> None:
    team.begin(asking("payout", "Pay?", choices=["approve", "reject"]))
    ref = team.ref("payout")
    page = sign_in("anna")
    with page.expect_response("**/api/v1/events"):
        page.goto(f"/q/{ref}")
    page.get_by_label("approve").check()
    in_thread(team.inbox.answer(ref, "reject", team.inbox.people.principal("user:os:ben", auth="login")))
    expect(page.get_by_role("complementary")).to_contain_text("By Ben")
    expect(page.get_by_label("approve")).to_be_checked()


def test_the_page_of_a_run_follows_it(team: Team, sign_in: SignIn) -> None:
    session = team.begin(asking("payout", "Pay?", choices=["approve", "reject"]))
    page = sign_in("anna")
    with page.expect_response("**/api/v1/events"):
        page.goto(f"/sessions/{session}")
    node = page.locator("[data-key='steps/1']")
    expect(node).to_have_class("node hitl waiting")
    in_thread(team.inbox.answer(team.ref("payout"), "approve", ANNA))
    expect(node).to_have_class("node hitl done")


def test_a_run_is_started_and_cancelled(team: Team, sign_in: SignIn) -> None:
    page = sign_in("anna", allowed=("the server responded with a status of 422",))
    page.get_by_role("link", name="Workflows").click()
    page.get_by_role("link", name="trip").click()
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("alert")).to_contain_text("city")
    page.get_by_label("city").fill("Porto")
    page.get_by_label("days").fill("5")
    page.get_by_role("button", name="Start").click()
    expect(page.get_by_role("heading", name="trip", level=1)).to_be_visible()
    page.get_by_text("Inputs", exact=True).click()
    expect(page.get_by_text('"city": "Porto"').first).to_be_visible()
    page.get_by_text("Cancel it").click()
    page.get_by_role("button", name="Cancel this run").click()
    expect(page.locator(".head .status")).to_have_text("cancelled")
