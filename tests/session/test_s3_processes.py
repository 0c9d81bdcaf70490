"""Processes at one session in S3: killed at each write, at the same time, held up, and with replies that are lost."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support.session_worker import Workers, lines, make_agent
from support.stub_s3 import Fate, Request, StubS3

pytest.importorskip("boto3")
if sys.platform == "win32":
    pytest.skip("no fork and no SIGKILL on this platform", allow_module_level=True)

KILLED = -9


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    workers = Workers("support.s3_worker")
    yield workers
    workers.close()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.01)


def check_whole(root: Path) -> None:
    """Every tool ran as often as it may."""
    assert not lines(root, "errors")
    assert lines(root, "acks")[-1] == "end_turn"
    effects = Counter(line.split()[0] for line in lines(root, "effects"))
    doubts = [line.split(":")[-2] for line in lines(root, "answers") if line.startswith("ambiguous")]
    for name, tool_use_id in [("pay", "pay-0"), ("transfer", "transfer-1")]:
        assert effects[name] == 1 or (effects[name] == 0 and tool_use_id in doubts), (effects, doubts)
    assert len({line.split()[1] for line in lines(root, "effects") if line.startswith("mail")}) == 1


@pytest.mark.parametrize("do", ["start", "finish"])
def test_a_process_that_is_killed_at_any_write_repeats_nothing(
    workers: Workers, s3: StubS3, tmp_path: Path, do: str
) -> None:
    first = tmp_path / "0"
    first.mkdir()
    if do == "finish":
        assert workers.run("start", first, url=s3.url) == 0
    begun = [(key.partition("/")[2], stored) for key, stored in s3.objects.items()]
    number, status = 0, KILLED
    while status == KILLED:
        number += 1
        root = tmp_path / str(number)
        shutil.copytree(first, root)
        s3.objects.update({f"{number}/{key}": stored for key, stored in begun})
        status = workers.run(do, root, url=s3.url, dies_at=number)
        s3.ahead += 60  # whoever was killed is not heard of any more
        assert workers.run("finish", root, url=s3.url) == 0, lines(root, "errors")
        check_whole(root)
    assert status == 0 and number > 8


@pytest.mark.parametrize("kind", ["graph", "swarm"])
def test_a_graph_that_is_killed_at_some_write_repeats_nothing(
    workers: Workers, s3: StubS3, tmp_path: Path, kind: str
) -> None:
    number, status = 1, KILLED
    while status == KILLED:
        root = tmp_path / str(number)
        root.mkdir()
        status = workers.run("finish", root, url=s3.url, kind=kind, dies_at=number)
        for _ in range(9):
            if status == KILLED and lines(root, "acks")[-1:] != ["completed"]:
                s3.ahead += 60
                assert workers.run("finish", root, url=s3.url, kind=kind, pause=True) == 0, lines(root, "errors")
        assert lines(root, "acks") == ["completed"] and not lines(root, "errors")
        effects = Counter(line.split()[0] for line in lines(root, "effects"))
        doubts = "".join(line for line in lines(root, "answers") if line.startswith("ambiguous"))
        for name in "abc" if kind == "graph" else "xy":
            for deed, call in [(f"pay-{name}", f":p-{name}:"), (f"sign-{name}", f":s-{name}:")]:
                assert effects[deed] == 1 or (effects[deed] == 0 and call in doubts), (effects, doubts)
        number += 5
    assert status == 0 and number > 15


def test_who_is_at_work_keeps_others_out_until_nothing_is_heard_of_him(
    workers: Workers, s3: StubS3, tmp_path: Path
) -> None:
    assert workers.run("start", tmp_path, url=s3.url) == 0
    slow = workers.ask({"do": "finish", "root": str(tmp_path), "url": s3.url, "slow": True, "background": True})
    wait_until(lambda: "pay" in lines(tmp_path, "effects"))
    others = tmp_path / tmp_path.name  # the same session, with notes of its own
    others.mkdir()
    assert workers.ask({"do": "finish", "root": str(others), "url": s3.url, "background": True})["status"] == 0
    wait_until(lambda: bool(lines(others, "errors")))
    (refusal,) = lines(others, "errors")
    assert f"process {slow['pid']} on " in refusal and "is at work elsewhere" in refusal
    assert "lapses 15 seconds after its holder was last heard of" in refusal
    os.kill(slow["pid"], signal.SIGSTOP)  # it is held up, and the time of the store passes
    s3.ahead += 60
    assert workers.ask({"do": "finish", "root": str(others), "url": s3.url, "background": True})["status"] == 0
    wait_until(lambda: lines(others, "acks")[-1:] == ["end_turn"])
    assert [line.split()[0] for line in lines(others, "answers")] == ["ambiguous_tool_call", "transfer"]
    journal = {key: stored.body for key, stored in s3.objects.items() if "journal" in key}
    (tmp_path / "paid").touch()
    os.kill(slow["pid"], signal.SIGCONT)
    workers.ask({"do": "wait"})
    assert "has moved on since this agent" in lines(tmp_path, "errors")[-1]
    assert {key: stored.body for key, stored in s3.objects.items() if "journal" in key} == journal


def test_of_processes_that_answer_at_once_one_acts(workers: Workers, s3: StubS3, tmp_path: Path) -> None:
    assert workers.run("start", tmp_path, url=s3.url) == 0
    for number in range(6):
        workers.ask(
            {
                "do": "answer",
                "root": str(tmp_path),
                "url": s3.url,
                "response": "y",
                "go": str(tmp_path / "go"),
                "background": True,
            }
        )
        wait_until(lambda count=number + 1: len(lines(tmp_path, "ready")) == count)  # type: ignore[misc]
    (tmp_path / "go").touch()
    workers.ask({"do": "wait"})
    assert lines(tmp_path, "acks") == ["interrupt", "y"]
    assert len(lines(tmp_path, "errors")) == 5
    assert lines(tmp_path, "effects").count("pay") == 1


@pytest.mark.parametrize("lost", ["unanswered", "unheard"])
def test_a_write_whose_answer_is_lost_is_made_once(s3: StubS3, tmp_path: Path, lost: Fate) -> None:
    """Each write is cut off once, so that the client sends it again."""
    from support.s3_worker import manager

    cut: set[bytes] = set()

    def fate(request: Request) -> Fate:
        if request.method != "PUT" or request.body in cut:
            return ""
        cut.add(request.body)
        return lost

    s3.fate = fate
    make_agent(tmp_path, session_manager=manager(s3.url, "p"))("pay the bills")
    from support.session_worker import finish

    finish(make_agent(tmp_path, session_manager=manager(s3.url, "p")), tmp_path)
    check_whole(tmp_path)
    assert len(cut) > 8
