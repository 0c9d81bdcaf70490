"""Servers look after the time of questions, with workflows and without; two of them and a tick remind once."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

from strands.journal.entries import Draft
from strands_cli.kernel import timers
from strands_cli.session.repository import store_at
from support.web_server import APP, STORES, Server, until


def waiting(url: str, count: int) -> None:
    """Put in sessions of which a question was asked an hour ago."""
    then, store = time.time() - 3600, store_at(url)
    opened = Draft("opened", "", {"format": 1, "workflow": "w", "pattern": "chain", "spec": {}, "inputs": {}}, then)
    due = timers.stored([60], [{"after": 120, "notify": ["slack:#cfo"]}], then)
    rest = [Draft("asked", "q", {"prompt": "?", "timers": due}, then), Draft("paused", "", {"questions": ["q"]}, then)]

    async def put_in() -> None:
        for number in range(count):
            await store.create(f"s{number}", opened, rest)

    asyncio.run(put_in())


def acts(url: str, count: int) -> list[list[str]]:
    async def all_of() -> list[list[str]]:
        store = store_at(url)
        found = [await (await store.open(f"s{number}")).load() for number in range(count)]
        return [[each.kind for each in entries if each.kind in ("reminded", "escalated")] for entries in found]

    return asyncio.run(all_of())


@pytest.mark.parametrize("store", STORES, indirect=True)
def test_two_servers_and_a_tick_remind_once(serve: Callable[..., Server], store: str) -> None:
    servers = [serve(targets=()), serve(targets=(APP,))]
    waiting(store, 4)
    command = [sys.executable, "-m", "strands_cli", "tick"]
    subprocess.run(command, env=servers[0].env, check=True, capture_output=True, timeout=60)
    for server in servers:
        server.close()
    assert acts(store, 4) == [["reminded", "escalated"]] * 4


@pytest.mark.parametrize("store", STORES, indirect=True)
def test_a_server_without_workflows_reminds(serve: Callable[..., Server], store: str) -> None:
    serve(targets=())
    waiting(store, 2)
    until(lambda: acts(store, 2) == [["reminded", "escalated"]] * 2)
