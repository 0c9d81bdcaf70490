"""Callback handlers: functions that take every event of an agent as keyword arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from strands._terminal import VisibleStream, put, visible


def null_callback_handler(**_kwargs: Any) -> None:
    """Take no notice."""


class PrintingCallbackHandler:
    """Prints text and reasoning as they arrive, and the name of each tool that is called.

    What could act on the terminal, or hide in it, is printed as its escape.

    Args:
        verbose_tool_use: Whether to print the tools.

    Attributes:
        tool_count: Tools called so far.
    """

    def __init__(self, verbose_tool_use: bool = True) -> None:
        self.tool_count: int = 0
        self._verbose_tool_use = verbose_tool_use
        self._reasoning = False
        self._text = VisibleStream()

    def __call__(self, **kwargs: Any) -> None:
        reasoning = kwargs.get("reasoningText")
        data = kwargs.get("data")
        if reasoning:
            self._reasoning = True
            put(self._text.feed(reasoning), end="")
        complete = bool(kwargs.get("complete"))
        if data:
            self._data(data, complete)
        self._event(kwargs.get("event") or {})
        if data and complete:
            put("\n")

    def _data(self, data: Any, complete: bool) -> None:
        opening = f"{self._text.end()}\n\n" if self._reasoning else ""
        self._reasoning = False
        shown = opening + self._text.feed(data)
        put(shown + self._text.end() if complete else shown, end="\n" if complete else "")

    def _event(self, event: dict[str, Any]) -> None:
        if "contentBlockStop" in event or "messageStop" in event:
            put(self._text.end(), end="")
        self._tool(event)

    def _tool(self, event: dict[str, Any]) -> None:
        start = event.get("contentBlockStart", {}).get("start") or {}
        if not start.get("toolUse"):
            return
        self.tool_count += 1
        self._reasoning = False
        if self._verbose_tool_use:
            put(f"\nTool #{self.tool_count}: {visible(start['toolUse']['name'])}")


class CompositeCallbackHandler:
    """Hands every event to several handlers.

    Args:
        *handlers: The handlers, called in this order.
    """

    def __init__(self, *handlers: Callable[..., Any]) -> None:
        self.handlers = handlers

    def __call__(self, **kwargs: Any) -> None:
        for handler in self.handlers:
            handler(**kwargs)
