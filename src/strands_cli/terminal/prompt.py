"""Asking a person in the terminal: the handler that `run_interactive` uses when none is given."""

from __future__ import annotations

import asyncio
import math
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TextIO
from weakref import WeakKeyDictionary

from strands_cli.terminal import AnswerLater, panel
from strands_cli.terminal.device import can_draw, in_notebook, is_terminal, write
from strands_cli.terminal.escape import one_line
from strands_cli.terminal.hold import held
from strands_cli.types import HITLState

if TYPE_CHECKING:
    from strands_cli.types import Json

LATER = "/later"
SHOW = "/show"
DECLINE = "/decline"
EDIT = "/edit"
_HELP = "/later: leave it open; /show: again; /edit: $EDITOR; Alt-Enter: a new line"
_turns: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()
_terminal = threading.Lock()


async def ask(state: HITLState) -> Json:
    """Show a question and read its answer; one question at a time, in the order in which they come.

    Text from models is shown as text: it cannot move the cursor, set the clipboard or pose as something else.
    An empty line takes the default if there is one, otherwise the question is asked again.

    Args:
        state: The question. With `problem` set it is asked again, after saying why the last answer was refused.

    Returns:
        The answer: a text, or what the form of a schema came to. An empty text stands for the default.

    Raises:
        AnswerLater: The person typed `/later` or pressed Ctrl-D, or there is no more input.
    """
    async with _turn():
        with held() as out:
            if out is None:
                raise AnswerLater
            return await _Conversation(state, out).answer()


async def ask_value(name: str, schema: Mapping[str, Json]) -> Json:
    """Ask for one named value that fits `schema`, without a panel.

    Raises:
        AnswerLater: The person typed `/later` or pressed Ctrl-D, or there is no more input.
    """
    from strands_cli.terminal import form

    async with _turn():
        with held() as out:
            if out is None:
                raise AnswerLater
            conversation = _Conversation(HITLState(active=True, prompt=name), out)
            return await form.ask_field(name, schema, conversation.line, conversation.complain)


ask.asks_again = True  # type: ignore[attr-defined]  # the same bad answer twice is a person's mistake, not a loop
ask.channel = "terminal"  # type: ignore[attr-defined]  # who answers here is the user of this process


class _Declined(Exception):
    """The person says no to what an MCP server asks."""


