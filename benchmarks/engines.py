"""Measures engines beside none: how long sessions take, and how soon another worker has what a killed one held.

    python benchmarks/engines.py --store postgresql://postgres@/postgres?host=/tmp/pg --engine none dbos

Two workers with eight slots each drive sessions of three steps with a question after the first and the second, answered
at once. In a second run one of them is killed while it is at work. Each session must complete, and no step whose reply
is on record may run again. `NAME:OPTION=VALUE,...` names an engine with options. DBOS's tables must be there.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from strands.journal.find import find, open_questions
from strands_cli.session import answers
from strands_cli.session.repository import store_at

APP = """
import os, time
from strands.models.scripted import Reply, ScriptedModel
from strands_cli.api import Workflow

def play(messages):
    with open(os.environ["CALLS"], "a") as file:
        file.write(f"{time.time()} {messages[-1]['content'][0]['text']}\\n")
    return Reply("done", delay=float(os.environ["STEP_SECONDS"]))

steps = [{"agent": "clerk", "input": "{{ n }} one"}, {"type": "hitl", "prompt": "Go on?"},
         {"agent": "clerk", "input": "{{ n }} two"}, {"type": "hitl", "prompt": "And on?"},
         {"agent": "clerk", "input": "{{ n }} three"}]
workflow = Workflow.from_dict({
    "version": 0, "name": "bench", "runtime": {"provider": "ollama", "model_id": "none"},
    "inputs": {"values": {"n": 0}}, "agents": {"clerk": {"prompt": "You are a clerk."}},
    "pattern": {"type": "chain", "config": {"steps": steps}}}, model=ScriptedModel(play))
"""
SUBMIT = """
import asyncio, sys, bench_app
async def all():
    for n in range(int(sys.argv[1])):
        print(await bench_app.workflow.submit_async(n=str(n)))
