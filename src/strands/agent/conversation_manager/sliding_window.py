"""The newest messages stay, the oldest go."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from strands.types.exceptions import ContextWindowOverflowException

from .base import Compression
from .compression.pin_message import pin_task, unpin_task
from .pinning import PinningConversationManager

if TYPE_CHECKING:
    from strands._core.host import Host
    from strands.hooks.events import BeforeModelCallEvent
    from strands.hooks.registry import HookRegistry
    from strands.types.content import Message, Messages, Role
    from strands.types.tools import ToolResult, ToolResultContent

TRUNCATED = "The tool result was too large!"
"""What stands for a result that cannot be shortened in the middle."""
LARGE = 500
"""Characters from which a result is large."""
KEPT = 200
"""Characters that stay of a large result at its head, and as many at its tail."""
_CUT = "\n... [truncated: {count} characters left out] ...\n"


class SlidingWindowConversationManager(PinningConversationManager):
    """Keeps the newest messages; a tool use and its result stay or go together, and a loop of tools
    that is longer than the window keeps the message that it began with.

    Args:
        window_size: Messages to keep; 0 keeps none.
        should_truncate_results: When the model cannot read the history, first shorten the oldest large tool results.
        per_turn: True applies the window before every model call too, a number n before every n-th.
        pin_first: Messages at the start of the conversation that always stay, besides the window.
        proactive_compression: As `ConversationManager`.

    Raises:
        ValueError: `window_size` is below 0, or `per_turn` is a number below 1.
    """

    def __init__(
        self,
        window_size: int = 40,
        should_truncate_results: bool = True,
        *,
        per_turn: bool | int = False,
        pin_first: int | None = None,
        proactive_compression: Compression = None,
    ) -> None:
        if window_size < 0:
            raise ValueError(f"window_size is {window_size!r}; it must be 0 or more")
        if per_turn is not True and per_turn is not False and per_turn < 1:
            raise ValueError(f"per_turn is {per_turn!r}; it must be True, False or a number above 0")
        super().__init__(pin_first=pin_first, proactive_compression=proactive_compression)
        self.window_size = window_size
        self.should_truncate_results = should_truncate_results
        self._model_calls = 0
        self._registries: WeakSet[HookRegistry] = WeakSet()  # of the agents it serves
        self._registered: WeakSet[HookRegistry] = WeakSet()  # those that tell it of model calls
        self.per_turn = per_turn

    @property
    def per_turn(self) -> bool | int:
        """Before which model calls the window is applied; it may be changed at any time."""
        return self._per_turn

    @per_turn.setter
    def per_turn(self, value: bool | int) -> None:
        self._per_turn = value
        self._listen()

    def register_hooks(self, registry: HookRegistry, **kwargs: Any) -> None:
        super().register_hooks(registry, **kwargs)
        self._registries.add(registry)
        self._listen()

    def _listen(self) -> None:
        """Have model calls told once the window is wanted before them; until then they cost nothing."""
        if not self._per_turn:
            return
        from strands.hooks.events import BeforeModelCallEvent

        for registry in list(self._registries):
            if registry not in self._registered:
                self._registered.add(registry)
                registry.add_callback(BeforeModelCallEvent, self._before_model_call)

    def _before_model_call(self, event: BeforeModelCallEvent) -> None:
        if not self._per_turn:
            return
        self._model_calls += 1
        if self._model_calls % int(self._per_turn) == 0:
            self.apply_management(event.agent)

    def get_state(self) -> dict[str, Any]:
        return {**super().get_state(), "model_call_count": self._model_calls}

    def restore_from_session(self, state: dict[str, Any]) -> list[Message] | None:
        self._model_calls = state.get("model_call_count", 0)
        return super().restore_from_session(state)

    def apply_management(self, agent: Host, **kwargs: Any) -> None:
        """Drop the oldest messages beyond the window."""
        if len(agent.messages) - len(self._pinned) > self.window_size:
            self.reduce_context(agent)

    def reduce_context(self, agent: Host, e: Exception | None = None, **kwargs: Any) -> None:
        """Shorten large tool results after an error; otherwise drop the oldest messages.

        Raises:
            ContextWindowOverflowException: Nothing is left to drop.
        """
        messages = agent.messages
        self._pin(messages)
        unpin_task(messages)
        if e is not None and self.should_truncate_results and _truncate_results(messages):
            return
        begin = self._begin(messages)
        if begin is not None:
            if begin < len(messages) and messages[begin]["role"] != "user":
                pin_task(messages, begin)  # a loop of tools longer than the window: what it works on stays
            self._remove(messages, begin)
        elif e is not None:
            raise ContextWindowOverflowException("the history cannot be shortened any further") from e

    def _begin(self, messages: Messages) -> int | None:
        """Return where what stays begins, so that something goes; None when nothing can."""
        if self.window_size == 0:
            return len(messages) if self._removable(messages, len(messages)) else None
        crowded = len(messages) - len(self._pinned) > self.window_size
        start = len(messages) - self.window_size if crowded else len(self._pinned) + 2
        begin = first_beginning(messages, start)
        while begin is not None and not self._removable(messages, begin):
            begin = first_beginning(messages, begin + 1)
        return begin


def first_beginning(messages: Messages, start: int, role: Role = "user") -> int | None:
    """Return where a history may begin, at `start` or later: best with a message of `role`: some insist."""
    possible = [index for index in range(start, len(messages)) if _may_begin(messages, index)]
    spoken = [index for index in possible if messages[index]["role"] == role]
    return spoken[0] if spoken else possible[0] if possible else None


def _may_begin(messages: Messages, index: int) -> bool:
    """A history may not begin with a result whose tool use is gone, nor with a tool use that is not answered next."""
    content = messages[index]["content"]
    if any("toolResult" in block for block in content):
        return False
    if any("toolUse" in block for block in content):
        after = messages[index + 1]["content"] if index + 1 < len(messages) else []
        return any("toolResult" in block for block in after)
    return True


def _truncate_results(messages: Messages) -> bool:
    """Shorten the oldest message that has large results; its head and tail stay, and so does whether it succeeded."""
    for message in messages:
        results = [block["toolResult"] for block in message["content"] if "toolResult" in block]
        shortened = [_shorten(result) for result in results]
        if any(shortened):
            return True
    return False


def _shorten(result: ToolResult) -> bool:
    """Shorten what is large in a result; return whether anything was."""
    content = [_shortened(block) for block in result["content"]]
    changed = any(new is not old for new, old in zip(content, result["content"], strict=True))
    if changed:
        result["content"] = content
    return changed


def _shortened(block: ToolResultContent) -> ToolResultContent:
    if "text" in block or "json" in block:
        text = block["text"] if "text" in block else json.dumps(block["json"], ensure_ascii=False, default=str)
        if len(text) <= LARGE:
            return block
        return {"text": f"{text[:KEPT]}{_CUT.format(count=len(text) - 2 * KEPT)}{text[-KEPT:]}"}
    if any(kind in block for kind in ("image", "document", "video")):
        return {"text": TRUNCATED}
    return block
