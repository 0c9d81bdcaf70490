"""Servers that die, and several on one store: no answer is lost, and every run comes to its end once."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from support.web_client import API, answer, questions, start
from support.web_server import STORES, Server, until


def calls(server: Server) -> list[str]:
    return [line.split(" ", 2)[2] for line in (server.home / "calls").read_text().splitlines()]


def all_done(client: httpx.Client, count: int) -> bool:
    listed = client.get(f"{API}/sessions?status=completed").json()["items"]
    return len(listed) == count


@pytest.mark.parametrize("store", STORES, indirect=True)
def test_what_was_answered_on_one_server_goes_on_on_the_other_when_that_is_killed(
    serve: Callable[..., Server],
) -> None:
    first = serve("--drive", "0")
    second = serve()
    anna, ben = first.browser(), second.browser()
    for amount in range(4):
        start(anna, amount=amount)
    for question in questions(anna, 4):
        assert answer(anna, question["ref"], "yes").status_code == 202
    first.kill()
    until(lambda: all_done(ben, 4), seconds=60)
    assert sorted(each for each in calls(second) if "done" in each) == [f"{amount} done" for amount in range(4)]


@pytest.mark.parametrize("store", STORES, indirect=True)
def test_a_server_that_is_killed_while_it_drives_leaves_its_sessions_to_the_other(
    serve: Callable[..., Server],
) -> None:
    env = {"STEP_SECONDS": "1"}
    first = serve(env=env)
    anna = first.browser()
    for amount in range(3):
        start(anna, amount=amount)
    until(lambda: (first.home / "calls").exists())
    second = serve(env=env)
    first.kill()
    ben = second.browser()
    for question in questions(ben, 3):
        assert answer(ben, question["ref"], "yes").status_code == 202
    until(lambda: all_done(ben, 3), seconds=60)
    assert sorted(each for each in calls(second) if "done" in each) == [f"{amount} done" for amount in range(3)]


def test_of_many_who_answer_at_two_servers_one_wins_each_question(serve: Callable[..., Server], tmp_path: Path) -> None:
    servers = serve("--drive", "4"), serve("--drive", "4")
    anna = servers[0].browser()
    for amount in range(5):
        start(anna, amount=amount)
    refs = [question["ref"] for question in questions(anna, 5)]
    people = [(servers[number % 2].program(person=f"p{number}"), f"p{number}") for number in range(6)]
    taken: list[tuple[str, str]] = []
    refused: list[str] = []

    def give(client: httpx.Client, person: str) -> None:
        for ref in refs:
            given = answer(client, ref, "yes")
            assert given.status_code in (202, 409), given.text
            (taken.append((ref, person)) if given.status_code == 202 else refused.append(given.json()["winner"]))

    threads = [threading.Thread(target=give, args=each) for each in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ref for ref, _ in taken) == sorted(refs)
    assert len(refused) == len(refs) * (len(people) - 1) and set(refused) <= {person for _, person in people}
    for ref, person in taken:
        assert anna.get(f"{API}/questions/{ref}").json()["answer"]["by"] == person
    until(lambda: all_done(anna, 5), seconds=60)


@pytest.mark.parametrize("store", ["files"], indirect=True)
def test_a_session_that_cannot_be_read_hides_no_other(serve: Callable[..., Server], tmp_path: Path) -> None:
    server = serve(targets=("support.web_app:paying",))
    anna = server.browser()
    for amount in (1, 2):
        start(anna, amount=amount)
    first, second = questions(anna, 2)
    server.end()
    journal = next(tmp_path.glob(f"files/*{first['session']}*/journal.jsonl"))
    journal.write_bytes(b"x" * 40 + journal.read_bytes()[40:])
    again = serve(targets=("support.web_app:paying",))
    anna = again.browser()
    assert [each["ref"] for each in questions(anna, 1)] == [second["ref"]]
    damaged = anna.get(f"{API}/questions/{first['ref']}")
    assert damaged.status_code == 500 and damaged.json()["code"] == "damaged"
    assert answer(anna, second["ref"], "yes").status_code == 202


def test_a_server_without_the_workflow_takes_answers_and_drives_nothing(serve: Callable[..., Server]) -> None:
    with_it, without = serve(), serve(targets=("support.web_app:writing",))
    anna = with_it.browser()
    session = start(anna).json()["id"]
    (question,) = questions(anna, 1)
    assert with_it.end() == 0
    ben = without.browser()
    assert answer(ben, question["ref"], "yes").status_code == 202
    assert ben.get(f"{API}/sessions/{session}").json()["status"] == "answered"
    again = serve()
    until(lambda: all_done(again.browser(), 1))
