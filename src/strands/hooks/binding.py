"""What an answer about a tool call is bound to: the tool, and the arguments to the byte."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from strands.interrupt import call_digest
from strands.types.json_value import NOT_PLAIN, parsed, plain_copy, to_text

from .origin import digest_of

if TYPE_CHECKING:
    from strands.types.tools import AgentTool, ToolUse

_NOTHING: Any = object()
CURRENT = "2:"
"""Begins the digests of this form; those of the first release are bare."""


class Binding(Protocol):
    """What an answer is bound to."""

    @property
    def digest(self) -> str:
        """The hash of all of it."""

    @property
    def basis(self) -> str | None:
        """The hash of the tool alone, or None when it is not about one."""

    def holds(self, digest: str | None) -> bool:
        """Return whether `digest`, also in the form of the first release, is of this very call."""


class CallBinding:
    """One tool call at one moment; what happens to its arguments later does not change it.

    Args:
        tool: The tool, or None when there is none of that name.
        use: The call.
        strict: Refuse arguments that are not JSON, as they could not run to the byte.

    Attributes:
        name: The tool's name.

    Raises:
        TypeError: The arguments hold what JSON has no form for.
        ValueError: They hold a value that JSON forbids.
    """

    __slots__ = ("_basis", "_digest", "_held", "_parsed", "_text", "_tool", "name")

    def __init__(self, tool: AgentTool | None, use: ToolUse, *, strict: bool = False) -> None:
        given = use["input"]
        self.name = tool.tool_name if tool is not None else use["name"]
        self._tool = tool
        self._basis: str | None = None
        self._digest = ""
        self._parsed: Any = _NOTHING
        self._text: str | None = None
        self._held: Any = plain_copy(given) if strict else NOT_PLAIN  # handed to nobody, so it stays what it is
        if self._held is not NOT_PLAIN:
            return
        if strict:
            self._text = to_text(given, "the input", any_text=True)
            self._parsed = parsed(self._text, given, "the input")
        else:
            self._text = json.dumps(given, default=repr)

    @property
    def text(self) -> str:
        """The arguments as JSON, written once."""
        if self._text is None:
            self._text = to_text(self._held, "the input", any_text=True)
        return self._text

    @property
    def basis(self) -> str | None:
        """The hash of what the tool is."""
        if self._basis is None and self._tool is not None:
            self._basis = digest_of(self._tool.identity)
        return self._basis

    @property
    def digest(self) -> str:
        """The hash of the tool's name, of what it is, and of the arguments."""
        if not self._digest:
            self._digest = CURRENT + digest_of([self.name, json.loads(self.text), self.basis])
        return self._digest

    def input(self) -> Any:
        """Return the arguments, each time as values of their own."""
        if self._held is not NOT_PLAIN:
            return plain_copy(self._held)
        found, self._parsed = self._parsed, _NOTHING
        return json.loads(self.text) if found is _NOTHING else found

    def with_input(self, input: Any) -> CallBinding:
        """Return the call of the same tool with other arguments."""
        made = CallBinding(self._tool, {"toolUseId": "", "name": self.name, "input": input})
        made._basis = self._basis
        return made

    def holds(self, digest: str | None) -> bool:
        """Return whether `digest` is of this very call."""
        if digest is None or digest.startswith(CURRENT):
            return digest == self.digest
        return digest == self.first_digest()

    def first_digest(self) -> str:
        """Return the digest in the form of the first release."""
        basis = self._tool.approval_basis if self._tool is not None else None
        return call_digest(self.name, json.loads(self.text), basis)


class BatchBinding:
    """All calls of one message at one moment.

    Args:
        calls: Tool use id to the call.
    """

    basis = None

    def __init__(self, calls: Mapping[str, CallBinding]) -> None:
        self.calls = calls

    @property
    def digest(self) -> str:
        """The hash of all calls."""
        return CURRENT + digest_of([[id, call.digest] for id, call in self.calls.items()])

    def holds(self, digest: str | None) -> bool:
        """Return whether `digest` is of these very calls."""
        if digest is None or digest.startswith(CURRENT):
            return digest == self.digest
        first = [(id, call.first_digest()) for id, call in self.calls.items()]
        return digest == call_digest("", first, None)
