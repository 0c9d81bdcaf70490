"""Whatever a crash, a bad disk or a careless hand leaves in a session directory, the session opens."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

import pytest

from strands import Agent
from strands.journal.entries import Draft
from strands.journal.lines import encode
from strands.models.scripted import ScriptedModel
from strands.session import FileSessionManager
from strands.types.exceptions import SessionException
from support.agents import answers
from support.session_worker import make_agent, start


def agent_in(storage: Path, *replies: Any, **kwargs: Any) -> Agent:
    manager = FileSessionManager(session_id="s", storage_dir=storage)
    return Agent(model=ScriptedModel(list(replies)), session_manager=manager, callback_handler=None, **kwargs)


def texts(agent: Agent) -> list[str]:
    return [block["text"] for message in agent.messages for block in message["content"] if "text" in block]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    agent = agent_in(tmp_path, "one", "two", state={"k": 1})
    agent("a")
    agent("b")
    return tmp_path


def home(store: Path) -> Path:
    return store / "session_s/agents/agent_default"


BAD = [b"", b'{"message": {"ro', b"\x00" * 200, b"\xff\xfe", b'"' + b"[" * 5000]


@pytest.mark.parametrize("content", BAD)
@pytest.mark.parametrize("name", ["agent.json", "messages/message_1.json"])
def test_case_4_a_damaged_file_is_mended_and_kept_aside(store: Path, name: str, content: bytes) -> None:
    path = home(store) / name
    good = path.read_bytes()
    path.write_bytes(content)
    agent = agent_in(store, "three")
    assert texts(agent) == ["a", "one", "b", "two"]
    assert agent.state.get() == {"k": 1}
    assert path.read_bytes() == good
    assert path.with_name(f"{path.name}.damaged-1").read_bytes() == content
    agent("c")
    assert len(agent_in(store).messages) == 6


@pytest.mark.parametrize("name", ["agent.json", "messages/message_0.json", "messages"])
def test_a_missing_file_is_mended_from_the_journal(store: Path, name: str) -> None:
    path = home(store) / name
    if path.is_dir():
        for message in path.iterdir():
            message.unlink()
        path.rmdir()
    else:
        path.unlink()
    agent = agent_in(store)
    assert texts(agent) == ["a", "one", "b", "two"]
    assert agent.state.get() == {"k": 1}
    assert path.exists()


@pytest.mark.parametrize("content", [b"", b'{"message"'])
def test_without_a_journal_a_damaged_message_is_left_out_and_named(
    store: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    (home(store) / "journal.jsonl").unlink()
    (home(store) / "messages/message_1.json").write_bytes(content)
    with caplog.at_level(logging.WARNING):
        agent = agent_in(store, "three")
    assert "message_1.json" in caplog.text
    assert texts(agent) == ["a", "b", "two"]
    agent("c")
    assert (home(store) / "messages/message_5.json").exists()


def test_a_torn_last_line_of_the_journal_is_cut_off(store: Path) -> None:
    journal = home(store) / "journal.jsonl"
    whole = journal.read_bytes()
    journal.write_bytes(whole + b'{"seq":9,"kind":"mess')
    agent = agent_in(store, "three")
    assert texts(agent) == ["a", "one", "b", "two"]
    agent("c")
    assert journal.read_bytes().startswith(whole)
    assert len(agent_in(store).messages) == 6


@pytest.mark.parametrize("kind", ["opened", "message", "asked", "agent"])
def test_a_question_outlives_any_damaged_line_of_the_journal(tmp_path: Path, kind: str) -> None:
    start(make_agent(tmp_path), tmp_path)
    (journal,) = tmp_path.rglob("journal.jsonl")
    lines = journal.read_bytes().splitlines(keepends=True)
    number = max(n for n, line in enumerate(lines) if b'"kind":"%s"' % kind.encode() in line)
    lines[number] = lines[number].replace(b'"kind"', b'"Kind"')
    journal.write_bytes(b"".join(lines))
    for _ in range(2):
        agent = make_agent(tmp_path)
        assert [interrupt.name for interrupt in agent.pending_interrupts] == ["approval"]
        assert agent.pending_interrupts[0].reason == {"amount": 10}


def test_a_flipped_bit_in_the_journal_is_named_and_the_rest_goes_on(
    store: Path, caplog: pytest.LogCaptureFixture
) -> None:
    journal = home(store) / "journal.jsonl"
    content = bytearray(journal.read_bytes())
    content[len(content) // 2] ^= 1
    journal.write_bytes(content)
    with caplog.at_level(logging.WARNING):
        agent = agent_in(store, "three")
    assert str(journal) in caplog.text
    assert (home(store) / "journal.jsonl.damaged-1").read_bytes() == content
    assert texts(agent) == ["a", "one", "b", "two"]
    agent("c")
    assert len(agent_in(store).messages) == 6


def test_after_a_damaged_journal_no_tool_of_the_open_turn_runs_unasked(tmp_path: Path) -> None:
    start(make_agent(tmp_path), tmp_path)
    journal = tmp_path / "store/session_bills/agents/agent_default/journal.jsonl"
    lines = journal.read_bytes().split(b"\n")
    damaged = [line.replace(b"kind", b"KIND") if b'"asked"' in line else line for line in lines]
    journal.write_bytes(b"\n".join(damaged))
    agent = make_agent(tmp_path)
    assert [interrupt.name for interrupt in agent.pending_interrupts] == ["approval"]
    agent(answers(agent(None), "y"))
    for _ in range(2):  # the second time from the journal that was written anew
        assert [interrupt.name for interrupt in agent.pending_interrupts] == ["ambiguous_tool_call"]
        agent = make_agent(tmp_path)
        assert agent(None).stop_reason == "interrupt"
        assert "pay" not in (tmp_path / "effects").read_text().split()


def test_a_journal_of_a_newer_release_is_refused_untouched(store: Path) -> None:
    journal = home(store) / "journal.jsonl"
    newer, _, _ = encode([Draft("opened", "", {"format": 2}, 0.0)], 0, "")
    journal.write_bytes(newer)
    with pytest.raises(SessionException, match=r"has format 2; this release reads up to 1"):
        agent_in(store)
    assert journal.read_bytes() == newer


def test_case_3_a_half_created_session_is_completed(tmp_path: Path) -> None:
    (tmp_path / "session_s").mkdir()
    agent_in(tmp_path, "one")("a")
    (tmp_path / "session_s/session.json").write_bytes(b"")
    agent = agent_in(tmp_path, "two")
    assert texts(agent) == ["a", "one"]
    (home(tmp_path) / "agent.json").unlink()
    (home(tmp_path) / "journal.jsonl").unlink()
    agent = agent_in(tmp_path, "two")
    agent("b")
    assert texts(agent_in(tmp_path)) == ["a", "one", "b", "two"]


def test_case_26_stray_files_are_left_alone_and_named(store: Path, caplog: pytest.LogCaptureFixture) -> None:
    messages = home(store) / "messages"
    (messages / "notes.txt").write_text("mine")
    (messages / "message_x.json").write_text("{}")
    (messages / "message_9.json").mkdir()
    (messages / ".message_4.json.tmp").write_text("{")
    (store / "session_s/agents/stray").write_text("")
    os.mkfifo(messages / "message_7.json")
    with caplog.at_level(logging.WARNING):
        agent = agent_in(store, "three")
    assert "notes.txt" in caplog.text
    assert texts(agent) == ["a", "one", "b", "two"]
    assert not (messages / ".message_4.json.tmp").exists()
    assert (messages / "notes.txt").read_text() == "mine"
    agent("c")
    assert len(agent_in(store).messages) == 6


def test_case_26_a_session_directory_that_is_a_link_is_refused(store: Path) -> None:
    (store / "session_link").symlink_to(store / "session_s")
    with pytest.raises(SessionException, match="symbolic link"):
        FileSessionManager("link", store)


def test_case_33_arguments_edited_on_disk_after_approval_are_asked_anew(tmp_path: Path) -> None:
    agent = make_agent(tmp_path)
    start(agent, tmp_path)
    message = tmp_path / "store/session_bills/agents/agent_default/messages/message_1.json"
    message.write_bytes(message.read_bytes().replace(b'"amount":10', b'"amount":100000'))
    edited = make_agent(tmp_path)
    (interrupt,) = edited.pending_interrupts
    assert interrupt.reason == {"amount": 10}
    result = edited([{"interruptResponse": {"interruptId": interrupt.id, "response": "y"}}])
    assert result.stop_reason == "interrupt"
    assert "100000" in str(edited.pending_interrupts[0].reason)
    assert "pay" not in (tmp_path / "effects").read_text().split()


def test_outdated_agent_records_do_not_pile_up_in_the_journal(tmp_path: Path) -> None:
    agent = agent_in(tmp_path, *["reply"] * 40, state={"big": "x" * 50_000})
    for number in range(40):
        agent.state.set("number", number)
        agent("prompt")
    journal = home(tmp_path) / "journal.jsonl"
    assert journal.stat().st_size > 2_000_000
    again = agent_in(tmp_path, "reply")
    assert journal.stat().st_size < 100_000
    assert (len(again.messages), again.state.get("number")) == (
        80 - again.conversation_manager.removed_message_count,
        39,
    )
    again("prompt")
    assert len(list((home(tmp_path) / "messages").iterdir())) == 82


def test_nothing_is_mended_while_somebody_writes(store: Path) -> None:
    path = home(store) / "messages/message_1.json"
    path.unlink()
    busy = agent_in(store)._session_manager.open_record("s", "default")
    path.unlink()
    busy.load()
    path.unlink()
    busy.begin()
    try:
        assert texts(agent_in(store)) == ["a", "one", "b", "two"]
        assert not path.exists()
    finally:
        busy.end()
