"""What looks after stores: copies keep every line, a check names what is wrong, pruning takes only what is over."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import pytest

from strands import SessionManager, Workflow
from strands.journal.entries import Draft
from strands.journal.memory import MemoryRepository
from strands.journal.transfer import copy_all
from strands_cli.session.repository import FileSessionRepository, SessionRepository, store_at
from support.console import Console
from support.specs import PAUSING


@pytest.fixture
def console(tmp_path: Path) -> Console:
    """Two sessions in files, one of which is completed."""
    files = FileSessionRepository(tmp_path / "files")
    ids = [Workflow.from_dict(PAUSING, repository=files).run().session_id for _ in range(2)]
    Workflow.from_dict(PAUSING, repository=files).resume(ids[0], "yes")
    return Console(tmp_path, {"NO_COLOR": "1"})


def lines(store: SessionRepository) -> dict[str, bytes]:
    async def read() -> dict[str, bytes]:
        return {name: await store.export(name) for name in await store.ids()}  # type: ignore[attr-defined]

    return asyncio.run(read())


def test_a_copy_to_a_database_and_back_has_the_same_lines(console: Console) -> None:
    said = console.run("store", "copy", "files", "sqlite:///runs.db").stderr
    assert "Copied 2 sessions." in said
    assert "Copied 2 sessions." in console.run("store", "copy", "sqlite:///runs.db", "back").stderr
    journals = sorted((console.directory / "files").glob("session_*/journal.jsonl"))
    assert len(journals) == 2
    for journal in journals:
        back = console.directory / "back" / journal.parent.name
        assert (back / "journal.jsonl").read_bytes() == journal.read_bytes()
        assert (back / "journal.head").exists()
    assert "0 sessions. 2 sessions there already." in console.run("store", "copy", "files", "back").stderr
    assert "2 sessions checked, none damaged" in console.run("store", "check", "sqlite:///runs.db").stderr


def test_a_copied_session_goes_on_and_is_not_written_over(console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(console.directory)
    console.run("store", "copy", "files", "sqlite:///runs.db")
    manager = SessionManager(store="sqlite:///runs.db")
    (session,) = manager.list_active_sessions()
    assert Workflow.from_dict(PAUSING, store="sqlite:///runs.db").resume(session.id, "yes").success
    done = console.run("store", "copy", "files", "sqlite:///runs.db", "--json", code=17)
    told = json.loads(done.stdout)
    assert told["copied"] == 0 and list(told["not_copied"]) == [session.id]
    assert manager.get_session(session.id).status == "completed"


def test_a_store_that_knows_only_the_protocol_is_copied_from_and_to(tmp_path: Path) -> None:
    async def check() -> None:
        memory, files = MemoryRepository(), FileSessionRepository(tmp_path / "files")
        opened = Draft("opened", "", {"format": 1, "workflow": "w", "pattern": "chain"}, 1.5)
        await memory.create("s", opened, [Draft("noted", "n", {"value": [1, None]}, 2.5)])
        assert [told async for told in copy_all(memory, files)] == [("s", "", False)]
        back = MemoryRepository()
        assert [told.problem async for told in copy_all(files, back)] == [""]
        assert await (await back.open("s")).load() == await (await memory.open("s")).load()

    asyncio.run(check())


@pytest.mark.parametrize("place", ["from", "sqlite:///from.db"])
def test_a_session_that_is_being_run_is_not_copied(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    async def check() -> None:
        source, target = store_at(place), store_at("to")
        journal = await source.create("s", Draft("opened", "", {"format": 1, "workflow": "w", "pattern": "chain"}, 1.5))
        async with journal.lease() as driver:
            await journal.append([Draft("leased", "", {"driver": driver}, 2.5)], expect=1, durable=True)
            (told,) = [each async for each in copy_all(source, target)]
            assert told.problem == "it is being run; copy it again when it rests"
            assert await target.ids() == []
        assert [each async for each in copy_all(source, target)] == [("s", "", False)]

    asyncio.run(check())


@pytest.mark.parametrize("place", ["files", "sqlite:///runs.db"])
def test_a_check_names_what_is_damaged(place: str, console: Console, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(console.directory)
    console.run("store", "copy", "files", "sqlite:///runs.db")
    store = store_at(place)
    damaged = asyncio.run(store.ids())[0]
    if isinstance(store, FileSessionRepository):
        journal = store.root / f"session_{damaged}" / "journal.jsonl"
        journal.write_bytes(journal.read_bytes().replace(b'"one"', b'"two"'))
    else:
        change = "update strands_sessions set status = 'failed', tokens = 7 where id = ?"
        store.database.write(lambda each: each.execute(change, damaged))  # type: ignore[attr-defined]
    done = console.run("store", "check", place, code=17)
    assert f"Damaged: {damaged}: " in done.stderr and "2 sessions checked, 1 damaged" in done.stderr
    told = json.loads(console.run("store", "check", place, "--json", code=17).stdout)
    assert told["checked"] == 2 and list(told["damaged"]) == [damaged]


@pytest.mark.parametrize("place", ["old", "sqlite:///runs.db"])
def test_pruning_takes_what_is_over_and_old_in_batches(
    place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    long_ago, now = time.time() - 40 * 86400, time.time()
    rests = {"closed": "over", "cancelled": "over", "failed": "kept", "paused": "kept", "noted": "kept"}

    async def begin() -> None:
        store = store_at(place)
        for at, age in ((long_ago, "old"), (now, "new")):
            for rest, fate in rests.items():
                for number in range(3):
                    name = f"{age}-{rest}-{fate}-{number}"
                    opened = Draft("opened", "", {"format": 1, "workflow": "w", "pattern": "chain"}, at)
                    asked = Draft("asked", "q", {"prompt": "?"}, at)
                    await store.create(name, opened, [asked, Draft(rest, "", {}, at)])

    asyncio.run(begin())
    console = Console(tmp_path, {"NO_COLOR": "1"})
    assert "Would delete 6 sessions." in console.run("store", "prune", place, "--dry-run").stderr
    told = json.loads(console.run("store", "prune", place, "--batch", "2", "--json").stdout)
    assert len(told["deleted"]) == 6
    assert {name.split("-")[2] for name in told["deleted"]} == {"over"}
    assert len(SessionManager(store=place).list_sessions()) == 24


def test_the_tables_of_a_database_are_made(tmp_path: Path) -> None:
    console = Console(tmp_path, {"NO_COLOR": "1"})
    assert "has tables of version 1.\n" in console.run("store", "migrate", "sqlite:///runs.db").stderr
    assert "has tables of version 1 already." in console.run("store", "migrate", "sqlite:///runs.db").stderr
    assert "there is nothing to do" in console.run("store", "migrate").stderr


@pytest.mark.parametrize("place", ["nowhere", "sqlite:///nowhere.db"])
@pytest.mark.parametrize("command", [["check"], ["prune"], ["copy"]])
def test_a_misspelt_store_is_not_taken_for_an_empty_one(command: list[str], place: str, tmp_path: Path) -> None:
    target = ["to"] if command == ["copy"] else []
    said = Console(tmp_path, {"NO_COLOR": "1"}).run("store", *command, place, *target, code=12).stderr
    assert f"there is no store {place}" in said
    assert not [*tmp_path.glob("nowhere*"), *tmp_path.glob("to")]


@pytest.mark.parametrize("place", ["nowhere", "sqlite:///nowhere.db"])
@pytest.mark.parametrize("command", ["check", "prune"])
def test_a_misspelt_store_of_all_commands_is_not_made_either(command: str, place: str, tmp_path: Path) -> None:
    said = Console(tmp_path, {"NO_COLOR": "1"}).run("--store", place, "store", command, code=12).stderr
    assert f"there is no store {place}" in said
    assert not [*tmp_path.glob("nowhere*")]


def test_a_part_of_a_path_that_is_a_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    said = Console(tmp_path, {"NO_COLOR": "1"}).run("store", "migrate", "sqlite:///file/runs.db", code=12).stderr
    assert "a part of this path is not a directory" in said and "writable" not in said
