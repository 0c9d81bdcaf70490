"""Layers: what stands around every agent call. Each is a function from one `CallAgent` to another."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Literal, TypeAlias, cast

from strands_cli.errors import ExecutionError, cause
from strands_cli.kernel.budgets import RunLimits, budget, budget_below
from strands_cli.kernel.types import AgentReply, Call, CallAgent

if TYPE_CHECKING:
    from strands_cli.kernel.recorder import JournalRecorder
    from strands_cli.kernel.run import Run
    from strands_cli.types import Json

__all__ = [
    "CallTimeoutError",
    "Layer",
    "RetryPolicy",
    "RunLimits",
    "budget",
    "budget_below",
    "layered",
    "retry",
    "timeout",
]

Layer: TypeAlias = "Callable[[Run, CallAgent], CallAgent]"


def layered(run: Run, perform: CallAgent, layers: Sequence[Layer]) -> CallAgent:
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

    def layer(run: Run, perform: CallAgent) -> CallAgent:
        return partial(_retried, policy, transient, run, perform) if policy.retries else perform

    return layer


async def _retried(
    policy: RetryPolicy, transient: Callable[[BaseException], bool], run: Run, perform: CallAgent, call: Call
) -> AgentReply:
    for attempt in range(policy.retries + 1):
        call.attempt = attempt
        try:
            return await perform(call)
        except Exception as error:
            if attempt == policy.retries or not transient(error):
                raise
            wait = policy.wait(attempt, getattr(error, "retry_after", None))
            data: dict[str, Json] = {"attempt": attempt + 1, "error": cause(error), "wait": wait}
            usage = cast("JournalRecorder", call.recorder).take_unrecorded()  # a reply of no use has its price
            await run.record("retry", call.key, {**data, "usage": usage} if usage else data)
            await run.clock.sleep(wait)
    raise AssertionError("unreachable")


@lru_cache(maxsize=64)
def timeout(default: float | None = None) -> Layer:
    """Return a layer that bounds each call by its own `timeout`, else by `default`, in seconds."""

    def layer(run: Run, perform: CallAgent) -> CallAgent:
        return partial(_in_time, run, perform, default)

    return layer


def _in_time(run: Run, perform: CallAgent, default: float | None, call: Call) -> Awaitable[AgentReply]:
    limit = call.timeout or default
    return _bounded(run, perform, limit, call) if limit else perform(call)


async def _bounded(run: Run, perform: CallAgent, limit: float, call: Call) -> AgentReply:
    try:
        return await asyncio.wait_for(perform(call), limit)
    except asyncio.TimeoutError as error:
        raise CallTimeoutError(
            f"{call.key!r}: agent {call.agent!r} took longer than {limit:g} s",
            hint=f"Raise timeout_s in the spec, then go on with it: {run.mended_command()}",
        ) from error


class CallTimeoutError(ExecutionError):
    """An agent call took longer than its timeout."""
