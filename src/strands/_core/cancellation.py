"""The wish that an agent stops."""

from __future__ import annotations

from strands._event import LazyEvent


class Cancellation:
    """The wish that an agent stops; it holds for one call.

    Attributes:
        signal: Set when the agent is to stop as soon as possible.
        message: What it says at last, or None.
        after_tools: It is to stop once the tools of the message at hand have run.
    """

    __slots__ = ("after_tools", "message", "signal")

    def __init__(self) -> None:
        self.signal: LazyEvent = LazyEvent()
        self.message: str | None = None
        self.after_tools: bool = False

    @property
    def is_wanted(self) -> bool:
        """Whether the agent is to stop, now or after the tools at hand."""
        return self.after_tools or self.signal.is_set()

    def end(self) -> None:
        """Forget it: the call that it was for is over."""
        if self.signal.is_set():
            self.signal.clear()
        self.message, self.after_tools = None, False
