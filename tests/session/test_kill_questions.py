"""Questions at every moment of an agent's work, and a death at every write: asked once, answered once, paid once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.session_worker import Workers, lines

KILLED = -9
MOMENTS = {
    "BeforeInvocationEvent": 1,
    "MessageAddedEvent": 4,
    "BeforeModelCallEvent": 2,
    "AfterModelCallEvent": 2,
    "BeforeToolsEvent": 1,
    "BeforeToolCallEvent": 1,
    "AfterToolCallEvent": 1,
    "AfterToolsEvent": 1,
    "AfterInvocationEvent": 1,
}


@pytest.fixture(scope="module")
def workers() -> Iterator[Workers]:
    workers = Workers("support.moment_worker")
    yield workers
    workers.close()


def check(root: Path, moment: str) -> None:
    assert not lines(root, "errors"), lines(root, "errors")
    log = [line.split() for line in lines(root, "log")]
    assert log[-1] == ["done"]
    answered: set[str] = set()
    for kind, *id in log:
        if kind == "answered":
            answered.update(id)
        if kind == "asked":
            assert id[0] not in answered, log
    asked = {line[1] for line in log if line[0] == "asked"}
    doubts = [line[1] for line in log if line[0] == "doubt"]
    assert answered <= asked, log
    if not doubts:  # a call in doubt that is skipped has no result to ask about, and ends one more call of the agent
        assert asked == answered and len(asked) == MOMENTS[moment], log
    assert len(set(doubts)) == len(doubts), log
    assert lines(root, "effects") == ["pay"] or (doubts and not lines(root, "effects")), log


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_at_every_write_of_every_step(workers: Workers, tmp_path: Path, moment: str) -> None:
    step = tmp_path / "step0"
    step.mkdir()
    for steps in range(1, 20):
        number, status = 0, KILLED
        while status == KILLED:
            number += 1
            root = tmp_path / f"{steps}-{number}"
            shutil.copytree(step, root)
            when = "before" if (number + steps) % 2 else "after"
            status = workers.run("one", root, disk=(when, number), moment=moment)
            if status == KILLED:
                assert workers.run("all", root, moment=moment) == 0, lines(root, "errors")
                check(root, moment)
                shutil.rmtree(root)
        assert status == 0, lines(root, "errors")
        step = root
        if lines(root, "log")[-1:] == ["done"]:
            check(root, moment)
            return
    raise AssertionError("the agent does not come to an end")
