"""Hooks may ask at every moment of an agent's work; it stops there, in any store, and goes on from there."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from strands import Agent, AgentResult, tool
from strands.hooks import (
    AfterInvocationEvent,
    AfterModelCallEvent,
    AfterToolCallEvent,
    AfterToolsEvent,
    BeforeInvocationEvent,
    BeforeModelCallEvent,
    BeforeToolCallEvent,
    BeforeToolsEvent,
    MessageAddedEvent,
)
from strands.interrupt import InterruptException
from strands.models.scripted import Reply, ScriptedModel, ToolCall
from strands.session import FileSessionManager, RepositorySessionManager, SnapshotSessionManager
from strands.storage import LocalFileStorage
from strands.types.exceptions import ModelThrottledException, SessionException
from support.agents import answers, results_of, texts_of
from support.repositories import MemoryRepository

MOMENTS: dict[Any, int] = {
    BeforeInvocationEvent: 1,
    MessageAddedEvent: 4,
    BeforeModelCallEvent: 2,
    AfterModelCallEvent: 2,
    BeforeToolsEvent: 1,
    BeforeToolCallEvent: 1,
    AfterToolCallEvent: 1,
    AfterToolsEvent: 1,
    AfterInvocationEvent: 1,
}
ONCE = list(MOMENTS)
WORDS = ["go", "done"]


class World:
    """A model that replies once, a tool that counts, and a store that outlives agents."""

    def __init__(self, path: Path, store: str, *script: Any) -> None:
        self.model = ScriptedModel(list(script or ([ToolCall("add", {"a": 2, "b": 3}, "t1")], "done")))
        self.added: list[int] = []
        self._path = path
        self._store = store
        self._repository = MemoryRepository()

    def agent(self, *hooks: Any, **options: Any) -> Agent:
        """Return the agent as a new process makes it."""

        @tool
        def add(a: int, b: int) -> int:
            """Add."""
            self.added.append(a + b)
            return a + b

        if self._store == "file":
            options["session_manager"] = FileSessionManager("s", storage_dir=self._path)
        elif self._store == "repository":
            options["session_manager"] = RepositorySessionManager("s", self._repository)
        elif self._store == "snapshot":
            options["session_manager"] = SnapshotSessionManager("s", storage=LocalFileStorage(str(self._path)))
        return Agent(model=self.model, tools=[add], hooks=list(hooks), callback_handler=None, **options)


def fails(event: Any) -> None:
    raise LookupError("something else")


def asks(event_type: Any, seen: list[Any], expect: str = "y") -> Callable[[Any], None]:
    def ask(event: Any) -> None:
        seen.append(event.interrupt("ok", reason={"at": event_type.__name__}))
        assert seen[-1] == expect

    ask.__annotations__["event"] = event_type
    return ask


def to_the_end(
    world: World, agent: Agent, make: Callable[[], Agent], prompt: Any = "go"
) -> tuple[Agent, AgentResult, int]:
    """Answer "y" until nothing is open; with a store, each time in a new process."""
    result, pauses = agent(prompt), 0
    while result.stop_reason == "interrupt":
        pauses += 1
        assert pauses < 20
        assert [each.id for each in agent.pending_interrupts] == [each.id for each in result.interrupts or ()]
        agent = make()
        assert [each.name for each in agent.pending_interrupts] == [each.name for each in result.interrupts or ()]
        result = agent(answers(result, "y"))
    return agent, result, pauses


def texts(agent: Agent) -> list[str]:
    return [block["text"] for message in agent.messages for block in message["content"] if "text" in block]


@pytest.mark.parametrize("store", ["", "file", "repository", "snapshot"])
@pytest.mark.parametrize("event_type", ONCE)
def test_an_agent_stops_and_goes_on_at_every_moment(event_type: Any, store: str, tmp_path: Path) -> None:
    world, seen = World(tmp_path, store), []  # type: World, list[Any]
    agent = world.agent(asks(event_type, seen))
    last, result, pauses = to_the_end(world, agent, lambda: world.agent(asks(event_type, seen)) if store else agent)
    assert (str(result), pauses) == ("done\n", MOMENTS[event_type])
    assert world.added == [5]
    assert len(world.model.requests) == 2
    assert texts(last) == WORDS
    assert [message["role"] for message in last.messages] == ["user", "assistant", "user", "assistant"]
    assert last.pending_interrupts == []
    assert last._interrupt_state.interrupts == {}
    if store:
        again: list[Any] = []
        later = world.agent(asks(event_type, again))
        assert later._interrupt_state.to_dict() == last._interrupt_state.to_dict()
        with contextlib.suppress(Exception):  # the model has nothing more to say
            later(None)
        assert "y" not in again
    if store:
        assert world.agent().messages == last.messages


@pytest.mark.parametrize("store", ["", "file"])
def test_all_moments_may_ask_in_one_call(store: str, tmp_path: Path) -> None:
    world, seen = World(tmp_path, store), []  # type: World, list[Any]
    hooks = [asks(event_type, seen) for event_type in ONCE]
    agent = world.agent(*hooks)
    last, result, pauses = to_the_end(world, agent, lambda: world.agent(*hooks) if store else agent)
    assert (str(result), world.added, len(world.model.requests)) == ("done\n", [5], 2)
    assert texts(last) == WORDS
    assert pauses > len(ONCE)


@pytest.mark.parametrize("event_type", [each for each in ONCE if each not in (BeforeToolsEvent, BeforeToolCallEvent)])
def test_nothing_goes_on_past_an_answer_that_no_hook_takes(event_type: Any, tmp_path: Path) -> None:
    world, seen = World(tmp_path, "file"), []  # type: World, list[Any]
    result = world.agent(asks(event_type, seen))("go")
    lacking = world.agent()
    if event_type is AfterToolCallEvent:
        assert str(lacking(answers(result, "y"))) == "done\n"
        assert "The result is withheld" in texts_of(results_of(lacking))[0]
        assert world.added == [5]
        return
    asked, added = len(world.model.requests), list(world.added)
    with pytest.raises(SessionException, match="no hook of this process takes the answer"):
        lacking(answers(result, "y"))
    assert (len(world.model.requests), world.added) == (asked, added)
    agent = world.agent(asks(event_type, seen))
    result = agent(None)
    while result.stop_reason == "interrupt":
        result = agent(answers(result, "y"))
    assert (str(result), world.added, len(world.model.requests)) == ("done\n", [5], 2)


def test_a_hook_may_refuse_what_it_asked_about(tmp_path: Path) -> None:
    def judge(event: AfterModelCallEvent) -> None:
        assert event.stop_response is not None
        event.retry = event.interrupt("good?", reason=event.stop_response.message["content"]) == "no"

    world = World(tmp_path, "", "bad", "good")
    agent = world.agent(judge)
    result = agent("go")
    assert [each.reason for each in result.interrupts or ()] == [[{"text": "bad"}]]
    result = agent(answers(result, "no"))
    assert [each.reason for each in result.interrupts or ()] == [[{"text": "good"}]]
    assert str(agent(answers(result, "yes"))) == "good\n"
    assert texts(agent) == ["go", "good"]


def test_what_a_paused_reply_cost_is_counted_once(tmp_path: Path) -> None:
    seen: list[Any] = []
    usage = {"inputTokens": 3, "outputTokens": 2, "totalTokens": 5}
    world = World(tmp_path, "", Reply("hi", usage=usage))
    agent = world.agent(asks(AfterModelCallEvent, seen))
    result = agent("go")
    assert agent.event_loop_metrics.accumulated_usage["totalTokens"] == 5
    agent(answers(result, "y"))
    assert agent.event_loop_metrics.accumulated_usage["totalTokens"] == 5


def test_a_failed_model_call_may_be_asked_about(tmp_path: Path) -> None:
    seen: list[Any] = []

    def again(event: AfterModelCallEvent) -> None:
        if event.exception is not None:
            seen.append((type(event.exception), str(event.exception)))
            event.retry = event.interrupt("again?", reason=str(event.exception)) == "y"

    world = World(tmp_path, "file", ModelThrottledException("slow down"), "here", ModelThrottledException("stop"))
    result = world.agent(again, retry_strategy=None)("go")
    assert str(world.agent(again, retry_strategy=None)(answers(result, "y"))) == "here\n"
    assert seen == [(ModelThrottledException, "slow down")] * 2
    result = world.agent(again, retry_strategy=None)("more")
    with pytest.raises(ModelThrottledException, match="stop"):
        world.agent(again, retry_strategy=None)(answers(result, "n"))


def test_a_result_may_be_withheld_by_a_person(tmp_path: Path) -> None:
    def judge(event: AfterToolCallEvent) -> None:
        if event.interrupt("show?", reason=event.result["content"]) != "y":
            event.result = {**event.result, "status": "error", "content": [{"text": "kept secret"}]}

    world = World(tmp_path, "file")
    result = world.agent(judge)("go")
    assert [each.reason for each in result.interrupts or ()] == [[{"text": "5"}]]
    agent = world.agent(judge)
    agent(answers(result, "n"))
    assert texts_of(results_of(agent)) == ["kept secret"]
    assert world.added == [5]


def test_an_answer_before_the_work_holds_until_it_is_done(tmp_path: Path) -> None:
    asked: list[Any] = []

    def may_i(event: BeforeInvocationEvent) -> None:
        asked.append(event.interrupt("may I?"))

    def approve(event: BeforeToolCallEvent) -> None:
        event.interrupt("tool")

    world = World(tmp_path, "file", ToolCall("add", {"a": 2, "b": 3}), "done", "again")
    _, result, pauses = to_the_end(world, world.agent(may_i, approve), lambda: world.agent(may_i, approve))
    assert (str(result), pauses, asked) == ("done\n", 2, ["y", "y"])
    assert [each.name for each in world.agent(may_i, approve)("more").interrupts or ()] == ["may I?"]


def test_a_question_whose_asker_goes_on_is_asked_all_the_same(tmp_path: Path) -> None:
    for event_type in (BeforeInvocationEvent, MessageAddedEvent, BeforeModelCallEvent, AfterInvocationEvent):
        world = World(tmp_path / event_type.__name__, "file", "done")

        def swallow(event: Any) -> None:
            with contextlib.suppress(InterruptException):
                event.interrupt("ok")

        swallow.__annotations__["event"] = event_type
        make = partial(world.agent, swallow)
        _, result, pauses = to_the_end(world, make(), make)
        assert (str(result), pauses >= 1, len(world.model.requests)) == ("done\n", True, 1)


@pytest.mark.parametrize("event_type", ONCE)
def test_questions_can_be_given_up_and_the_agent_goes_on_with_another_prompt(event_type: Any, tmp_path: Path) -> None:
    world, seen = World(tmp_path, "file"), []  # type: World, list[Any]
    agent = world.agent(asks(event_type, seen))
    agent("go")
    assert len(agent.abandon_interrupts()) == 1
    fresh = Agent(
        model=ScriptedModel(["fine"]),
        session_manager=FileSessionManager("s", storage_dir=tmp_path),
        callback_handler=None,
    )
    assert fresh.pending_interrupts == []
    assert str(fresh("hello")) == "fine\n"


def test_a_message_of_several_is_asked_about_once_all_are_there(tmp_path: Path) -> None:
    def ask(event: MessageAddedEvent) -> None:
        if event.message["role"] == "user":
            event.interrupt("ok", reason=event.message["content"])

    world = World(tmp_path, "file", "done")
    prompt = [{"role": "user", "content": [{"text": text}]} for text in ("one", "two")]
    agent = world.agent(ask)
    result = agent(prompt)
    assert [each.reason for each in result.interrupts or ()] == [[{"text": "one"}], [{"text": "two"}]]
    assert world.model.requests == []
    assert str(world.agent(ask)(answers(result, "y"))) == "done\n"


def test_an_answer_outlives_a_failure_after_it(tmp_path: Path) -> None:
    for event_type in (BeforeModelCallEvent, AfterModelCallEvent):
        seen: list[Any] = []
        world = World(tmp_path / event_type.__name__, "file", "done")
        make = partial(world.agent, asks(event_type, seen), retry_strategy=None)
        result = make()("go")
        failing = make()
        failing.add_hook(fails, event_type, order=50 if event_type is BeforeModelCallEvent else -50)
        with pytest.raises(LookupError):
            failing(answers(result, "y"))
        assert str(make()(None)) == "done\n"
        assert seen == ["y", "y"]


def test_an_answer_is_no_standing_one(tmp_path: Path) -> None:
    def may_i(event: BeforeInvocationEvent) -> None:
        event.interrupt("may I?")

    agent = World(tmp_path, "", RuntimeError("down"), "up", "more").agent(may_i, retry_strategy=None)
    with pytest.raises(RuntimeError, match="down"):
        agent(answers(agent("one"), "y"))
    assert str(agent(None)) == "up\n"
    assert [each.name for each in agent("two").interrupts or ()] == ["may I?"]


def test_after_an_error_nothing_waits(tmp_path: Path) -> None:
    seen: list[Any] = []
    world = World(tmp_path, "", RuntimeError("down"), "up")
    agent = world.agent(asks(AfterInvocationEvent, seen), retry_strategy=None)
    with pytest.raises(RuntimeError, match="down"):
        agent("go")
    assert agent.pending_interrupts == []


def test_where_nothing_can_wait_a_question_is_an_error(tmp_path: Path) -> None:
    from pydantic import BaseModel

    class Answer(BaseModel):
        text: str

    seen: list[Any] = []
    agent = World(tmp_path, "").agent(asks(BeforeInvocationEvent, seen))
    with pytest.raises(RuntimeError, match="structured_output cannot wait"):
        agent.structured_output(Answer, "x")
    agent = World(tmp_path, "").agent(asks(MessageAddedEvent, seen))
    with pytest.raises(RuntimeError, match="nobody can answer"):
        agent.tool.add(a=1, b=2)
    assert agent.pending_interrupts == []
