"""Layers: what stands around every agent call. Each is a function from one `Perform` to another."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal, TypeAlias

from strands_cli.errors import BudgetExceededError, ExecutionError
from strands_cli.kernel.types import Call, Perform, Question, Reply

if TYPE_CHECKING:
    from strands_cli.kernel.run import Run

Layer: TypeAlias = "Callable[[Run, Perform], Perform]"


def layered(run: Run, perform: Perform, layers: Sequence[Layer]) -> Perform:
    """Return `perform` inside `layers`, the first outermost."""
    for layer in reversed(layers):
        perform = layer(run, perform)
    return perform


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How failed calls are tried again: `retries` more times, after `wait_min` to `wait_max` seconds."""

    retries: int = 0
    backoff: Literal["constant", "exponential", "jittered"] = "exponential"
    wait_min: float = 1.0
    wait_max: float = 60.0

    def wait(self, attempt: int, asked: float | None = None) -> float:
        """Return the seconds to wait after failed attempt number `attempt` (from 0).

        A provider that names a time is believed up to `wait_max`.
        """
        if asked is not None:
            return min(max(asked, 0.0), self.wait_max)
        if self.backoff == "constant":
            return self.wait_min
        bound = min(self.wait_max, self.wait_min * 2.0**attempt)
        if self.backoff == "jittered":
            return random.uniform(self.wait_min, bound) if bound > self.wait_min else bound
        return bound


def retry(policy: RetryPolicy, transient: Callable[[BaseException], bool]) -> Layer:
    """Return a layer that tries a call again when it fails for a reason that may pass."""

    def layer(run: Run, perform: Perform) -> Perform:
        async def retried(call: Call) -> Reply:
            for attempt in range(policy.retries + 1):
                call.attempt = attempt
                try:
                    return await perform(call)
                except Exception as error:
                    if attempt == policy.retries or not transient(error):
                        raise
                    wait = policy.wait(attempt, getattr(error, "retry_after", None))
                    await run.record("retry", call.key, {"attempt": attempt + 1, "error": str(error), "wait": wait})
                    await run.clock.sleep(wait)
            raise AssertionError("unreachable")

        return retried

    return layer


def timeout(run: Run, perform: Perform, *, default: float | None = None) -> Perform:
    """Bound each call by its own `timeout`, else by `default`, in seconds."""

    async def bounded(call: Call) -> Reply:
        limit = call.timeout or default
        if not limit:
            return await perform(call)
        try:
            return await asyncio.wait_for(perform(call), limit)
        except asyncio.TimeoutError as error:
            raise CallTimeoutError(
                f"{call.key!r}: agent {call.agent!r} took longer than {limit:g} s",
                hint="Raise timeout_s in the spec, then resume the session: finished steps are kept.",
            ) from error

    return bounded


class CallTimeoutError(ExecutionError):
    """An agent call took longer than its timeout."""


@dataclass(frozen=True, slots=True)
class Budgets:
    """Limits of a run: calls, tokens as providers count them, and seconds of work (not of waiting for people)."""

    max_steps: int | None = None
    max_tokens: int | None = None
    max_duration_s: float | None = None
    warn_threshold: float = 0.8
    on_exceed: Literal["fail", "ask"] = "fail"


def budget(limits: Budgets) -> Layer:
    """Return a layer that warns near a limit and stops, or asks a person, at it."""
    watch = (("steps", limits.max_steps), ("tokens", limits.max_tokens), ("duration_s", limits.max_duration_s))
    bounds = [(name, float(bound)) for name, bound in watch if bound is not None]

    def layer(run: Run, perform: Perform) -> Perform:
        return partial(_within, limits, bounds, run, perform) if bounds else perform

    return layer


async def _within(
    limits: Budgets, bounds: Sequence[tuple[str, float]], run: Run, perform: Perform, call: Call
) -> Reply:
    for name, bound in bounds:
        used, allowed = _used(run, name), bound * (1 + _extensions(run, name))
        if used >= allowed:
            await _exceeded(run, limits, name, used, allowed, bound)
        elif used >= allowed * limits.warn_threshold and f"budget/{name}/warned" not in run.state.noted:
            await run.record("noted", f"budget/{name}/warned", {"value": used, "limit": allowed, "budget": name})
    return await perform(call)


def _used(run: Run, name: str) -> float:
    if name == "steps":
        return len(run.state.done)
    return sum(run.state.agent_tokens.values()) if name == "tokens" else run.seconds()


def _extensions(run: Run, name: str) -> int:
    answered = run.state.answered.items()
    return sum(key.startswith(f"budget/{name}/") and entry.data["value"] == "extend" for key, entry in answered)


async def _exceeded(run: Run, limits: Budgets, name: str, used: float, allowed: float, bound: float) -> None:
    if limits.on_exceed == "ask":
        prompt = f"The budget of {allowed:g} {name} is used up ({used:g}). Extend it by {bound:g}?"
        question = Question(prompt, choices=("extend", "stop"), kind="budget")
        key = f"budget/{name}/{_extensions(run, name)}"
        if (await run.ask(key, question)).value == "extend":
            return
    raise BudgetExceededError(
        f"the budget of {allowed:g} {name} is used up ({used:g})",
        hint="Raise runtime.budgets in the spec or set on_exceed: ask; the session keeps all that is finished.",
    )
