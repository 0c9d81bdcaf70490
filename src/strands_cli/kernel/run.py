"""`Run`: what a pattern can do. Each effect has a key; it is recorded once and looked up there on resume."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast

from strands_cli.errors import SessionError, StorageError, cause
from strands_cli.kernel.clock import Clock, StoreClock, SystemClock
from strands_cli.kernel.forked import PROMPTS, prompt_of
from strands_cli.kernel.interrupts import RightsOfCaller, ask_interrupts, ask_recorded
from strands_cli.kernel.journal import Journal
from strands_cli.kernel.lanes import Lanes, lane_name, slots
from strands_cli.kernel.mended import call_as_mended, is_mended
from strands_cli.kernel.open_questions import ENDED, OpenQuestions
from strands_cli.kernel.recorder import JournalRecorder
from strands_cli.kernel.share import LoopShare
from strands_cli.kernel.state import State
from strands_cli.kernel.types import AgentReply, Answer, Call, CallAgent, Entry, Names, Question, Within
from strands_cli.kernel.writer import WriteLock, Writer
from strands_cli.types import HITLHandler, Json

if TYPE_CHECKING:
    from strands_cli.kernel.budgets import Spending

T = TypeVar("T")
NO_NAMES: Names = {}
NO_WORKFLOWS: Mapping[str, Any] = {}
_CLOCK = SystemClock()
_NONE: frozenset[Any] = frozenset()


class Run(Writer):
    """One drive of a session: the effects that a pattern may have, over its journal.

    Args:
        journal: The session's journal; the caller holds its lease.
        state: The fold of what the journal holds.
        handler: Answers questions now; None leaves them open, so the run pauses.
        max_parallel: Agent calls at once in the whole run, or None.
        publish: Told of every entry that this run records or learns of.
        token: Told of streaming text as (key, agent, text, begins), or None when nobody listens.
        driver: Names this drive; a journal entry of another driver fences this one off.
        scrub: Takes out of a prompt what the journal does not get either.
    """

    def __init__(
        self,
        journal: Journal,
        state: State,
        *,
        handler: HITLHandler | None = None,
        clock: Clock | None = None,
        max_parallel: int | None = None,
        publish: Callable[[Entry, State], None] | None = None,
        token: Callable[[str, str, str, bool], None] | None = None,
        driver: str = "",
        scrub: Callable[[str], str] | None = None,
    ) -> None:
        self.journal = journal
        self.state = state
        self.clock: Clock = clock or _CLOCK
        self.store_clock: StoreClock = StoreClock(self.clock, journal)
        self.driver = driver
        self.scrub: Callable[[str], str] | None = scrub
        self._share = LoopShare.here()
        self.perform: CallAgent = _unset
        self.default_prompt: Callable[[str, Names], str] = _no_default_prompt
        self.below: str = ""  # what keys on record begin with; see `RunWithin`
        self.context: Mapping[str, Json] = {}
        self.rights_of_calls: RightsOfCaller | None = None
        self._publish = publish
        self._token = token
        self.lock: WriteLock = WriteLock()
        self.spending: Spending | None = None
        self.spending_below: dict[str, Spending] = {}
        self.tools: frozenset[str] = _NONE
        self.failures: tuple[tuple[str, BaseException], ...] = ()
        self._altered: frozenset[tuple[str, str]] = _NONE
        self._slot = asyncio.Semaphore(max_parallel) if max_parallel else None
        self._keys: set[str] | None = None
        self.workflows: Mapping[str, Within] = NO_WORKFLOWS
        self.asking: OpenQuestions = OpenQuestions(self, handler)
        self.lanes: Lanes = Lanes(self.asking)

    # -- effects --------------------------------------------------------------------------------------------------

    async def agent(
        self,
        key: str,
        agent: str,
        prompt: str,
        *,
        names: Names = NO_NAMES,
        tools: Sequence[str] | None = None,
        timeout: float | None = None,
        expects: Mapping[str, Json] | None = None,
        act: Any = None,
        how: Mapping[str, Any] | None = None,
        goes_on: bool = False,
        perform: CallAgent | None = None,
    ) -> AgentReply:
        """Have `agent` answer `prompt`, once: a recorded reply is returned as it is.

        Args:
            key: The effect's name, unique in the run.
            names: The names in scope, for the agent's own prompt.
            tools: Tool ids that replace the agent's, or None.
            timeout: Seconds for the whole call, or None.
            expects: What kind of answer the pattern will read; see `Call`.
            act: The step, where it needs no agent; see `Call`.
            how: What the step says of how it goes; see `Call`.
            goes_on: Nothing is awaited next but another effect of this run, or its end, so one append has both.
            perform: Does it, where that is not the run's own to do.

        Raises:
            ExecutionError: The key is on record for another agent or prompt.
            Paused: The agent stopped to ask a person.
        """
        if PROMPTS in self.state.origin:
            prompt = prompt_of(self.state.origin, key, prompt)
        prompt = prompt if self.scrub is None else self.scrub(prompt)
        begun = self.state.started.get(key)
        if begun is None or is_mended(self.state, begun, agent, prompt, self.scrub):
            if not self._held and self._share.is_used_up():
                await self._share.turn()
            lane = lane_name.get() if begun is None else begun.data["lane"]
            data: dict[str, Json] = {"agent": agent, "lane": lane, "prompt": prompt}
            if how is not None and how.get("fresh"):
                data["fresh"] = True
            await self.record("started", key, data, unless=partial(self._is_begun_anew, key, begun))
            begun = self.state.started[key]
        elif self._held and key not in self.state.done:
            await self.settle()
        if "redacted" in begun.data:
            prompt = begun.data["prompt"]
        known = self.state.reply(key)
        if known is None:
            call = self._call(key, begun.data["lane"], agent, prompt, names, tools, timeout, expects)
            call.act, call.how, call.perform = act, how, perform
            await self._called(call, goes_on)
            known = self.state.reply(key)
            assert known is not None
        return known

    def _is_begun_anew(self, key: str, known: Entry | None) -> bool:
        return self.state.started.get(key) != known

    async def ask(self, key: str, question: Question) -> Answer:
        """Return the answer to `question`, waiting for a person if there is none yet.

        Raises:
            Paused: Nobody answers now; the question is on record.
            QuestionExpiredError: The deadline passed and there is no default.
        """
        known = self.state.answer(key)
        if known is not None:
            return known
        await self.asking.put(key, question)
        return await self.asking.answer(key)

    async def part(self, key: str, name: str, told: str, body: Callable[[], Awaitable[AgentReply]]) -> AgentReply:
        """Do a step that has effects of its own; see `within.part`."""
        from strands_cli.kernel.within import part

        return await part(self, key, name, told, body)

    async def all(
        self,
        jobs: Mapping[str, Callable[[], Awaitable[T]]],
        after: Mapping[str, Sequence[str]] | None = None,
        *,
        limit: int | None = None,
    ) -> dict[str, T]:
        """Run `jobs` concurrently, each in a lane of its own, until all are at rest. See `Lanes.all`."""
        return await self.lanes.all(jobs, after, limit=limit)

    async def now(self, key: str) -> float:
        """Return the Unix time, in seconds, at which this was first asked."""
        return float(await self._noted(key, self.clock.now))

    async def uuid(self, key: str) -> str:
        """Return a random id that stays the same for this key."""
        return str(await self._noted(key, lambda: str(uuid.uuid4())))

    def noted(self, key: str) -> Json:
        """Return what was recorded by `note` for this key, or None."""
        return self.state.noted.get(key)

    async def note(self, key: str, value: Json) -> Json:
        """Record a value once, and return what is on record for this key."""
        return await self._noted(key, lambda: value)

    def caught(self, key: str) -> Mapping[str, Json] | None:
        """Return the failure of `key` from which the workflow has gone on: `error`, `error_type`; None: none."""
        found: Mapping[str, Json] | None = self.state.noted.get(f"{key}/caught")
        return found

    async def catch(self, key: str, error: Exception) -> Mapping[str, Json]:
        """Record that the workflow goes on from a failure of `key`; a resumed run goes on from it too."""
        data = {"error": cause(error), "error_type": type(error).__name__}
        found: Mapping[str, Json] = await self._noted(f"{key}/caught", lambda: data)
        return found

    def absorb(self, entries: Sequence[Entry]) -> None:
        """Take in what others wrote; see `OpenQuestions.absorb`."""
        self.asking.absorb(entries)

    async def counted(self, entry: Entry) -> None:
        """Look at the budget, where a call can be stopped."""
        if self.spending is not None and self._alone(entry):
            await self.spending.spent()
        for below, spending in self.spending_below.items():
            if "of" in entry.data and self.state.step(entry.data["of"]).startswith(below) and self._alone(entry):
                await spending.spent()

    def _alone(self, entry: Entry) -> bool:
        """Whether an entry's call can be stopped: no tool of its step is at work but those that the call is in."""
        if "of" not in entry.data:
            return False
        step = f"{self.state.step(entry.data['of'])}/"
        return all(entry.key.startswith(f"{tool}/") for tool in self.tools if tool.startswith(step))

    def mended_command(self) -> str:
        """Return the command that goes on with this session and a mended spec, ready to be pasted into a shell."""
        import shlex

        return shlex.join(
            ["strands", "resume", self.journal.session_id, "--spec", self.state.origin.get("file", "FILE")]
        )

    def resume_in_python(self) -> str:
        """Return the call that answers and goes on with this session."""
        return f"workflow.resume({self.journal.session_id!r}, ANSWER)"

    def seconds(self) -> float:
        """Return the seconds this session has worked, without waiting for people."""
        return self.state.seconds + self.asking.stopwatch.seconds()

    # -- one agent call -------------------------------------------------------------------------------------------

    def _call(
        self,
        key: str,
        lane: str,
        agent: str,
        prompt: str,
        names: Names,
        tools: Sequence[str] | None,
        timeout: float | None,
        expects: Mapping[str, Json] | None,
    ) -> Call:
        replies = sum("message" in entry.data for entry in self.state.inner.get(key, ()))
        return Call(
            key=key,
            agent=agent,
            prompt=prompt,
            lane=lane,
            names=names,
            recorder=JournalRecorder(key, self, replies),
            state=self.state,
            tools=None if tools is None else tuple(tools),
            timeout=timeout,
            emit=None if self._token is None else partial(self._token, key, agent),
            expects=expects,
            anew=(lane, agent) in self._altered,
            context=self.context,
        )

    async def _called(self, call: Call, goes_on: bool) -> None:
        began = self.clock.monotonic()
        if call.key in self.state.inner:
            if call.act is not None and "mended" in self.state.origin:
                await call_as_mended(call)
            await ask_recorded(self, call)
        while True:
            reply = await self._performed(call)
            if not reply.interrupts:
                break
            call.answers = await ask_interrupts(self, call, reply.interrupts)
        if self._share.is_used_up():
            await self._share.turn()
        await self._finish(call, reply, self.clock.monotonic() - began, goes_on)
        if cast(JournalRecorder, call.recorder).altered(reply.message):
            self._altered |= {(call.lane, call.agent)}
        elif self._altered:
            self._altered -= {(call.lane, call.agent)}

    async def _performed(self, call: Call) -> AgentReply:
        try:
            return await (call.perform or self.perform)(call)
        except (SessionError, StorageError):
            raise
        except Exception as error:
            self.failures = (*self.failures, (call.key, error))
            data: dict[str, Json] = {"error": cause(error), "error_type": type(error).__name__}
            usage = cast(JournalRecorder, call.recorder).take_unrecorded()
            await self.record("failed", call.key, {**data, "usage": usage} if usage else data)
            raise
        finally:
            if self.tools:
                self._forget_tools(f"{call.key}/")

    def _forget_tools(self, prefix: str) -> None:
        self.tools -= {tool for tool in self.tools if tool.startswith(prefix)}

    async def _finish(self, call: Call, reply: AgentReply, seconds: float, goes_on: bool) -> None:
        data: dict[str, Json] = {"message": reply.message, "seconds": round(seconds, 6)}
        usage = cast(JournalRecorder, call.recorder).take_unrecorded() or dict(reply.usage)
        if usage:
            data["usage"] = usage
        if reply.stop_reason != "end_turn":
            data["stop"] = reply.stop_reason
        if reply.is_json:
            data["json"] = True
        await self.record("done", call.key, data, sync=True, later=goes_on)

    # -- small parts ----------------------------------------------------------------------------------------------

    def limited(self, perform: CallAgent) -> CallAgent:
        """Return `perform` within `max_parallel` and the limits of the lanes around it."""
        return partial(self._limited, perform)

    def _limited(self, perform: CallAgent, call: Call) -> Awaitable[AgentReply]:
        around = slots.get()
        if self._slot is not None:
            around = (*around, self._slot)
        return self._bounded(perform, call, around) if around or self.spending is not None else perform(call)

    async def _bounded(self, perform: CallAgent, call: Call, around: Sequence[asyncio.Semaphore]) -> AgentReply:
        async with AsyncExitStack() as stack:
            for slot in around:
                await stack.enter_async_context(slot)
            if self.spending is not None:
                await self.spending.enter(call.key)
            return await perform(call)

    async def _noted(self, key: str, value: Callable[[], Json]) -> Json:
        if key not in self.state.noted:
            await self.record("noted", key, {"value": value()}, unless=lambda: key in self.state.noted)
        return self.state.noted[key]

    def fresh_key(self, base: str) -> str:
        """Return a key that nothing has: `base`, or that with a number."""
        used, number, key = self._used_keys(), 1, base
        while key in used:
            number += 1
            key = f"{base}#{number}"
        used.add(key)
        return key

    def _used_keys(self) -> set[str]:
        if self._keys is None:
            self._keys = {entry.key for entries in self.state.inner.values() for entry in entries}
        return self._keys

    def end(self) -> None:
        """Let go of what knows this run in its turn: it is at rest, and nothing is left to the garbage collector."""
        self.perform, self.workflows = _unset, NO_WORKFLOWS
        self.default_prompt = _no_default_prompt
        self.rights_of_calls = None
        self.spending, self.spending_below = None, {}
        self.lanes.questions = self.asking = ENDED


def _no_default_prompt(agent: str, names: Names) -> str:
    """What an agent is told when its step has no input; the api sets it to the agent's own prompt."""
    return "Begin."


async def _unset(call: Call) -> AgentReply:
    raise AssertionError(f"{call.key!r} was called before the run had anything to perform it")
