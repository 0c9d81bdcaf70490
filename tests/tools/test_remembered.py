"""Approvals that hold in later sessions: who gave them is on record, they end, and no older one overrules a no."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from strands import SessionManager, Workflow, tool
from strands.models.scripted import ScriptedModel, ToolCall
from strands_cli.errors import AnswerError
from strands_cli.session.memory import MemorySessionRepository
from strands_cli.session.repository import store_at
from strands_cli.types import RunResult
from support.commands import STRANDS
from support.postgres import close_all, fresh_url, needs_postgres
from support.specs import solo

STORES = ["memory", "files", "sqlite", pytest.param("postgres", marks=needs_postgres)]


@pytest.fixture
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    kind = getattr(request, "param", "memory")
    if kind == "postgres":
        yield store_at(fresh_url())
        close_all()
        return
    places = {"files": str(tmp_path / "files"), "sqlite": f"sqlite:///{tmp_path}/runs.db"}
    yield MemorySessionRepository() if kind == "memory" else store_at(places[kind])


everywhere = pytest.mark.parametrize("store", STORES, indirect=True)


def sending(ran: list[str], *, fast: bool = False) -> Any:
    if fast:

        @tool
        def send(to: str) -> str:
            """Send."""
            ran.append(f"{to} fast")
            return "sent"

    else:

        @tool
        def send(to: str) -> str:
            """Send."""
            ran.append(to)
            return "sent"

    return send


class Sender:
    """An agent that sends something in each session, and what it has sent."""

    def __init__(self, store: Any, **rule: Any) -> None:
        self.store = store
        self.ran: list[str] = []
        self.rule = {"tools": ["send"], "remember": "always", **rule}
        self.manager = SessionManager(repository=store)

    def workflow(self, to: str = "anna", *, fast: bool = False, name: str = "", **more: Any) -> Workflow:
        spec = solo(1, {"approvals": [self.rule]})
        if name:
            spec["name"] = name

        def play(messages: Any) -> Any:
            return "done" if "toolResult" in messages[-1]["content"][0] else ToolCall("send", {"to": to}, "t1")

        tools, model = [sending(self.ran, fast=fast)], ScriptedModel(play)
        return Workflow.from_dict(spec, model=model, tools=tools, repository=self.store, **more)

    def answered(self, answer: Any, to: str = "anna") -> RunResult:
        paused = self.workflow(to).run()
        assert paused.status == "paused", paused
        [question] = paused.questions
        return self.workflow(to).resume(str(paused.session_id), answers={question.id: answer})

    def noted(self, session_id: Any) -> list[dict[str, Any]]:
        session = self.manager.get_session(str(session_id))
        return [value for key, value in session._state.noted.items() if key.startswith("remembered/")]


@everywhere
def test_an_approval_for_always_holds_in_later_sessions_and_what_was_relied_on_is_on_record(store: Any) -> None:
    sender = Sender(store)
    first = sender.answered("approve")
    assert first.success
    second = sender.workflow("ben").run()
    assert second.status == "completed"
    assert sender.ran == ["anna", "ben"]
    [approval] = sender.manager.remembered_approvals()
    assert (approval.tool, approval.session, approval.until, approval.digest) == ("send", first.session_id, None, "")
    assert approval.by
    [relied] = sender.noted(second.session_id)
    assert relied["approval"] == approval.id
    assert relied["tool_use_id"] == "t1"
    assert not sender.noted(first.session_id)


@everywhere
def test_what_is_revoked_is_asked_about_again(store: Any) -> None:
    sender = Sender(store)
    sender.answered("approve")
    [approval] = sender.manager.remembered_approvals()
    ended = sender.manager.revoke_approval(approval.id[:8])
    assert (ended.ended, bool(ended.ended_by)) == ("revoked", True)
    assert sender.workflow().run().status == "paused"
    with pytest.raises(AnswerError, match="revoked already"):
        sender.manager.revoke_approval(approval.id)
    with pytest.raises(AnswerError, match="no approval"):
        sender.manager.revoke_approval("a-nothing")


@pytest.mark.parametrize(
    ("answer", "same", "other"),
    [
        ({"decision": "approve", "remember": "never"}, "paused", "paused"),
        ({"decision": "approve", "remember": "exact"}, "completed", "paused"),
        ({"decision": "approve", "remember": "session"}, "paused", "paused"),
        ({"decision": "approve", "remember": "always"}, "completed", "completed"),
    ],
)
def test_a_person_may_let_it_reach_less_far(store: Any, answer: Any, same: str, other: str) -> None:
    sender = Sender(store)
    assert sender.answered(answer).success
    assert sender.workflow("anna").run().status == same
    assert sender.workflow("ben").run().status == other


def test_it_ends_by_itself_and_a_shorter_time_that_is_written_later_counts(store: Any) -> None:
    sender = Sender(store, remember_for="30d")
    sender.answered("approve")
    [approval] = sender.manager.remembered_approvals()
    assert approval.until is not None
    assert abs(approval.until - time.time() - 30 * 86_400) < 600
    assert not approval.holds(approval.until)
    assert sender.workflow().run().status == "completed"
    sender.rule["remember_for"] = 1e-6
    assert sender.workflow().run().status == "paused"


def test_it_is_of_this_tool_of_this_agent_of_this_workflow_and_of_a_rule_that_remembers(store: Any) -> None:
    sender = Sender(store)
    sender.answered("approve")
    assert sender.workflow(fast=True).run().status == "paused"
    assert sender.workflow(name="another").run().status == "paused"
    assert sender.workflow().run().status == "completed"
    sender.rule["remember"] = "session"
    assert sender.workflow().run().status == "paused"


def test_it_does_not_count_where_somebody_else_has_to_be_asked_by_now(store: Any) -> None:
    sender = Sender(store)
    sender.answered("approve")
    assert sender.workflow().run().status == "completed"
    sender.rule["ask"] = {"roles": ["finance"]}
    assert sender.workflow().run().status == "paused"


def test_a_rejection_is_not_overruled_by_an_older_always(store: Any) -> None:
    sender = Sender(store)
    waiting = sender.workflow("ben").run()
    sender.answered("approve")
    [question] = waiting.questions
    refused = sender.workflow("ben").resume(str(waiting.session_id), answers={question.id: "reject: no"})
    assert refused.success
    assert sender.ran == ["anna"]
    [approval] = sender.manager.remembered_approvals()
    assert approval.ended == "rejected"
    assert sender.workflow("carl").run().status == "paused"


def test_nobody_who_did_not_answer_in_time_has_approved_for_always(store: Any) -> None:
    sender = Sender(store, timeout_seconds=0.05, default="approve")
    paused = sender.workflow().run()
    while sender.manager.get_session(str(paused.session_id)).status == "paused":
        time.sleep(0.01)
    assert sender.workflow().resume(str(paused.session_id)).success
    assert sender.manager.remembered_approvals() == []


def test_a_rehearsal_relies_on_nothing_and_keeps_nothing(store: Any) -> None:
    sender = Sender(store)
    sender.answered("approve")
    sender.workflow(offline=True).run()
    assert len(sender.manager.remembered_approvals()) == 1
    assert sender.ran == ["anna"]


def test_the_list_has_no_session_of_it(store: Any) -> None:
    sender = Sender(store)
    sender.answered("approve")
    assert len(sender.manager.list_sessions()) == 1


@pytest.fixture
def strands(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [*STRANDS, "--store", str(tmp_path / "files"), *arguments]
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)

    return run


@pytest.mark.parametrize("store", ["files"], indirect=True)
def test_the_command_lists_and_revokes(store: Any, strands: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    sender = Sender(store)
    sender.workflow().run()
    assert "No approval is remembered." in strands("approvals", "list").stderr
    sender.answered("approve")
    [told] = json.loads(strands("approvals", "list", "--json").stdout)
    assert (told["tool"], told["scope"], told["state"]) == ("send", "always", "active")
    [line] = [each for each in strands("approvals", "list").stdout.splitlines() if told["id"] in each]
    assert "no end" in line
    assert "active" in line
    assert strands("approvals", "revoke", told["id"]).returncode == 0
    assert json.loads(strands("approvals", "list", "--json").stdout) == []
    [ended] = json.loads(strands("approvals", "list", "--all", "--json").stdout)
    assert ended["state"] == "revoked"
    again = strands("approvals", "revoke", told["id"])
    assert again.returncode == 19 or "revoked already" in again.stderr
    assert "Traceback" not in again.stderr


DECIDING = """
import asyncio, sys
from strands_cli.session.remembered import Decision, RememberedApprovals
from strands_cli.session.repository import store_at

