"""How a run gets on: one line a step, settled when it ends, with a spinner while it runs on a terminal."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from strands_cli.kernel.usage import money
from strands_cli.terminal.device import can_draw, is_terminal, write
from strands_cli.terminal.escape import brief, exact_line, one_line
from strands_cli.terminal.hold import while_asking

if TYPE_CHECKING:
    from rich.console import Console, Group
    from rich.live import Live

    from strands_cli.kernel.events import Event

_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_STYLES = {"ok": "green", "ask": "yellow", "again": "yellow", "bad": "red", "note": "dim"}
_MARKS = {"ok": "✓", "ask": "?", "again": "↻", "bad": "✗", "note": "·"}
_PLAIN_MARKS = {"ok": "+", "ask": "?", "again": "~", "bad": "x", "note": "-"}


class ProgressDisplay:
    """Listens to a workflow's events and shows them; a context manager that leaves only settled lines behind.

    Args:
        out: Where to show them; on anything but a terminal they are plain lines, without a spinner.
        verbose: Whether tools and the beginning of each response are shown too.
        asking: Whether questions are asked here, so that nothing need be said of them.
    """

    def __init__(self, out: TextIO, *, verbose: bool = False, asking: bool = False) -> None:
        self._out = out
        self._verbose = verbose
        self._asking = asking
        self._running: dict[str, _Step] = {}
        self._resting: dict[str, dict[str, _Step]] = {}  # by the question that they wait for
        self._tools: dict[str, str] = {}
        self._live: Live | None = None
        self._waiting: list[tuple[str, str]] | None = None
        self._draws = can_draw(out)
        self._marks = _MARKS if _can_encode(out) else _PLAIN_MARKS
        self._width = 9
        self._forget: Callable[[], None] = lambda: None

    def __enter__(self) -> ProgressDisplay:
        self._forget = while_asking(self._pause)
        self._resume()
        return self

    def __exit__(self, *_: object) -> None:
        self._forget()
        self._stop()
        for kind, line in self._waiting or ():
            self._print(kind, line)
        self._waiting = None

    def __call__(self, event: Event) -> None:
        """Take an event."""
        show = getattr(self, f"_on_{event.type}", None)
        if show is not None:
            show(event)

    # -- events ---------------------------------------------------------------------------------------------------

    def _on_step_start(self, event: Event) -> None:
        self._running[event.step_id] = _Step(event.agent_id, time.monotonic())

    def _on_step_complete(self, event: Event) -> None:
        step = self._taken(event.step_id)
        agent = event.agent_id or (step.agent if step else "")
        tokens = f"{event.tokens:,} tokens" if event.tokens else ""
        cost = event.data.get("cost")
        self._settle("ok", event.step_id, agent, f"{event.duration:.1f}s", tokens, money(cost) if cost else "")
        if self._verbose and event.data.get("response"):
            self._settle("note", "", one_line(event.data["response"], 200))

    def _on_tool_start(self, event: Event) -> None:
        tool = str(event.data.get("tool") or event.data.get("name") or "a tool")
        self._tools[event.step_id] = tool
        step = self._step_of(event.step_id)
        if step:
            step.doing = tool
        if self._verbose:
            self._settle("note", event.step_id, tool, "started")

    def _on_tool_complete(self, event: Event) -> None:
        tool = self._tools.pop(event.step_id, "")
        step = self._step_of(event.step_id)
        if step and step.doing == tool:
            step.doing = ""
        if self._verbose:
            self._settle("note", event.step_id, tool, "finished")

    def _on_retry(self, event: Event) -> None:
        wait = event.data.get("wait")
        again = f"again in {wait:.0f}s" if isinstance(wait, (int, float)) else "again"
        self._settle("again", event.step_id, event.agent_id, again, one_line(event.data.get("error", ""), 120))

    def _on_hitl_requested(self, event: Event) -> None:
        asking = str(event.data.get("step") or event.step_id)  # a budget's question says which step it stops
        self._resting[event.step_id] = self._drop(asking)
        if not self._asking:
            self._settle("ask", event.step_id, "asks", exact_line(event.data.get("prompt", ""), 80))

    def _on_hitl_answered(self, event: Event) -> None:
        self._running.update(self._resting.pop(event.step_id, {}))
        by = str(event.data.get("by") or "")
        answer = one_line(_written(event.data.get("response", "")), 60)
        if not event.data.get("timed_out"):
            self._settle("ok", event.step_id, "answered", answer, "" if by in ("", "handler") else f"by {by}")
        elif "value" in event.data:
            self._settle("ask", event.step_id, "nobody answered in time; its default is", answer)
        else:
            self._settle("bad", event.step_id, "nobody answered in time")

    def _on_budget_warning(self, event: Event) -> None:
        budget = event.data.get("budget")
        written: Callable[[float], str] = money if budget == "cost" else "{:g}".format
        used, limit = written(event.data.get("used", 0)), written(event.data.get("limit", 0))
        self._settle("again", "budget", one_line(budget, 40), f"{used} of {limit} used")

    def _on_error(self, event: Event) -> None:
        self._drop(event.step_id)
        self._taken(event.step_id)
        if event.step_id:
            self._settle("bad", event.step_id, event.agent_id, one_line(event.data.get("error", "failed"), 200))

    # -- drawing --------------------------------------------------------------------------------------------------

    def _step_of(self, key: str) -> _Step | None:
        for running, step in self._running.items():
            if key.startswith(f"{running}/"):
                return step
        return None

    def _drop(self, key: str) -> dict[str, _Step]:
        """Take away the spinner of the step that `key` is in: it rests. Return what was taken away."""
        found = [running for running in self._running if key == running or key.startswith(f"{running}/")]
        return {running: self._running.pop(running) for running in found}

    def _taken(self, key: str) -> _Step | None:
        """Take away a step that is over, wherever it is."""
        resting = [steps.pop(key) for steps in self._resting.values() if key in steps]
        return self._running.pop(key, None) or (resting[0] if resting else None)

    def _settle(self, kind: str, key: str, *parts: str) -> None:
        key = brief(key)
        self._width = min(max(self._width, len(key)), 32)
        shown = [one_line(part, 200) for part in parts if part]
        line = self._line(kind, one_line(key, 80), shown)
        if self._draws and len(line) > self._console().width:
            line = self._line(kind, one_line(key, 32), shown)
        if self._waiting is not None:
            self._waiting.append((kind, line))
        else:
            self._print(kind, line)

    def _line(self, kind: str, key: str, shown: Sequence[str]) -> str:
        return f"{self._marks[kind]} {key:<{self._width}}  {'  '.join(shown)}".rstrip()

    def _print(self, kind: str, line: str) -> None:
        if not self._draws:
            write(self._out, line + "\n")
            return
        from rich.text import Text

        console = self._console()
        text = Text(_folded(line, console.width))
        text.stylize(_STYLES[kind], 0, 1)
        console.print(text, soft_wrap=True)

    def _console(self) -> Console:
        if self._live is not None:
            return self._live.console
        from rich.console import Console

        return Console(file=self._out, markup=False, highlight=False, emoji=False)

    def _pause(self) -> Callable[[], None]:
        self._stop()
        self._waiting = []
        return self._resume

    def _resume(self) -> None:
        lines, self._waiting = self._waiting or [], None
        for kind, line in lines:
            self._print(kind, line)
        if not self._draws:
            return
        from rich.live import Live

        self._live = Live(
            console=self._console(),
            get_renderable=self._spinners,
            refresh_per_second=8,
            transient=True,
            redirect_stdout=is_terminal(sys.stdout),
        )
        self._live.start()

    def _stop(self) -> None:
        live, self._live = self._live, None
        if live is not None:
            live.stop()

    def _spinners(self) -> Group:
        from rich.console import Group
        from rich.text import Text

        now = time.monotonic()
        frame = _SPINNER[int(now * 8) % len(_SPINNER)] if self._marks is _MARKS else "*"
        rows = []
        for key, step in list(self._running.items()):
            doing = f"  {one_line(step.doing, 40)}" if step.doing else ""
            line = f"{frame} {one_line(key, 80):<{self._width}}  {step.agent}  {now - step.since:.0f}s{doing}"
            rows.append(Text(line, style="cyan", no_wrap=True, overflow="ellipsis"))
        return Group(*rows)


class _Step:
    __slots__ = ("agent", "doing", "since")

    def __init__(self, agent: str, since: float) -> None:
        self.agent = one_line(agent, 40)
        self.since = since
        self.doing = ""


def _folded(line: str, columns: int) -> str:
    """Return a line folded between words."""
    if len(line) <= columns:
        return line
    import textwrap

    wrapped = textwrap.wrap(line, columns, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
    return "\n".join(wrapped)


def _written(answer: Any) -> str:
    return answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)


def _can_encode(out: TextIO) -> bool:
    try:
        f"{_SPINNER}✓✗↻".encode(getattr(out, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
