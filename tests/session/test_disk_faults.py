"""A disk that is full, refuses, lies or loses power."""

from __future__ import annotations

import errno
import random
import shutil
import time
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from strands import Agent
from strands.models.scripted import ScriptedModel
from strands.session import Disk, FileSessionManager
from strands.types.exceptions import SessionException
from support.disks import PowerLossDisk, RefusingDisk, WatchedDisk
from support.limits import soon
from support.session_worker import finish, lines, make_agent, start


def agent_in(storage: Path, *replies: Any, disk: Disk | None = None, **kwargs: Any) -> Agent:
    manager = FileSessionManager(session_id="s", storage_dir=storage, disk=disk)
    return Agent(model=ScriptedModel(list(replies)), session_manager=manager, callback_handler=None, **kwargs)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_case_6_a_refusing_disk_fails_cleanly_at_every_call(tmp_path: Path, code: int) -> None:
    for number in count(1):
        root = tmp_path / str(number)
        root.mkdir()
        disk = RefusingDisk(number, code)
        try:
            start(make_agent(root, disk), root)
        except SessionException as error:
            assert "no more" in str(error)
        finish(make_agent(root), root)
        effects = lines(root, "effects")
        assert effects.count("pay") == 1 or "pay-0" in str(lines(root, "answers"))
        if not disk.has_refused:
            break
    assert number > 10


def test_case_6_the_same_agent_works_again_once_there_is_space(tmp_path: Path) -> None:
    full = False

    def refuse(call: int, name: str) -> None:
        if full and name in ("write_all", "replace"):
            raise OSError(errno.ENOSPC, "No space left on device", "disk")

    agent = agent_in(tmp_path, "one", "two", "three", disk=WatchedDisk(before=refuse))
    agent("a")
    full = True
    with pytest.raises(SessionException, match="No space left"):
        agent("b")
    full = False
    agent("c")
    assert agent_in(tmp_path).messages == agent.messages


def test_case_6_a_write_that_stops_half_way_is_undone(tmp_path: Path) -> None:
    class Half(Disk):
        full = False

        def write_all(self, file: int, content: bytes) -> None:
            if Half.full:
                super().write_all(file, content[: len(content) // 2])
                raise OSError(errno.ENOSPC, "No space left on device")
            super().write_all(file, content)

    agent = agent_in(tmp_path, "one", "two", "three", disk=Half())
    agent("a")
    Half.full = True
    with pytest.raises(SessionException, match=r"journal\.jsonl.*No space left"):
        agent("b")
    Half.full = False
    agent("c")
    assert [each["content"][0]["text"] for each in agent.messages] == ["a", "one", "c", "two"]
    assert agent_in(tmp_path).messages == agent.messages


def test_case_6_a_failed_fsync_is_never_taken_for_a_success(tmp_path: Path) -> None:
    class Lying(Disk):
        broken = False

        def sync(self, file: int, path: str | Path) -> None:
            if Lying.broken:
                raise OSError(errno.EIO, "Input/output error")
            super().sync(file, path)

    agent = agent_in(tmp_path, "one", "two", "three", disk=Lying())
    agent("a")
    Lying.broken = True
    with pytest.raises(SessionException, match="Input/output error"):
        agent("b")
    Lying.broken = False
    with pytest.raises(SessionException, match="did not confirm an earlier write"):
        agent("c")
    agent_in(tmp_path, "again")("d")


def test_case_7_a_directory_that_cannot_be_used_is_named_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    began = time.monotonic()
    with pytest.raises(SessionException, match="file"):
        FileSessionManager("s", tmp_path / "file" / "store")
    assert time.monotonic() - began < soon()


def test_case_7_a_read_only_directory_stops_the_call_before_the_model(tmp_path: Path) -> None:
    agent_in(tmp_path, "one")("a")

    def refuse(call: int, name: str) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(tmp_path))

    agent = agent_in(tmp_path, "two", disk=WatchedDisk(before=refuse))
    with pytest.raises(SessionException, match="Read-only file system"):
        agent("b")
    assert isinstance(agent.model, ScriptedModel) and len(agent.model.requests) == 0


@pytest.mark.parametrize("seed", range(24))
def test_case_2_power_loss_after_an_acknowledged_pause(tmp_path: Path, seed: int) -> None:
    root, after = tmp_path / "before", tmp_path / "after"
    root.mkdir()
    disk = PowerLossDisk(root / "store")
    start(make_agent(root, disk), root)
    disk.image(after / "store", random.Random(seed))
    agent = make_agent(after)
    assert [i.name for i in agent.pending_interrupts] == ["approval"]
    shutil.copy(root / "effects", after / "effects")
    finish(agent, after)
    effects = [line.split()[0] for line in lines(after, "effects")]
    assert sorted(effects) == ["lookup", "mail", "pay", "transfer"]


@pytest.mark.parametrize("seed", range(24))
def test_case_2_power_loss_while_a_tool_runs(tmp_path: Path, seed: int) -> None:
    root, after = tmp_path / "before", tmp_path / "after"
    root.mkdir()
    start(make_agent(root), root)
    disk = PowerLossDisk(root / "store")
    agent = make_agent(root, disk, while_paying=lambda: disk.image(after / "store", random.Random(seed)))
    finish(agent, root)
    restored = make_agent(after)
    result = restored(None)
    assert [i.name for i in result.interrupts or ()] == ["ambiguous_tool_call"]
    finish(restored, after)
    assert "pay" not in lines(after, "effects")
