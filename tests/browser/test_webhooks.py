"""Who runs the server says where events are sent to, and sees what became of them."""

from __future__ import annotations

from typing import Any

import pytest

from strands_cli.inbox.deliveries import DeliveryLog
from strands_cli.inbox.notes import DeliveryError
from support.team import Team

from .conftest import SignIn

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: make services")
expect: Any = sync_api.expect

SCRIPT = pytest.mark.parametrize("script", [True, False], ids=["with-script", "without-script"])
REFUSED = "the server responded with a status of 4"


@SCRIPT
def test_a_webhook_is_added_rotated_and_removed(team: Team, sign_in: SignIn, script: bool) -> None:
    page = sign_in("anna", script=script)
    page.goto("/admin")
    page.get_by_role("link", name="Webhooks").click()
    page.get_by_label("Address").fill("https://example.org/hook")
    page.get_by_text("Only some events").click()
    page.get_by_label("question.opened").check()
    page.get_by_role("button", name="Add it").click()
    first = page.get_by_role("status").locator("pre").inner_text()
    assert first.startswith("whsec_")
    page.get_by_role("link", name="https://example.org/hook").click()
    assert first not in page.content()
    page.get_by_text("New secret", exact=True).click()
    page.get_by_role("button", name="Make a new secret").click()
    second = page.get_by_role("status").locator("pre").inner_text()
    assert second.startswith("whsec_") and second != first
    expect(page.get_by_role("complementary")).to_contain_text("Signed with the old secret, too")
    page.get_by_text("Remove it").click()
    page.get_by_role("button", name="Remove this webhook").click()
    expect(page.get_by_text("Events are sent nowhere.")).to_be_visible()


@SCRIPT
def test_an_address_that_nothing_is_sent_to_is_refused_in_words(team: Team, sign_in: SignIn, script: bool) -> None:
    page = sign_in("anna", script=script, allowed=(REFUSED,))
    page.goto("/admin/webhooks")
    page.get_by_label("Address").fill("https://127.0.0.1/hook")
    page.get_by_role("button", name="Add it").click()
    expect(page.get_by_role("alert")).to_contain_text("nothing is sent to '127.0.0.1'")
    expect(page.get_by_label("Address")).to_have_value("https://127.0.0.1/hook")


@SCRIPT
def test_what_failed_is_told_and_sent_again(team: Team, sign_in: SignIn, script: bool) -> None:
    endpoint = team.webhook("https://hooks.invalid/x")
    log, target = DeliveryLog(team.inbox.data), f"webhook:{endpoint.id}"
    log.add(target, "msg_s1.3", "s1", 3, "steps/1", "question.opened")
    log.fail(log.newest(target)[0], DeliveryError("it answered 500", status=500, is_final=True))
    page = sign_in("anna", script=script)
    page.goto(f"/admin/webhooks/{endpoint.id}")
    row = page.locator(".deliveries li")
    expect(row).to_contain_text("failed")
    expect(row).to_contain_text("it answered 500")
    row.get_by_role("button", name="Send again").click()
    expect(page.locator(".deliveries li").locator(".status")).not_to_have_text("failed")


def test_one_that_was_disabled_is_enabled(team: Team, sign_in: SignIn) -> None:
    endpoint = team.webhook("https://hooks.invalid/x")
    team.endpoints.disable(endpoint.id, "it answered 410: it is gone")
    page = sign_in("anna")
    page.goto("/admin/webhooks")
    expect(page.get_by_role("listitem").filter(has_text="hooks.invalid")).to_contain_text("it answered 410")
    page.get_by_role("link", name="https://hooks.invalid/x").click()
    page.get_by_role("button", name="Enable it").click()
    expect(page.get_by_role("heading", name="Where to")).to_be_visible()
    assert page.get_by_role("button", name="Enable it").count() == 0
