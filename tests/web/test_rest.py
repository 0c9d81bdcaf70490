"""The REST interface: what each call promises."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from support.openapi import outline
from support.web_client import API, answer, problem, questions, start
from support.web_server import STORES, Server, until

STORED = Path(__file__).with_name("openapi.json")


@pytest.mark.parametrize("store", STORES, indirect=True)
def test_a_start_sent_twice_with_one_key_starts_one_session(server: Server) -> None:
    anna, ben = server.program("--scope", "admin"), server.program("--scope", "admin", person="ben")
    first, again = (start(anna, key="order-1", amount=5) for _ in range(2))
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json()["id"] == again.json()["id"] and again.headers["Idempotency-Replayed"] == "true"
    problem(start(anna, key="order-1", amount=6), 422, "request-reused")
    assert start(ben, key="order-1", amount=6).status_code == 202, "a key is of whoever sends it"


def test_who_comes_second_is_told_who_was_first(server: Server) -> None:
    anna, ben = server.program("--scope", "admin"), server.program("--scope", "admin", person="ben")
    start(anna)
    (question,) = questions(anna, 1)
    assert answer(anna, question["ref"], "yes").status_code == 202
    assert answer(anna, question["ref"], "yes").status_code == 200, "the same answer again is a success"
    told = problem(answer(ben, question["ref"], "no"), 409, "already-answered")
    assert told["winner"] == "anna" and told["at"] > 0 and told["question"]["answer"]["value"] == "yes"


def test_an_approval_is_answered_only_with_what_was_shown(server: Server) -> None:
    anna = server.program("--scope", "admin")
    session = start(anna, "refunding", amount=3).json()["id"]
    (question,) = questions(anna, 1, kind="approval")
    assert question["arguments"] == {"tool": "refund", "input": {"amount": 3}}
    ref = question["ref"]
    told = problem(answer(anna, ref, "approve"), 428, "shown-required")
    assert told["question"]["shown"] == question["shown"]
    changed = answer(anna, ref, "approve", **{"If-Match": '"sha256:of-something-else"'})
    assert problem(changed, 412, "changed")["question"]["prompt"] == question["prompt"]
    tag = anna.get(f"{API}/questions/{ref}").headers["ETag"]
    assert answer(anna, ref, "approve", **{"If-Match": tag}).status_code == 202
    until(lambda: anna.get(f"{API}/sessions/{session}").json()["status"] == "completed")
    assert "refund 3" in (server.home / "calls").read_text()


def test_an_answer_that_does_not_fit_leaves_the_question_open(server: Server) -> None:
    anna = server.browser()
    start(anna)
    (question,) = questions(anna, 1)
    told = problem(answer(anna, question["ref"], "maybe"), 422, "invalid-answer")
    assert told["errors"][0]["pointer"] == "/value" and "yes, no" in told["hint"]
    assert questions(anna, 1)[0]["status"] == "open"


def test_several_answers_are_taken_or_not_one_by_one(server: Server) -> None:
    anna = server.browser()
    for amount in (1, 2, 3):
        start(anna, amount=amount)
    first, second, third = questions(anna, 3)
    items = [
        {"ref": first["ref"], "value": "yes"},
        {"ref": second["ref"], "value": "perhaps"},
        {"ref": "q_none", "value": "yes"},
        {"ref": third["ref"], "value": "no", "shown": third["shown"]},
    ]
    given = anna.post(f"{API}/answers", json={"items": items})
    assert given.status_code == 207
    results = given.json()["items"]
    assert [each["status"] for each in results] == [202, 422, 404, 202]
    assert [each["ref"] for each in results] == [each["ref"] for each in items]
    assert results[1]["problem"]["code"] == "invalid-answer"
    assert len(questions(anna, 1)) == 1


@pytest.mark.parametrize("store", STORES, indirect=True)
@pytest.mark.parametrize("sort", ["asked", "due"])
def test_pages_have_every_question_once_while_some_are_answered(server: Server, sort: str) -> None:
    anna = server.browser()
    for amount in range(7):
        start(anna, amount=amount)
        questions(anna, amount + 1)
    url: str | None = f"{API}/questions?limit=2&sort={sort}"
    seen: list[str] = []
    while url:
        page = anna.get(url)
        items = page.json()["items"]
        seen += [each["prompt"] for each in items]
        answer(anna, items[-1]["ref"], "no")
        link = page.headers.get("Link", "")
        assert bool(link) == (page.json()["next"] is not None)
        url = link.partition(">")[0].lstrip("<") if link else None
    assert seen == [f"Pay {amount} EUR?" for amount in range(7)]


def test_questions_are_found_by_workflow_kind_text_and_state(server: Server) -> None:
    anna = server.browser()
    start(anna, amount=41)
    start(anna, "refunding", amount=42)
    questions(anna, 2)
    assert [each["workflow"] for each in questions(anna, 1, workflow="refunding")] == ["refunding"]
    assert [each["kind"] for each in questions(anna, 1, kind="approval")] == ["approval"]
    (paying,) = questions(anna, 1, q="pay 41")
    answer(anna, paying["ref"], "no")
    assert [each["answer"]["value"] for each in questions(anna, 1, state="answered")] == ["no"]
    problem(anna.get(f"{API}/questions?cursor=abc"), 400, "invalid-cursor")


def test_a_session_is_cancelled_forked_and_deleted(server: Server) -> None:
    anna = server.browser()
    session = start(anna).json()["id"]
    (question,) = questions(anna, 1)
    forked = anna.post(f"{API}/sessions/{session}/fork", json={"at": "steps/1"})
    assert forked.status_code == 201 and anna.get(forked.headers["Location"]).json()["status"] == "paused"
    problem(anna.post(f"{API}/sessions/{session}/fork", json={"at": "nowhere"}), 409, "session")
    problem(anna.post(f"{API}/sessions/{session}/resume"), 409, "not-answerable")
    assert anna.post(f"{API}/sessions/{session}/cancel").json()["status"] == "cancelled"
    problem(anna.post(f"{API}/sessions/{session}/cancel"), 410, "finished")
    assert anna.get(f"{API}/questions/{question['ref']}").json()["status"] == "withdrawn"
    problem(answer(anna, question["ref"], "yes"), 410, "finished")
    assert anna.delete(f"{API}/sessions/{session}").status_code == 204
    problem(anna.get(f"{API}/sessions/{session}"), 404, "not-found")


def test_what_is_not_as_described_is_refused_with_where(server: Server) -> None:
    anna = server.browser()
    told = problem(anna.post(f"{API}/sessions", json={"workflow": "paying", "more": 1}), 400, "invalid-request")
    assert told["errors"][0]["pointer"] == "/more"
    problem(anna.post(f"{API}/sessions", json={"workflow": "none"}), 404, "not-found")
    problem(start(anna, amounts=1), 422, "invalid-input")
    problem(anna.get(f"{API}/questions?limit=0"), 400, "invalid-request")
    problem(anna.get(f"{API}/nothing"), 404, "not-found")
    wrong = anna.delete(f"{API}/questions")
    problem(wrong, 405, "method-not-allowed")
    assert wrong.headers["Allow"] == "GET"


def test_a_session_shows_its_timeline_result_drawing_and_workflow(server: Server) -> None:
    anna = server.browser()
    session = start(anna, amount=8).json()["id"]
    questions(anna, 1)
    timeline = anna.get(f"{API}/sessions/{session}/timeline").json()["items"]
    assert [each["kind"] for each in timeline] == ["agent", "hitl"]
    assert anna.get(f"{API}/sessions/{session}/result").json()["questions"] == ["steps/1"]
    drawing = anna.get(f"{API}/sessions/{session}/drawing.svg")
    assert drawing.headers["Content-Type"].startswith("image/svg+xml") and drawing.text.startswith("<svg")
    workflow = anna.get(f"{API}/workflows/paying").json()
    assert workflow["inputs"]["properties"]["amount"] == {"default": 7}
    assert [each["name"] for each in anna.get(f"{API}/workflows").json()["items"]] == ["paying", "refunding"]


@pytest.mark.parametrize("store", STORES, indirect=True)
def test_the_audit_tells_who_decided_and_whether_the_record_holds(server: Server) -> None:
    anna = server.browser()
    session = start(anna, amount=8).json()["id"]
    (question,) = questions(anna, 1)
    answer(anna, question["ref"], "yes")
    until(lambda: anna.get(f"{API}/sessions/{session}").json()["status"] == "completed")
    told = anna.get(f"{API}/sessions/{session}/audit").json()
    assert told["verified"] is True and [row["value"] for row in told["decisions"]] == ["yes"]
    reader = server.program("--scope", "sessions:read")
    problem(reader.get(f"{API}/sessions/{session}/audit"), 403, "scope")


def test_a_file_that_was_written_is_read_while_it_is_as_it_was_written(serve: Callable[..., Server]) -> None:
    server = serve(targets=("support.web_app:writing",))
    anna = server.browser()
    session = start(anna, "writing").json()["id"]
    until(lambda: anna.get(f"{API}/sessions/{session}").json()["status"] == "completed")
    (file,) = anna.get(f"{API}/sessions/{session}/artifacts").json()["items"]
    found = anna.get(f"{API}/sessions/{session}/artifacts/{file['name']}")
    assert found.content == b"did write" and found.headers["Content-Disposition"].startswith("attachment")
    problem(anna.get(f"{API}/sessions/{session}/artifacts/..%2f..%2fetc%2fpasswd"), 400, "wrong-path")
    Path(file["path"]).write_text("somebody else's")
    problem(anna.get(f"{API}/sessions/{session}/artifacts/{file['name']}"), 404, "not-found")


def test_the_interface_stays_as_it_is_described(server: Server) -> None:
    told = server.browser().get(f"{API}/openapi.json").json()
    assert told["openapi"].startswith("3.1") and told["info"]["version"] == "1"
    assert outline(told) == json.loads(STORED.read_text()), f"what has changed on purpose is written to {STORED}"
