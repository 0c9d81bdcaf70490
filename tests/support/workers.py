"""Workers as processes, the people who answer, and what the journals say of it all afterwards."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from strands.journal.entries import Draft
from strands.journal.find import find, open_questions
from strands_cli.session import answers
from strands_cli.session.repository import store_at
from support.commands import STRANDS

TESTS = Path(__file__).parents[1]
SOURCE = TESTS.parent / "src"


class Fleet:
    """Workers of one store.

    Args:
        url: The store.
        directory: Where the calls of agents are noted.
        step: How many seconds a call takes.
    """

    def __init__(self, url: str, directory: Path, *, step: float = 0.15) -> None:
        self.url = url
        self.calls = directory / "calls"
        self.calls.touch()
        self.environment = {
            **os.environ,
            "STRANDS_STORE": url,
            "CALLS": str(self.calls),
            "STEP_SECONDS": str(step),
            "PYTHONPATH": f"{TESTS}{os.pathsep}{SOURCE}",
        }
        self.workers: list[WorkerProcess] = []
        self.others: list[subprocess.Popen[str]] = []
        self.store = store_at(url)

    def start(self, *arguments: str, target: str = "support.worker_app:workflows") -> WorkerProcess:
        """Start a worker, and wait until it takes work."""
        worker = WorkerProcess([target, *arguments], self.environment)
        self.workers.append(worker)
        return worker

    def submit(self, workflow: str, count: int, first: int = 0) -> list[str]:
        """Queue runs, by a process of their own."""
        program = (
            "import asyncio, sys\nfrom support import worker_app\n"
            f"async def all():\n    for n in range({first}, {first + count}):\n"
            f"        print(await worker_app.{workflow}.submit_async(n=str(n)))\nasyncio.run(all())"
        )
        done = subprocess.run(
            [sys.executable, "-c", program], env=self.environment, capture_output=True, text=True, check=True
        )
        return done.stdout.split()

    def fill(self, workflow: str, count: int) -> None:
        """Put in sessions that wait for people."""
        told = {"format": 1, "workflow": workflow, "pattern": "chain", "spec": {}, "inputs": {}}
        asked = Draft("asked", "steps/1", {"type": "hitl", "prompt": "?"}, 2)
        rest = [Draft("leased", "", {"driver": "d"}, 1), asked, Draft("paused", "", {"questions": ["steps/1"]}, 3)]
        opened = Draft("opened", "", told, 1)

        async def put_in() -> None:
            for number in range(count):
                await self.store.create(f"waiting-{number}", opened, rest)

        asyncio.run(put_in())

    def command(self, *arguments: str) -> str:
        """Run a command, and return what it prints."""
        done = subprocess.run(
            [*STRANDS, *arguments], env=self.environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def begin(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a worker whose lines are for people."""
        process = subprocess.Popen(
            [*STRANDS, "worker", *arguments], env=self.environment, stderr=subprocess.PIPE, text=True
        )
        self.others.append(process)
        return process

    def answer(self) -> int:
        """Answer whatever is open; return how much that was."""

        async def all_of() -> int:
            found = (await open_questions(self.store, limit=1000)).items
            for each in found:
                await answers.give(await self.store.open(each.session_id), each.id, "yes", by="ann")
            return len(found)

        return asyncio.run(all_of())

    def rests(self) -> dict[str, str]:
        """Return what the newest sessions have come to."""
        page = asyncio.run(find(self.store, limit=1000))
        return {each.id: each.rest for each in page.items}

    def until(self, done: Callable[[], bool], seconds: float, *, answering: bool = True) -> None:
        """Wait, and meanwhile answer what is asked.

        Raises:
            AssertionError: It did not come.
        """
        until = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < until, self.rests()
            if answering:
                self.answer()
            time.sleep(0.1)

    def completed(self, ids: Sequence[str]) -> Callable[[], bool]:
        """Return whether these have been completed, to be asked again and again."""
        return lambda: all(self.rests().get(each) == "completed" for each in ids)

    def repeated(self, ids: Sequence[str]) -> list[str]:
        """Return the steps that were called although their replies were on record."""
        done: dict[str, float] = {}
        for session_id in ids:
            entries = self.entries(session_id)
            prompts = {each.key: each.data["prompt"] for each in entries if each.kind == "started"}
            done.update((prompts[each.key], each.at) for each in entries if each.kind == "done")
        calls = [line.split(" ", 2) for line in self.calls.read_text(encoding="utf-8").splitlines()]
        return [prompt for at, _, prompt in calls if float(at) > done.get(prompt, float("inf"))]

    def entries(self, session_id: str) -> list[Any]:
        """Return the entries of a session."""
        return asyncio.run(_entries(self.store, session_id))

    def end(self) -> None:
        """Leave no process."""
        for worker in self.workers:
            worker.kill(signal.SIGKILL)
            worker.close()
        for process in self.others:
            process.kill()
            process.communicate()


async def _entries(store: Any, session_id: str) -> list[Any]:
    return list(await (await store.open(session_id)).load())


class WorkerProcess:
    """`strands worker`, and the events that it tells of."""

    def __init__(self, arguments: Sequence[str], environment: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [*STRANDS, "worker", *arguments, "--json"],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self._lines = self._process.stdout
        self.events: list[dict[str, Any]] = []
        self.until("ready")

    @property
    def pid(self) -> int:
        return self._process.pid

    def until(self, event: str) -> dict[str, Any]:
        """Wait for an event, and return it."""
        for told in self._told():
            if told["event"] == event:
                return told
        raise AssertionError(f"it ended without {event!r}: {self.events}")

    def _told(self) -> Iterator[dict[str, Any]]:
        for line in self._lines:
            told = json.loads(line)
            self.events.append(told)
            yield told

    def kill(self, number: int) -> None:
        """Send it a signal, if it is there."""
        if self._process.poll() is None:
            self._process.send_signal(number)

    def close(self) -> None:
        """Wait until it has ended, and hear no more of it."""
        self._process.wait(30)
        self._lines.close()

    def wait(self, timeout: float = 30) -> int:
        """Wait until it has ended; return its exit code."""
        self.events += list(map(json.loads, self._lines))
        return self._process.wait(timeout)
