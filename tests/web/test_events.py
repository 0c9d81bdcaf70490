"""Events of a session and of the inbox, as streams: they go on where a reader stopped, and end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from support.web_client import API, answer, questions, start
from support.web_server import STORES, Server, until

STREAM = {"Accept": "text/event-stream"}


def events(response: httpx.Response) -> Iterator[dict[str, Any]]:
    """Yield the events of a stream."""
    told: dict[str, Any] = {}
    for line in response.iter_lines():
        name, _, value = line.partition(": ")
        if line == "" and "event" in told:
            yield {**told, "data": json.loads(told["data"])}
        if line == "":
            told = {}
        elif name:
            told[name] = value


def until_end(client: httpx.Client, url: str, **headers: str) -> list[dict[str, Any]]:
    with client.stream("GET", url, headers={**STREAM, **headers}) as response:
        assert response.status_code == 200 and response.headers["X-Accel-Buffering"] == "no"
        return list(events(response))


@pytest.mark.parametrize("store", STORES, indirect=True)
def test_a_stream_goes_on_where_its_reader_stopped_and_ends_with_the_session(server: Server) -> None:
    anna = server.browser()
    session = start(anna, amount=2).json()["id"]
    (question,) = questions(anna, 1)
    url = f"{API}/sessions/{session}/events"
    with anna.stream("GET", url, headers=STREAM) as response:
        stream = events(response)
        seen = [next(stream) for _ in range(4)]
        assert [each["event"] for each in seen] == ["workflow_start", "step_start", "step_complete", "hitl_requested"]
        assert [int(each["id"]) for each in seen] == [each["data"]["seq"] for each in seen]
    answer(anna, question["ref"], "yes")
    rest = until_end(anna, url, **{"Last-Event-ID": seen[-1]["id"]})
    assert rest[-1]["event"] == "end" and rest[-2]["event"] == "workflow_complete"
    ids = [int(each["id"]) for each in (*seen, *rest[:-1])]
    assert ids == sorted(set(ids)), "none is missing, none comes twice"
    page = anna.get(url).json()["items"]
    assert ids == [each["seq"] for each in page]
    over = anna.get(url, headers={**STREAM, "Last-Event-ID": str(ids[-1])})
    assert over.status_code == 204, "a browser does not come again"
    assert [each["seq"] for each in anna.get(f"{url}?after={ids[-2]}").json()["items"]] == ids[-1:]


def test_many_readers_of_one_session_are_told_the_same(server: Server) -> None:
    anna = server.browser()
    session = start(anna).json()["id"]
    (question,) = questions(anna, 1)
    streams = [anna.stream("GET", f"{API}/sessions/{session}/events", headers=STREAM) for _ in range(5)]
    readers = [stream.__enter__() for stream in streams]
    answer(server.browser(), question["ref"], "no")
    told = [[each["event"] for each in events(reader)] for reader in readers]
    for stream in streams:
        stream.__exit__(None, None, None)
    assert told[0][-1] == "end" and all(each == told[0] for each in told)


@pytest.mark.parametrize("store", STORES, indirect=True)
def test_the_inbox_tells_of_what_other_processes_do(serve: Callable[..., Server], store: str) -> None:
    server, other = serve(), serve()
    anna = server.browser()
    with anna.stream("GET", f"{API}/events", headers=STREAM) as response:
        stream = events(response)
        session = start(other.browser(), amount=3).json()["id"]
        opened = next(each for each in stream if each["event"] == "question.opened")
        assert opened["data"]["session"] == session
        assert server.command("sessions", "answer", session, "--answer", "steps/1=yes").returncode == 0
        closed = next(each for each in stream if each["event"] == "question.closed")
        assert closed["data"]["ref"] == opened["data"]["ref"]
        over = ("completed", session)
        next(each for each in stream if (each["data"].get("status"), each["data"]["session"]) == over)
    with anna.stream("GET", f"{API}/events", headers={**STREAM, "Last-Event-ID": "00ff.3"}) as response:
        assert next(events(response))["event"] == "reset"


def test_streams_end_when_the_server_does(server: Server) -> None:
    anna = server.browser()
    session = start(anna).json()["id"]
    questions(anna, 1)
    with anna.stream("GET", f"{API}/sessions/{session}/events", headers=STREAM) as response:
        stream = events(response)
        until(lambda: next(stream)["event"] == "hitl_requested")
        assert server.end() == 0
        assert "end" not in [each["event"] for each in stream], "the session goes on"


def test_a_stream_ends_when_its_token_is_revoked(server: Server) -> None:
    anna = server.browser()
    reader = server.program("--scope", "sessions:read,sessions:start")
    session = start(anna).json()["id"]
    (question,) = questions(anna, 1)
    with reader.stream("GET", f"{API}/sessions/{session}/events", headers=STREAM) as response:
        stream = events(response)
        until(lambda: next(stream)["event"] == "hitl_requested")
        token = server.command("token", "list").stdout.split()[0]
        assert server.command("token", "revoke", token).returncode == 0
        answer(anna, question["ref"], "yes")
        assert "end" not in [each["event"] for each in stream]
