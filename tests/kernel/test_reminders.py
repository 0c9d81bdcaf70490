"""Reminders, escalations and deadlines as a spec writes them: by a live run, by the next, and between the two."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from strands import SessionManager, Workflow, tool
from strands.models.scripted import ScriptedModel, ToolCall
from strands_cli.errors import ExecutionError
from strands_cli.kernel.state import State
from strands_cli.session import timers
from strands_cli.session.memory import MemorySessionRepository
from strands_cli.types import HITLState
from support.driving import Echo, VirtualClock, driven, session, spec


def gate(**hitl: Any) -> dict[str, Any]:
    steps = [{"type": "hitl", "prompt": "Go on?", **hitl}, {"agent": "a", "input": "done"}]
    return spec("chain", {"steps": steps})


TIMED = {"remind": ["1m", 120], "escalate": [{"after": "90s", "roles": "cfo", "notify": "slack:#cfo"}]}


async def kinds(journal: Any) -> list[str]:
    return [entry.kind for entry in await journal.load() if entry.kind not in ("opened", "leased", "started", "done")]


def test_a_question_is_recorded_with_the_times_at_which_something_is_due() -> None:
    async def main() -> None:
        journal, clock = await session(), VirtualClock()
        await driven(journal, gate(**TIMED), Echo(), clock=clock)
        [asked] = State(await journal.load()).open_questions()
        assert [(each["at"] - clock.time, each["do"]) for each in asked.data["timers"]] == [
            (60, "remind"),
            (90, "escalate"),
            (120, "remind"),
        ]
        assert asked.data["timers"][1]["ask"] == {"roles": ["cfo"]}
        assert asked.data["timers"][1]["notify"] == ["slack:#cfo"]

    asyncio.run(main())


def test_a_live_run_reminds_and_does_not_disturb_who_is_about_to_answer() -> None:
    async def main() -> None:
        journal, clock, asked, heard = await session(), VirtualClock(), 0, asyncio.Queue[str]()

        async def handler(state: HITLState) -> str:
            nonlocal asked
            asked += 1
            for then, kind in ((60, "reminded"), (90, "escalated"), (120, "reminded")):
                clock.time = begun + then
                assert await asyncio.wait_for(heard.get(), 10) == kind
            return "yes"

        def publish(entry: Any, state: State) -> None:
            if entry.kind in ("reminded", "escalated"):
                heard.put_nowait(entry.kind)

        begun = clock.time
        rest = await driven(journal, gate(**TIMED), Echo(), clock=clock, handler=handler, publish=publish)
        assert rest.status == "completed"
        assert asked == 1
        assert await kinds(journal) == ["asked", "reminded", "escalated", "reminded", "answered", "closed"]

    asyncio.run(main())


def test_who_goes_on_with_a_session_records_what_is_due_of_it() -> None:
    async def main() -> None:
        journal, clock = await session(), VirtualClock()
        await driven(journal, gate(**TIMED), Echo(), clock=clock)
        clock.time += 100
        for _ in range(2):
            assert (await driven(journal, gate(**TIMED), Echo(), clock=clock)).status == "paused"
        assert await kinds(journal) == ["asked", "paused", "reminded", "escalated", "paused", "paused"]

    asyncio.run(main())


@pytest.mark.parametrize(
    ("hitl", "status", "value"),
    [
        ({"default": "x"}, "completed", "x"),
        ({"default": "x", "on_timeout": "default"}, "completed", "x"),
        ({"default": "x", "on_timeout": "fail"}, "failed", None),
        ({"choices": ["yes", "No"], "default": "yes", "on_timeout": "deny"}, "completed", "No"),
        ({}, "failed", None),
    ],
)
def test_what_counts_at_the_deadline(hitl: dict[str, Any], status: str, value: str | None) -> None:
    async def main() -> None:
        journal, clock = await session(), VirtualClock()
        config = gate(timeout_seconds=60, **hitl)
        await driven(journal, config, Echo(), clock=clock)
        clock.time += 60
        rest = await driven(journal, config, Echo(), clock=clock)
        assert rest.status == status
        answered = rest.state.answered.get("steps/0")
        assert (answered.data["value"] if answered is not None else None) == value

    asyncio.run(main())


class Wiping:
    """An agent that wants to wipe, and whether it could."""

    def __init__(self, **rule: Any) -> None:
        self.ran: list[str] = []
        self.told: list[str] = []
        ran = self.ran

        @tool
        def wipe(path: str) -> str:
            """Wipe."""
            ran.append(path)
            return "wiped"

        def play(messages: Any) -> Any:
            block = messages[-1]["content"][0]
            if "toolResult" not in block:
                return ToolCall("wipe", {"path": "/"})
            self.told.append(block["toolResult"]["content"][0]["text"])
            return "done"

        agents = {"a": {"prompt": "p", "approvals": [{"tools": ["wipe"], "timeout_seconds": 60, **rule}]}}
        config = spec("chain", {"steps": [{"agent": "a", "input": "x"}]}, agents=agents)
        self.store = MemorySessionRepository()
        self.workflow = Workflow.from_dict(config, repository=self.store, tools=[wipe], model=ScriptedModel(play))

    def after_the_deadline(self) -> Any:
        """Run until it waits, and record what is due of it later."""
        paused = self.workflow.run()
        assert paused.status == "paused"

        async def later() -> None:
            journal = await self.store.open(str(paused.session_id))
            [asked] = State(await journal.load()).open_questions()
            assert await timers.fire(journal, now=asked.data["deadline"])

        asyncio.run(later())
        return paused.session_id


def test_an_approval_that_is_denied_at_the_deadline_is_denied_whatever_its_default() -> None:
    wiping = Wiping(default="approve", on_timeout="deny")
    result = wiping.workflow.resume(wiping.after_the_deadline())
    assert result.success
    assert wiping.ran == []
    assert "Nobody answered in time" in wiping.told[0]


def test_an_approval_that_fails_at_the_deadline_fails_its_run_each_time() -> None:
    wiping = Wiping(default="approve", on_timeout="fail")
    session_id = wiping.after_the_deadline()
    for _ in range(2):
        with pytest.raises(ExecutionError, match="nobody answered"):
            wiping.workflow.resume(session_id)
    assert wiping.ran == []
    assert wiping.told == []


def test_an_approval_and_a_budget_are_reminded_of_as_a_step_is() -> None:
    wiping = Wiping(**{**TIMED, "timeout_seconds": 3600})
    paused = wiping.workflow.run()

    async def later() -> list[Any]:
        journal = await wiping.store.open(str(paused.session_id))
        [asked] = State(await journal.load()).open_questions()
        return await timers.fire(journal, now=asked.at + 100)

    assert [entry.kind for entry in asyncio.run(later())] == ["reminded", "escalated"]

    async def budget() -> None:
        budgets = {"max_steps": 1, "on_exceed": "ask", "timeout_seconds": 300, "on_timeout": "deny", **TIMED}
        config = spec("chain", {"steps": [{"agent": "a", "input": "1"}, {"agent": "b", "input": "2"}]})
        config["runtime"]["budgets"] = budgets
        store = MemorySessionRepository()
        workflow = Workflow.from_dict(config, repository=store, model=ScriptedModel(["one", "two"]))
        paused = workflow.run()
        journal = await store.open(str(paused.session_id))
        [asked] = State(await journal.load()).open_questions()
        assert [entry.kind for entry in await timers.fire(journal, now=asked.at + 100)] == ["reminded", "escalated"]
        [closing] = await timers.fire(journal, now=asked.at + 301)
        assert closing.data["value"] == "stop"

    asyncio.run(budget())


def test_a_fork_begins_its_times_anew(tmp_path: Path) -> None:
    config = gate(**TIMED)
    workflow = Workflow.from_dict(config, store=tmp_path, model=ScriptedModel(["x"]))
    paused = workflow.run()
    manager = SessionManager(tmp_path)

    async def forked() -> None:
        store = manager._options.store()
        journal = await store.open(str(paused.session_id))
        [asked] = State(await journal.load()).open_questions()
        await timers.fire(journal, now=asked.at + 100)
        copy = await (await manager.get_session_async(str(paused.session_id))).fork_async("steps/0")
        entries = await (await store.open(copy.id)).load()
        [again] = State(entries).open_questions()
        assert not any(entry.kind in ("reminded", "escalated") for entry in entries)
        assert [each["at"] >= again.at + each["after"] - 1 for each in again.data["timers"]] == [True] * 3

    asyncio.run(forked())
