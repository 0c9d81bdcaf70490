"""How a run gets on: one line a step, settled when it ends; on a terminal a spinner and the text that it writes."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TextIO

from strands_cli.kernel.usage import money
from strands_cli.terminal.device import is_terminal, takes_any_text
from strands_cli.terminal.escape import brief, exact_line, one_line, unambiguous, visible
from strands_cli.terminal.live_screen import LiveScreen

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderResult

    from strands_cli.kernel.events import Event
    from strands_cli.terminal.running_text import RunningText

_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_STYLES = {"ok": "green", "ask": "yellow", "again": "yellow", "bad": "red", "note": "dim"}
_MARKS = {"ok": "✓", "ask": "?", "again": "↻", "bad": "✗", "note": "·"}
_PLAIN_MARKS = {"ok": "+", "ask": "?", "again": "~", "bad": "x", "note": "-"}
_MARGIN = 4
_LEAST = 12
"""Columns that a text has on the line of its step, however long that is."""
_ECHO = 3
"""Columns left free at the right: a terminal that echoes a Ctrl-C as ^C goes to no next line then."""


class ProgressDisplay:
    """Listens to a workflow's events and shows them; a context manager that leaves only settled lines behind.

    Args:
        out: Where to show them; on anything but a terminal they are plain lines, without a spinner.
        verbose: Whether tools, their arguments and results, and each reply are shown too, whole.
        asking: Whether questions are asked here, so that nothing need be said of them.
        text: Whether text is shown while it is written, where `out` is a terminal.

    Attributes:
        wants_text: Whether it does something with streaming text.
        said_last: The reply that was shown last, whole, on the terminal.
    """

    def __init__(self, out: TextIO, *, verbose: bool = False, asking: bool = False, text: bool = False) -> None:
        self._screen = LiveScreen(out, self._below)
        self._verbose = verbose
        self._asking = asking
        self._running: dict[str, _Step] = {}
        self._resting: dict[str, dict[str, _Step]] = {}  # by the question that they wait for
        self._tools: dict[str, str] = {}
        self._marks = _MARKS if _can_encode(out) else _PLAIN_MARKS
        self._width = 9
        self._shows_text = text and self._screen.draws and takes_any_text(out) and is_terminal(sys.stdout)
        self.wants_text: bool = verbose or self._shows_text
        self.said_last: str = ""

    def __enter__(self) -> ProgressDisplay:
        self._screen.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._screen.__exit__()

    def __call__(self, event: Event) -> None:
        """Take an event."""
        show = getattr(self, f"_on_{event.type}", None)
        if show is not None:
            show(event)

    def pause(self) -> Callable[[], None]:
        """Show nothing until the function that is returned is called."""
        return self._screen.pause()

    # -- events ---------------------------------------------------------------------------------------------------

    def _on_step_start(self, event: Event) -> None:
        self._running[event.step_id] = _Step(event.agent_id, time.monotonic())

    def _on_token(self, event: Event) -> None:
        if not self.wants_text:
            return
        step = self._running.get(event.step_id)
        if step is None:  # an earlier process began it
            step = self._running[event.step_id] = _Step(event.agent_id, time.monotonic())
            self._settle("again", event.step_id, step.agent, "goes on")
        if step.text is None or event.data["begins"]:
            from strands_cli.terminal.running_text import RunningText

            step.text = RunningText()
        step.text.add(event.data["text"])

    def _on_step_complete(self, event: Event) -> None:
        step = self._taken(event.step_id)
        agent = event.agent_id or (step.agent if step else "")
        tokens = f"{event.tokens:,} tokens" if event.tokens else ""
        cost = event.data.get("cost")
        self._settle("ok", event.step_id, agent, f"{event.duration:.1f}s", tokens, money(cost) if cost else "")
        if self._verbose:
            said = str(event.data.get("response") or "")
            self._whole(said)
            self.said_last = said if self._shows_text else ""

    def _on_tool_start(self, event: Event) -> None:
        tool = str(event.data.get("tool") or event.data.get("name") or "a tool")
        self._tools[event.step_id] = tool
        step = self._step_of(event.step_id)
        if step:
            step.doing = tool
        if self._verbose:
            if step and step.text is not None:
                said, step.text = step.text.text, None
                self._whole(said)
            self._settle("note", event.step_id, tool, "started")
            self._exact(event.data.get("input"))

    def _on_tool_complete(self, event: Event) -> None:
        tool = self._tools.pop(event.step_id, "")
        step = self._step_of(event.step_id)
        if step and step.doing == tool:
            step.doing = ""
        if self._verbose:
            failed = (event.data.get("result") or {}).get("status") == "error"
            ended = "failed" if failed else "finished"
            self._settle("note", event.step_id, tool, ended if tool else "result")  # which a person gave
            self._exact(_result_text(event.data.get("result")))

    def _on_retry(self, event: Event) -> None:
        wait = event.data.get("wait")
        again = f"again in {wait:.0f}s" if isinstance(wait, (int, float)) else "again"
        step = self._running.get(event.step_id)
        if step is not None:
            step.text = None
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
        if self._screen.draws and len(line) > self._screen.width:
            line = self._line(kind, one_line(key, 32), shown)
        self._screen.line(line, _STYLES[kind])

    def _line(self, kind: str, key: str, shown: Sequence[str]) -> str:
        return f"{self._marks[kind]} {key:<{self._width}}  {'  '.join(shown)}".rstrip()

    def _whole(self, text: str) -> None:
        """Show all of what a model wrote."""
        if not text.strip():
            return
        if not self._screen.draws:
            self._screen.line(_moved(visible(text)))
            return
        from rich.padding import Padding

        from strands_cli.terminal.markdown import drawn

        self._screen.draw(Padding(drawn(text), (0, 0, 0, _MARGIN)))

    def _exact(self, text: object) -> None:
        """Show all of what a tool was told, or returned."""
        if text:
            self._screen.line(_moved(unambiguous(text)))

    def _below(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw what is under way: a line for each step, and the text of one that is alone."""
        from rich.segment import Segment
        from rich.text import Text

        running = list(self._running.items())
        alone, columns = len(running) == 1, max(options.max_width - _ECHO, _LEAST)
        for key, step in running:
            row = Text(self._doing(key, step, 0 if alone else columns), style="cyan")
            row.truncate(columns, overflow="ellipsis")
            yield row
        if alone and self._shows_text and (text := running[0][1].text) is not None:
            options = options.update(width=max(columns - _MARGIN, _LEAST), height=None)
            for line in text.lines(console, options, max(console.height - 4, 1)):
                yield Segment(" " * _MARGIN)
                yield from line
                yield Segment.line()

    def _doing(self, key: str, step: _Step, columns: int) -> str:
        """Return the line of a step; in one of so many columns with the end of its text."""
        now = time.monotonic()
        frame = _SPINNER[int(now * 8) % len(_SPINNER)] if self._marks is _MARKS else "*"
        line = f"{frame} {one_line(key, 80):<{self._width}}  {step.agent}  {now - step.since:.0f}s"
        said = one_line(step.doing, 40)
        if not said and columns and self._shows_text and step.text is not None:
            said = step.text.last(max(columns - len(line) - 2, _LEAST))
        return f"{line}  {said}" if said else line


class _Step:
    __slots__ = ("agent", "doing", "since", "text")

    def __init__(self, agent: str, since: float) -> None:
        self.agent = one_line(agent, 40)
        self.since = since
        self.doing = ""
        self.text: RunningText | None = None


def _moved(text: str) -> str:
    return "\n".join(f"{' ' * _MARGIN}{line}".rstrip() for line in text.split("\n"))


def _result_text(result: Any) -> str:
    """Return what a tool's result says; what is no text is named."""
    parts = []
    for block in (result or {}).get("content") or ():
        if "json" in block:
            parts.append(json.dumps(block["json"], ensure_ascii=False))
        else:
            parts.append(str(block.get("text") or f"({', '.join(block)})"))
    return "\n".join(parts)


def _written(answer: Any) -> str:
    return answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False)


def _can_encode(out: TextIO) -> bool:
    try:
        f"{_SPINNER}✓✗↻".encode(getattr(out, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
