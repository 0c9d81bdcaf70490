"""The pages without a browser: what they are made of, and what they say when something is wrong."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

import strands_cli.web
from strands_cli.inbox.links import Links
from support.team import ANNA, FOUR_EYES, Team, asking, in_thread, serving

STATIC = Path(strands_cli.web.__file__).parent / "static"
PAGE = {"Accept": "text/html"}


@pytest.fixture
def team(tmp_path: Path) -> Iterator[Team]:
    made = Team(tmp_path / "sessions")
    with serving(made):
        yield made


@pytest.fixture
def anna(team: Team) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=team.url, headers=PAGE, follow_redirects=True) as client:
        client.post("/login", data={"token": team.tokens["anna"]}, headers={"Origin": team.url})
        yield client


def test_what_others_wrote_is_as_they_wrote_it() -> None:
    lines = (STATIC / "vendored.txt").read_text(encoding="utf-8").splitlines()
    named = [line.split() for line in lines if not line.startswith("#")]
    assert {name for _, name in named} == {path.name for path in STATIC.glob("*.min.js")}
    for digest, name in named:
        assert hashlib.sha256((STATIC / name).read_bytes()).hexdigest() == digest


def test_nothing_of_a_page_comes_from_elsewhere(team: Team, anna: httpx.Client) -> None:
    team.begin(asking("payout", "Pay?"))
    page = anna.get(f"/q/{team.ref('payout')}")
    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "no-store"
    for text in ("http://", "https://", " style=", " onclick=", "<style", "<script>"):
        assert text not in page.text


def test_the_page_of_a_run_tells_what_it_cost(
    team: Team, anna: httpx.Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = f"/sessions/{team.begin(asking('payout', 'Pay?'))}"
    assert "$" not in anna.get(path).text.partition("<h2")[0]
    prices = tmp_path / "prices.yaml"
    monkeypatch.setenv("STRANDS_PRICES", str(prices))
    prices.write_text("scripted: {input: 1000, output: 1000}")
    assert "$" in anna.get(path).text.partition("<h2")[0]
    prices.write_text("scripted: much")
    assert anna.get(path).status_code == 200


@pytest.mark.parametrize(
    ("path", "status", "title"),
    [
        ("/nothing/like/it", 404, "Not Found"),
        ("/q/q_unknown", 404, "There is no such question"),
        ("/sessions/unknown", 404, "There is no such session"),
        ("/workflows/unknown", 404, "There is no such workflow here"),
        ("/?cursor=unknown", 400, "The cursor is not of this list"),
    ],
)
def test_an_error_is_a_page_that_leads_back(anna: httpx.Client, path: str, status: int, title: str) -> None:
    page = anna.get(path)
    assert (page.status_code, page.headers["Content-Type"]) == (status, "text/html; charset=utf-8")
    assert f"<h1>{title}</h1>" in page.text
    assert 'href="/">To the inbox' in page.text


def test_programs_are_told_of_errors_as_before(anna: httpx.Client) -> None:
    told = anna.get("/api/v1/questions/q_unknown")
    assert told.headers["Content-Type"] == "application/problem+json"


def test_who_has_not_signed_in_sees_nothing(team: Team) -> None:
    team.begin(asking("payout", "Pay 4,200 EUR?"))
    with httpx.Client(base_url=team.url, headers=PAGE) as nobody:
        for path in ("/", f"/q/{team.ref('payout')}", "/sessions", "/audit", "/admin/tokens"):
            page = nobody.get(path)
            assert page.status_code == 303
            assert page.headers["Location"].startswith("/login?next=%2F")
        sent = nobody.post(f"/q/{team.ref('payout')}", data={"f.value": "yes"}, headers={"Origin": team.url})
        assert sent.status_code == 401
    assert team.answered("payout") is None


def test_tokens_are_made_shown_once_and_revoked(team: Team, anna: httpx.Client) -> None:
    form = field(anna.get("/admin/tokens").text, 'action="/admin/tokens"')
    more = {"person": "ben", "scopes": ["questions:read"], "days": "7", "form_token": form}
    made = anna.post("/admin/tokens", data=more, headers={"Origin": team.url})
    secret = made.text.partition('<pre class="code" tabindex="0">')[2].partition("</pre>")[0]
    assert httpx.get(f"{team.url}/api/v1/questions", headers={"Authorization": f"Bearer {secret}"}).status_code == 200
    listed = anna.get("/admin/tokens").text
    assert secret not in listed
    id_ = secret.split("_")[1]
    revoked = field(listed, f'action="/admin/tokens/{id_}/revoke"')
    anna.post(f"/admin/tokens/{id_}/revoke", data={"form_token": revoked}, headers={"Origin": team.url})
    assert httpx.get(f"{team.url}/api/v1/questions", headers={"Authorization": f"Bearer {secret}"}).status_code == 401


def field(page: str, form: str) -> str:
    """Return the token of the first form of a page behind a text."""
    return page.partition(form)[2].partition('name="form_token" value="')[2].partition('"')[0]


def test_a_token_for_one_workflow_shows_no_other(team: Team) -> None:
    for name in ("payout", "other"):
        team.begin(asking(name, f"The {name}?"))
    scopes = ("questions:read", "sessions:read", "audit:read")
    _, secret = team.auth_tokens.create("ben", scopes=scopes, workflows=["payout"])
    with httpx.Client(base_url=team.url, headers={**PAGE, "Authorization": f"Bearer {secret}"}) as ben:
        for path in ("/", "/sessions"):
            assert "payout" in ben.get(path).text and "other" not in ben.get(path).text
        assert ben.get(f"/q/{team.ref('payout')}").status_code == 200
        for path in (
            f"/q/{team.ref('other')}",
            f"/sessions/{team.sessions['other']}",
            "/workflows/trip",
            "/admin/tokens",
        ):
            assert ben.get(path).status_code == 403
        sent = ben.post(f"/q/{team.ref('payout')}", data={"f.value": "yes"})
        assert sent.status_code == 403
    assert team.answered("payout") is None


def test_a_link_answers_one_question_once_and_never_by_being_looked_at(team: Team) -> None:
    team.begin(asking("payout", "Pay?", choices=["approve", "reject"]))
    ref = team.ref("payout")
    shown = in_thread(team.inbox.question(ref, ANNA)).shown
    path = f"/a/{Links(team.inbox.data).create(ref, 'carla', shown)}"
    with httpx.Client(base_url=team.url, headers=PAGE) as scanner:
        for _ in range(3):
            assert scanner.head(path).status_code == 200
            page = scanner.get(path)
        assert "Pay?" in page.text and "Claim it" not in page.text and "/sessions/" not in page.text
        assert team.answered("payout") is None
        sent = {"f.value": "reject", "form_token": field(page.text, f'action="{path}"')}
        done = scanner.post(path, data=sent, headers={"Origin": team.url})
        assert (done.status_code, "Your answer is recorded." in done.text) == (200, True)
        assert [scanner.get(path).status_code, scanner.post(path, data=sent).status_code] == [404, 404]
        assert 429 in [scanner.get(f"/a/guess{number}").status_code for number in range(12)]
        gone = Links(team.inbox.data).create(ref, "mallory", shown)
        assert scanner.get(f"/a/{gone}").status_code in (404, 429), "it was for somebody who is not here any more"
        other = Links(team.inbox.data).create(ref, "carla", shown)
        assert scanner.get(f"/a/{other}").status_code == 200, "who has a link is not kept out by others"
    answer = team.answered("payout")
    assert (answer["value"], answer["principal"]["id"], answer["principal"]["auth"]) == ("reject", "link:carla", "link")


def test_a_link_does_not_open_a_question_for_people_who_have_to_sign_in(team: Team) -> None:
    team.begin(asking("payout", "Pay?", choices=["approve", "reject"], ask={"auth": "login"}))
    ref = team.ref("payout")
    shown = in_thread(team.inbox.question(ref, ANNA)).shown
    page = httpx.get(f"{team.url}/a/{Links(team.inbox.data).create(ref, 'carla', shown)}", headers=PAGE)
    assert "You cannot answer this" in page.text and "<form" not in page.text


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"default": "approve"}, "Then &#39;approve&#39; is the answer."),
        ({"on_timeout": "deny"}, "Then &#39;reject&#39; is the answer."),
        ({"default": "approve", "on_timeout": "fail"}, "nobody can answer any more, and the run fails."),
        ({}, "nobody can answer any more, and the run fails."),
    ],
)
def test_what_counts_when_nobody_answers_is_told(
    team: Team, anna: httpx.Client, more: dict[str, str], told: str
) -> None:
    team.begin(asking("payout", "Pay?", choices=["approve", "reject"], timeout_seconds=7_000, **more))
    assert told in anna.get(f"/q/{team.ref('payout')}").text


def test_whose_right_a_vote_is_of_is_told(team: Team, anna: httpx.Client) -> None:
    team.begin(asking("payout", "Pay?", choices=["approve", "reject"], delegate="anyone", **FOUR_EYES))
    ref = team.ref("payout")
    carla = team.inbox.people.principal("user:os:carla", auth="login")
    in_thread(team.inbox.delegate(ref, team.inbox.people.principal("user:os:ben", auth="login"), "carla"))
    in_thread(team.inbox.answer(ref, "approve", carla))
    assert "approve: Carla for Ben" in anna.get(f"/q/{ref}").text
    in_thread(team.inbox.answer(ref, "approve", team.inbox.people.principal("user:os:anna", auth="login")))
    assert "By Anna " in anna.get(f"/q/{ref}").text


def test_the_page_of_a_fork_says_of_what_it_is_one_and_what_was_changed(team: Team, anna: httpx.Client) -> None:
    original = team.begin(asking("payout", "Pay?"))

    async def fork() -> str:
        session = await team.inbox.session(original, ANNA)
        return (await session.fork_async(prompts={"steps/0": "Look <b>closer</b>"}, by=ANNA)).id

    page = anna.get(f"/sessions/{in_thread(fork())}").text
    assert (
        f'A fork of <a href="/sessions/{original}">{original}</a> at <code>steps/0</code>, made by user:os:anna' in page
    )
    assert "Look &lt;b&gt;closer&lt;/b&gt;" in page and "A fork of" not in anna.get(f"/sessions/{original}").text
