"""Buckets of others in S3: of the Strands Agents SDK, of release 0.1.0, of a directory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from strands import Agent
from strands.models.scripted import ScriptedModel
from strands.session import FileSessionManager
from strands.session.record import StoredState
from strands.types.exceptions import SessionException
from support.stub_s3 import Stored, StubS3

pytest.importorskip("boto3")
from support.s3_sessions import HOME, agent_in, kinds, put_below, take_below
from support.s3_worker import manager
from support.session_worker import finish, make_agent
from support.session_worker import lines as noted

FIXTURES = Path(__file__).parent / "fixtures"


@pytest.mark.parametrize("state", ["paused", "cut_off"])
def test_sessions_of_release_0_1_0_go_on(s3: StubS3, tmp_path: Path, state: str) -> None:
    put_below(s3, "p", FIXTURES / "strands_0_1_0_s3" / state)
    ledger = {key: stored.body for key, stored in s3.objects.items() if "/ledger/" in key}
    finish(make_agent(tmp_path, session_manager=manager(s3.url, "p")), tmp_path)
    assert noted(tmp_path, "acks")[-1] == "end_turn"
    assert noted(tmp_path, "effects").count("pay") == (1 if state == "paused" else 0)
    first = noted(tmp_path, "answers")[0].split()[0]
    assert first == ("approval" if state == "paused" else "ambiguous_tool_call")
    assert ledger.items() <= {key: stored.body for key, stored in s3.objects.items()}.items()
    assert len(make_agent(tmp_path, session_manager=manager(s3.url, "p")).messages) == 6


@pytest.mark.parametrize("release", ["sdk_1_41", "sdk_1_62"])
def test_a_session_goes_from_the_sdk_to_a_bucket_and_on_to_a_directory(
    s3: StubS3, tmp_path: Path, release: str
) -> None:
    put_below(s3, "p/session_bills", FIXTURES / release / "session_plain")
    agent = agent_in(s3, "from the bucket", conversation_manager=None)
    assert len(agent.messages) == 10 and agent.state.get() == {"k": 1, "trust": "t"}
    agent("go on")
    messages = [key for key in s3.objects if "/messages/" in key]
    assert len(messages) == 12
    take_below(s3, "p", tmp_path / "store")
    kept = FileSessionManager("bills", tmp_path / "store")
    local = Agent(model=ScriptedModel(["from a directory"]), session_manager=kept, callback_handler=None)
    assert len(local.messages) == 12
    local("once more")
    put_below(s3, "p", tmp_path / "store")
    assert [message["content"][0].get("text") for message in agent_in(s3, conversation_manager=None).messages[-2:]] == [
        "once more",
        "from a directory",
    ]


def test_what_another_program_adds_is_taken_and_refuses_who_does_not_know_it(s3: StubS3) -> None:
    agent = agent_in(s3, "one", "two")
    agent("a")
    for id, role in ((2, "user"), (3, "assistant")):
        message = {"message": {"role": role, "content": [{"text": "theirs"}]}, "message_id": id}
        s3.objects[f"{HOME}messages/message_{id}.json"] = Stored(json.dumps(message).encode(), s3.now())
    with pytest.raises(SessionException, match="another program has added messages"):
        agent("b")
    assert kinds(s3)[-1] == "rested", "the lease is given back"
    fresh = agent_in(s3, "three")
    assert [message["content"][0]["text"] for message in fresh.messages] == ["a", "one", "theirs", "theirs"]
    fresh("c")
    assert len(agent_in(s3).messages) == 6


@pytest.mark.parametrize("release", ["sdk_1_41", "sdk_1_62"])
def test_a_graph_of_the_sdk_or_of_release_0_1_0_opens_and_goes_on(s3: StubS3, release: str) -> None:
    put_below(s3, "p/session_bills", FIXTURES / release / "session_graph")
    key = "p/session_bills/multi_agents/multi_agent_g1/multi_agent.json"
    state = json.loads(s3.objects[key].body)
    if release == "sdk_1_62":  # what release 0.1.0 added to tell its writes apart
        s3.objects[key] = Stored(json.dumps({**state, "writer": "0" * 32}).encode(), s3.now())
    kept: Any = manager(s3.url, "p")
    assert kept.read_multi_agent("bills", "g1") == state
    kept.update_multi_agent("bills", StoredState("g1", {**state, "status": "failed"}))
    assert manager(s3.url, "p").read_multi_agent("bills", "g1") == {**state, "status": "failed"}
    written = json.loads(s3.objects[key].body)
    assert {name: written[name] for name in state} == {**state, "status": "failed"}
