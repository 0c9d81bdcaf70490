"""Every page as people see it: clean under axe, on a phone, in the dark, on paper; kept as pictures for the docs.

`make screenshots` keeps the pictures: it names their directory in STRANDS_SCREENSHOTS.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.pictures import shrink
from support.team import FINANCE, PEOPLE, Team, asking, in_thread, serving

from .conftest import SignIn

if TYPE_CHECKING:
    from playwright.sync_api import Page

PAGES = {
    "inbox": "/",
    "inbox-empty": "/?q=nothing+like+it",
    "approval": "/q/{cleanup}",
    "form": "/q/{booking}",
    "diff": "/q/{policy}",
    "deadline": "/q/{payout}",
    "votes": "/q/{contract}",
    "claimed": "/q/{claimed}",
    "handed-on": "/q/{handed}",
    "answered": "/q/{invoice}",
    "stranded": "/?view=stranded",
    "untrusted": "/q/{inquiry}",
    "runs": "/sessions",
    "run": "/sessions/{run}",
    "workflows": "/workflows",
    "start": "/workflows/trip",
    "audit": "/audit",
    "audit-run": "/audit/{decided}",
    "tokens": "/admin/tokens",
    "webhooks": "/admin/webhooks",
    "deliveries": "/admin/webhooks/{webhook}",
    "people": "/admin/people",
    "problems": "/admin/problems",
}
KEPT = os.environ.get("STRANDS_SCREENSHOTS", "")
WIDE, TALLEST = 960, 760
"""Pixels of a picture."""
LARGEST = 60_000
"""Bytes of a picture."""


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Team]:
    """A team with a question of each kind; these tests change nothing."""
    made = Team(tmp_path_factory.mktemp("looks"))
    made.begin_all()
    made.begin(asking("invoice", "Pay the invoice of November?", choices=["pay", "hold"]))
    made.begin(asking("gift", "Send a gift to everybody?", ask={"roles": ["board"]}))
    ben = made.inbox.people.principal("user:os:ben", auth="login", via="web")
    in_thread(made.inbox.answer(made.ref("invoice"), "pay", ben, reason="It is what we ordered."))
    in_thread(made.inbox.answer(made.ref("contract"), "approve", ben))
    timed = {"remind": ["4h"], "escalate": [{"after": "1d", "roles": ["board"], "notify": ["slack:#board"]}]}
    made.begin(asking("credit", "Grant a credit of 500 EUR?", choices=["grant", "refuse"], **timed, **FINANCE))
    made.begin(asking("refund", "Refund order 4711?", choices=["refund", "keep"], **FINANCE))
    anna = made.inbox.people.principal("user:os:anna", auth="login", via="web")
    in_thread(made.inbox.claim(made.ref("credit"), ben))
    in_thread(made.inbox.delegate(made.ref("refund"), anna, "ben", why="You know the customer."))
    made.webhook("https://hooks.example.org/strands")
    made.delivered()
    with serving(made):
        yield made


def where(team: Team) -> dict[str, str]:
    found = {
        name: team.ref(name) for name in ("cleanup", "booking", "policy", "payout", "inquiry", "contract", "invoice")
    }
    places = {
        "claimed": team.ref("credit"),
        "handed": team.ref("refund"),
        "decided": team.sessions["contract"],
        "webhook": team.endpoints.list()[0].id,
    }
    names = {**found, **places, "run": team.sessions["invoice"]}
    return {name: path.format(**names) for name, path in PAGES.items()}


def violations(page: Page) -> list[str]:
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found]


@pytest.mark.parametrize("script", [True, False], ids=["with-script", "without-script"])
def test_every_page_is_clean_under_axe(team: Team, sign_in: SignIn, script: bool) -> None:
    page = sign_in("anna", width=WIDE)
    if not script:  # axe itself needs scripts: the page's own do not run
        page.route("**/static/*.js", lambda route: route.fulfill(body="", content_type="text/javascript"))
    found = {}
    for name, path in where(team).items():
        page.goto(path)
        page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
        found[name] = violations(page)
        if script and KEPT:
            keep(page, name)
    with page.expect_navigation():  # axe would look at a page that is going
        page.get_by_role("button", name="Sign out").click()
    found["sign-in"] = violations(page)
    if script and KEPT:
        keep(page, "sign-in")
    assert {name: each for name, each in found.items() if each} == {}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_page_fits_a_phone_and_the_dark(team: Team, sign_in: SignIn, dark: bool) -> None:
    page = sign_in("ben", width=320, dark=dark)
    found = {}
    for name, path in where(team).items():
        page.goto(path)
        too_wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        contrast = [each for each in violations(page) if each.startswith("color-contrast")] if dark else []
        found[name] = [*contrast, *([f"{too_wide} px too wide"] if too_wide > 0 else []), *small_targets(page)]
        if KEPT and name in ("inbox", "approval"):
            keep(page, f"{name}-phone{'-dark' if dark else ''}")
    assert {name: each for name, each in found.items() if each} == {}


def small_targets(page: Page) -> list[str]:
    """Return the buttons, fields and entries of menus that a finger would miss; what stands in a text may be small."""
    found: list[str] = page.evaluate(
        """[...document.querySelectorAll(
            "button, .button, select, textarea, summary, nav a, .option, input:not([type=hidden], .option *)"
        )].filter((each) => each.checkVisibility() && each.getBoundingClientRect().height < 43.5)
          .map((each) => each.outerHTML.slice(0, 120))"""
    )
    return found


def test_what_is_printed_is_the_question_alone(team: Team, sign_in: SignIn) -> None:
    page = sign_in("anna")
    page.goto(where(team)["approval"])
    page.emulate_media(media="print")
    assert page.get_by_role("navigation").count() == 0
    assert page.get_by_role("button").count() == 0
    assert "/var/log/app.log.2" in page.get_by_role("main").inner_text()


def test_every_page_has_its_places_by_name(team: Team, sign_in: SignIn) -> None:
    page = sign_in("anna")
    for path in where(team).values():
        page.goto(path)
        assert page.get_by_role("main").count() == 1
        assert page.get_by_role("banner").count() == page.get_by_role("contentinfo").count() == 1
        assert page.get_by_role("heading", level=1).count() == 1
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the content"


def test_everybody_of_the_team_is_listed(team: Team, sign_in: SignIn) -> None:
    page = sign_in("anna")
    page.goto("/admin/people")
    names = page.get_by_role("rowheader").all_inner_texts()
    assert [each.split()[0] for each in names] == [each["name"] for each in PEOPLE.values()]


def keep(page: Page, name: str) -> None:
    """Keep a picture for the docs: what is closed at first is closed."""
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = false; })")
    height = min(int(page.evaluate("document.body.scrollHeight")), TALLEST)
    width = page.viewport_size["width"] if page.viewport_size else WIDE
    path = Path(KEPT) / f"web-{name}.png"
    page.screenshot(path=path, full_page=True, clip={"x": 0, "y": 0, "width": width, "height": height})
    shrink(path)
    assert path.stat().st_size <= LARGEST
