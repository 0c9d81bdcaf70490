"""Budgets: what a run may use. Looked at where a call begins, in its tool loop, and before the run is completed.

The time is a bound of the calls under way, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from strands_cli.errors import BudgetExceededError
from strands_cli.kernel.types import AgentReply, Call, CallAgent, Question
from strands_cli.kernel.usage import money

if TYPE_CHECKING:
    from strands_cli.kernel.run import Run
    from strands_cli.kernel.state import State


_SHORTEST = 0.01
"""Seconds between two looks at how much time is left, at least."""


@dataclass(frozen=True, slots=True)
class RunLimits:
    """Limits of a run: calls, tokens as providers count them, and seconds of work (not of waiting for people).

    `rights` says who may extend a budget, and when, as questions are asked with it; `timeout` is that question's, in
    seconds. `max_cost` is in US dollars; `spent` returns how many the record tells of, and goes with it.
    """

    max_steps: int | None = None
    max_tokens: int | None = None
    max_duration_s: float | None = None
    warn_threshold: float = 0.8
    on_exceed: Literal["fail", "ask"] = "fail"
    rights: Mapping[str, Any] | None = None
    timeout: float | None = None
    max_cost: float | None = None
    spent: Callable[[State], float] | None = None


class UsedUp(BaseException):
    """A budget is used up: a BaseException, so that no agent takes it for the failure of a tool."""

    def __init__(self, name: str, used: float, allowed: float, spending: Spending | None = None) -> None:
        super().__init__(name)
        self.spending: Spending | None = spending
        self.name: str = name
        self.used: float = used
        self.allowed: float = allowed


class Spending:
    """What one run has used of its budgets.

    Args:
        limits: The budgets.
        run: The run; its record says what is used, and which calls have begun.
        below: What the keys begin with that count; "" for all.
    """

    def __init__(self, limits: RunLimits, run: Run, below: str = "") -> None:
        bounds: dict[str, float | None] = {
            "steps": limits.max_steps,
            "tokens": limits.max_tokens,
            "duration_s": limits.max_duration_s,
        }
        bounds["cost"] = limits.max_cost
        self._bounds = {name: float(bound) for name, bound in bounds.items() if bound is not None}
        self._limits = limits
        self._run = run
        self._below = below
        state = run.state
        self._begun = {
            key
            for key, begun in state.started.items()
            if (key in state.done or key in state.inner) and "parts" not in begun.data and key.startswith(below)
        }

    async def begin(self) -> None:
        """Note from when on the seconds count, where they are not those of the whole run."""
        key, noted = f"{self._below}budget/began", self._run.state.noted
        if "duration_s" in self._bounds and key not in noted:
            value = {"value": self._run.seconds()}
            await self._run.record("noted", key, value, unless=lambda: key in self._run.state.noted)

    async def enter(self, key: str) -> None:
        """Let the call `key` begin, or go on.

        Raises:
            UsedUp: There is nothing left for it.
        """
        for name in self._bounds:
            if name != "steps" or key not in self._begun:
                self._check(name)
        self._begun.add(key)
        await self._warn()

    async def spent(self) -> None:
        """Look again after a reply whose tools are about to run.

        Raises:
            UsedUp: There is nothing left for another reply.
        """
        for name in self._bounds:
            if name != "steps":
                self._check(name)
        await self._warn()

    async def in_time(self, perform: CallAgent, call: Call) -> AgentReply:
        """Perform a call while there is time for it: one that hangs ends when the seconds are used up.

        Raises:
            UsedUp: There is no time left.
        """
        if "duration_s" not in self._bounds:
            return await perform(call)
        working = asyncio.ensure_future(perform(call))
        try:
            while not working.done():
                left = self._allowed("duration_s") - self._used("duration_s")
                if left <= 0:
                    self._check("duration_s")
                await asyncio.wait({working}, timeout=max(left, _SHORTEST))  # a person may have taken some of it
            return working.result()
        finally:
            if working.cancel():
                await asyncio.wait({working})

    async def settle(self) -> None:
        """Look a last time, when all is done: the last reply may have used more than there was.

        A person who would be asked for more is not asked any more: nothing is left to be used.

        Raises:
            BudgetExceededError: More was used than a budget allows.
        """
        for name in self._bounds:
            if name != "steps" and self._limits.on_exceed == "fail" and self._used(name) > self._allowed(name):
                raise self._exceeded(UsedUp(name, self._used(name), self._allowed(name)))

    async def extend(self, over: UsedUp, key: str) -> None:
        """Have a person extend a budget that is used up, where the limits say so; the call `key` waits for it.

        Raises:
            BudgetExceededError: It stays as it is.
        """
        name, used, allowed = over.name, over.used, over.allowed
        if self._limits.on_exceed == "ask":
            times = 1 + int((used - allowed) // self._bounds[name])
            amount, more = _amount(allowed, name), times * self._bounds[name]
            prompt = f"The budget of {amount} is used up ({_figure(used, name)}). Extend it by {_figure(more, name)}?"
            data = {"times": times, "step": key, **(self._limits.rights or {})}
            question = Question(
                prompt, choices=("extend", "stop"), kind="budget", timeout=self._limits.timeout, data=data
            )
            if (await self._run.ask(f"{self._below}budget/{name}/{self._asked(name)}", question)).value == "extend":
                return
        raise self._exceeded(over)

    def _exceeded(self, over: UsedUp) -> BudgetExceededError:
        return BudgetExceededError(
            f"the budget of {_amount(over.allowed, over.name)} is used up ({_figure(over.used, over.name)})",
            hint="What is finished is kept. Raise runtime.budgets in the spec, then go on with it: "
            f"{self._run.mended_command()}",
        )

    def _check(self, name: str) -> None:
        used, allowed = self._used(name), self._allowed(name)
        if used >= allowed:
            raise UsedUp(name, used, allowed, self)

    async def _warn(self) -> None:
        run = self._run
        for name in self._bounds:
            used, allowed, key = self._used(name), self._allowed(name), f"{self._below}budget/{name}/warned"
            if used >= allowed * self._limits.warn_threshold and key not in run.state.noted:
                data: Mapping[str, Any] = {"value": used, "limit": allowed, "budget": name}
                await run.record("noted", key, data, unless=lambda key=key: key in run.state.noted)  # type: ignore[misc]

    def _used(self, name: str) -> float:
        if name == "steps":
            return len(self._begun)
        if name == "cost":
            assert self._limits.spent is not None
            return self._limits.spent(self._run.state)
        if name == "tokens":
            return self._tokens()
        return self._run.seconds() - float(self._run.state.noted.get(f"{self._below}budget/began", 0.0))

    def _tokens(self) -> int:
        state = self._run.state
        if not self._below:
            return sum(state.agent_tokens.values())
        return sum(tokens for key, tokens in state.tokens.items() if key.startswith(self._below))

    def _allowed(self, name: str) -> float:
        asked = self._run.state.asked
        times = sum(int(asked[key].data.get("times", 1)) for key in self._extended(name))
        return self._bounds[name] * (1 + times)

    def _asked(self, name: str) -> int:
        """How often a person extended a budget: the number of the next question."""
        return len(self._extended(name))

    def _extended(self, name: str) -> list[str]:
        answered, own = self._run.state.answered.items(), f"{self._below}budget/{name}/"
        return [key for key, entry in answered if key.startswith(own) and entry.data["value"] == "extend"]


def _figure(number: float, name: str) -> str:
    return money(number) if name == "cost" else f"{number:g}"


def _amount(number: float, name: str) -> str:
    if name == "cost":
        return money(number)
    return f"{number:g} {name[:-1] if number == 1 else name}"


def budget(limits: RunLimits) -> Callable[[Run, CallAgent], CallAgent]:
    """Return a layer that warns near a limit and stops, or asks a person, at it.

    It stands outside the slots for calls at once, so a question to a person holds up nobody; what is looked at when a
    call has its slot is looked at by the run itself.
    """

    def layer(run: Run, perform: CallAgent) -> CallAgent:
        if run.spending is None:
            run.spending = Spending(limits, run)
        return partial(_within, run.spending, perform)

    return layer


def budget_below(run: Run, perform: CallAgent) -> CallAgent:
    """A layer: holds a call to what the workflows may use that it belongs to, of those that steps run."""

    async def held(call: Call) -> AgentReply:
        inside = perform
        for below, spending in run.spending_below.items():
            if call.key.startswith(below):
                inside = partial(_within, spending, partial(_entered, spending, inside))
        return await inside(call)

    return held


async def _entered(spending: Spending, perform: CallAgent, call: Call) -> AgentReply:
    await spending.enter(call.key)
    return await perform(call)


async def _within(spending: Spending, perform: CallAgent, call: Call) -> AgentReply:
    while True:
        try:
            return await spending.in_time(perform, call)
        except UsedUp as over:
            if over.spending is not spending:
                raise
            await spending.extend(over, call.key)
