"""Forks: what is kept, what happens again, and that there is no half of one."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from strands import SessionManager, Workflow
from strands.models.scripted import ScriptedModel
from strands_cli.errors import StorageError
from strands_cli.kernel.types import Draft
from strands_cli.session.memory import MemoryJournal, MemorySessionRepository
from strands_cli.session.repository import FileSessionRepository
from support.crash import Death, Died, MortalRepository, When

HEAD = {
    "version": 0,
    "name": "forked",
    "runtime": {"provider": "scripted"},
    "agents": {"a": {"prompt": "You are a."}, "b": {"prompt": "You are b."}},
}
PARALLEL = {
    "type": "parallel",
    "config": {
        "branches": [
            {"id": "web", "steps": [{"agent": "a", "input": "web"}, {"type": "hitl", "prompt": "Web?"},
                                    {"agent": "a", "input": "web2 {{ hitl_response }}"}]},
            {"id": "docs", "steps": [{"agent": "b", "input": "docs"}, {"type": "hitl", "prompt": "Docs?"},
                                     {"agent": "b", "input": "docs2 {{ hitl_response }}"}]},
        ],
        "reduce": {"agent": "b", "input": "all {{ branches.web.response }} {{ branches.docs.response }}"},
    },
}  # fmt: skip
TASKS = {
    "type": "workflow",
    "config": {
        "tasks": [
            {"id": "one", "agent": "a", "input": "one"},
            {"id": "other", "agent": "a", "input": "other"},
            {"id": "after", "agent": "b", "input": "after {{ tasks.one.response }}", "deps": ["one"]},
            {"id": "beside", "agent": "b", "input": "beside {{ tasks.other.response }}", "deps": ["other"]},
        ]
    },
}  # fmt: skip
CHAIN = {
    "type": "chain",
    "config": {"steps": [{"agent": "a", "input": "first"},
                         {"type": "hitl", "prompt": "Go on?", "timeout_seconds": 3600, "default": "late"},
                         {"agent": "b", "input": "second {{ hitl_response }}"}]},
}  # fmt: skip


def workflow(pattern: dict[str, Any], root: Path, asked: list[str]) -> Workflow:
    def reply(messages: list[Any]) -> str:
        prompt = str(messages[-1]["content"][-1]["text"])
        asked.append(prompt)
        return f"<{prompt}>"

    spec = {**HEAD, "pattern": pattern}
    return Workflow.from_dict(spec, model=ScriptedModel(reply), repository=FileSessionRepository(root))


def finished(pattern: dict[str, Any], root: Path) -> str:
    """The id of a session that ran to its end, its questions answered with yes."""
    flow = workflow(pattern, root, [])
    result = flow.run()
    while result.status == "paused":
        session = SessionManager(root).get_session(result.session_id)
        result = flow.resume(result.session_id, answers={question.id: "yes" for question in session.questions})
    assert result.success
    return result.session_id


@pytest.mark.parametrize(
    ("pattern", "at", "again"),
    [
        (PARALLEL, "branches/web/steps/0", ["web", "web2 yes", "all <web2 yes> <docs2 yes>"]),
        (PARALLEL, "branches/web/steps/2", ["web2 yes", "all <web2 yes> <docs2 yes>"]),
        (PARALLEL, "branches/docs", ["docs", "docs2 yes", "all <web2 yes> <docs2 yes>"]),
        (PARALLEL, "reduce", ["all <web2 yes> <docs2 yes>"]),
        (TASKS, "tasks/one", ["one", "after <one>"]),
        (TASKS, "tasks/other", ["other", "beside <other>"]),
        (TASKS, "tasks/after", ["after <one>"]),
        (CHAIN, "steps/0", ["first", "second yes"]),
        (CHAIN, "steps/2", ["second yes"]),
    ],
)
def test_only_the_step_and_what_follows_from_it_happens_again(
    pattern: dict[str, Any], at: str, again: list[str], tmp_path: Path
) -> None:
    original = finished(pattern, tmp_path)
    before = (tmp_path / f"session_{original}" / "journal.jsonl").read_bytes()
    fork = SessionManager(tmp_path).get_session(original).fork(at)
    asked: list[str] = []
    flow = workflow(pattern, tmp_path, asked)
    result = flow.resume(fork.id)
    while result.status == "paused":
        waiting = SessionManager(tmp_path).get_session(fork.id).questions
        result = flow.resume(fork.id, answers={question.id: "yes" for question in waiting})
    assert result.success and asked == again
    assert (tmp_path / f"session_{original}" / "journal.jsonl").read_bytes() == before


@pytest.mark.parametrize(
    ("pattern", "at", "again"),
    [
        (CHAIN, "steps/1", ["second no"]),
        (PARALLEL, "branches/docs/steps/1", ["docs2 no", "all <web2 yes> <docs2 no>"]),
    ],
)
def test_a_question_at_which_it_is_forked_can_be_answered_at_once(
    pattern: dict[str, Any], at: str, again: list[str], tmp_path: Path
) -> None:
    fork = SessionManager(tmp_path).get_session(finished(pattern, tmp_path)).fork(at)
    assert (fork.status, [question.id for question in fork.questions]) == ("paused", [at])
    fork.answer(at, "no", by="Ann")
    asked: list[str] = []
    assert workflow(pattern, tmp_path, asked).resume(fork.id).success
    assert asked == again


def test_the_deadline_of_an_open_question_begins_anew(tmp_path: Path) -> None:
    fork = SessionManager(tmp_path).get_session(finished(CHAIN, tmp_path)).fork("steps/1")
    (question,) = fork.questions
    assert question.deadline is not None and 3500 < question.deadline - time.time() <= 3600


def test_several_forks_and_forks_of_forks(tmp_path: Path) -> None:
    manager = SessionManager(tmp_path)
    fork = manager.get_session(finished(PARALLEL, tmp_path)).fork("branches/web/steps/1")
    again = fork.fork("branches/web/steps/1")
    assert again.id != fork.id and [question.id for question in again.questions] == ["branches/web/steps/1"]


FORK = """
import os, signal, sys
from strands import SessionManager
from strands.journal import files, lifetime
at, number = int(sys.argv[3]), 0
def audit(event, args):
    global number
    if event in ("open", "os.rename", "os.mkdir", "os.remove") and sys.argv[1] in str(args[:2]):
        number += 1
        if number == at:
            os.kill(os.getpid(), signal.SIGKILL)
