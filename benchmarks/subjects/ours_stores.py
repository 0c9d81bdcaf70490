"""This package's sessions in its three stores."""

import asyncio
import json
import subprocess
import sys
import time
import uuid

from . import ours, strands_agents

_NAMES = ("files", "sqlite", "postgres")
_LOOKING = """
import asyncio, json, sys
from strands.journal.find import due, find, open_questions
from strands_cli.session.repository import store_at

async def main():
    store = store_at(sys.argv[1])
    for _ in range(20):
        await due(store)
    for each in (find, open_questions):
        await each(store)

asyncio.run(main())
with open("/proc/self/status") as status:
    print(next(int(line.split()[1]) for line in status if line.startswith("VmRSS")))
"""


def _places(directory, postgres):
    directory.mkdir(parents=True, exist_ok=True)
    places = {"files": str(directory / "files"), "sqlite": f"sqlite:///{directory}/runs.db"}
    if postgres:
        places["postgres"] = f"{postgres}{'&' if '?' in postgres else '?'}schema=bench_{uuid.uuid4().hex[:12]}"
    return places


def _store_at(place):
    from strands_cli.session.repository import store_at

    store = store_at(place)
    if place.startswith("postgres"):
        store.database.migrate()
    return store


class _Kept:
    def __init__(self, repository):
        from strands import Workflow
        from strands.models.scripted import ScriptedModel

        steps = [{"agent": f"agent-{n}", "input": f"{n}"} for n in range(5)]
        model = strands_agents._stub(text=lambda prompt: f"reply {prompt}")
        self._chain = Workflow.from_dict(ours._spec("chain", steps), model=model, repository=repository)
        steps = [{"type": "hitl", "prompt": "Delete old.txt?"}, {"agent": "agent-0", "input": "{{ hitl_response }}"}]
        model = ScriptedModel(ours._delete)
        self._gate = Workflow.from_dict(ours._spec("gate", steps), model=model, repository=repository)
        self._repository = repository

    async def chain(self):
        result = await self._chain.run_async()
        return [step["response"] for step in result.execution_context["steps"]]

    def life(self):
        ids = []

        async def ask():
            ids.append((await self._gate.run_async()).session_id)

        async def answer():
            from strands_cli.session import answers

            await answers.give(await self._repository.open(ids[0]), "steps/0", "y", by="ann")

        async def go_on():
            assert (await self._gate.resume_async(ids[0])).last_response == "deleted old.txt"

        return {"ask": ask, "answer": answer, "go_on": go_on}


async def stores(directory, postgres, stack):
    return {name: _Kept(_store_at(place)) for name, place in _places(directory, postgres).items()}


class _Paused:
    def __init__(self, repository, stored):
        from strands.journal.find import due, find, open_questions

        self.stored = stored
        self.lines = 0

        async def list_50():
            return (await find(repository)).items

        async def inbox():
            return (await open_questions(repository)).items

        async def due_50():
            return await due(repository)

        self.acts = {"list": list_50, "inbox": inbox, "due": due_50}

    async def fill(self, repository, count):
        from strands.journal import lines
        from strands.journal.entries import Draft

        at = time.time() - 3600
        spec = ours._spec("paused", [{"type": "hitl", "prompt": "Go on?"}] * 2)
        for n in range(count):
            late = {"deadline": at + 60} if n % 2 else {}  # every other one is due
            then = at + n / 10
            drafts = [
                Draft("opened", "", {"format": 1, "workflow": "paused", "pattern": "chain", "spec": spec}, then),
                Draft("leased", "", {"driver": "gone"}, then),
            ]
            for step in range(5):
                data = {"agent": "agent-0", "lane": "", "prompt": f"{step} " * 100}
                reply = {"role": "assistant", "content": [{"text": f"{n} {step} " * 100}]}
                drafts.append(Draft("started", f"steps/{step}", data, then))
                drafts.append(Draft("done", f"steps/{step}", {"message": reply, "seconds": 0.1}, then))
            drafts.append(Draft("asked", "steps/5", {"prompt": "Go on?", **late}, then))
            drafts.append(Draft("paused", "", {"seconds": 0.1, "questions": ["steps/5"]}, then))
            await repository.create(f"paused-{n:05}", drafts[0], drafts[1:])
            self.lines += len(lines.encode(drafts, 0, "")[0])


async def paused_sessions(directory, postgres, count):
    """Return each store with so many paused sessions, half of which are due."""
    found = {}
    for name, place in _places(directory, postgres).items():
        repository = quick = _store_at(place)
        if name == "postgres":
            quick = _store_at(f"{place}&options=-c%20synchronous_commit%3Doff")
        found[name] = _Paused(repository, _sizes(name, directory, place))
        await found[name].fill(quick, count)
    return found


def _sizes(name, directory, place):
    def files():
        return sum(path.stat().st_size for path in (directory / "files").rglob("*") if path.is_file())

    def sqlite():
        return sum(path.stat().st_size for path in directory.glob("runs.db*") if path.is_file())

    def postgres():
        import psycopg

        url, _, schema = place.partition("schema=")
        sizes = "select sum(pg_total_relation_size(c.oid)) from pg_class c join pg_namespace n on n.oid = relnamespace"
        with psycopg.connect(url.rstrip("?&")) as connection:
            row = connection.execute(f"{sizes} where nspname = %s and relkind = 'r'", (schema,)).fetchone()
        return int(row[0])

    return {"files": files, "sqlite": sqlite, "postgres": postgres}[name]


async def paused_memory(directory, count):
    """Return the bytes of a process that has looked for what is due, and listed, in a SQLite of so many sessions."""
    place = _places(directory / str(count), None)["sqlite"]
    await _Paused(None, None).fill(_store_at(place), count)
    command = [sys.executable, "-c", _LOOKING, place]
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout) * 1024


async def answers(directory, postgres, count):
    """Return, for each store, how to answer in a new session of so many bytes, and in one of so many that wait."""
    found = {}
    for name, place in _places(directory, postgres).items():
        quick = repository = _store_at(place)
        if name == "postgres":
            quick = _store_at(f"{place}&options=-c%20synchronous_commit%3Doff")
        found[name] = _Answers(repository, quick)
        await found[name].wait_in(count)
    return found


class _Answers:
    def __init__(self, repository, quick):
        self._repository = repository
        self._quick = quick
        self._number = 0

    async def asked(self, size):
        from strands.journal.entries import Draft

        self._number += 1
        notes = [Draft("noted", f"n{n}", {"text": "x" * 900}, 1.5) for n in range(size // 1000)]
        asks = [Draft("asked", "q", {"prompt": "?"}, 1.5), Draft("paused", "", {"questions": ["q"]}, 1.5)]
        opened = Draft("opened", "", {"format": 1, "workflow": "w", "pattern": "chain"}, 1.5)
        journal = await self._quick.create(f"s{self._number}", opened)
        await journal.append([*notes, *asks], expect=1, durable=True)
        return f"s{self._number}"

    async def wait_in(self, count):
        for _ in range(count):
            await self.asked(0)

    async def answer(self, name):
        from strands_cli.session import answers

        await answers.give(await self._repository.open(name), "q", "yes", by="ann")
