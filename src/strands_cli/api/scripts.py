"""What a script in a terminal sees of a run: how it gets on, and after Ctrl-C or a pause how to go on."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable, Coroutine, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from strands_cli.api import bridge
from strands_cli.errors import InputError, SessionNotFoundError
from strands_cli.kernel.handlers import call_handler
from strands_cli.types import HITLHandler, HITLState, Json

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from strands_cli.api.options import Options
    from strands_cli.api.session import Session
    from strands_cli.api.workflow import Workflow
    from strands_cli.terminal.progress import ProgressDisplay

T = TypeVar("T")


def progress_shown(wanted: bool | None, *, asks_here: bool = False) -> AbstractContextManager[ProgressDisplay | None]:
    """Return a context manager that gives what shows a run's events, or None when nothing is shown.

    Args:
        wanted: True shows them, False does not; None shows them in a notebook, and in a terminal that is asked.
        asks_here: Whether questions are asked in the terminal.
    """
    from strands_cli.terminal.device import can_draw, in_notebook

    notebook = wanted is not False and in_notebook()
    if wanted is False or (wanted is None and not (notebook or (asks_here and can_draw(sys.stderr)))):
        return contextlib.nullcontext()
    from strands_cli.terminal.progress import ProgressDisplay

    return ProgressDisplay(sys.stdout if notebook else sys.stderr, asking=asks_here, text=True)


def is_watched() -> bool:
    """Return whether somebody watches a sync call: in a terminal or a notebook, and in no thread of a server's."""
    from strands_cli.terminal.device import can_draw, in_notebook

    return threading.current_thread() is threading.main_thread() and (can_draw(sys.stderr) or in_notebook())


def watched_by(workflow: Workflow, show: ProgressDisplay | None) -> Workflow:
    """Return a workflow whose events are shown."""
    return workflow if show is None else workflow.with_listener(show)


def between(handler: HITLHandler, display: ProgressDisplay | None) -> HITLHandler:
    """Return a handler that has the screen for itself: nothing is shown while it asks."""
    if display is None:
        return handler

    async def asked(state: HITLState) -> Json:
        resume = display.pause()
        try:
            return await call_handler(handler, state)
        finally:
            resume()

    for name in ("channel", "principal", "asks_again"):
        if hasattr(handler, name):
            setattr(asked, name, getattr(handler, name))
    return asked


def terminal_handler() -> HITLHandler:
    """Return the handler that asks in the terminal."""
    from strands_cli.terminal.prompt import ask

    return ask


async def session_to_go_on(
    options: Options, session_id: str, response: Json, values: Mapping[str, Any]
) -> Session | None:
    """Return the session of this very id when there is one, or None.

    Args:
        options: Where sessions are kept.
        session_id: The id.
        response: The answer to its only open question, or None.
        values: Variables; the session must have begun with them.

    Raises:
        SessionNotFoundError: There is none, and somebody answers it.
        InputError: It began with other variables.
    """
    from strands_cli.api.session import Session

    try:
        await options.store().open(session_id)
        session = await Session.found(options, session_id)
    except SessionNotFoundError:  # or its beginning was cut short
        session = None
    if session is None:
        if response is not None:
            raise SessionNotFoundError(f"no session {session_id!r} to answer", hint="List them: strands sessions list.")
        return None
    differing = {name: value for name, value in values.items() if session.inputs.get(name) != value}
    if differing:
        began = ", ".join(f"{name}={session.inputs.get(name)!r}, not {value!r}" for name, value in differing.items())
        hint = "Leave the variables out to go on with it, or choose another session_id to start anew."
        raise InputError(f"session {session.id!r} began with {began}", hint=hint)
    return session


def run_resumable(start: Callable[[], Coroutine[Any, Any, T]], options: Options, session_id: str) -> T:
    """Run what `start` returns; Ctrl-C says how to go on with the session, if there is one by then.

    Raises:
        KeyboardInterrupt: Somebody pressed Ctrl-C; what was finished is kept.
    """
    return bridge.run_resumable(start, lambda: _how_to_go_on(options, session_id))


def say_where_it_waits(options: Options, session_id: str) -> None:
    """Say on standard error how a session goes on that somebody at this terminal left open."""
    from strands_cli.api.remedies import remedy
    from strands_cli.terminal.device import write

    resume = remedy(session_id, options)
    write(sys.stderr, f"Paused: session {session_id} waits for an answer.\nResume: {resume}\n")


def _how_to_go_on(options: Options, session_id: str) -> str:
    from strands_cli.api.remedies import kept
    from strands_cli.api.session import Session
    from strands_cli.errors import StrandsError

    try:
        known = bridge.run_sync(lambda: Session.found(options, session_id)).id
    except StrandsError:
        return "Nothing was started."
    return kept(known, options)