store, name = store_at(sys.argv[1]), sys.argv[2]
print("ready", flush=True)
sys.stdin.readline()
told = dict(workflow="w", agent="a", tool="t", basis="b", digest="", by=name, principal={}, at=1.0, until=None)
decisions = [Decision(approves=True, session=f"{name}{n}", question="q", **told) for n in range(10)]
decisions.append(Decision(approves=True, session="same", question="q", **told))
for each in decisions:
    asyncio.run(RememberedApprovals(store).keep([each]))
"""


@pytest.mark.parametrize("kind", ["files", "sqlite", pytest.param("postgres", marks=needs_postgres)])
def test_of_processes_that_decide_at_the_same_time_all_count_once(kind: str, tmp_path: Path) -> None:
    places = {"files": str(tmp_path / "files"), "sqlite": f"sqlite:///{tmp_path}/runs.db"}
    url = places[kind] if kind != "postgres" else fresh_url()
    deciding = [
        subprocess.Popen([sys.executable, "-c", DECIDING, url, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        for name in "xyz"
    ]
    for each in deciding:
        assert each.stdout is not None
        assert each.stdout.readline() == b"ready\n"
    for each in deciding:
        each.communicate(b"go\n", timeout=60)
    assert [each.returncode for each in deciding] == [0, 0, 0]
    found = SessionManager(store=url).remembered_approvals()
    assert len(found) == len({each.id for each in found}) == 31
    close_all()


def step_of(to: str) -> dict[str, Any]:
    return {"tool": "send", "args": {"to": to}}


EVERYWHERE = {
    "agent": lambda rule: solo(1, {"approvals": [rule]}),
    "file": lambda rule: solo(1, approvals=[rule]),
    "step": lambda rule: _stepped({**step_of("anna"), "approvals": [rule]}),
    "file and step": lambda rule: {**_stepped(step_of("anna")), "approvals": [rule]},
    "step of a list": lambda rule: _stepped(
        {"for_each": ["anna"], "steps": [{**step_of("anna"), "approvals": [rule]}]}
    ),
}


def _stepped(*steps: Any) -> dict[str, Any]:
    found = solo(1)
    found["pattern"]["config"]["steps"] = list(steps)
    return found


@pytest.mark.parametrize("place", EVERYWHERE)
def test_it_is_kept_wherever_its_rule_stands(place: str, store: Any) -> None:
    ran: list[str] = []

    def workflow() -> Workflow:
        def play(messages: Any) -> Any:
            return "done" if "toolResult" in messages[-1]["content"][0] else ToolCall("send", {"to": "anna"}, "t1")

        spec = EVERYWHERE[place]({"tools": ["send"], "remember": "always"})
        return Workflow.from_dict(spec, model=ScriptedModel(play), tools=[sending(ran)], repository=store)

    paused = workflow().run()
    assert workflow().resume(str(paused.session_id), answers={paused.questions[0].id: "approve"}).success
    assert workflow().run().success
    assert ran == ["anna", "anna"]


class Revoking:
    """A tool that revokes what is remembered, in the middle of a run that relies on it."""

    def __init__(self, store: Any) -> None:
        self.store = store
        self.ran: list[str] = []
        self.revokes_at = ""
        self.at_revocation = 0
        self.manager = SessionManager(repository=store)

    def tool(self) -> Any:
        @tool
        async def send(to: str) -> str:
            """Send."""
            self.ran.append(to)
            if to == self.revokes_at:
                for approval in await self.manager.remembered_approvals_async():
                    if not approval.ended:
                        await self.manager.revoke_approval_async(approval.id)
                self.at_revocation = len(self.ran)
            return "sent"

        return send

    def workflow(self, *steps: Any) -> Workflow:
        spec = {**_stepped(*steps), "approvals": [{"tools": ["send"], "remember": "always"}]}
        return Workflow.from_dict(spec, model=ScriptedModel(["x"]), tools=[self.tool()], repository=self.store)

    def approved(self, *steps: Any) -> RunResult:
        paused = self.workflow(*steps).run()
        return self.workflow(*steps).resume(str(paused.session_id), answers={paused.questions[0].id: "approve"})


@everywhere
def test_what_is_revoked_holds_for_the_next_call_of_a_run_that_does_much_at_once(store: Any) -> None:
    play = Revoking(store)
    play.approved(step_of("x"))
    play.revokes_at = "item 1"
    items = [f"item {number}" for number in range(60)]
    result = play.workflow({"for_each": items, "max_parallel": 4, "steps": [step_of("{{ item }}")]}).run()
    assert result.status == "paused"
    assert len(play.ran) + len(result.questions) == 1 + len(items)
    assert len(play.ran) < play.at_revocation + 4, "only what had been let through runs"


def test_what_is_revoked_holds_no_more_in_the_session_that_gave_it_and_in_its_forks(store: Any) -> None:
    play = Revoking(store)
    steps = [step_of(f"s{number}") for number in range(3)]
    play.revokes_at = "s1"
    result = play.approved(*steps)
    assert (result.status, play.ran) == ("paused", ["s0", "s1"])
    forked = play.manager.get_session(str(result.session_id)).fork("steps/2")
    assert play.workflow(*steps).resume(forked.id).status == "paused"
    assert [each.ended for each in play.manager.remembered_approvals()] == ["revoked"]
    assert play.workflow(*steps).run().status == "paused"
