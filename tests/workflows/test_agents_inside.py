"""Agents inside a workflow: their interrupts pause it, their finished tools never run twice."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from strands import Workflow, tool
from strands.hooks import AgentInitializedEvent, BeforeToolCallEvent, HookProvider, HookRegistry
from strands.models.scripted import ScriptedModel, ToolCall
from strands.types.tools import ToolContext
from strands_cli.session.memory import MemorySessionRepository
from support.crash import Death, Story, When

ONE_STEP: dict[str, Any] = {
    "version": 0,
    "name": "janitor",
    "runtime": {"provider": "scripted"},
    "agents": {"janitor": {"prompt": "You keep the disk clean."}},
    "pattern": {
        "type": "chain",
        "config": {"steps": [{"agent": "janitor", "input": "Clean up."}, {"agent": "janitor", "input": "Report."}]},
    },
}


class Gate(HookProvider):
    """Asks before `delete_files`, and takes only "y" for yes."""

    def register_hooks(self, registry: HookRegistry, **kwargs: Any) -> None:
        registry.add_callback(BeforeToolCallEvent, self.approve)

    def approve(self, event: BeforeToolCallEvent) -> None:
        if event.tool_use["name"] == "delete_files":
            answer = event.interrupt("approval", reason={"paths": event.tool_use["input"]["paths"]})
            if answer != "y":
                event.cancel_tool = "denied"


class Disk:
    """Tools with a ledger of what they did."""

    def __init__(self) -> None:
        self.log: list[Any] = []

    def tools(self) -> list[Any]:
        log = self.log

        @tool
        def delete_files(paths: list[str]) -> str:
            """Delete files.

            Args:
                paths: Which.
            """
            log.append(("delete", *paths))
            return f"deleted {len(paths)}"

        @tool
        def inspect(path: str) -> str:
            """Look at a file.

            Args:
                path: Which.
            """
            log.append(("inspect", path))
            return "1 KB"

        @tool(context=True)
        def careful(paths: list[str], tool_context: ToolContext) -> str:
            """Delete files, asking first.

            Args:
                paths: Which.
            """
            first = tool_context.interrupt("sure", reason={"paths": paths})
            second = tool_context.interrupt("really", reason="Really?")
            log.append(("careful", first, second))
            return f"{first}/{second}"

        @tool(idempotent=True, context=True)
        def pay(amount: int, tool_context: ToolContext) -> str:
            """Pay.

            Args:
                amount: How much.
            """
            log.append(("pay", amount, tool_context.idempotency_key))
            return "paid"

        return [delete_files, inspect, careful, pay]


def janitor(disk: Disk, first: list[ToolCall], repository: Any) -> Workflow:
    """A new process's view of the workflow: its model asks for `first` once, then reports results."""

    def reply(messages: list[Any]) -> Any:
        last = messages[-1]["content"]
        results = [block["toolResult"]["content"][0]["text"] for block in last if "toolResult" in block]
        if results:
            return "done: " + ", ".join(results)
        return first if last[0]["text"] == "Clean up." else "report"

    return Workflow.from_dict(
        ONE_STEP, model=ScriptedModel(reply), tools=disk.tools(), hooks=[Gate()], repository=repository
    )


DELETE = [ToolCall("inspect", {"path": "a"}), ToolCall("delete_files", {"paths": ["a", "b"]})]


@pytest.mark.parametrize(("answer", "deleted"), [("y", True), ("n", False)])
def test_a_hooks_interrupt_pauses_the_workflow_and_the_answer_decides_in_a_new_process(
    answer: str, deleted: bool
) -> None:
    repository, disk = MemorySessionRepository(), Disk()
    result = janitor(disk, DELETE, repository).run()
    assert (result.agent_id, result.exit_code, result.status) == ("hitl", 19, "paused")
    (question,) = result.questions
    assert question.kind == "interrupt" and question.id.startswith("steps/0/interrupts/")
    assert question.context is not None and '"paths"' in question.context
    assert disk.log == [("inspect", "a")], "the sibling finished, the gated tool did not run"

    assert result.session_id is not None
    result = janitor(disk, DELETE, repository).resume(result.session_id, answer)
    assert result.success
    assert Counter(disk.log) == Counter([("inspect", "a"), ("delete", "a", "b")] if deleted else [("inspect", "a")])
    first = result.execution_context["steps"][0]["response"]
    assert first == ("done: 1 KB, deleted 2" if deleted else "done: 1 KB, denied")


def test_a_tools_interrupts_resume_inside_the_same_call_one_after_the_other() -> None:
    repository, disk = MemorySessionRepository(), Disk()
    calls = [ToolCall("careful", {"paths": ["a"]})]
    result = janitor(disk, calls, repository).run()
    assert result.session_id is not None
    result = janitor(disk, calls, repository).resume(result.session_id, "one")
    assert [question.prompt for question in result.questions] == ["Really?"]
    assert result.session_id is not None
    result = janitor(disk, calls, repository).resume(result.session_id, "two")
    assert result.success and disk.log == [("careful", "one", "two")]


def test_a_handler_answers_interrupts_like_any_question() -> None:
    disk = Disk()
    result = janitor(disk, DELETE, MemorySessionRepository()).run_interactive(hitl_handler=lambda state: "y")
    assert result.success and ("delete", "a", "b") in disk.log


