"""An agent's journal in S3: what it costs, how it grows, what is taken over from others, and what damage does."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from strands import Agent, ToolContext, tool
from strands.journal import lines
from strands.models.scripted import ToolCall
from strands.session.s3_lease import S3Drivers
from strands.types.exceptions import SessionException
from support.stub_s3 import Fate, Request, Stored, StubS3

pytest.importorskip("boto3")
from strands.session.journal_record import encoded, read_line
from strands.session.s3_log import FULL, S3Log
from support.s3_sessions import HOME, JOURNAL, Shortcut, agent_in, asked, grown, kinds, said
from support.s3_worker import manager

FIXTURES = Path(__file__).parent / "fixtures"


def test_a_pause_waits_for_three_writes_and_an_answer_too(s3: StubS3, tmp_path: Path) -> None:
    @tool(context=True)
    def pay(tool_context: ToolContext) -> str:
        """Pay."""
        return f"paid: {tool_context.interrupt('ok')}"

    agent = agent_in(s3, ToolCall("pay", {}, id="t"), tools=[pay])
    asked(s3)
    (question,) = agent("go").interrupts or ()
    written = [request.key for request in s3.requests if request.method == "PUT"]
    assert written.count(JOURNAL) == 3 and asked(s3).keys() == {"PUT", "HEAD"}
    assert kinds(s3)[-7:] == ["leased", "message", "message", "started", "asked", "agent", "rested"]
    resumed = agent_in(s3, "done", tools=[pay])
    assert asked(s3) == {"GET": 3, "LIST": 1}
    resumed([{"interruptResponse": {"interruptId": question.id, "response": "y"}}])
    assert [request.key for request in s3.requests if request.method == "PUT"].count(JOURNAL) == 3
    entries = lines.parse(s3.objects[JOURNAL].body).entries
    answer = next(number for number, entry in enumerate(entries) if entry.kind == "answered")
    assert entries[answer - 1].kind == "leased", "the answer comes with the lease"


def test_a_thousand_messages_open_in_few_requests(s3: StubS3) -> None:
    grown(s3, 499, 300)
    asked(s3)
    assert len(agent_in(s3).messages) == 1000
    counts = asked(s3)
    assert counts["GET"] < 50 and counts["LIST"] == 2 and counts.keys() == {"GET", "LIST"}


def test_older_lines_move_into_objects_of_their_own(s3: StubS3) -> None:
    grown(s3, 59)
    parts = sorted(key for key in s3.objects if key.startswith(f"{HOME}journal/"))
    assert len(parts) > 3 and len(s3.objects[JOURNAL].body) < 100_000
    _, _, tail = s3.objects[JOURNAL].body.partition(b"\n")
    whole = b"".join([*(s3.objects[key].body for key in parts), tail])
    parsed = lines.parse(whole)
    assert parsed.damage is None and [entry.seq for entry in parsed.entries] == list(range(len(parsed.entries)))
    assert [entry.kind for entry in parsed.entries].count("message") == 120


def test_who_reads_while_older_lines_are_put_together_reads_them_all(s3: StubS3) -> None:
    grown(s3, 199)
    before = dict(s3.objects)
    grown(s3, 700)
    gone = {key for key in before if key.startswith(f"{HOME}journal/")} - s3.objects.keys()
    assert gone, "they were put together"

    def fate(request: Request) -> Fate:
        if request.key in gone:  # the reader comes with what it had heard before
            s3.objects[JOURNAL] = after
        return ""

    after, s3.objects[JOURNAL], s3.fate = s3.objects[JOURNAL], before[JOURNAL], fate
    assert len(agent_in(s3).messages) == 1800


def test_a_long_call_is_heard_of(s3: StubS3) -> None:
    @tool(read_only=True)
    def work() -> str:
        """Work."""
        wait_for_the_same_again(s3)
        with pytest.raises(SessionException, match="is at work elsewhere"):
            agent_in(s3, "other")("me too")
        s3.ahead += 3
        wait_for_the_same_again(s3)
        seen.append(S3Drivers(Shortcut(s3), JOURNAL).alive("another.driver.3"))
        s3.ahead += 5
        seen.append(S3Drivers(Shortcut(s3), JOURNAL).alive("another.driver.3"))
        return "worked"

    seen: list[bool] = []
    agent = agent_in(s3, ToolCall("work", {}, id="t"), "done", tools=[work], manager={"lease_seconds": 3})
    assert agent("go").stop_reason == "end_turn"
    assert seen == [True, False], "by the time of the store"
    assert len(agent_in(s3).messages) == 4


def wait_for_the_same_again(s3: StubS3) -> None:
    """Wait until the journal was written once more as it is."""
    before, deadline = s3.objects[JOURNAL], time.monotonic() + 30
    while s3.objects[JOURNAL] is before or s3.objects[JOURNAL].body != before.body:
        assert time.monotonic() < deadline, "nothing is heard of it"
        before = s3.objects[JOURNAL] if s3.objects[JOURNAL].body != before.body else before
        time.sleep(0.01)


@pytest.mark.parametrize("seconds", [0, 2.9, float("nan"), -1])
def test_a_lease_is_no_shorter_than_the_store_can_tell(s3: StubS3, seconds: float) -> None:
    with pytest.raises(ValueError, match=r"lease_seconds=.* must be at least 3"):
        agent_in(s3, manager={"lease_seconds": seconds})


def test_who_is_left_of_a_deleted_session_writes_nothing_into_a_new_one(s3: StubS3) -> None:
    stale = agent_in(s3, "one", "two", "three")
    stale("a")
    manager(s3.url, "p").delete_session("bills")
    assert s3.objects == {}
    with pytest.raises(SessionException, match="its journal is another one by now"):
        stale("b")
    assert s3.objects == {}
    new = agent_in(s3, "new", "newer")
    new("c")
    with pytest.raises(SessionException, match="moved on"):
        stale("b")
    new("d")
    assert len(agent_in(s3).messages) == 4


@pytest.mark.parametrize("status", [409, 503])
def test_a_store_that_is_busy_is_asked_again(s3: StubS3, status: int) -> None:
    refused: set[bytes] = set()

    def fate(request: Request) -> Fate:
        if request.key != JOURNAL or request.method != "PUT" or request.body in refused:
            return ""
        refused.add(request.body)
        return status

    s3.fate = fate
    agent_in(s3, "one")("a")
    assert len(agent_in(s3).messages) == 2 and len(refused) > 2


def test_a_store_without_conditional_writes_is_used_by_one_writer(s3: StubS3, caplog: pytest.LogCaptureFixture) -> None:
    plain: list[str] = []

    def fate(request: Request) -> Fate:
        if request.key == JOURNAL and request.method == "PUT" and not plain:
            plain.append("asked once")
            return 501
        return ""

    s3.fate = fate
    agent_in(s3, "one")("a")
    assert len(agent_in(s3).messages) == 2
    assert "has no conditional writes: keep one writer a session" in caplog.text


def test_a_write_that_nobody_confirms_fails_and_is_not_written_twice(s3: StubS3) -> None:
    """The network goes for good behind a write: the next call finds what became of it."""
    agent = agent_in(s3, "one", "two")
    agent("a")
    dark: list[str] = []

    def fate(request: Request) -> Fate:
        if not dark and request.key == JOURNAL and request.method == "PUT" and b'"rested"' in request.body[-200:]:
            dark.append("from here on")
            return "unanswered"
        return "unheard" if dark else ""

    s3.fate = fate
    with pytest.raises(SessionException, match=r"could not (read|write) 's3://bucket/p/session_bills"):
        agent("b")
    s3.fate = lambda request: ""
    texts = [message["content"][0]["text"] for message in agent_in(s3).messages]
    assert texts == ["a", "one", "b", "two"]


@pytest.mark.parametrize("deed", ["deleted", "cut"])
def test_lost_older_lines_are_read_from_the_messages(s3: StubS3, deed: str, caplog: pytest.LogCaptureFixture) -> None:
    grown(s3, 59)
    part = sorted(key for key in s3.objects if key.startswith(f"{HOME}journal/"))[1]
    if deed == "deleted":
        del s3.objects[part]
    else:
        s3.objects[part] = Stored(s3.objects[part].body[:-500], s3.now())
    agent = agent_in(s3, "on")
    assert len(agent.messages) == 120 and "lost; it is kept as" in caplog.text
    for _ in range(3):
        if agent("go on" if not agent.pending_interrupts else _skip(agent)).stop_reason == "end_turn":
            break
    assert f"{JOURNAL}.damaged-1" in s3.objects
    assert said(agent_in(s3)) == said(agent)


def _skip(agent: Agent) -> Any:
    return [{"interruptResponse": {"interruptId": each.id, "response": "skip"}} for each in agent.pending_interrupts]


def test_what_is_redacted_is_in_no_object(s3: StubS3) -> None:
    grown(s3, 59)
    agent = agent_in(s3, "SECRET " + "x" * 40_000)
    agent("tell me")
    assert any(b"SECRET" in stored.body for stored in s3.objects.values())
    kept: Any = agent._session_manager
    kept.redact_latest_message({"role": "assistant", "content": [{"text": "[gone]"}]}, agent)
    assert [key for key, stored in s3.objects.items() if b"SECRET" in stored.body] == []
    restored = agent_in(s3, "on")
    assert restored.messages[-1]["content"] == [{"text": "[gone]"}] and len(restored.messages) == 122
    restored("go on")
    assert len(agent_in(s3).messages) == 124


ENDING = """
import asyncio, sys
from strands import Agent
from strands.models.scripted import ScriptedModel
from support.s3_worker import manager
agent = Agent(model=ScriptedModel(["one"]), session_manager=manager(sys.argv[1], "p"), callback_handler=None)
asyncio.run(agent.invoke_async("a"))
"""


def test_a_process_that_ends_has_written_what_others_read(s3: StubS3) -> None:
    tests = Path(__file__).parent.parent
    done = subprocess.run([sys.executable, "-c", ENDING, s3.url], cwd=tests, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert {f"{HOME}messages/message_0.json", f"{HOME}messages/message_1.json"} <= s3.objects.keys()


def test_who_may_not_delete_goes_on(s3: StubS3, caplog: pytest.LogCaptureFixture) -> None:
    grown(s3, 39)
    s3.objects[f"{HOME}journal/000000007-{'0' * 32}.jsonl"] = Stored(b"", s3.now())
    agent = agent_in(s3, "on", "and on")
    s3.fate = lambda request: 403 if request.method == "POST" else ""
    agent("go on")
    agent("once more")
    assert len(agent_in(s3).messages) == 84 and "Nobody reads it any more; remove it" in caplog.text
    with pytest.raises(SessionException, match="could not delete"):
        manager(s3.url, "p").delete_session("bills")


def test_objects_that_nothing_refers_to_are_removed_by_who_holds_the_lease(s3: StubS3) -> None:
    grown(s3, 39)
    stray = f"{HOME}journal/000000007-{'0' * 32}.jsonl"
    s3.objects[stray] = Stored(b"left by a writer that died", s3.now())
    agent = agent_in(s3, "on")
    assert stray in s3.objects, "who only reads removes nothing"
    agent("go on")
    assert stray not in s3.objects and len(agent_in(s3).messages) == 82


def test_what_a_dead_writer_was_about_to_refer_to_is_not_removed_once_it_is_referred_to(s3: StubS3) -> None:
    grown(s3, 1)
    agent_in(s3, "long")("x" * FULL)
    log = S3Log(Shortcut(s3), HOME, "default", read_line)
    log.news()
    objects = dict(s3.objects)
    log.write([encoded("leased", "", '{"driver":"","by":""}')], expect=log.count)  # its lines move, and it dies then
    (moved,) = s3.objects.keys() - objects.keys()
    s3.objects[JOURNAL] = objects[JOURNAL]
    agent = agent_in(s3, "on")
    agent("go on")
    assert moved in s3.objects and len(agent_in(s3).messages) == 8


def test_an_answer_that_came_while_another_was_at_work_is_not_on_record(s3: StubS3) -> None:
    @tool(context=True)
    def pay(tool_context: ToolContext) -> str:
        """Pay."""
        return f"they said {tool_context.interrupt('ok')}"

    agent_in(s3, ToolCall("pay", {}, id="t"), tools=[pay])("go")
    agent = agent_in(s3, "done", tools=[pay])
    (question,) = agent.pending_interrupts
    log = S3Log(Shortcut(s3), HOME, "default", read_line)
    log.news()
    held = encoded("leased", "", '{"driver":"another.driver.15","by":"process 7 on another host"}')
    log.write([held], expect=log.count)

    def answer(response: str) -> Any:
        return agent([{"interruptResponse": {"interruptId": question.id, "response": response}}])

    with pytest.raises(SessionException, match="process 7 on another host holds its lease"):
        answer("no")
    s3.ahead += 60
    assert answer("yes").stop_reason == "end_turn"
    answers = [entry for entry in lines.parse(s3.objects[JOURNAL].body).entries if entry.kind == "answered"]
    assert [entry.data["interrupt"]["response"] for entry in answers] == ["yes"]
    assert agent.messages[2]["content"][0]["toolResult"]["content"] == [{"text": "they said yes"}]
