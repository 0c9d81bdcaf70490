"""Questions that an MCP server asks in the middle of a call, as interrupts of that call.

Servers of protocol 2026-07-28 end a call with what they need: the question belongs to that call, and what the server
wants back with the answer (`requestState`) is kept in the interrupt, so that the call goes on without being repeated.

Servers of older protocols ask without saying which call it is about. Their question waits until one call alone is
left, and is that call's. When all calls that are left wait with a question, each is told "cancel" and is made again,
one after another. A server that serves one call at a time keeps the others waiting: after `PATIENCE` its question is
told "cancel", the call that ends upon that is made again, and from then on calls to this server are made one at a
time. A call that asks a person ends; once there is an answer it is made again from the top and the question answered.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from strands.interrupt import Interrupt, InterruptException

from .forms import FormError, read_answer

if TYPE_CHECKING:
    from strands.types.tools import ToolContext

PREFIX = "elicitation-"
PATIENCE = 2.0
"""Seconds that a question waits for other calls to end, before it is taken that they wait for its own call."""
PROMPT = 1.0
"""Seconds within which a call ends whose question was cancelled; one that ends later is not made again."""
_SHOWN = ("message", "requestedSchema", "url")


class ServerCall:
    """One call of a tool that may be asked something.

    Args:
        context: The agent's call, which a person can be asked through; None for a direct call, which cannot ask.
        server: What the server is called.

    Attributes:
        interrupt: What a person has to answer first, or None.
        again: Whether it has to be made again, alone.
        rounds: How often the server has said that it needs more input (protocol 2026-07-28).
        answers: What it was answered last, by the key of its request.
        state: What it wants back with these answers.
    """

    def __init__(self, context: ToolContext[Any] | None, server: str) -> None:
        self.interrupt: InterruptException | None = None
        self.again: bool = False
        self.rounds: int = 0
        self.answers: dict[str, dict[str, Any]] | None = None
        self.state: str | None = None
        self._context = context
        self._server = server
        self._answers: dict[str, list[dict[str, Any]]] = {}
        self._asked: dict[str, int] = {}

    def start(self) -> None:
        """Begin from the top: the same questions come again."""
        self.interrupt = None
        self.again = False
        self._asked = {}

    def ask(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the server is told: the answer, or "cancel" when a person must give it first."""
        if self.interrupt is not None or self._context is None:
            return {"action": "cancel"}  # the call is over already, or nobody can be asked
        reason = _reason(params, self._server)
        base = _name(reason)
        number = self._asked[base] = self._asked.get(base, 0) + 1
        known = self._answers.setdefault(base, [])
        if number > len(known):
            try:
                known.append(self._answer(base if number == 1 else f"{base}-{number}", reason))
            except InterruptException as raised:
                self.interrupt = raised
                return {"action": "cancel"}
        return known[number - 1]

    def go_on(self) -> None:
        """Take up the answers, and the state to give back, of the round that this call stopped at in an earlier try.

        Raises:
            InterruptException: Some of its questions have no answer yet, or none that fits.
        """
        raised = self._context.raised_interrupts() if self._context is not None else []
        asked = [each for each in raised if isinstance(each.reason, Mapping) and "request" in each.reason]
        if asked:
            self.rounds = max(each.reason["round"] for each in asked)
            self.answers, self.state = self._round([each for each in asked if each.reason["round"] == self.rounds])

    def visited(self, addresses: list[dict[str, Any]]) -> bool:
        """Return whether a person has visited the addresses that the call needs; False where nobody can be asked."""
        if self._context is None or not addresses:
            return False
        answers = [self.ask(each) for each in addresses]
        return self.interrupt is None and all(each["action"] == "accept" for each in answers)

    def ask_round(self, wire: Mapping[str, Any], number: int) -> tuple[dict[str, dict[str, Any]], str | None]:
        """Return the answers to what a server needs (protocol 2026-07-28), and the state to give back.

        Raises:
            InterruptException: A person has to answer first.
            ValueError: It needs something else than a person's answer.
        """
        state = wire.get("requestState")
        asked = []
        for key, request in (wire.get("inputRequests") or {}).items():
            if request.get("method") != "elicitation/create":
                raise ValueError(f"the server needs {request.get('method')!r}, which is not offered to it")
            reason = {**_reason(request["params"], self._server), "request": key, "round": number}
            if state is not None:
                reason["requestState"] = state
            asked.append(Interrupt("", _name(reason), reason))
        return self._round(asked) if asked else ({}, state)

    def _round(self, asked: list[Interrupt]) -> tuple[dict[str, dict[str, Any]], str | None]:
        answers: dict[str, dict[str, Any]] = {}
        waiting: list[Interrupt] = []
        for each in asked:
            if each.reason.get("problem"):
                continue  # asked anew: read below, behind the first one
            try:
                answers[each.reason["request"]] = self._answer(each.name, each.reason)
            except InterruptException as raised:
                waiting.append(raised.interrupt)
        if waiting:
            raise InterruptException(*waiting)
        return answers, asked[0].reason.get("requestState")

    def _answer(self, name: str, reason: dict[str, Any]) -> dict[str, Any]:
        """Return a person's answer; one that does not fit is not spent, but asked for anew with what is wrong."""
        assert self._context is not None
        question, number = reason, 1
        while True:
            response = self._context.interrupt(name if number == 1 else f"{name}-again-{number}", reason=question)
            try:
                return read_answer(reason.get("requestedSchema"), response)
            except FormError as error:
                question = {**reason, "problem": f"not taken: {error}"}
                number += 1


class Desk:
    """Takes the questions of one server and finds the calls they belong to; used on one event loop."""

    def __init__(self) -> None:
        self._calls: list[ServerCall] = []
        self._waiting = 0
        self._changed = asyncio.Condition()
        self._alone = asyncio.Lock()
        self._one_at_a_time = False
        self._unclear_until = 0.0

    @asynccontextmanager
    async def present(self, call: ServerCall) -> AsyncIterator[None]:
        """Note that `call` is under way; a call that is made again waits until it is alone, and keeps others out."""
        async with self._alone:
            if call.again or self._one_at_a_time:
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
                await asyncio.wait_for(self._changed.wait_for(self._is_clear), PATIENCE)
            except asyncio.TimeoutError:
                self._one_at_a_time = True
                self._unclear_until = time.monotonic() + PROMPT
                return {"action": "cancel"}
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

    def _is_clear(self) -> bool:
        return len(self._calls) <= max(1, self._waiting)

    @asynccontextmanager
    async def _entered(self, call: ServerCall) -> AsyncIterator[None]:
        call.start()
        self._calls.append(call)
        try:
            yield
        finally:
            if time.monotonic() < self._unclear_until:
                self._unclear_until = 0.0
                call.again = True
            async with self._changed:
                self._calls.remove(call)
                self._changed.notify_all()


def _reason(params: Mapping[str, Any], server: str) -> dict[str, Any]:
    """Return what a person is shown: the question, its form or its address, and who asks."""
    reason = {key: params[key] for key in _SHOWN if params.get(key) is not None}
    reason["server"] = server
    if "url" in reason:
        from urllib.parse import urlsplit

        reason["host"] = urlsplit(str(reason["url"])).hostname or ""
    return reason


def _name(reason: Mapping[str, Any]) -> str:
    shown = {key: value for key, value in reason.items() if key not in ("server", "host")}
    return PREFIX + hashlib.sha256(json.dumps(shown, sort_keys=True).encode()).hexdigest()[:12]