class _Conversation:
    """One question and the lines that are typed at it."""

    def __init__(self, state: HITLState, out: TextIO) -> None:
        self.state = state
        self.out = out
        self.deadline = state.deadline
        if self.deadline is None and state.timeout_seconds:
            self.deadline = time.time() + state.timeout_seconds

    async def answer(self) -> Json:
        if self.state.refusal:
            panel.show(self.state, self.out)
            panel.say(self.out, f"Left open: {self.state.refusal}", "yellow")
            raise AnswerLater
        if self.state.problem:
            panel.say(self.out, f"Not taken: {self.state.problem}", "bold red")
        else:
            panel.show(self.state, self.out)
            if self._may_decline:
                panel.say(self.out, f"{DECLINE}: say no to the server", "dim")
            panel.say(self.out, _HELP, "dim")
        try:
            return await self._answered()
        except _Declined:
            return {"action": "decline"}
        except asyncio.CancelledError:
            self._closed()
            raise

    async def _answered(self) -> Json:
        from strands_cli.terminal import form

        if self.state.kind == "ambiguous_tool":
            return await self._doubt()
        if self.state.schema and not self.state.choices:
            return await form.fill(self.state.schema, self.line, self.complain, self._default)
        said = await self._text()
        if said == "edit" and self.state.arguments_schema:
            given = self.state.arguments_schema, self.state.arguments
            return {"decision": "edit", "arguments": await form.fill_arguments(*given, self.line, self.complain)}
        if said == "respond" and self.state.kind == "approval":
            return {"decision": "respond", "response": await self._response()}
        return said

    async def _response(self) -> str:
        while True:
            text = await self.line("What the agent gets in place of the call's result")
            if text.strip():
                return text
            self.complain("an empty line is not a response.")

    @property
    def _may_decline(self) -> bool:
        return self.state.kind == "elicitation"

    async def line(self, label: str) -> str:
        """Read one line; `/later`, `/show`, `/edit` and `/decline` are commands, a doubled slash writes one.

        Raises:
            AnswerLater: The person leaves the question open.
        """
        while True:
            try:
                text = await _read(lambda: self._label(label), self.out)
            except EOFError:
                raise AnswerLater from None
            command = text.strip().lower()
            if command == LATER:
                raise AnswerLater
            if command == DECLINE and self._may_decline:
                raise _Declined
            if command == SHOW:
                panel.show(self.state, self.out)
            elif command == EDIT:
                if written := await self._written():
                    return written
            elif meant := self._nearly(command):
                typed = one_line(text.strip(), 40)
                self.complain(f"{typed!r} is not a command: type {meant}, or /{typed} where it is your answer.")
            else:
                return text[1:] if text.startswith("//") else text

    async def _written(self) -> str:
        """Return what the person's editor was left with; "" where nothing was saved, or there is no editor."""
        import click

        try:
            text = str(await asyncio.to_thread(click.edit, extension=".md") or "")
        except click.ClickException as error:
            self.complain(f"{error.message}. Set EDITOR to an editor that is installed.")
            return ""
        if not text.strip():
            panel.say(self.out, "Nothing was saved.", "dim")
        return text.rstrip("\n")

    def _nearly(self, text: str) -> str:
        """Return the command that `text` misspells: a slip of the finger must not answer a question; "" for none."""
        if not text.startswith("/") or text.startswith("//"):
            return ""
        from difflib import get_close_matches

        known = [LATER, SHOW, EDIT, *([DECLINE] if self._may_decline else [])]
        return next(iter(get_close_matches(text, known, n=1, cutoff=0.8)), "")

    async def _text(self) -> str:
        while True:
            text = await self.line("Your response")
            if text.strip():
                return _chosen(text, self.state.choices)
            if self._default is not None:
                return ""
            self.complain("an empty line is not an answer, and there is no default.")

    async def _doubt(self) -> Json:
        """A result is asked for in a second step: as it is typed, or as JSON where it is an object or a list."""
        from strands_cli.forms.reading import object_or_text

        said = _chosen(await self._text(), ("run again", "skip", "result"))
        if said != "result":
            return said
        while True:
            text = (await self.line("What the call returned (text, or a JSON object or list)")).strip()
            try:
                if text:
                    return {"result": object_or_text(text)}
                self.complain("an empty line is not a result.")
            except ValueError as error:
                self.complain(str(error))

    @property
    def _default(self) -> str | None:
        return self.state.default_response

    def complain(self, problem: str) -> None:
        panel.say(self.out, f"Not taken: {problem}", "bold red")

    def _label(self, label: str) -> str:
        left = _clock(self.deadline - time.time()) if self.deadline is not None else ""
        default = "" if self._default is None else repr(one_line(self._default, 40))
        if default and left:
            return f"{label} (default {default}, taken in {left}): "
        if default:
            return f"{label} (default {default}): "
        return f"{label} (the question expires in {left}): " if left else f"{label}: "

    def _closed(self) -> None:
        if self.deadline is None or time.time() < self.deadline:
            return
        default = (
            "there is no default" if self._default is None else f"the default {one_line(self._default, 40)!r} is taken"
        )
        panel.say(self.out, f"Time is up: {default}.", "yellow")


@asynccontextmanager
async def _turn() -> AsyncIterator[None]:
    """Wait for the terminal to be free: in this loop in order of arrival, and from loops of other threads."""
    async with _turns.setdefault(asyncio.get_running_loop(), asyncio.Lock()):
        while not _terminal.acquire(blocking=False):  # noqa: ASYNC110  (the other loop cannot set an Event of this one)
            await asyncio.sleep(0.05)
        try:
            yield
        finally:
            _terminal.release()


async def _read(label: Callable[[], str], out: TextIO) -> str:
    if sys.platform != "win32" and is_terminal(sys.stdin) and can_draw(out):
        from strands_cli.terminal import keyboard

        return await keyboard.read_line(label, out)
    if in_notebook():  # its front end asks: the kernel has made `input` a request to it
        try:
            return await asyncio.to_thread(input, label())
        except NotImplementedError:  # nobody sits there: the notebook is only executed
            raise EOFError from None
    from strands_cli.terminal import stdin

    write(out, label())
    try:
        return await stdin.read_line("")
    finally:
        if not is_terminal(sys.stdin):
            write(out, "\n")


def _chosen(text: str, choices: tuple[str, ...] | None) -> str:
    """Return the choice that `text` means: itself, its number, or itself in another case; otherwise `text`."""
    if not choices or text in choices:
        return text
    typed = text.strip()
    if typed in choices:
        return typed
    same = [choice for choice in choices if choice.casefold() == typed.casefold()]
    if len(same) == 1:
        return same[0]
    if typed.isascii() and typed.isdigit() and 1 <= int(typed) <= len(choices):
        return choices[int(typed) - 1]
    return text


def _clock(seconds: float) -> str:
    whole = max(math.ceil(seconds), 0)
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
