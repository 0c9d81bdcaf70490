"""workflow: tasks that start as soon as the tasks they depend on are done."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from strands.models.scripted import ScriptedModel
from strands_cli.api import Workflow
from strands_cli.errors import ExecutionError
from strands_cli.session.memory import MemorySessionRepository
from support.cast import Cast, hitl, spec
from support.driving import Echo, driven, session
from support.driving import spec as plain


def tasks(*listed: dict[str, Any], **more: Any) -> dict[str, Any]:
    return spec("workflow", {"tasks": list(listed)}, **more)


def task(id: str, input: str = "", deps: Any = (), agent: str = "a") -> dict[str, Any]:
    return {"id": id, "agent": agent, "input": input or id, "deps": list(deps)}


def echo(prompt: str) -> str:
    return f"<{prompt}>"


DIAMOND = tasks(
    task("top", "{{ topic }}"),
    task("left", "{{ tasks.top.response }} left", ["top"]),
    task("right", "{{ tasks.top.response }} right", ["top"], "b"),
    task("bottom", "{{ tasks.left.response }} {{ tasks.right.response }}", ["left", "right"]),
)


def test_each_task_sees_what_it_depends_on() -> None:
    result = Cast(DIAMOND, {"a": echo, "b": echo}).run(topic="x")
    assert result.last_response == "<<<x> left> <<x> right>>"
    found = result.execution_context["tasks"]
    assert list(found) == ["top", "left", "right", "bottom"]
    assert found["right"]["response"] == "<<x> right>"
    assert (found["right"]["agent"], found["right"]["status"]) == ("b", "completed")
    assert found["right"]["tokens"] > 0
    assert result.agent_id == "a"


def test_a_task_starts_as_soon_as_its_own_deps_are_done() -> None:
    """`after` waits only for `quick`, not for the whole layer with `slow`."""
    config = plain(
        "workflow", {"tasks": [task("quick"), task("slow"), task("after", deps=["quick"]), task("end", deps=["slow"])]}
    )
    perform = Echo({"tasks/slow": 0.05})

    async def main() -> None:
        await driven(await session(), config, perform)

    asyncio.run(main())
    assert perform.calls == ["tasks/quick", "tasks/slow", "tasks/after", "tasks/end"]


def test_tasks_run_at_once_within_max_parallel() -> None:
    running: list[int] = []
    most = 0

    async def reply(messages: list[Any]) -> str:
        nonlocal most
        running.append(1)
        most = max(most, len(running))
        await asyncio.sleep(0.005)
        running.pop()
        return "x"

    for limit in (2, None):
        most = 0
        data = tasks(
            *(task(f"t{number}") for number in range(6)), runtime={"provider": "scripted", "max_parallel": limit}
        )
        workflow = Workflow.from_dict(data, model=ScriptedModel(reply), repository=MemorySessionRepository())
        assert asyncio.run(workflow.run_async()).success
        assert most == (limit or 6)


def test_the_final_response_is_the_last_listed_task_that_nothing_depends_on() -> None:
    result = Cast(tasks(task("last", deps=["first"]), task("first")), {"a": echo}).run()
    assert result.last_response == "<last>"
    result = Cast(tasks(task("one"), task("two"), task("middle", deps=["one"])), {"a": echo}).run()
    assert result.last_response == "<middle>"


def test_a_person_may_stand_between_tasks() -> None:
    data = tasks(
        task("research"),
        {"id": "review", "deps": ["research"], **hitl("Good?", context_display="{{ tasks.research.response }}")},
        task("report", "{{ tasks.review.response }} {{ hitl_response }} {{ tasks.research.response }}", ["review"]),
    )
    cast = Cast(data, {"a": echo})
    paused = cast.run()
    assert [(question.id, question.context) for question in paused.questions] == [("tasks/review", "<research>")]
    result = cast.resume(paused, "fine")
    assert result.last_response == "<fine fine <research>>"
    assert cast.prompts("a") == ["research", "fine fine <research>"]


def test_the_others_go_on_while_a_question_is_open() -> None:
    data = tasks(
        {"id": "ask", **hitl("Go?")},
        {"id": "ask2", **hitl("Go too?")},
        task("free"),
        task("then", deps=["free"]),
        task("end", "{{ tasks.ask.response }}{{ tasks.ask2.response }}", ["ask", "ask2", "then"]),
    )
    cast = Cast(data, {"a": echo})
    paused = cast.run()
    assert [question.id for question in paused.questions] == ["tasks/ask", "tasks/ask2"]
    assert cast.prompts("a") == ["free", "then"]
    again = cast.resume(paused, **{"tasks/ask2": "2"})
    assert [question.id for question in again.questions] == ["tasks/ask"]
    assert cast.resume(again, "1").last_response == "<12>"
    assert len(cast.prompts("a")) == 3


def test_a_run_that_ends_with_a_person_does_not_look_paused() -> None:
    cast = Cast(tasks(task("research"), {"id": "verdict", "deps": ["research"], **hitl()}), {"a": echo})
    result = cast.resume(cast.run(), "fine")
    assert (result.status, result.agent_id, result.last_response) == ("completed", "a", "fine")


def test_a_task_sees_only_what_comes_before_it() -> None:
    """What else is done by then differs from run to run, and so would the prompt of a resumed task."""
    data = tasks(
        task("aside"),
        task("first"),
        {"id": "ask", **hitl()},
        task("second", "{{ tasks | list | join(' ') }} | {{ last_response }} | {{ hitl_response }}", ["first", "ask"]),
    )
    cast = Cast(data, {"a": echo})
    assert cast.resume(cast.run(), "yes").success
    assert cast.prompts("a")[-1] == "first ask | yes | yes"


def test_when_a_task_fails_the_others_come_to_rest_and_are_kept() -> None:
    broken = True

    def part(prompt: str) -> str:
        if prompt == "bad" and broken:
            raise ValueError("no luck")
        return echo(prompt)

    data = tasks(task("bad"), task("good"), task("better", deps=["good"]), task("end", deps=["bad", "better"]))
    cast = Cast(data, {"a": part})
    with pytest.raises(ExecutionError) as failed:
        cast.run()
    assert sorted(cast.prompts("a")) == ["bad", "better", "good"]
    broken = False
    assert failed.value.session_id is not None
    result = asyncio.run(cast.workflow.resume_async(failed.value.session_id))
    assert result.success
    assert sorted(cast.prompts("a")) == ["bad", "bad", "better", "end", "good"]


def test_the_same_agent_keeps_conversations_of_concurrent_tasks_apart() -> None:
    cast = Cast(DIAMOND, {"a": echo, "b": echo})
    cast.run(topic="x")
    assert all(len(messages) == 1 for messages in cast.requests)


def test_a_thousand_tasks_in_a_row() -> None:
    listed = [task(f"t{n}", deps=[f"t{n - 1}"] if n else []) for n in range(1000)]
    config = plain("workflow", {"tasks": listed})
    perform = Echo()

    async def main() -> str:
        rest = await driven(await session(), config, perform)
        assert rest.outcome is not None
        return rest.outcome.response

    began = time.perf_counter()
    assert asyncio.run(main()) == "<t999>"
    assert len(perform.calls) == 1000
    assert time.perf_counter() - began < 30
