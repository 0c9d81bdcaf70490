"""Signed heads: whoever changes what was decided, and does not have the key, is found out in every store."""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from strands import SessionManager, Workflow
from strands.journal.entries import Draft
from strands_cli.audit.findings import AuditReport
from strands_cli.audit.mend import mend
from strands_cli.audit.verify import verify
from strands_cli.errors import SessionNotFoundError, StorageError
from strands_cli.session.repository import store_at
from support.specs import PAUSING
from support.tampering import Intruder


def decided(place: str, value: str = "yes", *, finish: bool = False) -> str:
    """Return a session in which a person has answered."""
    workflow = Workflow.from_dict(PAUSING, store=place)
    session_id = workflow.run().session_id
    SessionManager(store=place).get_session(session_id).answer("steps/1", value, by="anna")
    if finish:
        assert workflow.resume(session_id).success
    return str(session_id)


def verified(place: str, *session_ids: str) -> AuditReport:
    return asyncio.run(verify(store_at(place), session_ids or None))


def faults(place: str, *session_ids: str) -> list[tuple[str, int | None, str]]:
    return [(each.session, each.seq, each.rule) for each in verified(place, *session_ids).faults]


def seq_of(place: str, session_id: str, kind: str) -> int:
    return next(number for number, line in enumerate(Intruder(place).lines(session_id)) if f'"{kind}"'.encode() in line)


def test_what_nobody_has_touched_is_verified(place: str) -> None:
    one, two = decided(place), decided(place, finish=True)
    report = verified(place)
    assert (report.sessions, report.decisions, report.findings) == (2, 3, [])
    assert report.heads == 3 and report.is_marked and len(report.last_head) == 32
    assert verified(place, one).sessions == 1
    assert two not in {each.session for each in verified(place, one).findings}


def test_an_edited_line_is_named(place: str) -> None:
    session_id = decided(place)
    seq = seq_of(place, session_id, "answered")
    Intruder(place).edit(session_id, seq, b'"yes"', b'"no!"')
    (fault,) = faults(place)
    assert fault == (session_id, seq, "chain")


def test_a_tail_that_was_cut_is_named(place: str) -> None:
    session_id = decided(place)
    seq = seq_of(place, session_id, "answered")
    Intruder(place).cut(session_id, seq)
    assert faults(place) == [(session_id, seq, "cut")]
    (found,) = verified(place).faults
    assert "1 entry is missing" in found.message


