"""Agents given to a workflow as tools: what they do is in the journal, so no death and no question repeats it."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from strands import Agent, ToolContext, tool
from strands.models.scripted import ScriptedModel, ToolCall
from strands_cli.api.history import timeline
from strands_cli.kernel.state import State
from strands_cli.kernel.types import Entry
from strands_cli.session import answers as answering
from strands_cli.session.memory import MemorySessionRepository
from strands_cli.types import RunResult
from support.crash import Death, Died, MortalRepository, Story, When

WHEN: tuple[When, ...] = ("before", "after")
SEEDS = 8

CHAIN: dict[str, Any] = {
    "version": 0,
    "name": "chain",
    "runtime": {"provider": "scripted"},
    "agents": {"chief": {"prompt": "You are chief."}},
    "pattern": {
        "type": "chain",
        "config": {"steps": [{"agent": "chief", "input": "go"}, {"agent": "chief", "input": "conclude"}]},
    },
}


class Team(Sequence[Any]):
    """The tools of a process: each process that asks gets agents of its own."""

    def __init__(self, effects: list[str], calls: list[str], depth: int, asks: bool) -> None:
        self.effects, self.calls, self.depth, self.asks = effects, calls, depth, asks

    def __len__(self) -> int:
        return 1

    def __getitem__(self, index: Any) -> Any:
        return next(iter(self))

    def __iter__(self) -> Iterator[Any]:
        below: Agent | None = None
        for name in ("worker", "manager")[: self.depth]:
            below = self._agent(name, below)
        yield below

    def _agent(self, name: str, below: Agent | None) -> Agent:
        @tool
        def pay() -> str:
            """Pay."""
            self.effects.append(f"pay-{name}")
            return "paid"

        @tool
        def ship() -> str:
            """Ship."""
            self.effects.append(f"ship-{name}")
            return "shipped"

        @tool(context=True)
        def sign(tool_context: ToolContext) -> str:
            """Sign."""
            tool_context.interrupt("sign", reason={"by": name})
            self.effects.append(f"sign-{name}")
            return "signed"

        steps: list[Any] = [[ToolCall("pay", {}, f"pay-{name}")]]
        if below is not None:
            steps[0].append(ToolCall(below.name, {"input": "x"}, f"use-{below.name}"))
        if self.asks:
            steps.append([ToolCall("sign", {}, f"sign-{name}")])
        steps += [[ToolCall("ship", {}, f"ship-{name}")], f"done by {name}"]
        tools = [pay, ship, sign, *([below] if below is not None else [])]
        return Agent(model=scripted(name, steps, self.calls), tools=tools, name=name, callback_handler=None)


def scripted(name: str, steps: list[Any], calls: list[str]) -> ScriptedModel:
    def script(messages: list[Any]) -> Any:
        turn = sum(message["role"] == "assistant" for message in messages)
        calls.append(f"{name} {turn}")
        return steps[min(turn, len(steps) - 1)]

    return ScriptedModel(script)


class TeamStory(Story):
    """Says what is true of calls in doubt, so that it always ends like an undisturbed one."""

    def __init__(self, depth: int, asks: bool) -> None:
        self.effects: list[str] = []
        self.doubts: list[str] = []
        calls: list[str] = []
        top = ("worker", "manager")[depth - 1]

        def model(_: list[str]) -> ScriptedModel:
            return scripted("chief", [[ToolCall(top, {"input": "x"}, f"use-{top}")], "done"], calls)

        super().__init__(CHAIN, model, tools=Team(self.effects, calls, depth, asks), calls=calls)

    async def play_dying(self, repository: Any, deaths: Iterator[Death]) -> RunResult:
        """Run to the end, each process with a death of its own."""
        self._repository = repository
        while True:
            try:
                result = await self._process(MortalRepository(repository, next(deaths)))
            except Died:
                await asyncio.sleep(0)
                continue
            if result.status != "paused":
                return result

    async def _answer(self, journal: Any, asked: Entry) -> None:
        value: Any = "yes"
        if asked.data.get("type") == "ambiguous_tool":
            id = asked.data["interrupt"]["id"].split(":")[2]
            self.doubts.append(id)
            past = {"pay": "paid", "ship": "shipped", "sign": "signed"}.get(id.split("-")[0])
            value = {"result": past} if id in self.effects else "run again"
        await answering.give(journal, asked.key, value, by="tester", channel="test")


def played(story: TeamStory, death: Death) -> tuple[Any, State]:
    repository = MemorySessionRepository()

    async def main() -> tuple[Any, State]:
        result = await story.play(repository, death)
        (session,) = await repository.ids()
        return result, State(await (await repository.open(session)).load())

    return asyncio.run(main())


@pytest.mark.parametrize("asks", [False, True], ids=["silent", "asking"])
@pytest.mark.parametrize("depth", [1, 2])
def test_deaths_again_and_again(depth: int, asks: bool) -> None:
    whole = TeamStory(depth, asks)
    expected, _ = played(whole, Death())
    chance = random.Random(f"{depth} {asks}")
    for _ in range(SEEDS):
        told = TeamStory(depth, asks)
        deaths = iter(lambda: Death(chance.randrange(1, 12), chance.choice(WHEN)), None)
        result = asyncio.run(told.play_dying(MemorySessionRepository(), deaths))
        assert result.last_response == expected.last_response
        assert Counter(told.effects) == Counter(whole.effects)
        assert not any("use-" in each for each in told.doubts)


def messages(state: State) -> list[Any]:
    lane, agent = next(iter(state.lanes))
    return state.conversation(lane, agent)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("asks", [False, True], ids=["silent", "asking"])
@pytest.mark.parametrize("depth", [1, 2])
def test_a_death_at_any_write_repeats_no_tool_at_any_depth(depth: int, asks: bool, when: When) -> None:
    whole, death = TeamStory(depth, asks), Death()
    expected, record = played(whole, death)
    assert expected.success
    assert len(whole.effects) == depth * (3 if asks else 2)
    for at in range(1, death.writes + 1):
        told = TeamStory(depth, asks)
        result, state = played(told, Death(at, when))
        assert result.last_response == expected.last_response, f"death {when} write {at}"
        assert Counter(told.effects) == Counter(whole.effects), f"death {when} write {at}"
        assert messages(state) == messages(record), f"death {when} write {at}"
        assert not any("use-" in each for each in told.doubts), f"death {when} write {at}"
        repeated = sum((Counter(told.calls) - Counter(whole.calls)).values())
        assert repeated <= (1 if when == "before" else 0), f"death {when} write {at}: {told.calls}"


def test_what_agents_do_inside_is_in_keys_tokens_and_timeline() -> None:
    _, state = played(TeamStory(2, False), Death())
    keys = [entry.key for entries in state.inner.values() for entry in entries if entry.kind == "started"]
    inner = "steps/0/tools/use-manager/tools/use-worker"
    assert {f"{inner}/tools/pay-worker", f"{inner}/tools/ship-worker"} <= set(keys)
    assert len(keys) == len(set(keys)) == 6
    replies = [entry for entries in state.inner.values() for entry in entries if "usage" in entry.data]
    assert len(replies) == 1 + 3 + 3  # the chief's, whose final one is the step's own; the manager's; the worker's
    whole = sum(entry.data["usage"]["totalTokens"] for entry in [*replies, state.done["steps/0"]])
    assert state.tokens["steps/0"] == whole
    assert all(item.agent_id == "chief" for item in timeline(state) if item.kind == "tool")


def test_a_spec_may_name_an_agent_that_is_given_as_a_tool() -> None:
    story = TeamStory(1, False)
    story.spec = {**CHAIN, "agents": {"chief": {"prompt": "You are chief.", "tools": ["worker"]}}}
    assert played(story, Death())[0].success
    assert story.effects == ["pay-worker", "ship-worker"]


def test_an_agent_that_two_lanes_share_always_begins_with_the_history_it_was_given_with() -> None:
    effects: list[str] = []
    calls: list[str] = []
    story = TeamStory(1, False)
    config = {
        "type": "parallel",
        "config": {
            "branches": [{"id": name, "steps": [{"agent": "chief", "input": name}]} for name in "ab"],
        },
    }
    story.spec = {**CHAIN, "runtime": {"provider": "scripted", "max_parallel": 1}, "pattern": config}
    story.tools = Team(effects, calls, 1, False)
    result, _ = played(story, Death())
    assert result.success
    assert Counter(effects) == {"pay-worker": 2, "ship-worker": 2}
