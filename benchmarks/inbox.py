"""What the inbox costs: pages and answers with 100 and with 10,000 open questions, and what readers of events hold.

python benchmarks/inbox.py [files|sqlite|postgresql://...]
python benchmarks/inbox.py --readers 1000
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import resource
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import httpx

from strands.journal.entries import Draft, Entry
from strands_cli.api import Workflow
from strands_cli.inbox.apps import Apps
from strands_cli.inbox.data import ServerData
from strands_cli.inbox.inbox import Inbox
from strands_cli.inbox.tokens import Tokens
from strands_cli.session import answers
from strands_cli.session.repository import SessionRepository, store_at
from strands_cli.web.app import create_app
from strands_cli.web.settings import ServerSettings

SPEC = """
version: 0
name: paying
runtime: {provider: ollama, model_id: none}
inputs: {values: {amount: 7}}
agents: {clerk: {prompt: You are a clerk.}}
pattern: {type: chain, config: {steps: [{type: hitl, prompt: "Pay {{ amount }}?", choices: ["yes", "no"]}]}}
"""
REPEATS = 30


async def seeded(place: str, count: int) -> SessionRepository:
    """Return a store with so many sessions that wait for an answer, made as a run makes them."""
    store, workflow = store_at(place), Workflow.from_yaml(SPEC, store=place, offline=True)
    first = (await workflow.run_async()).session_id
    entries = await (await store.open(first)).load()
    for number in range(count - 1):
        opened, *rest = (Draft(entry.kind, entry.key, told(entry, number), entry.at) for entry in entries)
        await store.create(f"paying-{number:06}", opened, rest)
    return store


def told(entry: Entry, number: int) -> Mapping[str, Any]:
    """Return what an entry says; every other question has a deadline."""
    return {**entry.data, "deadline": entry.at + 1e6 + number} if entry.kind == "asked" and number % 2 else entry.data


async def measured(work: Callable[[int], Awaitable[Any]]) -> str:
    await work(0)
    times = []
    for number in range(1, REPEATS + 1):
        began = time.perf_counter()
        await work(number)
        times.append((time.perf_counter() - began) * 1000)
    return f"{statistics.median(times):8.1f} ms (least {min(times):.1f})"


async def costs(place: str, count: int) -> None:
    store = await seeded(place, count)
    data = ServerData()
    _, secret = Tokens(data).create("anna", scopes=["admin"])
    workflow = Workflow.from_yaml(SPEC, store=place, offline=True)
    app = create_app(Inbox(store, apps=Apps([workflow]), data=data), ServerSettings(drive=0))
    headers = {"Authorization": f"Bearer {secret}", "Host": "127.0.0.1:8765"}
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8765") as client:
        client.headers.update(headers)
        refs = [each["ref"] for each in (await client.get("/api/v1/questions?limit=200")).json()["items"]]

        async def page(sort: str, number: int) -> None:
            (await client.get(f"/api/v1/questions?sort={sort}")).raise_for_status()

        async def mine(number: int) -> None:
            (await client.get("/api/v1/questions?mine=true")).raise_for_status()

        async def answer(number: int) -> None:
            url = f"/api/v1/questions/{refs[number]}/answer"
            (await client.post(url, json={"value": "yes"})).raise_for_status()

        async def bare(number: int) -> None:
            journal = await store.open(f"paying-{count - 10 - number:06}")
            await answers.give_all(journal, {"steps/0": "yes"}, by="anna")

        print(f"{count:6} open, page by age      {await measured(lambda number: page('asked', number))}")
        print(f"{count:6} open, page by deadline {await measured(lambda number: page('due', number))}")
        print(f"{count:6} open, page of mine     {await measured(mine)}")
        print(f"{count:6} open, answer           {await measured(answer)}")
        print(f"{count:6} open, the store's own  {await measured(bare)}")


def held(count: int, home: Path) -> None:
    """Print what a whole server process holds: before anybody has come, and with so many readers of events."""
    (home / "paying.yaml").write_text(SPEC.replace("ollama", "scripted"))
    environment = {**os.environ, "STRANDS_HOME": str(home), "STRANDS_STORE": f"sqlite:///{home}/runs.db"}
    strands = [sys.executable, "-m", "strands_cli"]
    log = home / "server.log"
    with log.open("w") as file:
        command = [*strands, "serve", "paying.yaml", "--port", "0"]
        server = subprocess.Popen(command, env=environment, cwd=home, stdout=file, stderr=file)
    try:
        while not (found := re.search(r"^Serving http://(.*):(\d+)$", log.read_text(), re.MULTILINE)):
            time.sleep(0.1)
        time.sleep(3.0)
        print(f"a server without readers:    {resident(server.pid):6.1f} MB")
        made = subprocess.run([*strands, "token", "create", "--for", "anna"], env=environment, capture_output=True)
        token = next(word for word in made.stdout.decode().split() if word.startswith("strands_"))
        host, port = found[1], int(found[2])
        request = f"GET /api/v1/events HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {token}\r\n"
        request += "Accept: text/event-stream\r\n\r\n"
        readers = []
        for _ in range(count):
            readers.append(socket.create_connection((host, port)))
            readers[-1].sendall(request.encode())
            assert b" 200 " in readers[-1].recv(1000)
            if len(readers) in (1, count):
                time.sleep(3.0)
                print(f"a server with {len(readers):5} readers: {resident(server.pid):6.1f} MB")
    finally:
        server.kill()
        server.wait()


def resident(pid: int) -> float:
    """Return how many MB a process holds in memory."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))) * 1024 / 1e6


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("place", nargs="?", default="sqlite")
    parser.add_argument("--readers", type=int, default=0)
    asked = parser.parse_args()
    if asked.readers:
        resource.setrlimit(resource.RLIMIT_NOFILE, (4 * asked.readers, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
        with tempfile.TemporaryDirectory() as directory:
            held(asked.readers, Path(directory))
        return
    for count in (100, 10_000):
        with tempfile.TemporaryDirectory() as directory:
            own = {"files": f"{directory}/files", "sqlite": f"sqlite:///{directory}/runs.db"}
            place = own.get(asked.place) or f"{asked.place}{'&' if '?' in asked.place else '?'}namespace=bench{count}"
            asyncio.run(costs(place, count))


if __name__ == "__main__":
    main()
