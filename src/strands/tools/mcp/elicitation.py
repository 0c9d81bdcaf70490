"""Questions that an MCP server asks in the middle of a call, as interrupts of that call.

A server's question does not say which call it belongs to. So it waits until one call alone is left, and is that
call's. When all calls that are left wait with a question, each is told "cancel" and is made again, one after another.
A call that asks a person ends; once there is an answer it is made again from the top, and the question is answered.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from strands.interrupt import InterruptException

if TYPE_CHECKING:
    from strands.types.tools import ToolContext

_YES = {"y", "yes", "true", "ok", "accept"}
_NO = {"", "n", "no", "false", "decline"}


class Call:
    """One call of a tool that may be asked something.

    Attributes:
        interrupt: What a person has to answer first, or None.
        again: Whether it has to be made again, alone.
    """

    def __init__(self, context: ToolContext[Any], server: str) -> None:
        self.interrupt: InterruptException | None = None
        self.again = False
        self._context = context
        self._server = server
        self._answers: dict[str, list[Any]] = {}
        self._asked: dict[str, int] = {}

    def start(self) -> None:
        """Begin from the top: the same questions come again."""
        self.interrupt = None
        self.again = False
        self._asked = {}

    def ask(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the server is told: the answer, or "cancel" when a person must give it first."""
        if self.interrupt is not None:
            return {"action": "cancel"}  # the call is over already, whatever the server still asks
        schema = params.get("requestedSchema")
        reason = {key: params[key] for key in ("message", "requestedSchema", "url") if params.get(key) is not None}
        base = "elicitation-" + hashlib.sha256(json.dumps(reason, sort_keys=True).encode()).hexdigest()[:12]
        number = self._asked[base] = self._asked.get(base, 0) + 1
        known = self._answers.setdefault(base, [])
        if number > len(known):
            name = base if number == 1 else f"{base}-{number}"
            try:
                known.append(self._context.interrupt(name, reason={**reason, "server": self._server}))
            except InterruptException as raised:
                self.interrupt = raised
                return {"action": "cancel"}
        return answer_to(schema, known[number - 1])


class Desk:
    """Takes the questions of one server and finds the calls they belong to; used on one event loop."""

    def __init__(self) -> None:
        self._calls: list[Call] = []
        self._waiting = 0
        self._changed = asyncio.Condition()
        self._alone = asyncio.Lock()

    @asynccontextmanager
    async def present(self, call: Call) -> AsyncIterator[None]:
        """Note that `call` is under way; a call that is made again waits until it is alone, and keeps others out."""
        async with self._alone:
            if call.again:
                async with self._changed:
                    await self._changed.wait_for(lambda: not self._calls)
                async with self._entered(call):
                    yield
                return
        async with self._entered(call):
            yield

    async def ask(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the server is told."""
        async with self._changed:
            self._waiting += 1
            self._changed.notify_all()
            try:
                await self._changed.wait_for(lambda: len(self._calls) <= max(1, self._waiting))
            finally:
                self._waiting -= 1
            if not self._calls:
                return {"action": "cancel"}
            if len(self._calls) > 1:
                for call in self._calls:
                    call.again = True
                return {"action": "cancel"}
            call = self._calls[0]
            return {"action": "cancel"} if call.again else call.ask(params)

    @asynccontextmanager
    async def _entered(self, call: Call) -> AsyncIterator[None]:
        call.start()
        self._calls.append(call)
        try:
            yield
        finally:
            async with self._changed:
                self._calls.remove(call)
                self._changed.notify_all()


def answer_to(schema: Any, response: Any) -> dict[str, Any]:
    """Return a person's response as the answer to a server's question.

    A dict with `action` is taken as it is, another dict is the form filled in. Yes, no and nothing accept or decline;
    any other text or value fills in a form of one field.
    """
    if isinstance(response, Mapping):
        if response.get("action") in ("accept", "decline", "cancel"):
            return dict(response)
        return {"action": "accept", "content": dict(response)}
    word = response.strip().lower() if isinstance(response, str) else response
    if word is None or word is False or (isinstance(word, str) and word in _NO):
        return {"action": "decline"}
    fields: Mapping[str, Any] = (schema or {}).get("properties") or {}
    if len(fields) == 1:
        (name,) = fields
        if fields[name].get("type") == "boolean":
            return {"action": "accept", "content": {name: True}} if _is_yes(word) else {"action": "decline"}
        return {"action": "accept", "content": {name: response}}
    if _is_yes(word):
        defaults = {name: field["default"] for name, field in fields.items() if "default" in field}
        booleans = {name: True for name, field in fields.items() if field.get("type") == "boolean"}
        return {"action": "accept", "content": {**defaults, **booleans}}
    return {"action": "decline"}


def _is_yes(word: Any) -> bool:
    return word is True or (isinstance(word, str) and word in _YES)
