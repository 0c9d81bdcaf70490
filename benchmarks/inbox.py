"""What the inbox costs: pages and answers with 100 and with 10,000 open questions, and what readers of events hold.

python benchmarks/inbox.py [files|sqlite|postgresql://...] [--readers 1000]
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from strands.journal.entries import Draft
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
        opened, *rest = (Draft(entry.kind, entry.key, entry.data, entry.at) for entry in entries)
        await store.create(f"paying-{number:06}", opened, rest)
    return store


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

        async def answer(number: int) -> None:
            url = f"/api/v1/questions/{refs[number]}/answer"
            (await client.post(url, json={"value": "yes"})).raise_for_status()

        async def bare(number: int) -> None:
            journal = await store.open(f"paying-{count - 10 - number:06}")
            await answers.give_all(journal, {"steps/0": "yes"}, by="anna")

        print(f"{count:6} open, page by age      {await measured(lambda number: page('asked', number))}")
        print(f"{count:6} open, page by deadline {await measured(lambda number: page('due', number))}")
        print(f"{count:6} open, answer           {await measured(answer)}")
        print(f"{count:6} open, the store's own  {await measured(bare)}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("place", nargs="?", default="sqlite")
    asked = parser.parse_args()
    for count in (100, 10_000):
        with tempfile.TemporaryDirectory() as directory:
            own = {"files": f"{directory}/files", "sqlite": f"sqlite:///{directory}/runs.db"}
            place = own.get(asked.place) or f"{asked.place}{'&' if '?' in asked.place else '?'}namespace=bench{count}"
            asyncio.run(costs(place, count))


if __name__ == "__main__":
    main()
