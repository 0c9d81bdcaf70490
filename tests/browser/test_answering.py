"""People answer in a browser: with and without JavaScript, by keyboard alone, and two at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support.team import DIFF, FOUR_EYES, HOSTILE, VISIT, Team, asking, cleaning

from .conftest import SignIn

if TYPE_CHECKING:
    from playwright.sync_api import Page

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: make services")
expect: Any = sync_api.expect

SCRIPT = pytest.mark.parametrize("script", [True, False], ids=["with-script", "without-script"])
REFUSED = "the server responded with a status of 4"


@SCRIPT
def test_a_question_is_found_and_answered(team: Team, sign_in: SignIn, script: bool) -> None:
    team.begin(asking("payout", "Pay 4,200 EUR to Acme Ltd?", choices=["approve", "reject"]))
    page = sign_in("anna", script=script)
    page.get_by_role("link", name="Pay 4,200 EUR").click()
    page.get_by_label("approve").check()
    page.get_by_text("Add a note for the record").click()
    page.get_by_label("Note").fill("As agreed on the phone")
    page.get_by_role("button", name="Send this answer").click()
    expect(page.get_by_text("Your answer is recorded.")).to_be_visible()
    expect(page.get_by_role("complementary")).to_contain_text("By Anna")
    answer = team.answered("payout")
    assert (answer["value"], answer["by"], answer["channel"]) == ("approve", "Anna", "web")
    assert answer["reason"] == "As agreed on the phone"


@SCRIPT
def test_a_form_comes_back_with_what_is_wrong_and_what_was_written(team: Team, sign_in: SignIn, script: bool) -> None:
    team.begin(asking("booking", "Which hotel?", schema=VISIT))
    page = sign_in("anna", script=script, allowed=(REFUSED,))
    page.goto(f"/q/{team.ref('booking')}")
    page.get_by_label("nights").fill("40")
    page.get_by_label("parking").check()
    page.get_by_label("guests").fill("Ada\nGrace")
    page.get_by_role("button", name="Send this answer").click()
    summary = page.get_by_role("alert")
    expect(summary).to_contain_text("4 things need another look")
    expect(summary.get_by_role("link", name="hotel")).to_have_attribute("href", "#f-hotel")
    expect(page.get_by_label("nights")).to_have_value("40")
    expect(page.get_by_label("nights")).to_have_accessible_description("40 is greater than the maximum of 14")
    page.get_by_label("nights").fill("3")
    page.get_by_label("Old Town").check()
    page.get_by_role("group", name="breakfast").get_by_label("No").check()
    page.get_by_label("arrival").fill("2026-12-24")
    page.get_by_role("button", name="Send this answer").click()
    expect(page.get_by_text("Your answer is recorded.")).to_be_visible()
    assert team.answered("booking")["value"] == {
        "hotel": "Old Town",
        "nights": 3,
        "breakfast": False,
        "arrival": "2026-12-24",
        "extras": ["parking"],
        "guests": ["Ada", "Grace"],
    }


@SCRIPT
def test_arguments_are_edited_before_they_are_approved(team: Team, sign_in: SignIn, script: bool) -> None:
    team.begin(cleaning())
    page = sign_in("anna", script=script)
    page.get_by_role("link", name="Delete 3 files").click()
    table = page.get_by_role("table", name="Arguments")
    expect(table.get_by_role("row", name="paths")).to_contain_text("/var/log/app.log.2")
    expect(table.get_by_role("row", name="dry_run")).to_contain_text("default")
    paths = page.locator("[name='f.arguments.paths'], [name='f.arguments']").first
    expect(paths).to_be_hidden()
    page.get_by_label("Edit the arguments").check()
    expect(paths).to_be_visible()
    paths.fill(paths.input_value().replace("/tmp/build", "/tmp/cache"))
    page.get_by_role("button", name="Send this answer").click()
    expect(page.get_by_text("Your answer is recorded.")).to_be_visible()
    value = team.answered("cleanup")["value"]
    assert value["decision"] == "edit"
    assert value["arguments"]["paths"] == ["/var/log/app.log.1", "/var/log/app.log.2", "/tmp/cache"]


def test_keys_alone_reject_with_a_reason(team: Team, sign_in: SignIn) -> None:
    team.begin(asking("other", "Something else?"))
    team.begin(cleaning())
    page = sign_in("anna")
    for key in ("j", "j", "k", "j", "Enter"):
        page.keyboard.press(key)
    page.wait_for_url("**/q/*")
    page.keyboard.press("r")
    expect(page.get_by_label("Why")).to_be_focused()
    page.keyboard.type("a j k r ? in a text is a text")
    page.keyboard.press("Tab")
    while not page.evaluate("document.activeElement.matches('button.primary')"):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Your answer is recorded.")).to_be_visible()
    assert team.answered("cleanup")["value"] == {"decision": "reject", "feedback": "a j k r ? in a text is a text"}


def test_a_key_chooses_and_does_not_send(team: Team, sign_in: SignIn) -> None:
    team.begin(cleaning())
    page = sign_in("anna")
    page.goto(f"/q/{team.ref('cleanup')}")
    focused = page.evaluate("document.activeElement.outerHTML")
    assert "approve" not in focused[:200]
    expect(page.get_by_label("Approve")).not_to_be_checked()
    page.keyboard.press("a")
    expect(page.get_by_label("Approve")).to_be_checked()
    expect(page.get_by_label("Approve")).to_be_focused()
    assert team.answered("cleanup") is None
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("r")
    expect(page.get_by_label("Approve")).to_be_checked()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Keys").click()
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()


@SCRIPT
def test_of_two_who_answer_at_once_the_second_is_told_of_the_first(team: Team, sign_in: SignIn, script: bool) -> None:
    team.begin(asking("payout", "Pay?", choices=["approve", "reject"]))
    anna, ben = (sign_in(name, script=script, allowed=(REFUSED,)) for name in ("anna", "ben"))
    for page in (anna, ben):
        page.goto(f"/q/{team.ref('payout')}")
    anna.get_by_label("approve").check()
    ben.get_by_label("reject").check()
    anna.get_by_role("button", name="Send this answer").click()
    expect(anna.get_by_text("Your answer is recorded.")).to_be_visible()
    ben.get_by_role("button", name="Send this answer").click()
    expect(ben.get_by_role("alert")).to_contain_text("already answered by Anna")
    assert team.answered("payout")["value"] == "approve"


def test_what_models_write_is_shown_and_never_acts(team: Team, sign_in: SignIn) -> None:
    team.begin(asking("inquiry", f"What now? {HOSTILE}", context_display=f"{HOSTILE}\n{DIFF}"))
    page = sign_in("anna")
    for path in ("/", f"/q/{team.ref('inquiry')}", f"/sessions/{team.sessions['inquiry']}"):
        page.goto(path)
        shown = page.get_by_role("main").inner_text()
        assert "<img src=x onerror=alert(1)>" in shown
        assert "\\u202egnp.exe" in shown and "\u202e" not in page.content()
        assert "\x1b" not in page.content()
    page.goto(f"/q/{team.ref('inquiry')}")
    assert page.locator(".diff .added").inner_text().startswith("+Customers have 30 days")
    assert page.locator(".diff .removed").inner_text().startswith("-Customers have 14 days")


def test_a_form_that_was_not_given_out_here_changes_nothing(team: Team, sign_in: SignIn) -> None:
    team.begin(asking("payout", "Pay?", choices=["approve", "reject"]))
    page = sign_in("anna", allowed=(REFUSED,))
    page.goto(f"/q/{team.ref('payout')}")
    page.evaluate("document.querySelector('form.answer [name=form_token]').value = 'made up'")
    page.get_by_label("approve").check()
    page.get_by_role("button", name="Send this answer").click()
    expect(page.get_by_role("heading", name="The form is not from this server, or too old")).to_be_visible()
    assert team.answered("payout") is None


def test_who_has_not_signed_in_gets_where_they_wanted_afterwards(team: Team, sign_in: SignIn) -> None:
    team.begin(asking("payout", "Pay?"))
    page: Page = sign_in("anna")
    page.get_by_role("button", name="Sign out").click()
    page.goto(f"/q/{team.ref('payout')}")
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.get_by_label("Token").fill(team.tokens["ben"])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Pay?")).to_be_visible()


@SCRIPT
def test_two_have_to_agree_and_who_may_not_is_told_why(team: Team, sign_in: SignIn, script: bool) -> None:
    team.begin(asking("contract", "Sign it?", choices=["approve", "reject"], **FOUR_EYES))
    path = f"/q/{team.ref('contract')}"
    anna, ben, carla = (sign_in(name, script=script) for name in ("anna", "ben", "carla"))
    carla.goto(path)
    expect(carla.get_by_role("heading", name="You cannot answer this")).to_be_visible()
    assert carla.get_by_role("button", name="Send this answer").count() == 0
    anna.goto(path)
    anna.get_by_label("approve").check()
    anna.get_by_role("button", name="Send this answer").click()
    expect(anna.get_by_text("Your vote is recorded; others have to agree.")).to_be_visible()
    expect(anna.get_by_role("complementary")).to_contain_text("approve 1 of 2")
    assert team.answered("contract") is None
    ben.goto(path)
    expect(ben.get_by_role("complementary")).to_contain_text("approve: Anna")
    ben.get_by_label("approve").check()
    ben.get_by_role("button", name="Send this answer").click()
    expect(ben.get_by_text("Your answer is recorded.")).to_be_visible()
    assert team.answered("contract")["value"] == "approve"


def test_a_question_that_has_changed_meanwhile_is_shown_anew(team: Team, sign_in: SignIn) -> None:
    team.begin(asking("payout", "Pay?", choices=["approve", "reject"]))
    page = sign_in("anna", allowed=(REFUSED,))
    page.goto(f"/q/{team.ref('payout')}")
    page.evaluate("document.querySelector('form.answer [name=shown]').value = 'sha256:of-another'")
    page.get_by_label("approve").check()
    page.get_by_role("button", name="Send this answer").click()
    expect(page.get_by_role("alert")).to_contain_text("changed")
    expect(page.get_by_label("approve")).to_be_checked()
    assert team.answered("payout") is None
