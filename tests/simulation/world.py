"""One simulation: the machines, what runs on them, what goes wrong, and what has to hold all the same."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeVar

from simulation import machine, stories
from simulation.agents import AgentStory
from simulation.disk import Disk, DiskRepository
from simulation.engine import SimulatedEngine
from simulation.ledger import Ledger, named
from simulation.lists import check_lists
from simulation.machine import CLOCK, Died, Process, spawn
from simulation.people import Person
from simulation.plan import AGENT, QUIET, Fault, Plan, Schedule
from simulation.planted import ENGINE, STORES, ForgetfulEngine, PlantedRepository
from simulation.rows import Rows
from simulation.store import ReachedRepository, Wire
from strands.journal import find, lines
from strands.journal.entries import Draft, Entry
from strands.journal.errors import SessionNotFoundError, StrandsError
from strands.journal.projection import INTERRUPTED
from strands.journal.protocol import Repository
from strands_cli.api import SessionManager, Workflow
from strands_cli.errors import ExecutionError, LeaseHeldError, SessionFinishedError, StorageError
from strands_cli.kernel.state import State
from strands_cli.session.timers import Firing
from strands_cli.worker.engine import DriveOutcome, Engine, Wake
from strands_cli.worker.relay import reap, relay
from strands_cli.worker.segments import Segments

T = TypeVar("T")

LEASE = 15.0
"""Seconds for which a server takes a process for alive that says nothing."""

HORIZON = QUIET + 300
"""Seconds after which every session must have ended."""

LEFT = "left "
"""How the token of a wake begins that stands for whoever began a session, sees how it was left, and resumes it."""

RELAY = 2.0
"""How often, in seconds, it is looked which sessions are due."""


class World:
    """A simulation of a plan.

    Args:
        plan: What goes wrong.
        planted: What is wrong with the store or the engine, so that it has to be found; see `simulation.planted`.

    Attributes:
        trace: What happened, in readable lines.
        web: The process through which people answer.
    """

    def __init__(self, plan: Plan, planted: str = "") -> None:
        self.plan = plan
        self.trace: list[str] = []
        self.ledger = Ledger()
        self.faults = Schedule(plan)
        self.chance = random.Random(f"world {plan.seed}")
        running = {f"s{number}": pattern for number, pattern in enumerate(plan.sessions)}
        self.sessions = {session: pattern for session, pattern in running.items() if pattern != AGENT}
        self.agents = {session: AgentStory(self, session) for session, what in running.items() if what == AGENT}
        self.drivers = Drivers(self)
        self.disk = Disk(self.drivers.is_alive)
        self.rows = Rows(self)
        self.base: Repository = self.rows.repository() if plan.store == "rows" else DiskRepository(self.disk)
        self._own_engine = SimulatedEngine(self)
        self.engine: Engine = self._own_engine
        self._planted = STORES.get(planted)
        if planted == ENGINE:
            self.engine = ForgetfulEngine(self.engine, self.chance.random)
        self.people = [Person(self, f"person{number}", manner) for number, manner in enumerate(plan.people)]
        self.processes: dict[str, Process] = {}
        self._states: dict[str, State] = {}

    def run(self) -> list[str]:
        """Run it to its end; return the promises that were not kept."""
        CLOCK.now, CLOCK.tick = 0.0, self.plan.tick
        machine.CHANCE.begin(f"bytes {self.plan.seed}")
        loop = machine.VirtualLoop()
        loop.set_exception_handler(self._failed)
        asyncio.set_event_loop(loop)
        stories.WORLD.set(self)
        try:
            loop.run_until_complete(self._main())
        finally:
            CLOCK.tick = 0.0
            for process in self.processes.values():
                process.kill()
            left = asyncio.all_tasks(loop)
            for task in left:
                task.cancel()
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
            loop.close()
            self.rows.clear()
        return self.ledger.violations

    # -- what others tell it --------------------------------------------------------------------------------------

    def note(self, who: str, what: str) -> None:
        """Note what happens."""
        self.trace.append(f"{CLOCK.now:9.3f}  {who}: {what}")

    def begin(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Begin something that happens outside of all processes."""
        task = spawn(None, work)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self.ledger.violate(f"the simulation itself failed: {error!r}")

    def _failed(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if "handle" in context and not isinstance(context["exception"], Died):  # others have nobody left to be told
            self.ledger.violate(f"the simulation itself failed: {context['exception']!r}")

    def repository(self, process: Process) -> ReachedRepository:
        """Return the store as a process reaches it."""
        store = self.base
        if self.plan.store == "rows":
            store = self.rows.repository(process)
        elif self._planted is not None:
            store = PlantedRepository(self.disk, self._planted)
        return ReachedRepository(self, process, store)

    def wire(self, process: Process) -> Wire:
        """Return what lies between a process and the store."""
        return Wire(self, process)

    @property
    def web(self) -> Process:
        """The process through which people answer."""
        return self.processes["web"]

    def held_up(self, session: str, what: str) -> float:
        """Somebody is about to write; return for how many seconds that is held up, by others who come in between."""
        interfering = [person.interferes(session, what) for person in self.people]
        return 0.3 * self.chance.random() if any(interfering) else 0.0

    def written(self, session: str, entries: Sequence[Entry]) -> None:
        """Somebody has written."""
        for entry in entries:
            for person in self.people:
                person.told(session, entry)

    def asked_model(self, session: str, agent: str, prompt: str, known: int) -> None:
        """Somebody asks a model."""
        if self.ledger.is_done(session, agent, prompt, known):
            self.ledger.violate(f"a recorded step was repeated: {agent} was asked {prompt!r} again in {session}")

    def stop(self, process: Process, seconds: float) -> None:
        """Stop a process for a while."""
        self.note(process.name, f"is stopped for {seconds:.3f} s")
        process.stalled_until = max(process.stalled_until, CLOCK.now + seconds)
        self.drivers.silent(process)

    def kill(self, process: Process) -> None:
        """End a process here and now."""
        self.drivers.silent(process)
        process.kill()

    def by_web(self, work: Coroutine[Any, Any, T]) -> Awaitable[T]:
        """Have the web process do something."""
        return spawn(self.web, work)

    async def kick(self, session: str) -> None:
        """Somebody who answers tells the engine, if that can be told; others leave it to the relay."""
        if self.chance.random() < 0.5:
            return
        try:
            await self.engine.submit(Wake("", session, str(len(self.ledger.entries(session)))))
        except ConnectionError:
            self.note("engine", "is down")

    async def load(self, session: str) -> list[Entry]:
        """Return what the store holds of a session."""
        try:
            return await (await self.base.open(session)).load()
        except SessionNotFoundError:
            return []

    def state(self, session: str) -> State:
        """Return the fold of what is known of a session."""
        entries = self.ledger.told.get(session, [])
        known = self._states.get(session)
        if known is None or known.count > len(entries):
            known = self._states[session] = State()
        for each in entries[known.count :]:
            known.apply(each.entry)
        return known

    def open_now(self, session: str) -> list[Entry]:
        """Return the questions that are open."""
        return self.state(session).open_questions(machine.EPOCH + CLOCK.now)

    # -- what runs ------------------------------------------------------------------------------------------------

    async def _main(self) -> None:
        roles: dict[str, Callable[[Process], Coroutine[Any, Any, None]]] = {"web": _wait, "relay": self._relay}
        roles |= {f"worker{number}": self._worker for number in range(self.plan.workers)}
        for story in self.agents.values():
            roles |= {f"desk{number} of {story.session}": story.desk for number in range(2)}
        for role, body in roles.items():
            self.begin(self._keep(role, body))
        await asyncio.sleep(0)
        for fault in self.faults.timed():
            asyncio.get_running_loop().call_at(fault.at, self._happens, fault)
        for session in self.sessions:
            self.begin(self._start(session))
        for person in self.people:
            self.begin(person.looks())
        while CLOCK.now < HORIZON and not self.ledger.violations:
            await asyncio.sleep(5)
            if self._is_over():
                break
        await self._check()

    async def _keep(self, role: str, body: Callable[[Process], Coroutine[Any, Any, None]]) -> None:
        """Begin a process of a role, and another one whenever it is gone."""
        workers = {f"worker{number}": skew for number, skew in enumerate(self.plan.skews)}
        skew = self.plan.skews[-1] if role == "web" else workers.get(role, 0.0)
        for number in range(1000):
            process = self.processes[role] = Process(
                f"{role}.{number}", skew, random.Random(f"{role} {number} {self.plan.seed}")
            )
            await asyncio.wait({spawn(process, body(process))})
            self.kill(process)
            await asyncio.sleep(3 * self.chance.random())

    async def _start(self, session: str) -> None:
        pattern = self.sessions[session]
        for number in range(100):
            process = self.processes[f"start {session}"] = Process(
                f"start {session}.{number}", 0.0, random.Random(f"start {session} {number} {self.plan.seed}")
            )
            workflow = stories.workflow(self, session, pattern, self.repository(process))
            begun = spawn(process, workflow.run_async(session_id=session, variables=stories.variables(pattern)))
            await asyncio.wait({begun})
            self.drivers.silent(process)
            self.note(process.name, f"ends with {_end_of(begun)}")
            process.kill()
            if await self.load(session):
                return
            await asyncio.sleep(1)

    async def _worker(self, process: Process) -> None:
        store = self.repository(process)
        held = {pattern: stories.workflow(self, session, pattern, store) for session, pattern in self.sessions.items()}
        segments = Segments(store, held, lambda event, session_id="", /, **more: None)

        async def drive(wake: Wake) -> DriveOutcome:
            id = wake.session_id
            stories.KNOWN.set(sum(each.confirmed for each in self.ledger.told.get(id, ())))
            self.note(process.name, f"drives {id}, token {wake.token}")
            cancelled = self.faults.now("cancel drive")
            if cancelled is not None:
                task = asyncio.current_task()
                assert task is not None
                asyncio.get_running_loop().call_later(cancelled.size % 3, task.cancel)
            try:
                if cancelled is not None:
                    await held[self.sessions[id]].resume_async(id)
                is_left = wake.token.startswith(LEFT)
                outcome = await (_resumed(held[self.sessions[id]], id) if is_left else segments.drive(wake))
            except BaseException as error:
                if process.alive:
                    self.note(process.name, f"leaves {id}: {type(error).__name__}")
                raise
            self.note(process.name, f"leaves {id}: {outcome}")
            return outcome

        spawn(process, Firing(store).keep())
        await self.engine.work(drive, slots=2, alive_as=process.name)

    async def _relay(self, process: Process) -> None:
        store = self.repository(process)
        spawn(process, relay(store, self.engine))
        spawn(process, reap(store, None, ""))
        spawn(process, Firing(store).keep())
        while True:
            await asyncio.sleep(RELAY * (0.5 + process.chance.random()))
            await self.engine.reap([each.name for each in self.processes.values() if self.drivers.is_heard(each)])
            if CLOCK.now < QUIET / 2:
                continue
            try:
                for each in (await find.find(store, rests=[INTERRUPTED, "failed"])).items:
                    if not self.state(each.id).driver:  # given back, or never begun: whoever began it sees to it
                        await self.engine.submit(Wake("", each.id, f"{LEFT}{each.updated_at!r}"))
            except (StorageError, ConnectionError) as error:
                self.note(process.name, f"cannot relay: {error}")

    # -- what goes wrong ------------------------------------------------------------------------------------------

    def _happens(self, fault: Fault) -> None:
        self.note("fault", str(fault))
        if fault.kind == "kill" and fault.who in self.processes:
            self.kill(self.processes[fault.who])
        elif fault.kind == "stop" and fault.who in self.processes:
            self.stop(self.processes[fault.who], fault.size)
        elif fault.kind == "power":
            for process in self.processes.values():
                self.kill(process)
            self.disk.lose_unsynced()
            self._lost(with_power=True)
        elif fault.kind == "back":
            self.disk.go_back(int(fault.size))
            self._lost(with_power=False)
        elif fault.kind == "engine down":
            self._own_engine.down_until = CLOCK.now + fault.size
        elif fault.kind in ("cancel", "note"):
            self.begin(self._cancel() if fault.kind == "cancel" else self._note())

    def _lost(self, *, with_power: bool) -> None:
        for session in self.sessions:
            rows = self.disk.sessions.get(session)
            count = len(rows.entries) if rows is not None else 0
            self.note("store", f"is left with {count} entries of {session}")
            self.ledger.lost(session, count, with_power=with_power)
            self._states.pop(session, None)
            if not count:
                self.begin(self._start(session))

    async def _cancel(self) -> None:
        session = next(iter(self.sessions), "none")

        async def cancel() -> None:
            await (await SessionManager(repository=self.repository(self.web)).get_session_async(session)).cancel_async()

        try:
            await self.by_web(cancel())
        except (StrandsError, Died, asyncio.CancelledError) as error:
            self.note("person", f"cannot cancel {session}: {type(error).__name__}")

    async def _note(self) -> None:
        session = next(iter(self.sessions), "none")

        async def note() -> None:
            journal = await self.repository(self.web).open(session)
            count = len(await journal.load())
            await journal.append([Draft("noted", "somebody", {"value": "hello"}, CLOCK.now)], expect=count)

        try:
            await self.by_web(note())
        except BaseException as error:
            self.note("person", f"cannot write a note: {type(error).__name__}")

    # -- what has to hold -----------------------------------------------------------------------------------------

    def _is_over(self) -> bool:
        states = [self.state(session) for session in self.sessions]
        return all(state.finished for state in states) and all(story.over for story in self.agents.values())

    async def _check(self) -> None:
        for session in self.sessions:
            entries = await self.load(session)
            self.ledger.check(session, entries)
            there = self.disk.sessions.get(session)
            damage = lines.parse(b"".join(there.content)).damage if there is not None else None
            if damage is not None:
                self.ledger.violate(f"the sums of {session} do not chain: {damage.cause}")
            state = State(entries)
            if not state.finished and not self.ledger.violations:
                last = named(entries[-1]) if entries else "nothing"
                self.ledger.violate(f"{session} has not ended, though all answer and all is delivered: {last}")
        await check_lists(self)
        for story in self.agents.values():
            story.check()


class Drivers:
    """Who drives: a store on this machine knows who is gone; a server believes for a while that it is not."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._of: dict[str, Process] = {}
        self._heard: dict[Process, float] = {}
        self._silenced: dict[Process, float] = {}

    def enter(self, process: Process) -> str:
        """Return the id of a new driver."""
        driver = f"driver {len(self._of)} of {process.name}"
        self._of[driver] = process
        return driver

    def leave(self, driver: str) -> None:
        """It drives no longer."""
        self._of[driver] = Process("nobody", 0.0, self._world.chance)
        self._of[driver].alive = False

    def silent(self, process: Process) -> None:
        """A process says nothing from now on."""
        self._heard.setdefault(process, CLOCK.now)

    def silence(self, process: Process, seconds: float) -> None:
        """Nothing is heard of a process for a while, though it goes on."""
        self._silenced[process] = CLOCK.now + seconds
        self.silent(process)

    def is_alive(self, driver: str) -> bool:
        """Whether the store takes a driver for alive."""
        process = self._of.get(driver)
        return process is not None and self.is_heard(process)

    def is_heard(self, process: Process) -> bool:
        """Whether the store takes a process for alive."""
        if process.alive and CLOCK.now >= max(process.stalled_until, self._silenced.get(process, 0.0)):
            self._heard.pop(process, None)
            return True
        if self._world.plan.store == "disk":
            return process.alive
        return process in self._heard and CLOCK.now < self._heard[process] + LEASE


async def _resumed(workflow: Workflow, session: str) -> DriveOutcome:
    """Resume a session as whoever began it does, and return what became of it."""
    try:
        return (await workflow.resume_async(session)).status
    except (LeaseHeldError, SessionNotFoundError, SessionFinishedError):
        return "elsewhere"
    except ExecutionError:
        return "failed"


async def _wait(process: Process) -> None:
    await asyncio.get_running_loop().create_future()


def _end_of(task: asyncio.Task[Any]) -> str:
    if task.cancelled():
        return "its death"
    error = task.exception()
    return type(error).__name__ if error is not None else str(task.result().status)
