"""What a guardrail took back is nowhere at rest: not in a session's files and ledger, not in a store, not in traces."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from strands import Agent, tool
from strands.session import FileSessionManager, SnapshotSessionManager
from strands.storage import LocalFileStorage
from support.agents import texts_of
from support.guarded import SECRET, TAKEN, GuardedModel


class Guarded(GuardedModel):
    """Calls a tool when it is asked to look."""

    def tool_for(self, messages: Any, blocked: bool) -> tuple[str, str] | None:
        return ("look", "{}") if '"look"' in json.dumps(messages[-1]) else None


@tool
def look() -> str:
    """Look."""
    return f"I saw {SECRET}."


def talk(session: Callable[[], Any]) -> Agent:
    """Have prompts and a tool's result taken back in several processes' worth of agents; return the last one."""
    for prompt in ("hello", f"say {SECRET}", "look", "bye"):
        agent = Agent(model=Guarded(), tools=[look], callback_handler=None, session_manager=session())
        agent(prompt)
    return Agent(model=Guarded(), tools=[look], callback_handler=None, session_manager=session())


def check(agent: Agent) -> None:
    assert SECRET not in str(agent.messages)
    assert str(agent.messages).count(TAKEN) == 2
    (result,) = [block["toolResult"] for each in agent.messages for block in each["content"] if "toolResult" in block]
    assert texts_of([result]) == [TAKEN]
    assert agent.messages[-2]["content"] == [{"text": "bye"}]


def holders(directory: Path) -> list[str]:
    return [file.name for file in directory.rglob("*") if file.is_file() and SECRET in file.read_text("utf-8")]


def test_in_files(tmp_path: Path) -> None:
    check(talk(lambda: FileSessionManager(session_id="s", storage_dir=tmp_path)))
    assert holders(tmp_path) == []


def test_the_ledger_stays_whole_without_the_files(tmp_path: Path) -> None:
    def session() -> FileSessionManager:
        return FileSessionManager(session_id="s", storage_dir=tmp_path)

    talk(session)
    for file in tmp_path.rglob("message_*.json"):
        file.unlink()
    check(Agent(model=Guarded(), tools=[look], callback_handler=None, session_manager=session()))


def test_in_snapshots(tmp_path: Path) -> None:
    check(talk(lambda: SnapshotSessionManager("s", storage=LocalFileStorage(str(tmp_path)))))
    assert holders(tmp_path) == []


def test_in_s3() -> None:
    boto3, moto = pytest.importorskip("boto3"), pytest.importorskip("moto")
    from strands.session import S3SessionManager

    keys = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_DEFAULT_REGION": "us-east-1"}
    with patch.dict(os.environ, keys), moto.mock_aws():
        client = boto3.client("s3")
        client.create_bucket(Bucket="sessions")
        check(talk(lambda: S3SessionManager("s", "sessions")))
        found = [each["Key"] for each in client.list_objects_v2(Bucket="sessions")["Contents"]]
        held = [key for key in found if SECRET in client.get_object(Bucket="sessions", Key=key)["Body"].read().decode()]
    assert held == []


@pytest.mark.parametrize("between", [(), ({"role": "assistant", "content": [{"text": "Fine."}]},)])
def test_a_message_that_was_added_twice_is_taken_back_both_times(tmp_path: Path, between: tuple[Any, ...]) -> None:
    manager = FileSessionManager(session_id="s", storage_dir=tmp_path)
    agent = Agent(model=Guarded(), session_manager=manager, callback_handler=None)
    message: Any = {"role": "user", "content": [{"text": SECRET}]}
    for each in (message, *between, message):
        agent.messages.append(each)
        manager.append_message(each, agent)
    message["content"] = [{"text": TAKEN}]
    manager.redact_latest_message(message, agent)
    again = FileSessionManager(session_id="s", storage_dir=tmp_path)
    restored = Agent(model=Guarded(), session_manager=again, callback_handler=None)
    assert [text for text in texts_of(restored.messages) if text != "Fine."] == [TAKEN, TAKEN]
    assert not [file for file in tmp_path.rglob("*") if file.is_file() and SECRET.encode() in file.read_bytes()]
