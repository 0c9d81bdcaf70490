"""Where code written against the Strands Agents SDK finds how async code is run from sync code."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from strands._sync import run

T = TypeVar("T")


def run_async(async_func: Callable[[], Awaitable[T]]) -> T:
    """Return what `await async_func()` returns, also where an event loop is running."""

    async def call() -> T:
        return await async_func()

    return run(call())
