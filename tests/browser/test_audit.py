"""Who may read the audit sees who decided what, and verifies the record: of one run, and of all."""

from __future__ import annotations

from typing import Any

import pytest

from support.team import ANNA, FOUR_EYES, Team, asking, in_thread

from .conftest import SignIn

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: make services")
expect: Any = sync_api.expect

SCRIPT = pytest.mark.parametrize("script", [True, False], ids=["with-script", "without-script"])


def decided(team: Team) -> str:
    """Have two people sign a contract; return the run."""
    session = team.begin(asking("contract", "Sign it?", choices=["approve", "reject"], **FOUR_EYES))
    for name in ("anna", "ben"):
        who = team.inbox.people.principal(f"user:os:{name}", auth="login", via="web")
        in_thread(team.inbox.answer(team.ref("contract"), "approve", who, reason="I have read it."))
    return session


@SCRIPT
def test_a_record_that_holds_is_said_to(team: Team, sign_in: SignIn, script: bool) -> None:
    session = decided(team)
    page = sign_in("anna", script=script)
    page.get_by_role("link", name="Audit").click()
    row = page.get_by_role("row", name="Sign it?")
    for text in (
        "approve",
        "I have read it.",
        "Ben",
        "user:os:ben",
        "login",
        "web",
        "votes: Anna approve, Ben approve",
    ):
        expect(row).to_contain_text(text)
    page.get_by_role("button", name="Verify all").click()
    expect(page.get_by_role("heading", name="The record holds")).to_be_visible()
    page.goto(f"/sessions/{session}")
    page.get_by_role("main").get_by_role("link", name="Audit").click()
    votes = page.get_by_role("row", name="voted: approve")
    assert [each.split("\t")[2].split("\n")[0] for each in votes.all_inner_texts()] == ["Anna", "Ben"]
    page.get_by_role("button", name="Verify this run").click()
    expect(page.get_by_role("heading", name="The record holds")).to_be_visible()


@SCRIPT
def test_what_somebody_has_changed_is_named(team: Team, sign_in: SignIn, script: bool) -> None:
    session = decided(team)
    journal = next(path for path in team.folder.rglob("*.jsonl") if session in str(path))
    journal.write_text(journal.read_text().replace("I have read it.", "I have not read.", 1))
    page = sign_in("anna", script=script)
    page.goto("/audit")
    page.get_by_role("button", name="Verify all").click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("chain in ")
    alert.get_by_role("link", name=session).first.click()
    page.get_by_role("button", name="Verify this run").click()
    expect(page.get_by_role("alert")).to_contain_text("chain in ")


def test_a_token_for_one_workflow_does_not_verify_what_is_of_others(team: Team, sign_in: SignIn) -> None:
    session = decided(team)
    team.tokens["anna"] = team.auth_tokens.create("anna", scopes=["audit:read", "questions:read"], workflows=["trip"])[
        1
    ]
    page = sign_in("anna", allowed=("the server responded with a status of 403",))
    page.goto("/audit")
    assert page.get_by_role("button", name="Verify all").count() == 0
    page.goto(f"/audit/{session}")
    expect(page.get_by_role("heading", name="Your token is for other workflows")).to_be_visible()
    assert ANNA.id not in page.content()
