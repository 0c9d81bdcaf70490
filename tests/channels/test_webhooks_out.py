"""Webhooks out: what happened is sent, signed, until it has arrived; nothing is lost and nothing is made up."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from strands import SessionManager, Workflow
from strands_cli.errors import InputError
from strands_cli.inbox.data import ServerData
from strands_cli.inbox.deliver import deliver
from strands_cli.inbox.inbox import Inbox
from strands_cli.inbox.outbox import Outbox
from strands_cli.kernel.principal import Principal
from strands_cli.session.refs import ref_of
from strands_cli.session.repository import store_at
from support import places
from support.small_server import Server, serving
from support.specs import PAUSING

standardwebhooks = pytest.importorskip("standardwebhooks")


class Receiver:
    """Somebody who is sent webhooks, and replies as `replies` says, 200 afterwards."""

    def __init__(self, server: Server, replies: list[tuple[int, dict[str, str]]]) -> None:
        self.server = server
        self.replies = replies

    @property
    def url(self) -> str:
        return f"{self.server.url}/in"

    def got(self, *secrets: str) -> list[dict[str, Any]]:
        """Return the messages that arrived, verified with each of these secrets."""
        found = []
        for method, path, headers, body in self.server.requests:
            assert (method, path) == ("POST", "/in")
            for secret in secrets:
                standardwebhooks.Webhook(secret).verify(body, headers)
            found.append({**json.loads(body), "id": headers["webhook-id"]})
        return found


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    replies: list[tuple[int, dict[str, str]]] = []

    def answer(_: Any) -> Any:
        status, headers = replies.pop(0) if replies else (200, {})
        return status, headers, b""

    with serving(answer) as server:
        yield Receiver(server, replies)


@pytest.fixture(params=places.KEPT)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    yield from places.new_place(request.param, tmp_path)


class Sending:
    """The outbox of a store, as one process has it."""

    def __init__(self, place: str, data: ServerData | None = None) -> None:
        self.store = store_at(place)
        self.data = data or ServerData.of(self.store)
        self.outbox = Outbox(self.store, self.data)

    def deliver(self) -> int:
        return asyncio.run(deliver(self.store, self.data))

    def make_due(self) -> None:
        """Let the time pass that is waited before the next try."""
        self.data.execute("update deliveries set next_at = 0 where next_at is not null")


def answered(place: str) -> str:
    workflow = Workflow.from_dict(PAUSING, store=place)
    session_id = str(workflow.run().session_id)
    SessionManager(store=place).get_session(session_id).answer("steps/1", "yes", by="anna")
    workflow.resume(session_id)
    return session_id


def test_what_happens_is_sent_once_and_signed(place: str, receiver: Receiver) -> None:
    sending = Sending(place)
    before = answered(place)
    endpoint, secret = sending.outbox.endpoints.add(receiver.url, private=True)
    session_id = answered(place)
    assert sending.deliver() == 5 and sending.deliver() == 0
    told = sorted(receiver.got(secret), key=lambda each: each["data"]["seq"])
    assert [each["type"] for each in told] == [
        "session.started",
        "question.opened",
        "session.paused",
        "question.answered",
        "session.completed",
    ]
    assert all(each["id"] == f"msg_{session_id}.{each['data']['seq']}" for each in told)
    assert {each["data"]["session"] for each in told} == {session_id} != {before}
    assert told[1]["data"]["question"] == "steps/1" and told[1]["data"]["ref"].startswith("q_")
    assert "yes" not in json.dumps(told) and "ok?" not in json.dumps(told)
    assert {each.state for each in sending.outbox.deliveries.newest(f"webhook:{endpoint.id}")} == {"done"}


def test_what_is_asked_and_said_is_sent_to_who_wants_it(place: str, receiver: Receiver) -> None:
    sending = Sending(place)
    events = ("question.opened", "question.answered")
    sending.outbox.endpoints.add(receiver.url, private=True, full=True, events=events, workflows=("kept",))
    sending.outbox.endpoints.add(receiver.url, private=True, workflows=("other",))
    answered(place)
    sending.deliver()
    opened, closed = sorted(receiver.got(), key=lambda each: each["data"]["seq"])
    assert opened["data"]["prompt"] == "ok?"
    assert (closed["data"]["value"], closed["data"]["by"]) == ("yes", "anna")


def test_what_is_too_large_is_sent_without_what_is_asked(receiver: Receiver) -> None:
    sending = Sending("store")
    sending.outbox.endpoints.add(receiver.url, private=True, full=True, events=("question.opened",))
    spec = json.loads(json.dumps(PAUSING))
    spec["pattern"]["config"]["steps"][1]["prompt"] = "x" * 30_000
    Workflow.from_dict(spec, store="store").run()
    sending.deliver()
    (told,) = receiver.got()
    assert told["data"]["shortened"] is True and "prompt" not in told["data"]


@pytest.mark.parametrize("reply", [(500, {}), (429, {"Retry-After": "7200"}), (302, {"Location": "/elsewhere"})])
def test_what_is_not_taken_is_tried_again(receiver: Receiver, reply: tuple[int, dict[str, str]]) -> None:
    sending = Sending("store")
    endpoint, secret = sending.outbox.endpoints.add(receiver.url, private=True, events=("question.opened",))
    receiver.replies += [reply, reply]
    Workflow.from_dict(PAUSING, store="store").run()
    begun = time.time()
    sending.deliver()
    (due,) = sending.outbox.deliveries.newest()
    assert (due.state, due.attempts, due.status) == ("due", 1, reply[0])
    assert due.next_at is not None
    least = 7200 if reply[0] == 429 else 4.5
    assert begun + least <= due.next_at <= begun + least * 1.5 + 60
    assert str(reply[0]) in sending.outbox.deliveries.problems(due.session, due.key)[0].problem
    inbox = Inbox(sending.store, data=sending.data)
    (shown,) = asyncio.run(inbox.question(ref_of(due.session, due.key), Principal("user:os:anna"))).undelivered
    assert shown.startswith(f"webhook:{endpoint.id}: it replied {reply[0]}")
    assert sending.deliver() == 0
    sending.make_due()
    sending.deliver()
    sending.make_due()
    sending.deliver()
    assert len({each["id"] for each in receiver.got(secret)}) == 1 and len(receiver.server.requests) == 3
    (done,) = sending.outbox.deliveries.newest(f"webhook:{endpoint.id}")
    assert done.state == "done" and sending.outbox.deliveries.problems(due.session, due.key) == []


def test_after_the_last_try_it_has_failed_and_can_be_sent_once_more(receiver: Receiver) -> None:
    sending = Sending("store")
    endpoint, _ = sending.outbox.endpoints.add(receiver.url, private=True, events=("question.opened",))
    receiver.replies += [(503, {})] * 10
    Workflow.from_dict(PAUSING, store="store").run()
    for _ in range(12):
        sending.deliver()
        sending.make_due()
    (failed,) = sending.outbox.deliveries.newest()
    assert (failed.state, failed.attempts, len(receiver.server.requests)) == ("failed", 10, 10)
    sending.outbox.deliveries.redeliver(f"webhook:{endpoint.id}", failed.id)
    sending.deliver()
    assert sending.outbox.deliveries.newest()[0].state == "done"
    assert len({each["id"] for each in receiver.got()}) == 1


def test_who_is_gone_is_sent_nothing_more(receiver: Receiver) -> None:
    sending = Sending("store")
    endpoint, _ = sending.outbox.endpoints.add(receiver.url, private=True, events=("session.started",))
    receiver.replies.append((410, {}))
    Workflow.from_dict(PAUSING, store="store").run()
    sending.deliver()
    Workflow.from_dict(PAUSING, store="store").run()
    sending.deliver()
    (now,) = sending.outbox.endpoints.list()
    assert now.disabled_at is not None and "410" in now.problem and len(receiver.server.requests) == 1
    sending.outbox.endpoints.enable(endpoint.id)
    Workflow.from_dict(PAUSING, store="store").run()
    sending.deliver()
    assert len(receiver.server.requests) == 2


def test_a_new_secret_and_the_old_one_both_verify_for_a_day(receiver: Receiver) -> None:
    sending = Sending("store")
    endpoint, old = sending.outbox.endpoints.add(receiver.url, private=True, events=("session.started",))
    new = sending.outbox.endpoints.rotate(endpoint.id)
    Workflow.from_dict(PAUSING, store="store").run()
    sending.deliver()
    assert receiver.got(old, new)
    assert sending.outbox.endpoints.get(endpoint.id).signing(time.time() + 90_000) == [new]


@pytest.mark.parametrize(
    "url",
    [
        *("http://example.org/in", "https://127.0.0.1/in", "https://localhost/in", "https://169.254.169.254/latest"),
        *(
            "https://10.0.0.1/",
            "https://[::1]/",
            "https://2130706433/",
            "ftp://example.org",
            "https://a:b@example.org/",
        ),
    ],
)
def test_addresses_that_nothing_is_sent_to(url: str) -> None:
    with pytest.raises(InputError):
        Sending("store").outbox.endpoints.add(url)


def test_a_name_that_leads_into_the_own_network_is_not_followed(receiver: Receiver) -> None:
    from strands_cli.channels.channel import ChannelContext
    from strands_cli.channels.webhook import WebhookChannel
    from strands_cli.net.client import Network
    from strands_cli.people import People

    sending = Sending("store")
    sending.outbox.endpoints.add("https://hooks.example.org/in", events=("session.started",))
    Workflow.from_dict(PAUSING, store="store").run()
    network = Network(resolve=lambda host, port: ["127.0.0.1"])
    channel = WebhookChannel(ChannelContext(sending.data, People()), network)
    asyncio.run(deliver(sending.store, sending.data, channels={"webhook": channel}))
    (due,) = sending.outbox.deliveries.newest()
    assert due.state == "due" and "it is this machine" in due.problem and receiver.server.requests == []


DELIVERER = """
import asyncio, sys
from strands_cli.inbox.data import ServerData
from strands_cli.inbox.deliver import deliver
from strands_cli.session.repository import store_at
store = store_at(sys.argv[1])
asyncio.run(deliver(store, ServerData.of(store)))
"""


def test_a_kill_loses_nothing_and_makes_nothing_up(tmp_path: Path) -> None:
    """Killed while it waits for the reply: it is sent once more, under the same id, when the lease is over."""
    place = str(tmp_path / "store")
    stalls = [True]

    def answer(_: Any) -> Any:
        if stalls:
            time.sleep(1.5)
        return 200, {}, b""

    with serving(answer) as server:
        sending = Sending(place)
        sending.outbox.endpoints.add(f"{server.url}/in", private=True, events=("question.opened",))
        session_id = str(Workflow.from_dict(PAUSING, store=place).run().session_id)
        process = subprocess.Popen([sys.executable, "-c", DELIVERER, place])
        until = time.monotonic() + 60
        while not server.requests:
            assert time.monotonic() < until and process.poll() is None
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
        process.wait()
        stalls.clear()
        assert sending.deliver() == 0  # somebody may be at it
        sending.make_due()
        assert sending.deliver() == 1 and sending.deliver() == 0
        seq = sending.outbox.deliveries.newest()[0].seq
        ids = [headers["webhook-id"] for _, _, headers, _ in server.requests]
        assert ids == [f"msg_{session_id}.{seq}"] * 2


def test_two_processes_send_each_message_once(place: str, receiver: Receiver) -> None:
    sending = Sending(place)
    sending.outbox.endpoints.add(receiver.url, private=True)
    for _ in range(3):
        answered(place)
    processes = [subprocess.Popen([sys.executable, "-c", DELIVERER, place]) for _ in range(2)]
    assert [each.wait(60) for each in processes] == [0, 0]
    ids = [each["id"] for each in receiver.got()]
    assert len(ids) == len(set(ids)) == 15


def test_a_session_that_cannot_be_read_hides_no_other(tmp_path: Path, receiver: Receiver) -> None:
    place = str(tmp_path / "store")
    sending = Sending(place)
    sending.outbox.endpoints.add(receiver.url, private=True, events=("session.started",))
    workflow = Workflow.from_dict(PAUSING, store=place)
    broken, whole = str(workflow.run().session_id), str(workflow.run().session_id)
    journal = tmp_path / "store" / f"session_{broken}" / "journal.jsonl"
    journal.write_bytes(journal.read_bytes().replace(b'"asked"', b'"AsKed"'))
    sending.deliver()
    assert [each["data"]["session"] for each in receiver.got()] == [whole]
