"""A workflow that a step of another runs: its effects are those of the run, under the key of the step."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from strands_cli.kernel.lanes import lane_name, slots
from strands_cli.kernel.mended import is_mended
from strands_cli.kernel.types import AgentReply, Answer, CallAgent, Names, Outcome, Question, Within
from strands_cli.types import Json

T = TypeVar("T")
BELOW = "workflow"
"""What stands between the key of a step and the keys of the workflow that it runs."""


class RunWithin:
    """The run as a workflow within sees it: keys stand below its step's, and its agents are called by its name, too.

    Args:
        run: The run, or what another workflow sees of it.
        workflow: The workflow.
        key: The key of the step.

    Attributes:
        below: What its keys begin with on record.
    """

    def __init__(self, run: Any, workflow: Within, key: str) -> None:
        self.default_prompt: Callable[[str, Names], str] = workflow.default_prompt
        self.workflows: Mapping[str, Within] = workflow.workflows
        self.prefix: str = f"{key}/{BELOW}/"
        self.below: str = run.below + self.prefix
        self._run = run
        self._path = workflow.path
        self._perform = workflow.perform

    async def agent(
        self, key: str, agent: str, prompt: str, *, perform: CallAgent | None = None, **more: Any
    ) -> AgentReply:
        """See `Run.agent`."""
        who, perform = f"{self._path}/{agent}", perform or self._perform
        reply: AgentReply = await self._run.agent(self.prefix + key, who, prompt, perform=perform, **more)
        return reply

    async def ask(self, key: str, question: Question) -> Answer:
        """See `Run.ask`."""
        answer: Answer = await self._run.ask(self.prefix + key, question)
        return answer

    async def all(
        self,
        jobs: Mapping[str, Callable[[], Awaitable[T]]],
        after: Mapping[str, Sequence[str]] | None = None,
        *,
        limit: int | None = None,
    ) -> dict[str, T]:
        """See `Run.all`."""
        before = {self.prefix + name: [self.prefix + each for each in names] for name, names in (after or {}).items()}
        found = await self._run.all({self.prefix + name: job for name, job in jobs.items()}, before, limit=limit)
        return {name: found[self.prefix + name] for name in jobs}

    async def part(self, key: str, name: str, told: str, body: Callable[[], Awaitable[AgentReply]]) -> AgentReply:
        """See `Run.part`."""
        reply: AgentReply = await self._run.part(self.prefix + key, f"{self._path}/{name}", told, body)
        return reply

    async def now(self, key: str) -> float:
        """See `Run.now`."""
        return float(await self._run.now(self.prefix + key))

    async def uuid(self, key: str) -> str:
        """See `Run.uuid`."""
        return str(await self._run.uuid(self.prefix + key))

    def noted(self, key: str) -> Json:
        """See `Run.noted`."""
        found: Json = self._run.noted(self.prefix + key)
        return found

    async def note(self, key: str, value: Json) -> Json:
        """See `Run.note`."""
        found: Json = await self._run.note(self.prefix + key, value)
        return found

    def caught(self, key: str) -> Mapping[str, Json] | None:
        """See `Run.caught`."""
        found: Mapping[str, Json] | None = self._run.caught(self.prefix + key)
        return found

    async def catch(self, key: str, error: Exception) -> Mapping[str, Json]:
        """See `Run.catch`."""
        found: Mapping[str, Json] = await self._run.catch(self.prefix + key, error)
        return found


async def run_within(run: Any, workflow: Within, key: str, inputs: Mapping[str, Any]) -> Outcome:
    """Run a workflow below a key, in a lane of its own: its agents remember nothing of what stands around it."""
    inner = RunWithin(run, workflow, key)
    lane, around = lane_name.set(inner.below.rstrip("/")), slots.get()
    if workflow.max_parallel is not None and workflow.perform is not None:
        slots.set((*around, asyncio.Semaphore(workflow.max_parallel)))
    try:
        if workflow.budget is None:
            return await workflow.body(inner, inputs)
        spending = workflow.budget(inner.below)
        await spending.begin()
        outcome = await workflow.body(inner, inputs)
        await spending.settle()
        return outcome
    finally:
        lane_name.reset(lane)
        slots.set(around)


async def part(run: Any, key: str, name: str, told: str, body: Callable[[], Awaitable[AgentReply]]) -> AgentReply:
    """Do a step that has effects of its own, under keys below its own; what it came to is recorded once.

    Args:
        run: The run.
        key: The step's key.
        name: Who does it, as the record calls it.
        told: What it is told.
        body: Does it; it comes to the same again, as its effects are looked up.

    Raises:
        ExecutionError: The key is on record for another one, or was told something else.
    """
    told = told if run.scrub is None else run.scrub(told)
    begun = run.state.started.get(key)
    if begun is None or is_mended(run.state, begun, name, told, run.scrub):
        data: dict[str, Json] = {"agent": name, "lane": lane_name.get(), "prompt": told, "parts": True}
        await run.record("started", key, data, unless=partial(_is_begun_anew, run, key, begun))
    reply = await body()
    known: AgentReply | None = run.state.reply(key)
    if known is None:
        entry: dict[str, Json] = {"message": reply.message, "seconds": round(seconds_below(run, key), 6)}
        if reply.is_json:
            entry["json"] = True
        await run.record("done", key, entry, sync=True, later=True)
        known = run.state.reply(key)
        assert known is not None
    known.tokens = tokens_below(run, key)
    return known


def _is_begun_anew(run: Any, key: str, known: Any) -> bool:
    return bool(run.state.started.get(key) != known)


def tokens_below(run: Any, key: str) -> int:
    """Return the tokens that what stands below a key has used."""
    return sum(count for step, count in run.state.tokens.items() if step.startswith(f"{key}/"))


def seconds_below(run: Any, key: str) -> float:
    """Return the seconds that the calls below a key took."""
    state = run.state
    return sum(
        float(entry.data.get("seconds", 0.0))
        for step, entry in state.done.items()
        if step.startswith(f"{key}/") and "parts" not in state.started[step].data
    )
