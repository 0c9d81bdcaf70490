"""A headless Chromium, the people who look at a team's inbox with it, and what they must not meet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from support.team import Team, serving

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

CHROMIUM = Path("/usr/bin/chromium")
SignIn = Callable[..., "Page"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The browser, for a module alone: while it is driven a loop runs in this thread, where others want their own.

    Tests that need it are skipped where it is not installed.
    """
    playwright = pytest.importorskip(
        "playwright.sync_api", reason="playwright is not installed: pip install playwright"
    )
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed: apt-get install chromium")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-lcd-text"])
        yield started
        started.close()


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    """A team whose inbox is served; nothing is asked yet."""
    made = Team(tmp_path / "sessions")
    with serving(made):
        yield made


@pytest.fixture
def sign_in(browser: Browser, team: Team) -> Iterator[SignIn]:
    """Signs somebody in, in a window of their own; what a browser complains about fails the test at its end.

    Named arguments: `width`, `script` (False: without JavaScript), `dark`, and `allowed`, texts that the browser may
    complain with.
    """
    windows: list[Any] = []
    complaints: list[str] = []

    def signed_in(
        name: str, *, width: int = 1200, script: bool = True, dark: bool = False, allowed: tuple[str, ...] = ()
    ) -> Page:
        def told(text: str) -> None:
            if not any(each in text for each in allowed):
                complaints.append(text)

        window = browser.new_context(
            viewport={"width": width, "height": 800},
            java_script_enabled=script,
            color_scheme="dark" if dark else "light",
            base_url=team.url,
            reduced_motion="reduce",
        )
        windows.append(window)
        page = window.new_page()
        page.set_default_timeout(15_000)
        page.on("console", lambda message: told(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: told(str(error)))
        page.goto("/login")
        page.get_by_label("Token").fill(team.tokens[name])
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url("**/")
        return page

    yield signed_in
    for window in windows:
        window.close()
    assert complaints == []