def test_an_agent_keeps_its_conversation_from_step_to_step_also_after_a_resume() -> None:
    seen: list[list[str]] = []

    def workflow(repository: Any) -> Workflow:
        def reply(messages: list[Any]) -> str:
            seen.append([block["text"] for message in messages for block in message["content"]])
            return f"reply {len(seen)}"

        steps = [
            {"agent": "janitor", "input": "one"},
            {"type": "hitl", "prompt": "?"},
            {"agent": "janitor", "input": "two"},
        ]
        spec = {**ONE_STEP, "pattern": {"type": "chain", "config": {"steps": steps}}}
        return Workflow.from_dict(spec, model=ScriptedModel(reply), repository=repository)

    repository = MemorySessionRepository()
    paused = workflow(repository).run()
    assert paused.session_id is not None
    workflow(repository).resume(paused.session_id, "ok")
    assert seen == [["one"], ["one", "reply 1", "two"]]


def test_a_chain_of_ten_steps_builds_its_agent_once() -> None:
    built: list[str] = []

    class Count(HookProvider):
        def register_hooks(self, registry: HookRegistry, **kwargs: Any) -> None:
            registry.add_callback(AgentInitializedEvent, lambda event: built.append(event.agent.agent_id))

    steps = [{"agent": "janitor", "input": str(number)} for number in range(10)]
    spec = {**ONE_STEP, "pattern": {"type": "chain", "config": {"steps": steps}}}
    model = ScriptedModel(lambda messages: "ok")
    result = Workflow.from_dict(spec, model=model, hooks=[Count()], repository=MemorySessionRepository()).run()
    assert result.success and built == ["janitor"]


# -- a death at any write ---------------------------------------------------------------------------------------------

SEQUENCE = [
    [ToolCall("inspect", {"path": "a"}), ToolCall("inspect", {"path": "b"})],
    [ToolCall("delete_files", {"paths": ["a"]})],
    [ToolCall("pay", {"amount": 5})],
]


def tool_story(disk: Disk, answer: str) -> Story:
    def model(calls: list[str]) -> ScriptedModel:
        def reply(messages: list[Any]) -> Any:
            asked = sum("toolUse" in block for message in messages for block in message["content"][:1])
            calls.append(f"{messages[-1]['content'][0].get('text', '')}{asked}")
            if asked < len(SEQUENCE):
                return SEQUENCE[asked]
            return "all done"

        return ScriptedModel(reply)

    return Story(ONE_STEP, model, doubt_answer=answer, tools=disk.tools())


@pytest.mark.parametrize("when", ["before", "after"])
def test_case_5_a_death_in_a_tool_loop_repeats_no_finished_tool_and_asks_about_a_doubtful_one(when: When) -> None:
    whole, disk = Death(), Disk()
    assert asyncio.run(tool_story(disk, "skip").play(MemorySessionRepository(), whole)).success
    expected = Counter(entry[:2] for entry in disk.log)
    doubts = 0
    for at in range(1, whole.writes + 1):
        disk, repository = Disk(), MemorySessionRepository()
        story = tool_story(disk, "skip")
        result = asyncio.run(story.play(repository, Death(at, when)))
        assert result.success, f"death {when} write {at}"
        done = Counter(entry[:2] for entry in disk.log)
        keys = {entry[2] for entry in disk.log if entry[0] == "pay"}
        assert len(keys) == 1, "every try of a payment carries the same idempotency key"
        for what, times in done.items():
            assert times <= expected[what] or what[0] == "pay", f"death {when} write {at}: {what} ran {times} times"
        doubts += sum("ambiguous" in key for key in asyncio.run(questions(repository)))
    assert doubts > 0, "some deaths leave a tool in doubt, and a person is asked"


async def questions(repository: MemorySessionRepository) -> list[str]:
    (session,) = await repository.ids()
    return [
        str(entry.data.get("type", ""))
        for entry in await (await repository.open(session)).load()
        if entry.kind == "asked"
    ]


def test_a_doubtful_tool_may_be_run_again_if_a_person_says_so() -> None:
    disk = Disk()
    whole = Death()
    asyncio.run(tool_story(disk, "run again").play(MemorySessionRepository(), whole))
    ran = []
    for at in range(1, whole.writes + 1):
        disk = Disk()
        asyncio.run(tool_story(disk, "run again").play(MemorySessionRepository(), Death(at, "after")))
        ran.append(sum(entry[0] == "delete" for entry in disk.log))
    assert set(ran) <= {1, 2} and 1 in ran


@pytest.mark.parametrize("when", ["before", "after"])
def test_an_approval_survives_a_death_at_any_write_and_the_tool_runs_once(when: When) -> None:
    def story(disk: Disk) -> Story:
        def model(calls: list[str]) -> ScriptedModel:
            def reply(messages: list[Any]) -> Any:
                calls.append("")
                last = messages[-1]["content"][0]
                if "toolResult" in last:
                    return "done"
                return [ToolCall("careful", {"paths": ["a"]})] if last["text"] == "Clean up." else "report"

            return ScriptedModel(reply)

        return Story(ONE_STEP, model, default_answer="yes", tools=disk.tools())

    whole = Death()
    asyncio.run(story(Disk()).play(MemorySessionRepository(), whole))
    for at in range(1, whole.writes + 1):
        disk = Disk()
        assert asyncio.run(story(disk).play(MemorySessionRepository(), Death(at, when))).success
        assert disk.log in ([("careful", "yes", "yes")], []), f"death {when} write {at}: {disk.log}"
