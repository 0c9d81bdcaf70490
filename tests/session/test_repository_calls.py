"""A session manager is a repository too: what it keeps can be read and written one by one, in files and in a bucket."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from strands.session import FileSessionManager
from strands.types.exceptions import SessionException
from strands.types.session import Session, SessionAgent, SessionMessage, SessionType
from support.s3_worker import manager
from support.stub_s3 import StubS3

AGENT = SessionAgent(agent_id="clerk", state={"paid": 1}, conversation_manager_state={})


@pytest.fixture(params=["files", "bucket"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """Opens the repository, each time anew."""
    if request.param == "files":
        return lambda: FileSessionManager("bills", tmp_path)
    pytest.importorskip("boto3")
    stub: StubS3 = request.getfixturevalue("s3")
    return lambda: manager(stub.url, "p")


Opened = Callable[[], Any]


def message(number: int) -> SessionMessage:
    return SessionMessage(message={"role": "user", "content": [{"text": f"number {number}"}]}, message_id=number)


def test_a_session_is_made_once_and_removed_whole(opened: Opened) -> None:
    repository = opened()
    made = repository.create_session(Session("other", SessionType.AGENT))
    assert repository.read_session("other").to_dict() == made.to_dict()
    with pytest.raises(SessionException, match="session 'other' exists already"):
        repository.create_session(Session("other", SessionType.AGENT))
    repository.create_agent("other", AGENT)
    repository.delete_session("other")
    assert opened().read_session("other") is None
    with pytest.raises(SessionException, match="no session 'other'"):
        repository.delete_session("other")


def test_an_agent_and_its_messages_come_back_as_they_were(opened: Opened) -> None:
    repository = opened()
    assert repository.read_agent("bills", "clerk") is None
    repository.create_agent("bills", AGENT)
    for number in range(4):
        repository.create_message("bills", "clerk", message(number))
    again = opened()
    assert again.read_agent("bills", "clerk").to_dict() == AGENT.to_dict()
    assert again.read_message("bills", "clerk", 2).message == message(2).message
    assert again.read_message("bills", "clerk", 9) is None
    listed = [each.message_id for each in again.list_messages("bills", "clerk", limit=2, offset=1)]
    assert listed == [1, 2]
    assert [each.message_id for each in again.list_messages("bills", "clerk", offset=3)] == [3]


@pytest.mark.parametrize("number", [-1, "1"])
def test_the_number_of_a_message_is_one_from_0_on(opened: Opened, number: Any) -> None:
    with pytest.raises(ValueError, match="must be a whole number from 0 on"):
        opened().read_message("bills", "clerk", number)


def test_messages_of_an_agent_that_there_is_not_are_none(tmp_path: Path) -> None:
    with pytest.raises(SessionException, match="no agent 'ghost' in session 'bills'"):
        FileSessionManager("bills", tmp_path).list_messages("bills", "ghost")
