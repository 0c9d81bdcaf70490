"""Running a workflow for the command line: who answers, how it shows, and what a signal does to it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import ExitStack, redirect_stdout, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from strands_cli.cli import outcome
from strands_cli.cli.errors import say, terminate_softly
from strands_cli.errors import INTERRUPTED, TERMINATED
from strands_cli.terminal.device import can_draw, is_terminal, write

if TYPE_CHECKING:
    from strands_cli.kernel.events import Event
    from strands_cli.terminal.progress import ProgressDisplay
    from strands_cli.types import HITLHandler, RunResult

Result = TypeVar("Result")
_GRACE = 5.0  # an MCP server that will not end is killed after four
_PATIENCE = 0.7
_STUCK = 7.0
_SIGNALS = {signal.SIGINT: ("Interrupted", INTERRUPTED), signal.SIGTERM: ("Terminated", TERMINATED)}


class Stopped(Exception):
    """A signal ended the run; what was recorded stays."""

    def __init__(self, number: signal.Signals) -> None:
        self.exit_code: int
        name, self.exit_code = _SIGNALS[number]
        self.left = False
        super().__init__(name)


class _Watchdog:
    """Ends a process that a signal asked to end and that does not come to it: a tool, a hook or a model blocks it.

    Args:
        stuck: Says what became of the run, when nobody has said it.
    """

    def __init__(self, stuck: Callable[[Stopped], object] | None) -> None:
        self._stuck = stuck

    def start(self, number: signal.Signals) -> None:
        """Begin to watch, in a thread of its own."""
        threading.Thread(target=self._watch, args=(Stopped(number),), daemon=True, name="strands-end").start()

    def stand_down(self) -> None:
        """What became of the run is said by whoever waits for it."""
        self._stuck = None

    def _watch(self, stopped: Stopped) -> None:
        time.sleep(_STUCK)
        if self._stuck is not None:
            self._stuck(stopped)
        leave(stopped.exit_code)


def leave(code: int) -> None:
    """End the process at once, without waiting for what still runs in it."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()
    _show_cursor()
    os._exit(code)


@dataclass
class RunMonitor:
    """A run as the command line follows it.

    Attributes:
        as_json: Print the result as one JSON object.
        quiet: Print only the response.
        verbose: Show tools and responses as they come.
        debug: Show tracebacks.
        keep: Keep the events, for a trace.
        saved: Whether the session outlives the process.
        events: What was kept.
        handler: Who answers questions, or None for a pause.
        session_id: The session, once it is known.
        file: The workflow file, once it is known.
    """

    as_json: bool = False
    quiet: bool = False
    verbose: bool = False
    debug: bool = False
    keep: bool = False
    saved: bool = True
    handler: HITLHandler | None = None
    events: list[Event] = field(default_factory=list)
    session_id: str | None = None
    file: str | None = None
    _show: ProgressDisplay | None = None

    def __call__(self, event: Event) -> None:
        self.session_id = event.session_id
        if self.keep and event.type != "token":
            self.events.append(event)
        if self._show is not None:
            self._show(event)

    @property
    def wants_text(self) -> bool:
        """Whether streaming text is shown."""
        return self._show is not None and self._show.wants_text

    def execute(self, prepare: Callable[[], Callable[[], Awaitable[RunResult]]]) -> int:
        """Prepare a run, do it, and print what it came to.

        Args:
            prepare: Loads and checks, and returns what runs.

        Returns:
            The exit code.
        """
        try:
            result = self._run(prepare())
        except Stopped as stopped:
            return self._stopped(stopped)
        except BrokenPipeError:
            raise
        except Exception as error:
            if self.debug:
                import traceback

                traceback.print_exc()
            return outcome.show_failure(error, as_json=self.as_json, saved=self.saved, file=self.file)
        told = self._show.said_last if self._show is not None else ""
        return outcome.show(result, as_json=self.as_json, quiet=self.quiet, saved=self.saved, told=told)

    def _run(self, work: Callable[[], Awaitable[RunResult]]) -> RunResult:
        with ExitStack() as stack:
            if is_terminal(sys.stderr) or not is_terminal(sys.stdout):
                stack.enter_context(redirect_stdout(sys.stderr))  # what tools print is not the result
            if not self.quiet and sys.stderr is not None:
                from strands_cli.terminal.progress import ProgressDisplay

                asking = self.handler is not None
                display = ProgressDisplay(sys.stderr, verbose=self.verbose, asking=asking, text=not self.as_json)
                self._show = stack.enter_context(display)
            return run_until_signal(_awaiting(work), stuck=self._tell_stopped)

    def _stopped(self, stopped: Stopped) -> int:
        self._tell_stopped(stopped)
        if stopped.left:
            leave(stopped.exit_code)
        return stopped.exit_code

    def _tell_stopped(self, stopped: Stopped) -> None:
        if self.as_json:
            result = outcome.stopped_result(str(stopped), stopped.exit_code, self.session_id)
            outcome.print_json(result.to_dict())
        if self.session_id is None or not self.saved:
            say(f"{stopped}. Nothing was {'started' if self.saved else 'kept: --no-save-session'}.")
            return
        say(f"{stopped}. Session {self.session_id} keeps what was finished.")
        say(f"Resume: {outcome.resume_command(self.session_id)}")


