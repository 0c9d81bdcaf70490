"""What a journal promises, whoever's session it is: what was approved happens at most once."""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
import signal
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from strands.types.exceptions import SessionException
from strands_cli.errors import SessionDamagedError, SessionError, StorageError
from support.disks import PowerLossDisk, RefusingDisk, WatchedDisk
from support.payers import SUBJECTS, Way, finish, journal, start
from support.session_worker import Workers, lines

KILLED = -signal.SIGKILL


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    workers = Workers("support.payers")
    yield workers
    workers.close()


@pytest.fixture(params=SUBJECTS)
def subject(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def paused(subject: str, tmp_path: Path) -> Path:
    root = tmp_path / "paused"
    root.mkdir()
    start(subject, Way(root))
    return root


def check(root: Path) -> None:
    """It came to an end; the payment was made once, or somebody was asked whether it had been."""
    assert not lines(root, "errors"), lines(root, "errors")
    assert lines(root, "acks")[-1] == "end"
    paid, asked = lines(root, "effects").count("pay"), lines(root, "answers").count("skip")
    assert paid == 1 or (paid == 0 and asked == 1), (paid, asked)


@pytest.mark.parametrize("when", ["before", "after", "torn"])
@pytest.mark.parametrize("do", ["start", "finish"])
def test_killed_at_every_change_of_the_disk(
    workers: Workers, subject: str, paused: Path, tmp_path: Path, do: str, when: str
) -> None:
    number, status = 0, KILLED
    while status == KILLED:
        number += 1
        root = tmp_path / str(number)
        shutil.copytree(paused, root) if do == "finish" else root.mkdir()
        status = workers.run(do, root, disk=(when, number), subject=subject)
        assert workers.run("finish", root, subject=subject) == 0, lines(root, "errors")
        check(root)
    assert status == 0 and number > (2 if when == "torn" else 4)


@pytest.mark.parametrize("subject", ["graph", "swarm"])
@pytest.mark.parametrize("left", ["alone", "newer"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_killed_at_every_change_while_what_another_program_left_is_taken_in(
    workers: Workers, subject: str, paused: Path, tmp_path: Path, left: str, when: str
) -> None:
    home = journal(paused).parent
    state = json.loads((home / "multi_agent.json").read_bytes())
    del state["_journal"]
    (home / "multi_agent.json").write_text(json.dumps(state, indent=2))
    for beside in home.glob("journal.*") if left == "alone" else ():
        beside.unlink()
    number, status = 0, KILLED
    while status == KILLED:
        number += 1
        root = tmp_path / str(number)
        shutil.copytree(paused, root)
        status = workers.run("finish", root, disk=(when, number), subject=subject)
        assert workers.run("finish", root, subject=subject) == 0, lines(root, "errors")
        check(root)
    assert status == 0 and number > 5


def test_killed_while_it_pays(workers: Workers, subject: str, paused: Path) -> None:
    assert workers.run("finish", paused, subject=subject, meanwhile="die") == KILLED
    assert workers.run("finish", paused, subject=subject) == 0, lines(paused, "errors")
    check(paused)
    assert lines(paused, "answers") == ["approve", "skip"]


@pytest.mark.parametrize("seed", range(12))
def test_the_power_fails_after_the_question_was_told(subject: str, tmp_path: Path, seed: int) -> None:
    root, after = tmp_path / "before", tmp_path / "after"
    root.mkdir()
    disk = PowerLossDisk(root / "store")
    start(subject, Way(root), disk)
    disk.image(after / "store", random.Random(seed))
    finish(subject, Way(after))
    check(after)
    assert lines(after, "answers") == ["approve"]


@pytest.mark.parametrize("seed", range(12))
def test_the_power_fails_while_it_pays(subject: str, paused: Path, tmp_path: Path, seed: int) -> None:
    after = tmp_path / "after"
    disk = PowerLossDisk(paused / "store")
    finish(subject, Way(paused, lambda: disk.image(after / "store", random.Random(seed))), disk)
    shutil.copy(paused / "effects", after / "effects")
    finish(subject, Way(after))
    assert lines(after, "effects") == ["pay"] and lines(after, "answers") == ["skip"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_disk_that_refuses_from_any_change_on_fails_cleanly(subject: str, tmp_path: Path, code: int) -> None:
    for number in count(1):
        root = tmp_path / str(number)
        root.mkdir()
        disk = RefusingDisk(number, code)
        try:
            start(subject, Way(root), disk)
        except (SessionException, StorageError) as error:
            assert "no more" in str(error)
        finish(subject, Way(root))
        check(root)
        assert lines(root, "answers") == ["approve"]
        if not disk.has_refused:
            break
    assert number > 4


def test_a_sync_that_failed_is_never_taken_for_a_success(subject: str, paused: Path) -> None:
    def refuse(call: int, name: str) -> None:
        if name.startswith("sync"):
            raise OSError(errno.EIO, "no more", "disk")

    with pytest.raises((SessionException, StorageError, OSError), match="no more"):
        finish(subject, Way(paused), WatchedDisk(before=refuse))
    assert lines(paused, "effects") == []
    finish(subject, Way(paused))
    assert lines(paused, "effects") == ["pay"] or lines(paused, "answers")[-1] == "skip"


def test_who_lost_the_lease_writes_nothing_more(workers: Workers, subject: str, paused: Path) -> None:
    """The lock files are removed under who is at work, as a careless clean-up would: the journal refuses that one."""
    workers.ask(
        {
            "do": "finish",
            "root": str(paused),
            "disk": ("plain", 0),
            "subject": subject,
            "background": True,
            "meanwhile": "linger",
        }
    )
    wait_until(lambda: lines(paused, "effects") == ["pay"])
    for lock in [each for place in (paused / "store").rglob("drivers") for each in place.iterdir()]:
        lock.unlink()
    finish(subject, Way(paused))
    (paused / "release").touch()
    assert workers.ask({"do": "wait"})["statuses"] == [1]
    assert lines(paused, "answers") == ["approve", "skip"] and lines(paused, "effects") == ["pay"]
    error = lines(paused, "errors")[0]
    assert error.startswith(("SessionException", "LeaseLostError")), error


def flipped(content: bytes, at: int) -> bytes:
    return content[:at] + bytes([content[at] ^ (1 << at % 8)]) + content[at + 1 :]


def zeroed(content: bytes, at: int) -> bytes:
    return content[:at] + b"\0" + content[at + 1 :]


def without_a_block(content: bytes, at: int) -> bytes:
    return content[:at] + b"\0" * len(content[at : at + 512]) + content[at + 512 :]


def cut(content: bytes, at: int) -> bytes:
    return content[:at]


@pytest.mark.parametrize("change", [flipped, zeroed, without_a_block, cut], ids=lambda change: change.__name__)
@pytest.mark.parametrize("left", ["paused", "paying", "done"])
def test_damage_is_named_or_asked_about_and_nothing_is_paid_twice(
    workers: Workers, subject: str, paused: Path, tmp_path: Path, left: str, change: Callable[[bytes, int], bytes]
) -> None:
    if left != "paused":
        meanwhile = "die" if left == "paying" else ""
        workers.run("finish", paused, subject=subject, meanwhile=meanwhile)
    content = journal(paused).read_bytes()
    for at in sorted({1, len(content) - 1, *range(7, len(content), len(content) // 25)}):
        root = tmp_path / str(at)
        shutil.copytree(paused, root)
        bad = change(content, at)
        journal(root).write_bytes(bad)
        try:
            finish(subject, Way(root))
        except (SessionDamagedError, SessionException) as error:
            assert subject == "workflow" or (left == "paying" and subject != "agent")  # which asks a person instead
            assert str(journal(root)) in str(error) and journal(root).read_bytes() == bad
        assert lines(root, "effects").count("pay") <= 1
        shutil.rmtree(root)


def test_of_two_who_go_on_at_once_one_does(workers: Workers, subject: str, paused: Path, tmp_path: Path) -> None:
    for number in range(4):
        root = tmp_path / f"race{number}"
        shutil.copytree(paused, root)
        go = root / "go"
        order = {"do": "finish", "root": str(root), "disk": ("plain", 0), "subject": subject, "go": str(go)}
        for _ in range(2):
            workers.ask({**order, "background": True, "meanwhile": "linger"})
        wait_until(lambda root=root: len(lines(root, "ready")) == 2)
        go.touch()
        wait_until(lambda root=root: bool(lines(root, "errors")))
        (root / "release").touch()
        assert sorted(workers.ask({"do": "wait"})["statuses"]) == [0, 1], lines(root, "errors")
        assert lines(root, "effects") == ["pay"]
        error = lines(root, "errors")[0]
        assert error.startswith(("SessionException", "LeaseHeldError", "AlreadyAnsweredError")), error


def test_a_child_forked_while_it_pays_is_refused_and_holds_nothing_up(subject: str, paused: Path) -> None:
    seen: list[str] = []
    children: list[int] = []

    def fork() -> None:
        reading, writing = os.pipe()
        children.append(os.fork())
        if children[-1] == 0:
            try:
                finish(subject, Way(paused))
                told = "it went on"
            except (SessionException, SessionError) as error:
                told = type(error).__name__
            os.write(writing, told.encode())
            time.sleep(60)
            os._exit(0)
        seen.append(os.read(reading, 100).decode())

    finish(subject, Way(paused, fork))
    try:
        finish(subject, Way(paused))  # the child, which lives on, holds no lease
    finally:
        for child in children:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    assert seen == ["LeaseHeldError" if subject == "workflow" else "SessionException"]
    assert lines(paused, "effects") == ["pay"]


def wait_until(condition: Any) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.002)
