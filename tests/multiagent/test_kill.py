"""A process that dies in the middle of a graph or swarm: finished nodes and finished tools do not run again."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from strands.session import FileSessionManager
from support.session_worker import Workers, lines

KILLED = -9


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    workers = Workers("support.graph_worker")
    yield workers
    workers.close()


KILLS = [
    ("tools", "before"),
    ("tools", "after"),
    ("agents as tools", "before"),
    ("agents as tools", "after"),
    ("flaky models", "before"),
    ("tools", "torn"),
]


@pytest.mark.parametrize(("agents", "when"), KILLS)
@pytest.mark.parametrize("kind", ["graph", "swarm"])
def test_case_1_killed_at_every_storage_call(workers: Workers, kind: str, when: str, agents: str) -> None:
    """The process that dies answers its own questions; afterwards each process ends at the next ones."""
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    more: dict[str, Any] = {"below": agents == "agents as tools", "flaky": agents == "flaky models"}
    names = "abc" if kind == "graph" else "xy"
    number, status = 0, KILLED
    while status == KILLED:
        number += 1
        root = Path(tempfile.mkdtemp(dir=memory, prefix="strands-"))
        try:
            status = workers.run("finish", root, disk=(when, number), kind=kind, **more)
            for _ in range(9):
                if status == KILLED and not is_completed(root, kind):
                    assert workers.run("finish", root, kind=kind, **more, pause=True) == 0, lines(root, "errors")
            check(root, kind, names)
        finally:
            shutil.rmtree(root)
    assert status == 0
    assert number > (10 if when == "torn" else 20)


def is_completed(root: Path, kind: str) -> bool:
    if not (root / "store/session_s/session.json").exists():
        return False
    state = FileSessionManager("s", root / "store").read_multi_agent("s", f"default_{kind}")
    return state is not None and state["status"] == "completed"


def check(root: Path, kind: str, names: str) -> None:
    assert not lines(root, "errors")
    assert is_completed(root, kind)
    effects = Counter(line.split()[0] for line in lines(root, "effects"))
    answers = " ".join(lines(root, "answers"))
    doubts = [line for line in lines(root, "answers") if line.startswith("ambiguous")]
    assert len(doubts) <= 2
    assert ":u-" not in "".join(doubts)
    for name in names:
        for deed, call in [("pay", f":p-{name}:"), ("sign", f":s-{name}:")]:
            asked = "ambiguous_tool_call" in answers and call in "".join(doubts)
            assert effects[f"{deed}-{name}"] == 1 or (effects[f"{deed}-{name}"] == 0 and asked), (effects, answers)
        keys = {line.split()[1] for line in lines(root, "effects") if line.startswith(f"mail-{name}")}
        assert len(keys) == 1, lines(root, "effects")