def terminal_handler(interactive: bool | None) -> HITLHandler | None:
    """Return who answers questions: the person at this terminal, or nobody.

    Args:
        interactive: What was asked for; None decides by whether somebody is there.
    """
    from strands_cli.terminal.device import someone_there

    if interactive is None:
        interactive = someone_there()
    if not interactive:
        return None
    from strands_cli.terminal.prompt import ask

    return ask


def run_until_signal(work: Coroutine[Any, Any, Result], *, stuck: Callable[[Stopped], object] | None = None) -> Result:
    """Run a coroutine; the first signal cancels it and lets it rest, a second one ends the process at once.

    Threads that do not end (a tool that blocks) are not waited for after a signal, and where the loop itself is
    blocked the process ends after some seconds.

    Args:
        work: What to run.
        stuck: Says what became of it, in the last case.

    Raises:
        Stopped: A signal came first.
    """
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    threads = True
    watchdog = _Watchdog(stuck)
    try:
        return loop.run_until_complete(_guarded(work, watchdog))
    except Stopped as stopped:
        threads = False
        stopped.left = _finish(loop, threads)
        watchdog.stand_down()
        raise
    except KeyboardInterrupt:
        threads = False
        raise Stopped(signal.SIGINT) from None
    finally:
        if not loop.is_closed():
            _finish(loop, threads)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        terminate_softly()


async def _guarded(work: Coroutine[Any, Any, Result], watchdog: _Watchdog) -> Result:
    loop = asyncio.get_running_loop()
    task = loop.create_task(work)
    stopped = asyncio.Event()
    received: list[signal.Signals] = []

    def catch(number: signal.Signals) -> None:
        if received:
            leave(128 + number)
        received.append(number)
        watchdog.start(number)
        loop.call_soon_threadsafe(stop)

    def stop() -> None:
        task.cancel()
        stopped.set()
        loop.call_later(_PATIENCE, say, "Stopping; Ctrl-C again ends it at once.")

    _catch(catch)
    waiting = loop.create_task(stopped.wait())
    try:
        await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if received:
            await asyncio.wait({task}, timeout=_GRACE)
        if received and (not task.done() or task.cancelled()):
            raise Stopped(received[0])
        return await task
    finally:
        waiting.cancel()


def _catch(stop: Callable[[signal.Signals], None]) -> None:
    """Have signals handled wherever the main thread is, not only where the loop comes to look for them."""
    for number in _SIGNALS:
        with suppress(ValueError):
            signal.signal(number, lambda received, _: stop(signal.Signals(received)))


def _show_cursor() -> None:
    """A spinner hides the cursor, and has no time to show it again."""
    if can_draw(sys.__stderr__):
        write(sys.__stderr__, "\x1b[?25h\n")


def _finish(loop: asyncio.AbstractEventLoop, threads: bool) -> bool:
    """Let everything in the loop come to its end; threads only when `threads` says so.

    Returns:
        Whether something is left that would keep the process from ending.
    """
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(asyncio.wait(tasks, timeout=_GRACE if threads else _PATIENCE))
    left = any(not task.done() for task in tasks)
    loop.run_until_complete(loop.shutdown_asyncgens())
    if threads:
        loop.run_until_complete(loop.shutdown_default_executor())
    asyncio.set_event_loop(None)
    loop.close()
    others = (thread for thread in threading.enumerate() if thread is not threading.main_thread())
    return left or any(not thread.daemon for thread in others)


async def _awaiting(work: Callable[[], Awaitable[RunResult]]) -> RunResult:
    return await work()
