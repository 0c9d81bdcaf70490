"""An engine that delivers wakes at least once, if it is asked again: it drops, repeats, delays and reorders them."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from typing import TYPE_CHECKING

from simulation.machine import CLOCK, PROCESS, Process, spawn
from strands_cli.worker.engine import Drive, Wake

if TYPE_CHECKING:
    from simulation.world import World

RETRY = 3.0
"""Seconds after which a drive that failed is tried again."""


class SimulatedEngine:
    """See `strands_cli.worker.engine.Engine`."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._queued: list[Wake] = []
        self._ready: list[Wake] = []
        self._idle: list[tuple[Process, asyncio.Future[Wake]]] = []
        self._held: list[tuple[str, Wake]] = []
        self.down_until = 0.0

    def enqueue(self, connection: object, wake: Wake) -> bool:
        return False

    async def submit(self, wake: Wake) -> None:
        if CLOCK.now < self.down_until:
            raise ConnectionError("the engine is down")
        if wake in self._queued or any(wake == held for _, held in self._held):
            return
        world = self._world
        if world.faults.now("drop") is not None:
            world.note("engine", f"drops {wake.session_id} {wake.token}")
            return
        for _ in range(2 if world.faults.now("repeat") is not None else 1):
            late = world.faults.now("delay")
            self._queued.append(wake)
            delay = late.size if late is not None else 0.05 * world.chance.random()
            asyncio.get_running_loop().call_later(delay, self._due, wake)

    def _due(self, wake: Wake) -> None:
        self._queued.remove(wake)
        self._ready.append(wake)
        self._hand_out()

    def _hand_out(self) -> None:
        self._idle = [(process, place) for process, place in self._idle if process.alive and not place.done()]
        while self._idle and self._ready:
            number = int(self._world.chance.random() * len(self._idle))
            _, place = self._idle.pop(number)
            place.set_result(self._ready.pop(0))

    async def work(self, drive: Drive, *, slots: int, alive_as: str) -> None:
        process = PROCESS.get()
        assert process is not None
        await asyncio.gather(*(self._slot(process, drive, alive_as) for _ in range(slots)))

    async def _slot(self, process: Process, drive: Drive, alive_as: str) -> None:
        while True:
            place: asyncio.Future[Wake] = asyncio.get_running_loop().create_future()
            self._idle.append((process, place))
            self._hand_out()
            wake = await place
            held = (alive_as, wake)
            self._held.append(held)
            done = spawn(process, drive(wake))  # type: ignore[arg-type]
            await asyncio.wait({done})
            process.check()
            self._held.remove(held)
            if done.cancelled() or done.exception() is not None:
                asyncio.get_running_loop().call_later(RETRY, self._again, wake)

    def _again(self, wake: Wake) -> None:
        self._ready.append(wake)
        self._hand_out()

    async def cancel(self, namespace: str, session_id: str) -> None:
        self._ready = [wake for wake in self._ready if wake.session_id != session_id]

    async def reap(self, alive: Collection[str]) -> int:
        dead = [held for held in self._held if held[0] not in alive]
        for held in dead:
            self._held.remove(held)
            self._ready.append(held[1])
        self._hand_out()
        return len(dead)