asyncio.run(all())
"""
POLL = 0.05


class Trial:
    """Two workers of one engine, and the people who answer."""

    def __init__(self, store: str, engine: str, sessions: int, seconds: float, directory: Path) -> None:
        self.sessions = sessions
        self.seconds = seconds
        self.calls = directory / "calls"
        self.calls.write_text("")
        (directory / "bench_app.py").write_text(APP)
        mark = "&" if "?" in store else "?"
        self.url = f"{store}{mark}namespace={uuid.uuid4().hex[:8]}"
        self.environment = {
            **os.environ,
            "STRANDS_STORE": self.url,
            "CALLS": str(self.calls),
            "STEP_SECONDS": str(seconds),
            "PYTHONPATH": os.pathsep.join([str(directory), *filter(None, sys.path)]),
        }
        self.store: Any = store_at(self.url)
        self.engine = engine
        name, _, options = engine.partition(":")
        if name != "none":
            from strands_cli.worker.engine import open_engine, queue_by

            told = dict(each.partition("=")[::2] for each in options.split(",") if each)
            queue_by(self.store, open_engine(name, self.url, told))
        self.workers: list[subprocess.Popen[str]] = []

    def start(self) -> subprocess.Popen[str]:
        """Start a worker, and wait until it is ready."""
        name, _, options = self.engine.partition(":")
        told = [] if name == "none" else ["--engine", name]
        told += [f"--engine-option={each}" for each in options.split(",") if each]
        worker = subprocess.Popen(
            [sys.executable, "-m", "strands_cli", "worker", "bench_app:workflow", "--json", *told],
            env=self.environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.workers.append(worker)
        assert worker.stdout is not None
        assert json.loads(worker.stdout.readline())["event"] == "ready", "a worker does not start"
        return worker

    def run(self, kill: bool) -> dict[str, float]:
        """Return what was measured; with `kill`, how soon what the killed worker held was driven by the other."""
        first, _ = self.start(), self.start()
        submit = [sys.executable, "-c", SUBMIT, str(self.sessions)]
        ids = subprocess.run(submit, env=self.environment, stdout=subprocess.PIPE, text=True, check=True).stdout.split()
        began, killed = time.time(), 0.0
        while not self._completed(len(ids)):
            assert time.time() - began < 600, "the sessions do not end"
            self._answer()
            if kill and not killed and time.time() - began > self.seconds * 2.5:
                first.send_signal(signal.SIGKILL)
                first.wait()
                killed = time.time()
            time.sleep(POLL)
        took = time.time() - began
        entries = {session_id: asyncio.run(self._entries(session_id)) for session_id in ids}
        found = {"seconds": took, "repeated": float(self._repeated(entries.values()))}
        if kill:
            waits = sorted(_waits(entries.values(), killed)) or [float("nan")]
            found |= {"held": float(len(waits)), "first": waits[0], "last": waits[-1]}
        return found

    def end(self) -> None:
        """Leave no process."""
        for each in self.workers:
            each.kill()
            each.wait()
            assert each.stdout is not None
            each.stdout.close()

    def _completed(self, count: int) -> bool:
        page = asyncio.run(find(self.store, limit=10_000))
        return sum(each.rest == "completed" for each in page.items) == count

    def _answer(self) -> None:
        async def all_of() -> None:
            for each in (await open_questions(self.store, limit=1000)).items:
                await answers.give(await self.store.open(each.session_id), each.id, "yes", by="ann")

        asyncio.run(all_of())

    async def _entries(self, session_id: str) -> list[Any]:
        return list(await (await self.store.open(session_id)).load())

    def _repeated(self, journals: Any) -> int:
        done: dict[str, float] = {}
        for entries in journals:
            prompts = {each.key: each.data["prompt"] for each in entries if each.kind == "started"}
            done.update((prompts[each.key], each.at) for each in entries if each.kind == "done")
        calls = [line.split(" ", 1) for line in self.calls.read_text().splitlines()]
        return sum(float(at) > done.get(prompt, float("inf")) for at, prompt in calls)


def _waits(journals: Any, killed: float) -> list[float]:
    """Return how long after the kill each session was leased anew that was under way then."""
    waits = []
    for entries in journals:
        rests = [each for each in entries if each.at <= killed and each.kind in ("leased", "paused", "closed")]
        later = [each for each in entries if each.at > killed and each.kind in ("leased", "paused", "closed")]
        if rests and later and rests[-1].kind == later[0].kind == "leased":
            waits.append(later[0].at - killed)
    return waits


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--store", required=True)
    parser.add_argument("--engine", nargs="+", default=["none", "dbos"])
    parser.add_argument("--sessions", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=1.0, help="how long a step takes")
    parser.add_argument("--rounds", type=int, default=1)
    given = parser.parse_args(arguments)
    plain: dict[str, list[float]] = {engine: [] for engine in given.engine}
    for each in range(given.rounds):
        for engine in given.engine if each % 2 == 0 else reversed(given.engine):
            plain[engine].append(_trial(given, engine, kill=False)["seconds"])
    print(f"{'engine':<12}{'seconds':>9}{'ratio':>7}{'held':>6}{'first':>7}{'last':>7}{'repeated':>10}")
    least = statistics.median(plain[given.engine[0]])
    for engine in given.engine:
        took, killed = statistics.median(plain[engine]), _trial(given, engine, kill=True)
        print(
            f"{engine.partition(':')[0]:<12}{took:>9.1f}{took / least:>7.2f}{killed['held']:>6.0f}"
            f"{killed['first']:>7.1f}{killed['last']:>7.1f}{killed['repeated']:>10.0f}"
        )


def _trial(given: argparse.Namespace, engine: str, kill: bool) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="strands-bench-") as directory:
        trial = Trial(given.store, engine, given.sessions, given.seconds, Path(directory))
        try:
            return trial.run(kill)
        finally:
            trial.end()


if __name__ == "__main__":
    main()
