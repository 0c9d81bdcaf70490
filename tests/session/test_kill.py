"""A process that dies at any instant: what it acknowledged is there, and what it finished never happens twice."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.session_worker import Workers, lines

KILLED = -9


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    workers = Workers()
    yield workers
    workers.close()


def check_whole(root: Path) -> None:
    """Every file of the session layout is JSON, and every tool ran as often as it may."""
    for path in (root / "store").rglob("*.json"):
        json.loads(path.read_bytes())
    assert not lines(root, "errors")
    assert lines(root, "acks")[-1] == "end_turn"
    effects = Counter(line.split()[0] for line in lines(root, "effects"))
    doubts = [line.split(":")[-2] for line in lines(root, "answers") if line.startswith("ambiguous")]
    for name, tool_use_id in [("pay", "pay-0"), ("transfer", "transfer-1")]:
        assert effects[name] == 1 or (effects[name] == 0 and tool_use_id in doubts), (effects, doubts)
        assert doubts.count(tool_use_id) <= 1
    keys = {line.split()[1] for line in lines(root, "effects") if line.startswith("mail")}
    assert len(keys) == 1
    assert 1 <= effects["mail"] <= 2


def check_reopened(workers: Workers, root: Path) -> None:
    """What was acknowledged before the death is still there."""
    before = lines(root, "acks")
    assert workers.run("finish", root) == 0, lines(root, "errors")
    if before:
        assert any(line.startswith("approval") for line in lines(root, "answers"))
    check_whole(root)


@pytest.mark.parametrize("when", ["before", "after", "torn"])
def test_case_1_start_killed_at_every_storage_call(workers: Workers, tmp_path: Path, when: str) -> None:
    number, status = 0, KILLED
    while status == KILLED:
        number += 1
        root = tmp_path / str(number)
        root.mkdir()
        status = workers.run("start", root, disk=(when, number))
        check_reopened(workers, root)
    assert status == 0
    assert number > (3 if when == "torn" else 10)


def test_in_a_database_start_and_finish_killed_at_every_third_statement(workers: Workers, tmp_path: Path) -> None:
    paused = tmp_path / "paused"
    paused.mkdir()
    assert workers.run("start", paused, disk=("sqlite", 0)) == 0, lines(paused, "errors")
    for do, first in (("start", None), ("finish", paused)):
        number, status = -2, KILLED
        while status == KILLED:
            number += 3
            root = tmp_path / f"{do}-{number}"
            root.mkdir() if first is None else shutil.copytree(first, root)
            status = workers.run(do, root, disk=("sqlite", number))
            assert workers.run("finish", root, disk=("sqlite", 0)) == 0, lines(root, "errors")
            check_whole(root)
        assert status == 0
        assert number > 15


@pytest.mark.parametrize("when", ["before", "after", "torn"])
def test_case_1_answer_and_finish_killed_at_every_storage_call(workers: Workers, tmp_path: Path, when: str) -> None:
    paused = tmp_path / "paused"
    paused.mkdir()
    assert workers.run("start", paused) == 0
    number, status = 0, KILLED
    while status == KILLED:
        number += 1
        root = tmp_path / str(number)
        shutil.copytree(paused, root)
        status = workers.run("finish", root, disk=(when, number))
        check_reopened(workers, root)
    assert status == 0
    assert number > (5 if when == "torn" else 12)  # results may share one write


def test_case_5_a_second_death_asks_a_second_time(workers: Workers, tmp_path: Path) -> None:
    """The answer "run again" is for one run: if that run is cut off too, the person is asked again."""
    assert workers.run("start", tmp_path) == 0
    assert workers.run("die_in_pay", tmp_path) == KILLED
    assert workers.run("die_in_pay", tmp_path, again=True) == KILLED
    assert lines(tmp_path, "effects").count("pay") == 2
    assert workers.run("finish", tmp_path) == 0
    assert [line.split()[0] for line in lines(tmp_path, "answers")][-2:] == ["ambiguous_tool_call", "transfer"]
    assert lines(tmp_path, "effects").count("pay") == 2
