"""What a script in a terminal sees of a run: how it gets on, and after Ctrl-C how to go on."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from strands_cli.api.bridge import run_sync

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from strands_cli.api.running import Options
    from strands_cli.kernel.events import Event

T = TypeVar("T")


def progress_shown(wanted: bool | None, *, asks_here: bool) -> AbstractContextManager[Callable[[Event], None] | None]:
    """Return a context manager that gives what shows a run's events, or None when nothing is shown.

    Args:
        wanted: True shows them, False does not; None shows them where somebody at this terminal is asked.
        asks_here: Whether questions are asked in the terminal.
    """
    from strands_cli.terminal.device import can_draw

    if wanted is False or (wanted is None and not (asks_here and can_draw(sys.stderr))):
        return contextlib.nullcontext()
    from strands_cli.terminal.progress import Progress

    return Progress(sys.stderr, asking=asks_here)


def run_resumable(start: Callable[[], Coroutine[Any, Any, T]], options: Options, session_id: str) -> T:
    """Run what `start` returns; Ctrl-C says how to go on with the session.

    Raises:
        KeyboardInterrupt: Somebody pressed Ctrl-C; what was finished is kept.
    """
    try:
        return run_sync(start)
    except KeyboardInterrupt:
        message = _how_to_go_on(options, session_id)
        raise KeyboardInterrupt(message) from None


def _how_to_go_on(options: Options, session_id: str) -> str:
    from strands_cli.api.session import Session
    from strands_cli.errors import StrandsError

    try:
        known = run_sync(lambda: Session.found(options, session_id)).id
    except StrandsError:
        return "Nothing was started."
    return f"Session {known} keeps what was finished. Resume: strands resume {known}"
