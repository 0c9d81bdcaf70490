"""A call that is cut off inside one process: cancelled, or ended by an error. Going on repeats nothing."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from strands import Agent, tool
from strands.hooks import BeforeToolCallEvent
from strands.models.scripted import ScriptedModel, ToolCall
from strands.session import Disk, FileSessionManager


def make(storage: Path | None, effects: list[str], hang: asyncio.Event | None, *replies: Any) -> Agent:
    @tool
    def note(text: str) -> str:
        """Note."""
        effects.append("note")
        return "noted"

    @tool
    async def pay(amount: int) -> str:
        """Pay."""
        effects.append("pay")
        if hang is not None:
            hang.set()
            await asyncio.sleep(60)
        return "paid"

    def gate(event: BeforeToolCallEvent) -> None:
        event.interrupt("ok")

    manager = FileSessionManager("s", storage) if storage is not None else None
    return Agent(
        model=ScriptedModel(list(replies)),
        tools=[note, pay],
        hooks=[gate],
        session_manager=manager,
        callback_handler=None,
    )


@pytest.mark.parametrize(
    ("kept", "again"), [("in memory", "same agent"), ("in a session", "same agent"), ("in a session", "new agent")]
)
def test_a_cancelled_call_is_gone_on_with(tmp_path: Path, kept: str, again: str) -> None:
    storage = tmp_path if kept == "in a session" else None
    effects: list[str] = []

    async def main() -> Any:
        hang = asyncio.Event()
        calls = [ToolCall("note", {"text": "x"}, id="t1"), ToolCall("pay", {"amount": 1}, id="t2")]
        agent = make(storage, effects, hang, calls, "done")
        result = await agent.invoke_async("go")
        answers = [{"interruptResponse": {"interruptId": i.id, "response": "y"}} for i in result.interrupts or ()]
        call = asyncio.ensure_future(agent.invoke_async(answers))
        await hang.wait()
        await asyncio.sleep(0.05)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        if again == "new agent":
            agent = make(storage, effects, None, "done")
        doubtful = await agent.invoke_async(None)
        (doubt,) = doubtful.interrupts or ()
        assert doubt.name == "ambiguous_tool_call"
        paid = {"interruptId": doubt.id, "response": {"result": "paid"}}
        return await agent.invoke_async([{"interruptResponse": paid}])

    assert asyncio.run(main()).stop_reason == "end_turn"
    assert sorted(effects) == ["note", "pay"]


def test_a_question_that_is_asked_again_has_its_second_answer_on_record_too(tmp_path: Path) -> None:
    async def main() -> None:
        hang = asyncio.Event()
        agent = make(tmp_path, [], hang, [ToolCall("pay", {"amount": 1}, id="t1")], "done")
        result = await agent.invoke_async("go")
        for response in ("y", "run again", "run again"):
            open_ones = result.interrupts or ()
            answers = [{"interruptResponse": {"interruptId": i.id, "response": response}} for i in open_ones]
            call = asyncio.ensure_future(agent.invoke_async(answers))
            hang.clear()
            await hang.wait()
            call.cancel()
            await asyncio.wait([call])
            result = await agent.invoke_async(None)

    asyncio.run(main())
    (journal,) = tmp_path.rglob("journal.jsonl")
    kinds = [json.loads(line)["kind"] for line in journal.read_bytes().splitlines()]
    assert kinds.count("answered") == kinds.count("started") == 3


def test_a_call_that_is_cancelled_while_it_takes_the_lease_leaves_none(tmp_path: Path) -> None:
    class Slow(Disk):
        def lock(self, file: int, path: str | Path, *, shared: bool = False) -> Any:
            time.sleep(0.05)
            return super().lock(file, path, shared=shared)

    async def main() -> None:
        for wait in (0.0, 0.05, 0.12):
            manager = FileSessionManager("s", tmp_path, disk=Slow())
            agent = Agent(model=ScriptedModel(["late"]), session_manager=manager, callback_handler=None)
            call = asyncio.ensure_future(agent.invoke_async("go"))
            await asyncio.sleep(wait)
            call.cancel()
            await asyncio.wait([call])
            await asyncio.sleep(0.2)
            assert (await make(tmp_path, [], None, "done").invoke_async("next")).stop_reason == "end_turn"

    asyncio.run(main())
