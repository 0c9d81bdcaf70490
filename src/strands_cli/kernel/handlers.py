"""Handlers: functions that answer questions now, called so that nothing else waits for them."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import os
import threading
from functools import cache
from typing import TYPE_CHECKING

from strands_cli.errors import ExecutionError, StrandsError, cause
from strands_cli.types import AnswerLater, HITLHandler, HITLState, Json

if TYPE_CHECKING:
    from strands_cli.kernel.principal import Principal


def channel_of(handler: HITLHandler | None) -> str:
    """Return how a handler asks: terminal, or what it says itself."""
    return str(getattr(handler, "channel", "handler"))


def answerer(handler: HITLHandler | None) -> Principal:
    """Return who answers: at a terminal the user of this process; whom another handler asks, only it knows."""
    from strands_cli.kernel.principal import Principal, os_principal

    told, channel = getattr(handler, "principal", None), channel_of(handler)
    if isinstance(told, Principal):
        return told
    return os_principal(channel) if channel == "terminal" else Principal(f"handler:{channel}", channel, via=channel)


def current_user() -> str:
    """Return the name of the user that this process runs as."""
    if hasattr(os, "getuid") and not any(os.environ.get(name) for name in _USER):
        return _account(os.getuid())
    return _user()


_USER = ("LOGNAME", "USER", "LNAME", "USERNAME")
"""Environment variables that name the user, as `getpass` reads them."""


def _user() -> str:
    import getpass

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "unknown"


@cache
def _account(number: int) -> str:
    """Return the name of an account, which takes a look into the system's files."""
    return _user()


def patient(handler: HITLHandler | None) -> bool:
    """Whether a handler may be told the same twice: a person tries again, a function would do so for ever."""
    return bool(getattr(handler, "asks_again", False))


async def call_handler(handler: HITLHandler, state: HITLState) -> Json:
    """Call a sync or async handler; a sync one runs in a thread, so that other lanes go on.

    Raises:
        ExecutionError: It failed; the question stays open.
    """
    try:
        return await _called(handler, state)
    except (AnswerLater, StrandsError):
        raise
    except Exception as error:
        failed = f"{type(error).__name__}: {cause(error)}"
        raise ExecutionError(f"the handler that was asked {state.question_id!r} failed: {failed}") from error


async def _called(handler: HITLHandler, state: HITLState) -> Json:
    if inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(type(handler).__call__):
        return await handler(state)
    value = await _in_daemon_thread(handler, state)
    return await value if inspect.isawaitable(value) else value


async def _in_daemon_thread(handler: HITLHandler, state: HITLState) -> Json:
    """A daemon thread, because a prompt that nobody answers must not keep the process from ending."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Json] = loop.create_future()
    context = contextvars.copy_context()

    def settle(value: Json, error: BaseException | None) -> None:
        if future.done():
            return
        if error is None:
            future.set_result(value)
        else:
            future.set_exception(error)

    def work() -> None:
        value: Json = None
        error: BaseException | None = None
        try:
            value = context.run(handler, state)
        except BaseException as problem:
            error = problem
        try:
            loop.call_soon_threadsafe(settle, value, error)
        except RuntimeError:
            return

    threading.Thread(target=work, daemon=True, name="strands-hitl-handler").start()
    return await future
