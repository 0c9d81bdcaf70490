"""How a question looks: the panel with the prompt and the whole context, then the choices and what can be typed."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

from strands_cli.terminal.device import write
from strands_cli.terminal.escape import exact_line, one_line, unambiguous, visible

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.text import Text

    from strands_cli.types import HITLState

TITLE = "HUMAN INPUT REQUIRED"
_PANEL_LIMIT = 60_000
_WIDEST = 110
_KINDS = {
    "interrupt": "asked by an agent or one of its tools",
    "elicitation": "asked by an MCP server",
    "approval": "a tool call",
    "ambiguous_tool": "a tool call that may already have happened",
    "budget": "a budget is used up",
}


def show(state: HITLState, out: TextIO) -> None:
    """Print the question: nothing of its context is cut off, whatever its length."""
    console = _console(out)
    width = min(console.width, _WIDEST)
    with console.capture() as capture:
        console.print()
        for part in _parts(state, width):
            if isinstance(part, str):
                console.out(part, highlight=False)
            else:
                console.print(part, width=width)
    text = capture.get()
    write(out, text)
    height = console.height
    if out.isatty() and text.count("\n") > height:
        write(out, f"The question above has {text.count(chr(10))} lines: scroll up to read all of it.\n")


def say(out: TextIO, text: str, style: str = "") -> None:
    """Print one line of ours, in `style`; what it quotes is escaped."""
    from rich.text import Text

    console = _console(out)
    with console.capture() as capture:
        console.print(Text(visible(text), style=style))
    write(out, capture.get())


def _console(out: TextIO) -> Console:
    from rich.console import Console

    return Console(file=out, markup=False, highlight=False, emoji=False)


def _parts(state: HITLState, width: int) -> list[RenderableType]:
    """A very long context stands below the panel as it is: breaking it into rows would take seconds."""
    from rich.box import ROUNDED
    from rich.console import Group
    from rich.panel import Panel
    from rich.text import Text

    body: list[Text] = [Text(unambiguous(state.prompt).rstrip("\n"), style="bold", overflow="fold")]
    context = unambiguous(state.context_display).rstrip("\n") if state.context_display else ""
    beside: list[RenderableType] = []
    if len(context) > _PANEL_LIMIT:
        beside = [Text("Context:", style="dim"), context, Text("End of the context.", style="dim")]
    elif context:
        body += [Text(), Text("Context:", style="dim"), Text(context, overflow="fold")]
    panel = Panel(
        Group(*body),
        title=Text(TITLE, style="bold yellow"),
        title_align="left",
        subtitle=Text(_subtitle(state, width), style="dim") if state.key or state.question_id else None,
        subtitle_align="right",
        border_style="yellow",
        box=ROUNDED,
        padding=(0, 1),
    )
    return [panel, *beside, *_choices(state)]


def _subtitle(state: HITLState, width: int) -> str:
    kind = _KINDS.get(state.kind, "")
    room = width - len(kind) - 10  # beside the frame, the spaces and the colon
    where = one_line(state.question_id or state.key, max(min(room, 60), 12))
    return f"{where}: {kind}" if kind else where


def _choices(state: HITLState) -> list[Text]:
    from rich.text import Text

    if not state.choices:
        return [Text(f"Answers: {exact_line(state.hint)}", style="dim")] if state.hint else []
    numbers = [Text(f"  {number}. {exact_line(choice)}") for number, choice in enumerate(state.choices, 1)]
    heading = "Choices (the text or its number):"
    if state.kind == "ambiguous_tool":
        heading = "Choices (the text or its number; result asks next what the call returned):"
    return [Text(heading, style="dim"), *numbers]
