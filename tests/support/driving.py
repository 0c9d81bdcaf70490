"""Drives a spec's pattern with a function in place of agents: the kernel alone."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Mapping
from typing import Any

from strands_cli.kernel.drive import DriveOptions, DriveResult, drive
from strands_cli.kernel.journal import FORMAT, Journal
from strands_cli.kernel.run import Run
from strands_cli.kernel.types import AgentReply, Call, CallAgent, Draft, Outcome
from strands_cli.loader import load_dict
from strands_cli.patterns import pattern
from strands_cli.session.memory import MemorySessionRepository


class VirtualClock:
    """A clock that only moves when told to, or when somebody sleeps on it."""

    def __init__(self, start: float = 1_000_000.0) -> None:
        self.time = start

    def now(self) -> float:
        return self.time

    def monotonic(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += seconds
        await asyncio.sleep(0)


def reply(text: str, tokens: int = 1) -> AgentReply:
    return AgentReply(text, {"role": "assistant", "content": [{"text": text}]}, {"totalTokens": tokens})


class Echo:
    """Answers each prompt with itself in brackets; `calls` are the keys it was asked under."""

    def __init__(self, delays: Mapping[str, float] | None = None) -> None:
        self.calls: list[str] = []
        self._delays = delays or {}

    async def __call__(self, call: Call) -> AgentReply:
        self.calls.append(call.key)
        await asyncio.sleep(self._delays.get(call.key, 0))
        return reply(f"<{call.prompt}>")


def spec(type_: str, config: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "version": 0,
        "name": "t",
        "runtime": {"provider": "scripted"},
        "agents": {name: {"prompt": f"You are {name}."} for name in "abc"},
        "pattern": {"type": type_, "config": config},
        **more,
    }


async def session(repository: Any = None) -> Journal:
    data = {"format": FORMAT, "workflow": "t", "pattern": "chain", "spec": {}, "inputs": {}}
    store = repository or MemorySessionRepository()
    journal: Journal = await store.create(uuid.uuid4().hex, Draft("opened", "", data, time.time()))
    return journal


async def driven(
    journal: Journal,
    config: Mapping[str, Any],
    perform: CallAgent,
    names: Mapping[str, Any] | None = None,
    **around: Any,
) -> DriveResult:
    """Drive the session until it rests."""
    loaded = load_dict(config)

    async def body(run: Run) -> Outcome:
        return await pattern(loaded.pattern.type).run(loaded.pattern.config, run, dict(names or {}))

    return await drive(journal, body, perform, DriveOptions(**around))
