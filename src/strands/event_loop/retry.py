"""When a failed model call is tried again, and after how long."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from strands.hooks.events import AfterInvocationEvent, AfterModelCallEvent
from strands.hooks.registry import HookRegistry
from strands.types.exceptions import (
    ModelQuotaError,
    ModelThrottledException,
    ModelUnavailableError,
    ModelUnreachableError,
)

_UNREACHABLE = 3
log: logging.Logger = logging.getLogger(__name__)


class ModelRetryStrategy:
    """Tries a model call again after throttling and outages, waiting twice as long each time, and logs a line of it.

    Args:
        max_attempts: Calls in all, the first included; to a provider with which no connection comes about, 3 at most.
        initial_delay: Seconds to wait before the second.
        max_delay: Seconds to wait at most.

    Attributes:
        delay: Seconds it waited last.
    """

    def __init__(self, *, max_attempts: int = 6, initial_delay: float = 4, max_delay: float = 240) -> None:
        if max_attempts < 1:
            raise ValueError(f"max_attempts is {max_attempts!r}; it must be 1 or more")
        self._max_attempts = max_attempts
        self._initial_delay = initial_delay
        self._max_delay = max_delay
        self._failures = 0
        self.delay: float = 0

    def is_retryable(self, exception: Exception) -> bool:
        """Return whether another try may help."""
        again = isinstance(exception, (ModelThrottledException, ModelUnavailableError))
        return again and not isinstance(exception, ModelQuotaError)

    def register_hooks(self, registry: HookRegistry, **kwargs: Any) -> None:
        """Register as hooks. An agent does not need it for its `retry_strategy`, which it asks when a call failed."""
        registry.add_callback(AfterModelCallEvent, self.after_model_call)
        registry.add_callback(AfterInvocationEvent, self._after_invocation)

    async def after_model_call(self, event: AfterModelCallEvent[Any]) -> None:
        """Wait, and ask for another try, when the call failed in a way that may pass."""
        error = event.exception
        if error is None:
            self._failures = 0
            return
        if event.retry or not self.is_retryable(error):
            return
        self._failures += 1
        most = min(self._max_attempts, _UNREACHABLE) if isinstance(error, ModelUnreachableError) else self._max_attempts
        if self._failures >= most:
            self._failures = 0
            return
        self.delay = self._delay(error)
        log.warning("%s\ncall %d of %d follows in %g s", error, self._failures + 1, most, self.delay)
        await asyncio.sleep(self.delay)
        event.retry = True

    def _delay(self, error: Exception) -> float:
        named = getattr(error, "retry_after", None)
        if named is not None:
            return float(min(max(named, 0), self._max_delay))
        return float(min(self._initial_delay * 2 ** (self._failures - 1), self._max_delay))

    def succeeded(self) -> None:
        """Start counting anew."""
        self._failures = 0

    def _after_invocation(self, event: AfterInvocationEvent) -> None:
        self._failures = 0
