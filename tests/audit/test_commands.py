"""`strands audit`: verify, export and tail, as a person calls them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from support.console import Console
from support.specs import PAUSING
from support.tampering import Intruder


@pytest.fixture
def console(tmp_path: Path) -> Console:
    console = Console(tmp_path, {"NO_COLOR": "1"})
    console.write("kept.json", json.dumps(PAUSING))
    return console


def decided(console: Console, answer: str = "yes", *more: str) -> str:
    done = console.run("run", "kept.json", "--pause", "--json", code=19)
    session_id = str(json.loads(done.stdout)["session_id"])
    console.run("sessions", "answer", session_id, "-r", answer, *more)
    return session_id


def test_verify_says_what_holds_and_names_what_does_not(console: Console) -> None:
    session_id = decided(console)
    done = console.run("audit", "verify", "--all")
    assert "1 session verified with 1 decision, no faults; 1 head, the last " in done.stderr
    Intruder(str(console.home / "workflows")).cut(session_id, 6)
    done = console.run("audit", "verify", session_id[:-2], code=1)
    assert f"Fault: session {session_id}, entry 6: cut: 1 entry is missing that had been anchored." in done.stderr
    told = json.loads(console.run("audit", "verify", "--json", code=1).stdout)
    (fault,) = told["faults"]
    assert (fault["session"], fault["seq"], fault["rule"]) == (session_id, 6, "cut")
    assert told["notices"] == [] and told["heads"] == 1 and told["is_marked"] is True


def test_verify_refuses_what_it_cannot_look_at(console: Console) -> None:
    decided(console)
    console.run("audit", "verify", "never", code=17)
    console.run("audit", "verify", "never", "--all", code=2)
    console.run("--store", str(console.directory / "nowhere"), "audit", "verify", code=12)


def test_export_has_a_row_for_each_decision(console: Console) -> None:
    session_id = decided(console, "=1+1", "--by", "anna", "--reason", 'it is so, "quite"')
    (row,) = map(json.loads, console.run("audit", "export").stdout.splitlines())
    assert row["session"] == session_id and row["workflow"] == "kept" and row["kind"] == "answered"
    assert (row["question"], row["type"], row["prompt"]) == ("steps/1", "hitl", "ok?")
    assert (row["value"], row["by"], row["reason"]) == ("=1+1", "anna", 'it is so, "quite"')
    assert row["via"] and row["anchored"] is True and row["timed_out"] is False
    text = console.run("audit", "export", session_id, "--format", "csv").stdout
    (told,) = csv.DictReader(io.StringIO(text))
    assert told["value"] == "'=1+1" and told["reason"] == 'it is so, "quite"' and told["anchored"] == "true"
    assert list(told) == list(row)


def test_tail_begins_with_the_last_decisions_and_goes_on(console: Console) -> None:
    first, second = decided(console), decided(console, "no", "--by", "ben")
    lines = console.run("audit", "tail", "-n", "1").stdout.splitlines()
    assert len(lines) == 1 and second in lines[0] and "answered steps/1 no by ben" in lines[0]
    process = console.start("audit", "tail", "-f", "-n", "2", "--json")
    assert process.stdout is not None
    try:
        assert [json.loads(process.stdout.readline())["session"] for _ in range(2)] == [first, second]
        third = decided(console)
        assert json.loads(process.stdout.readline())["session"] == third
        process.terminate()
        process.communicate()
        assert process.returncode == 143
    finally:
        process.kill()
        process.communicate()
