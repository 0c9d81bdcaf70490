"""What an answer about a tool call is bound to: the tool, and the arguments to the byte."""

from __future__ import annotations

import functools
import json
import marshal
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from strands._first_release import call_digest
from strands.types.json_value import NOT_PLAIN, copy_of_plain, parsed, plain_copy, to_text

if TYPE_CHECKING:
    from strands.types.binding import Binding as Binding
    from strands.types.tool_use import ToolUse

_PAIR = "\\ud"
_WITHOUT_REFERENCES = 2
"""A version of the marshal format whose bytes depend on the value alone."""
CURRENT = "2:"
"""Begins the digests of this form; those of the first release are bare."""


class IdentifiedTool(Protocol):
    """What tells a tool from others; see `AgentTool`."""

    @property
    def tool_name(self) -> str:
        """The name a model calls it by."""

    @property
    def identity(self) -> Any:
        """What tells it from any other tool of its name."""

    @property
    def identity_with_replacements(self) -> Any:
        """The identity, with what somebody has put in the place of what runs this object."""

    @property
    def approval_basis(self) -> Any:
        """What approvals of the first release are bound to beside a call's name and arguments."""


class CallBinding:
    """One tool call at one moment; what happens to its arguments later does not change it.

    Args:
        tool: The tool, or None when there is none of that name.
        use: The call.
        strict: Refuse arguments that are not JSON, as they could not run to the byte.
        own: The arguments are what `plain_copy` returned, and nobody else can reach them.

    Attributes:
        name: The tool's name.

    Raises:
        TypeError: The arguments hold what JSON has no form for.
        ValueError: They hold a value that JSON forbids.
    """

    __slots__ = ("_basis", "_digest", "_held", "_text", "_tool", "name")

    def __init__(self, tool: IdentifiedTool | None, use: ToolUse, *, strict: bool = False, own: bool = False) -> None:
        given = use["input"]
        self.name: str = tool.tool_name if tool is not None else use["name"]
        self._tool = tool
        self._basis: str | None = None
        self._digest = ""
        self._text: str | None = None
        self._held: Any = given if own else plain_copy(given)  # handed to nobody, so it stays what it is
        if self._held is not NOT_PLAIN:
            return
        if strict:
            self._text = to_text(given, "the input", any_text=True)
            parsed(self._text, given, "the input")
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
            self._basis = _identity_hash(self._tool.identity_with_replacements)
        return self._basis

    @property
    def digest(self) -> str:
        """The hash of the tool's name, of what it is, and of the arguments."""
        if not self._digest:
            self._digest = CURRENT + hash_of(self._canonical())
        return self._digest

    def _canonical(self) -> str:
        if self._held is not NOT_PLAIN:
            text = canonical([self.name, self._held, self.basis])
            if _PAIR not in text:  # the halves of a pair are one character once they are read
                return text
        return canonical([self.name, json.loads(self.text), self.basis])

    def share(self, other: CallBinding) -> None:
        """Take over the digest of another binding, computed already, if the call is the same to the byte."""
        if self._held is NOT_PLAIN or other._held is NOT_PLAIN or not other._digest:
            return
        if self.name != other.name or self.basis != other.basis:
            return
        if marshal.dumps(self._held, _WITHOUT_REFERENCES) == marshal.dumps(other._held, _WITHOUT_REFERENCES):
            self._digest = other._digest

    def input(self) -> Any:
        """Return the arguments, each time as values of their own."""
        return copy_of_plain(self._held) if self._held is not NOT_PLAIN else json.loads(self.text)

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


canonical: Callable[[object], str] = json.JSONEncoder(sort_keys=True, separators=(",", ":"), default=repr).encode
"""Returns the one text that JSON, or `repr`, has for a value."""


def digest_of(value: Any) -> str:
    """Return the hash of a value that JSON, or `repr`, has one text for."""
    return hash_of(canonical(value))


def hash_of(text: str) -> str:
    """Return the hash of a text that `canonical` returned."""
    return str(_hashlib().sha256(text.encode()).hexdigest())


@functools.cache
def _hashlib() -> Any:
    import hashlib

    return hashlib


def _identity_hash(identity: Any) -> str:
    try:
        return _hash_of_stored(marshal.dumps(identity, _WITHOUT_REFERENCES))
    except ValueError:  # it holds an object of a class of its own
        return digest_of(identity)


@functools.lru_cache(maxsize=256)
def _hash_of_stored(stored: bytes) -> str:
    return digest_of(marshal.loads(stored))
