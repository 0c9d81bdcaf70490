"""The measures of stores: sessions in files, SQLite and PostgreSQL, all in turn in one process."""

import gc
import os
import time
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

CHAIN = [f"reply {n}" for n in range(5)]
FEW, MANY = 100, 10_000
_SIZES = {"short": 4, "long": 7}


async def stores(subject, store):
    """Seconds of a durable chain's step, and of the acts of a session that waits for a person, in each store."""
    if not hasattr(subject, "stores"):
        raise NotImplementedError
    async with AsyncExitStack() as stack:
        kinds = await subject.stores(store, os.environ.get("BENCH_POSTGRES"), stack)
        numbers = await _chains(kinds)
        numbers.update(await _lives({name: kind for name, kind in kinds.items() if hasattr(kind, "life")}))
    return numbers


async def _chains(kinds):
    best = {}
    for batch in range(9):
        for name, kind in kinds.items():
            start = time.perf_counter()
            for _ in range(10 if batch else 1):
                texts = await kind.chain()
                assert texts == CHAIN, texts
            if batch:
                best[name] = min(best.get(name, 1e9), (time.perf_counter() - start) / 50)
    return {f"{name}_step": seconds for name, seconds in best.items()}


async def _lives(kinds):
    taken = {}
    for _ in range(60):
        for name, kind in kinds.items():
            for act, call in kind.life().items():
                start = time.perf_counter()
                await call()
                taken.setdefault(f"{name}_{act}", []).append(time.perf_counter() - start)
    return {name: sorted(times)[20] for name, times in taken.items()}


async def listings(subject, store):
    """Seconds to list 50 of few and of many paused sessions, and the bytes of one over those of its lines."""
    if not hasattr(subject, "paused_sessions"):
        raise NotImplementedError
    numbers = {}
    memory = "/dev/shm" if os.path.isdir("/dev/shm") else None  # what is listed is read, so it need not be on a disk
    with TemporaryDirectory(dir=memory) as directory:
        for count in (FEW, MANY):
            kinds = await subject.paused_sessions(Path(directory) / str(count), os.environ.get("BENCH_POSTGRES"), count)
            for name, kind in kinds.items():
                for act, call in kind.acts.items():
                    numbers[f"{name}_{act}_{count}"] = await _best(call)
                numbers[f"{name}_size_{count}"] = kind.stored() / kind.lines
    return numbers


async def answers(subject, store):
    """Seconds of an answer: on a short journal and on a long one, among few sessions that wait and among many."""
    if not hasattr(subject, "answers"):
        raise NotImplementedError
    memory = "/dev/shm" if os.path.isdir("/dev/shm") else None  # a sync of a disk would hide what is read
    with TemporaryDirectory(dir=memory) as directory:
        postgres, acts = os.environ.get("BENCH_POSTGRES"), []
        for count in (FEW, MANY):
            for name, kind in (await subject.answers(Path(directory) / str(count), postgres, count)).items():
                acts.append((f"{name}_among_{count}", kind, 0))
                acts += [(f"{name}_{size}", kind, 10**digits) for size, digits in _SIZES.items() if count == FEW]
        return await _quickest_answers(acts)


async def _quickest_answers(acts):
    best = {}
    for _ in range(12):
        for field, kind, size in acts:
            name = await kind.asked(size)
            await kind.answer(await kind.asked(0))  # what is left of the longer one goes before the clock runs
            gc.collect()
            start = time.perf_counter()
            await kind.answer(name)
            best[field] = min(best.get(field, 1e9), time.perf_counter() - start)
    return best


async def _best(call):
    found = await call()
    assert len(found) == 50, len(found)
    best = 1e9
    for _ in range(10):
        start = time.perf_counter()
        await call()
        best = min(best, time.perf_counter() - start)
    return best


async def paused_memory(subject, store):
    """Memory of a process that looks for what is due in a store of many paused sessions, over that of an empty one."""
    if not hasattr(subject, "paused_memory"):
        raise NotImplementedError
    return {name: await subject.paused_memory(store, count) for name, count in (("none", 0), ("many", MANY))}