session = SessionManager(sys.argv[1]).get_session(sys.argv[2])
sys.addaudithook(audit)
session.fork("branches/web/steps/1")
print(number)
"""


def test_a_fork_that_is_killed_anywhere_is_no_session_or_a_whole_one(tmp_path: Path) -> None:
    if sys.platform == "win32":
        pytest.skip("no SIGKILL on this platform")
    original = finished(PARALLEL, tmp_path)
    wholes = 0
    for at in range(1, 60):
        done = subprocess.run(
            [sys.executable, "-c", FORK, str(tmp_path), original, str(at)], capture_output=True, text=True, timeout=60
        )
        if done.returncode == 0:
            break
        assert done.returncode == -9, done.stderr
    else:
        raise AssertionError("the fork never came to its end")
    assert at > 5
    for session in SessionManager(tmp_path).list_sessions():
        if session.id == original:
            continue
        wholes += 1
        asked: list[str] = []
        result = workflow(PARALLEL, tmp_path, asked).resume(session.id, answers={"branches/web/steps/1": "yes"})
        assert result.success and asked == ["web2 yes", "all <web2 yes> <docs2 yes>"]
    assert wholes > 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_fork_is_one_write_in_every_store(when: When) -> None:
    inner = MemorySessionRepository()
    flow = Workflow.from_dict({**HEAD, "pattern": CHAIN}, model=ScriptedModel(["one", "two"]), repository=inner)
    original = flow.run().session_id
    death = Death(1, when)
    mortal = SessionManager(repository=MortalRepository(inner, death))
    with pytest.raises(Died):
        mortal.get_session(original).fork("steps/1")
    forks = [each for each in SessionManager(repository=inner).list_sessions() if each.id != original]
    assert [fork.question_ids for fork in forks] == ([] if when == "before" else [["steps/1"]])


class OfRelease010(MemorySessionRepository):
    """A store whose `create` cannot begin a session with more than its opening."""

    async def create(self, session_id: str, opened: Draft) -> MemoryJournal:  # type: ignore[override]
        return await super().create(session_id, opened)


def test_a_store_of_release_0_1_0_copies_nothing_and_says_so() -> None:
    store: Any = OfRelease010()
    flow = Workflow.from_dict({**HEAD, "pattern": CHAIN}, model=ScriptedModel(["one", "two"]), repository=store)
    session = SessionManager(repository=store).get_session(flow.run().session_id[:-2])
    with pytest.raises(StorageError, match=r"OfRelease010 cannot begin a session .* its create has no `rest`"):
        session.fork("steps/1")
    assert [each.id for each in SessionManager(repository=store).list_sessions()] == [session.id]
