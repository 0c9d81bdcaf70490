"""Heads and what comes between: kills, redactions, many writers at once."""

from __future__ import annotations

import asyncio
import fcntl
import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from strands import SessionManager, Workflow
from strands_cli.audit.mend import mend
from strands_cli.audit.verify import verify
from strands_cli.errors import UnusableReplyError
from strands_cli.session.repository import store_at
from support.guarded import SECRET, GuardedModel
from support.specs import PAUSING
from support.tampering import Intruder

ANSWERER = """
import sys
from strands import SessionManager
SessionManager(store=sys.argv[1]).get_session(sys.argv[2]).answer("steps/1", "yes")
"""


def rules(place: str) -> list[str]:
    return [each.rule for each in asyncio.run(verify(store_at(place))).findings]


def test_a_kill_between_an_answer_and_its_head_is_no_fault_and_is_mended(tmp_path: Path) -> None:
    place = str(tmp_path / "store")
    workflow = Workflow.from_dict(PAUSING, store=place)
    first, second, third = (str(workflow.run().session_id) for _ in range(3))
    SessionManager(store=place).get_session(first).answer("steps/1", "yes")
    with (tmp_path / "store/heads.jsonl").open("rb") as log:
        fcntl.flock(log, fcntl.LOCK_EX)  # nobody comes to sign
        for session_id in (second, third):
            killed_once_answered(place, session_id)
    assert rules(place) == ["unanchored", "unanchored"]
    assert workflow.resume(second).success  # whoever writes next covers it
    assert rules(place) == ["unanchored"]
    assert asyncio.run(mend(store_at(place), settled=0.0)) == [third]
    assert rules(place) == ["mended"]


def killed_once_answered(place: str, session_id: str) -> None:
    process = subprocess.Popen([sys.executable, "-c", ANSWERER, place, session_id])
    until = time.monotonic() + 60
    while not any(b'"answered"' in line for line in Intruder(place).lines(session_id)):
        assert time.monotonic() < until
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()


def test_a_head_that_was_half_written_is_written_anew(tmp_path: Path) -> None:
    place = str(tmp_path / "store")
    workflow = Workflow.from_dict(PAUSING, store=place)
    for _ in range(2):
        session_id = str(workflow.run().session_id)
        SessionManager(store=place).get_session(session_id).answer("steps/1", "yes")
        with (tmp_path / "store/heads.jsonl").open("ab") as log:
            log.write(b'{"seq":1,"kind":"head","key":"x","at":1.5,"da')
        assert rules(place) == []


def redacting(place: str) -> str:
    """Return a session in which something was redacted after a person had answered."""
    steps = [{"type": "hitl", "prompt": "ok?"}, {"agent": "a", "input": f"it is {SECRET}"}]
    spec = {**PAUSING, "pattern": {"type": "chain", "config": {"steps": steps}}}
    workflow = Workflow.from_dict(spec, store=place, model=GuardedModel())
    session_id = str(workflow.run().session_id)
    SessionManager(store=place).get_session(session_id).answer("steps/0", "yes")
    with pytest.raises(UnusableReplyError):
        workflow.resume(session_id)
    kinds = [json.loads(line)["kind"] for line in Intruder(place).lines(session_id)]
    assert kinds.index("redacted") > kinds.index("answered")
    return session_id


def test_what_was_redacted_is_no_fault(place: str) -> None:
    redacting(place)
    assert rules(place) == []


def test_a_kill_in_the_middle_of_a_redaction_is_no_fault(tmp_path: Path, home: Path) -> None:
    place = str(tmp_path / "store")
    redacting(place)
    intruder = Intruder(place)
    there = intruder.heads()
    (begun,) = [number for number, line in enumerate(there) if b'"redacting"' in line]
    intruder.put_heads(there[: begun + 1])  # as if the process had ended there
    for mark in home.glob("audit/*.json"):
        mark.unlink()
    assert set(rules(place)) == {"redacting", "unanchored"}
    assert len(asyncio.run(mend(store_at(place), settled=0.0))) == 1
    assert set(rules(place)) == {"mended"}


def test_a_redaction_that_nobody_has_signed_excuses_nothing(place: str) -> None:
    workflow = Workflow.from_dict(PAUSING, store=place)
    session_id = str(workflow.run().session_id)
    SessionManager(store=place).get_session(session_id).answer("steps/1", "yes")

    def forged(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
        redacted = {"kind": "redacted", "key": "steps/0", "data": {"prompt": "[gone]"}, "at": entries[-1]["at"]}
        entries[-1]["data"]["value"] = "no"
        return [*entries, redacted]

    Intruder(place).chain_anew(session_id, forged)
    assert "rewritten" in rules(place)


def test_many_answer_at_once_and_each_has_its_head(place: str) -> None:
    workflow = Workflow.from_dict(PAUSING, store=place)
    ids = [str(workflow.run().session_id) for _ in range(8)]

    async def answered() -> None:
        manager = SessionManager(store=place)
        sessions = [await manager.get_session_async(session_id) for session_id in ids]
        await asyncio.gather(*(each.answer_async("steps/1", "yes") for each in sessions))

    asyncio.run(answered())
    report = asyncio.run(verify(store_at(place)))
    assert (report.findings, report.heads) == ([], 8)


def test_processes_that_make_the_key_together_have_one(tmp_path: Path, home: Path) -> None:
    place = str(tmp_path / "store")
    workflow = Workflow.from_dict(PAUSING, store=place)
    ids = [str(workflow.run().session_id) for _ in range(4)]
    processes = [subprocess.Popen([sys.executable, "-c", ANSWERER, place, each]) for each in ids]
    assert [each.wait(60) for each in processes] == [0] * 4
    assert len((home / "audit/key").read_text().split()) == 1
    assert rules(place) == []
