"""Measure one subject in its own interpreter: `python worker.py SUBJECT MEASURE [STORE]` prints one JSON object."""

import asyncio
import json
import os
import sys
import time

import stores

EXPECTED_CHAIN = [f"reply {n}" for n in range(5)]


def load(subject):
    return getattr(__import__(f"subjects.{subject}"), subject)


def check(actual, expected):
    if actual != expected:
        raise SystemExit(f"wrong result: {actual!r}, expected {expected!r}")


async def per_call(run, expected, *, seconds=1.0, batches=5, most=10_000):
    """Seconds a call: the best of some batches, each call's result checked."""
    start, calls = time.perf_counter(), 0
    while calls < 3 or (calls < most and time.perf_counter() - start < seconds / batches):
        check(await run(), expected)
        calls += 1
    best = float("inf")
    for _ in range(batches):
        start = time.perf_counter()
        for _ in range(calls):
            check(await run(), expected)
        best = min(best, (time.perf_counter() - start) / calls)
    return best


def total(tools):
    return str(sum(n + 1 for n in range(tools))) if tools else "done"


async def first(subject, store):
    check(await (await subject.turn(1))(), "1")
    return {}


async def turn(subject, store, tools, sync=False):
    return {"seconds": await per_call(await subject.turn(tools, sync=sync), total(tools))}


async def long_turn(subject, store, messages):
    from contextlib import AsyncExitStack

    async with AsyncExitStack() as stack:
        run = await subject.long_turn(messages, store, stack)
        if hasattr(os, "sync"):
            os.sync()  # what the history left for the disk to do is not a turn's cost
        return {"seconds": await per_call(run, "done", seconds=0.5, batches=10, most=5)}


async def chain_step(subject, store):
    """Seconds a durable step, chains one after the other, and the bytes that each leaves behind."""
    from contextlib import AsyncExitStack

    async with AsyncExitStack() as stack:
        prepare = await subject.chain(0.0, store, stack)
        check(await prepare("warm-up")(), EXPECTED_CHAIN)
        best = float("inf")
        for batch in range(5):
            runs = [prepare(f"chain-{batch}-{n}") for n in range(10)]
            start = time.perf_counter()
            for run in runs:
                check(await run(), EXPECTED_CHAIN)
            best = min(best, (time.perf_counter() - start) / 50)
    stored = sum(path.stat().st_size for path in store.rglob("*") if path.is_file())
    return {"seconds": best, "bytes": stored / 51}


async def watch_lag(lags):
    """Record by how many seconds the event loop is late."""
    while True:
        start = time.perf_counter()
        await asyncio.sleep(0.005)
        lags.append(time.perf_counter() - start - 0.005)


def peak_mb():
    """The most this process held. `ru_maxrss` would count what the driver held when it started this process."""
    return status_mb("VmHWM")


def status_mb(field):
    if sys.platform == "linux":
        with open("/proc/self/status") as file:
            return next(int(line.split()[1]) for line in file if line.startswith(field)) * 1024 / 1e6
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e6


async def chains(subject, store, durable):
    """Seconds for 1,000 chains of five 20 ms steps in one loop."""
    from contextlib import AsyncExitStack

    async with AsyncExitStack() as stack:
        prepare = await subject.chain(0.02, store if durable else None, stack)
        check(await prepare("warm-up")(), EXPECTED_CHAIN)
        idle = status_mb("VmRSS")
        runs = [prepare(f"chain-{n}") for n in range(1000)]
        lags = []
        watcher = asyncio.create_task(watch_lag(lags))
        start, used = time.perf_counter(), time.process_time()
        results = await asyncio.gather(*(run() for run in runs), return_exceptions=True)
        seconds, used = time.perf_counter() - start, time.process_time() - used
        watcher.cancel()
        failed = [result for result in results if result != EXPECTED_CHAIN]
        if failed:
            print(f"{len(failed)} of 1000 chains failed, the first with {failed[0]!r}", file=sys.stderr)
    return {"seconds": seconds, "cpu": used, "mb": peak_mb() - idle, "lag": max(lags), "failed": len(failed)}


async def chain_objects(subject, store):
    """Objects that the cyclic collector follows for each of 100 chains at work, and what an ended one leaves to it."""
    import gc
    from contextlib import AsyncExitStack

    async with AsyncExitStack() as stack:
        prepare = await subject.chain(0.0, None, stack)
        check(await prepare("warm-up")(), EXPECTED_CHAIN)
        runs = [prepare(f"ended-{n}") for n in range(100)]
        gc.collect()
        gc.disable()
        for run in runs:
            check(await run(), EXPECTED_CHAIN)
        left = gc.collect() / 100
        prepare = await subject.chain(3600.0, None, stack)
        runs = [prepare(f"live-{n}") for n in range(100)]
        idle = len(gc.get_objects())
        tasks = [asyncio.ensure_future(run()) for run in runs]
        await asyncio.sleep(2.0)  # until all are at their first model call
        live = (len(gc.get_objects()) - idle) / 100
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        gc.enable()
    return {"live": live, "left": left}


