"""Whoever dies while what is kept apart is written or removed leaves a whole session, and nothing that nobody uses."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.places import DATABASES, new_place

_KILLS = """
import asyncio, contextlib, importlib, json, os, sys
from strands.journal.blobs import LARGE
from strands.journal.sql import SqlRepository
from strands.journal.transfer import check_all
from strands_cli.session.conformance import draft, opening
from strands_cli.session.repository import store_at
from support.databases import Dying

for each in ("pydantic_core", "psycopg", "strands.journal.postgres", "strands.journal.sqlite"):
    with contextlib.suppress(ImportError):
        importlib.import_module(each)  # not in each child anew
url = sys.argv[1]
spec = {"prompt": "Be kind. " * 200}


async def act(name, left):
    repository = SqlRepository(Dying(store_at(url).database, left, lambda: os.kill(os.getpid(), 9)))
    if name == "begin":
        await repository.create("new", draft("opened", format=1, workflow="w", pattern="chain", spec=spec))
    elif name == "append":
        journal = await repository.open("s")
        count = len(await journal.load())
        await journal.append([draft("noted", "n", value="x" * LARGE), draft("closed")], expect=count, durable=True)
    else:
        await repository.prune(before=2**40, statuses=["completed"], limit=9)


async def tell(name, left):
    repository = store_at(url)
    if name == "first":
        await repository.create("s", opening())
    there = {id: len(await repository.export(id)) for id in await repository.ids()}
    wrong = [told.problem async for told in check_all(repository) if told.problem]
    blobs = repository.database.read(lambda each: each.execute("select count(*) from strands_blobs"))[0][0]
    print(json.dumps([name, left, there, wrong, blobs]), flush=True)


def in_child(work, name, left):
    child = os.fork()  # a killed one costs no start of Python
    if not child:
        asyncio.run(work(name, left))
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


in_child(tell, "first", 0)
for name in ("begin", "append", "prune"):
    for left in range(30):
        code = in_child(act, name, left)
        in_child(tell, name, "killed" if code == -9 else "done")
        if code == 0:
            break
"""


@pytest.fixture(params=DATABASES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    yield from new_place(request.param, tmp_path)


def test_whoever_is_killed_at_any_statement_leaves_all_or_nothing(url: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])}
    done = subprocess.run(
        [sys.executable, "-c", _KILLS, url], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    told = [json.loads(line) for line in done.stdout.splitlines()]
    before: Any = None
    for name, fate, there, wrong, blobs in told:
        assert wrong == [], f"{name} was half done"
        if fate == "killed":
            assert [there, blobs] == before, f"{name} was half done"
        before = [there, blobs]
    ends = {name: (sorted(there), blobs) for name, fate, there, _, blobs in told if fate == "done"}
    assert ends == {"begin": (["new", "s"], 1), "append": (["new", "s"], 2), "prune": (["new"], 1)}
    assert sum(fate == "killed" for _, fate, *_ in told) > 9