def test_a_journal_that_was_chained_anew_is_named(place: str) -> None:
    session_id = decided(place, finish=True)
    seq = seq_of(place, session_id, "answered")

    def forged(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
        entries[seq]["data"] |= {"value": "no", "by": "mallory"}
        return entries

    Intruder(place).chain_anew(session_id, forged)
    assert (session_id, seq, "rewritten") in faults(place)


def test_journals_of_two_sessions_that_were_swapped_are_named(place: str) -> None:
    one, two = decided(place, "yes"), decided(place, "no")
    intruder = Intruder(place)
    of_one, of_two = intruder.lines(one), intruder.lines(two)
    intruder.put(one, of_two)
    intruder.put(two, of_one)
    assert sorted(faults(place)) == sorted([(one, 0, "swapped"), (two, 0, "swapped")])
    assert any(repr(two) in each.message for each in verified(place, one).faults)


def test_a_journal_that_took_the_place_of_another_is_named(place: str) -> None:
    session_id = decided(place)
    Intruder(place).chain_anew(session_id, lambda entries: [{**entries[0], "at": 1.5}, *entries[1:]])
    assert faults(place) == [(session_id, 0, "replaced")]


def test_a_session_that_is_gone_is_named_unless_somebody_has_deleted_it(place: str) -> None:
    gone, deleted, pruned = decided(place), decided(place), decided(place, finish=True)
    manager = SessionManager(store=place)
    manager.get_session(deleted).delete(force=True)
    assert manager.cleanup_old_sessions(0) == [pruned]
    Intruder(place).remove(gone)
    assert faults(place) == [(gone, None, "removed")]
    assert faults(place, gone) == [(gone, None, "removed")]
    assert faults(place, deleted) == []
    with pytest.raises(SessionNotFoundError):
        verified(place, "never")


def test_an_id_that_is_used_again_has_heads_of_its_own(place: str) -> None:
    session_id = decided(place)
    SessionManager(store=place).get_session(session_id).delete(force=True)
    Workflow.from_dict(PAUSING, store=place).run(session_id=session_id)
    assert verified(place).findings == []
    SessionManager(store=place).get_session(session_id).answer("steps/1", "no", by="ben")
    assert verified(place).findings == []


def test_a_fork_is_a_session_of_its_own(place: str) -> None:
    session_id = decided(place, finish=True)
    SessionManager(store=place).get_session(session_id).fork("steps/1")
    assert verified(place).findings == []


@pytest.mark.parametrize("how", ["cut", "emptied", "edited", "forged"])
def test_a_heads_log_that_was_changed_is_named(place: str, how: str) -> None:
    session_id = decided(place, finish=True)
    intruder = Intruder(place)
    heads = intruder.heads()
    changed: Sequence[bytes] = {
        "cut": heads[:-1],
        "emptied": [],
        "edited": [heads[0].replace(b'"answered"', b'"expired"'), *heads[1:]],
        "forged": forged_log(heads),
    }[how]
    intruder.put_heads(list(changed))
    rules = {rule for _, _, rule in faults(place)}
    assert ("set-back" if how in ("cut", "emptied") else "heads") in rules
    decided(place)  # whoever goes on does not hide it
    assert ("set-back" if how in ("cut", "emptied") else "heads") in {rule for _, _, rule in faults(place)}
    assert session_id


def forged_log(heads: list[bytes]) -> list[bytes]:
    """Return the log with all checksums worked out again, the signatures left as they are."""
    from strands.journal import lines

    told = [json.loads(line) for line in heads]
    told[0]["data"]["last"] = "0" * 32
    return lines.encode([Draft("head", each["key"], each["data"], each["at"]) for each in told], 0, "")[0].splitlines()


def test_a_store_that_was_set_back_is_named(tmp_path: Path) -> None:
    for place in (str(tmp_path / "store"), f"sqlite:///{tmp_path}/db/runs.db"):
        directory = tmp_path / ("store" if "sqlite" not in place else "db")
        decided(place)
        shutil.copytree(directory, tmp_path / "backup")
        decided(place)
        shutil.rmtree(directory)
        shutil.move(tmp_path / "backup", directory)
        (fault,) = verified(place).faults
        assert fault.rule == "set-back" and "remove " in fault.message
        Path(fault.message.rpartition("remove ")[2]).unlink()  # as it says
        assert verified(place).faults == []


def test_heads_of_another_key_are_named_and_a_key_that_was_changed_goes_on(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STRANDS_AUDIT_KEY", "a" * 32)
    decided(place)
    monkeypatch.setenv("STRANDS_AUDIT_KEY", "b" * 32)
    assert {rule for _, _, rule in faults(place)} == {"heads"}
    monkeypatch.setenv("STRANDS_AUDIT_KEY", f"{'a' * 32} {'b' * 32}")
    decided(place)
    assert faults(place) == []


def test_without_a_key_people_decide_all_the_same(
    place: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("STRANDS_AUDIT_KEY", "short")
    with caplog.at_level(logging.WARNING):
        session_id = decided(place)
    assert "not anchored yet: STRANDS_AUDIT_KEY has a key of fewer than 16 characters" in caplog.text
    monkeypatch.delenv("STRANDS_AUDIT_KEY")
    report = verified(place)
    assert report.faults == [] and [each.rule for each in report.notices] == ["unanchored"]
    assert asyncio.run(mend(store_at(place))) == []  # somebody may be about to sign it
    assert asyncio.run(mend(store_at(place), settled=0.0)) == [session_id]
    assert [each.rule for each in verified(place).findings] == ["mended"]
    assert asyncio.run(mend(store_at(place), settled=0.0)) == []


def test_what_was_changed_is_not_mended(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    session_id = decided(place)
    monkeypatch.setenv("STRANDS_AUDIT_KEY", "short")
    decided(place, finish=True)
    monkeypatch.delenv("STRANDS_AUDIT_KEY")
    seq = seq_of(place, session_id, "answered")
    Intruder(place).chain_anew(session_id, lambda entries: [*entries[:seq], {**entries[seq], "at": 2.5}])
    assert session_id not in asyncio.run(mend(store_at(place), settled=0.0))
    assert (session_id, seq, "rewritten") in faults(place)


def test_a_workflow_that_asks_nobody_has_no_heads_and_makes_no_key(place: str, home: Path) -> None:
    steps = [{"agent": "a", "input": "one"}]
    spec = {**PAUSING, "pattern": {"type": "chain", "config": {"steps": steps}}}
    assert Workflow.from_dict(spec, store=place).run().success
    assert not (home / "audit").exists()
    report = verified(place)
    assert (report.sessions, report.decisions, report.heads, report.findings) == (1, 0, 0, [])


def test_a_copy_of_a_store_is_anchored_where_it_is(place: str, tmp_path: Path) -> None:
    from strands.journal.transfer import copy_all

    decided(place, finish=True)

    async def copied() -> None:
        assert [told.problem async for told in copy_all(store_at(place), store_at(tmp_path / "copy"))] == [""]

    asyncio.run(copied())
    assert verified(str(tmp_path / "copy")).findings == []


def test_the_key_and_the_log_are_this_users_alone(tmp_path: Path, home: Path) -> None:
    decided(str(tmp_path / "store"))
    for path in (tmp_path / "store/heads.jsonl", home / "audit/key"):
        assert path.stat().st_mode & 0o777 == 0o600
    key = (home / "audit/key").read_text()
    (home / "audit/key").chmod(0o666)
    decided(str(tmp_path / "store"))
    assert (home / "audit/key").read_text() == key
    with pytest.raises(StorageError, match="other users may write"):
        verified(str(tmp_path / "store"))