class SyncTime:
    """Seconds that `os.fsync` has taken in this process."""

    def __init__(self):
        self.seconds = 0.0
        self._fsync = os.fsync
        os.fsync = self

    def __call__(self, file):
        start = time.perf_counter()
        try:
            self._fsync(file)
        finally:
            self.seconds += time.perf_counter() - start


async def pause_and_resume(subject, store, kind):
    """Seconds from the start to the question on disk, and from the answer to the end; and those beside the syncs."""
    syncs = SyncTime()
    seconds = {"pause": [], "resume": [], "pause_beside": [], "resume_beside": []}

    async def timed(part, call):
        start, before = time.perf_counter(), syncs.seconds
        result = await call()
        taken = time.perf_counter() - start
        seconds[part].append(taken)
        seconds[f"{part}_beside"].append(taken - (syncs.seconds - before))
        return result

    for n in range(60):
        live = kind_of(subject, kind)(store, f"session-{n}")
        await timed("pause", live.ask)
        check(await timed("resume", live.answer), "deleted old.txt")
    return {name: sorted(times)[20] for name, times in seconds.items()}


async def ask(subject, store, kind):
    await kind_of(subject, kind)(store, "fresh").ask()
    return {}


async def answer(subject, store, kind):
    check(await kind_of(subject, kind)(store, "fresh").answer(), "deleted old.txt")
    return {}


def kind_of(subject, kind):
    if not hasattr(subject, kind):
        raise NotImplementedError
    return getattr(subject, kind)


async def fsync(subject, store):
    """Seconds of one append and fsync here."""
    import os

    descriptor = os.open(store / "fsync", os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    times = []
    for _ in range(200):
        start = time.perf_counter()
        os.write(descriptor, b"x" * 511 + b"\n")
        os.fsync(descriptor)
        times.append(time.perf_counter() - start)
    os.close(descriptor)
    return {"seconds": sorted(times)[100]}


async def long_session(subject, store):
    """Seconds to answer and finish a paused session of 20,000 entries, as a new process would."""
    await subject.long_session(store)
    start = time.perf_counter()
    check(await subject.finish_long_session(store), "reply 10000")
    return {"seconds": time.perf_counter() - start}


async def dag(subject, store):
    """Seconds for 1,000 tasks, each after two earlier ones, with a model that answers at once."""
    run = subject.dag(1000)
    start = time.perf_counter()
    check(await run(), 1000)
    return {"seconds": time.perf_counter() - start}


def only(name, measure):
    """Some subjects alone can be asked this."""

    async def measured(subject, store):
        kind_of(subject, name)
        return await measure(subject, store)

    return measured


MEASURES = {
    "stores": stores.stores,
    "listings": stores.listings,
    "answers": stores.answers,
    "paused-memory": stores.paused_memory,
    "long-session": only("long_session", long_session),
    "dag": only("dag", dag),
    "first": first,
    "turn-0": lambda subject, store: turn(subject, store, 0),
    "turn-1": lambda subject, store: turn(subject, store, 1),
    "turn-1-sync": lambda subject, store: turn(subject, store, 1, True),
    "turn-10": lambda subject, store: turn(subject, store, 10),
    "long-100": lambda subject, store: long_turn(subject, None, 100),
    "long-1000": lambda subject, store: long_turn(subject, None, 1000),
    "stored-100": lambda subject, store: long_turn(subject, store, 100),
    "stored-1000": lambda subject, store: long_turn(subject, store, 1000),
    "chain-step": chain_step,
    "chain-objects": chain_objects,
    "chains": lambda subject, store: chains(subject, store, False),
    "chains-durable": lambda subject, store: chains(subject, store, True),
    "approval": lambda subject, store: pause_and_resume(subject, store, "approval"),
    "approval-ask": lambda subject, store: ask(subject, store, "approval"),
    "approval-answer": lambda subject, store: answer(subject, store, "approval"),
    "gate": lambda subject, store: pause_and_resume(subject, store, "gate"),
    "gate-ask": lambda subject, store: ask(subject, store, "gate"),
    "gate-answer": lambda subject, store: answer(subject, store, "gate"),
    "fsync": fsync,
}


def main(subject, measure, store=None):
    if store is not None:
        from pathlib import Path

        store = Path(store)
    try:
        result = asyncio.run(MEASURES[measure](load(subject), store))
    except NotImplementedError:
        result = {"absent": True}
    print(json.dumps(result | {"peak_mb": peak_mb()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
