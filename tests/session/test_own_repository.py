"""A store of one's own: the public methods of `SessionRepository` are all it takes."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from strands import Agent, ToolContext, tool
from strands.agent.conversation_manager import SlidingWindowConversationManager
from strands.models.scripted import ScriptedModel, ToolCall
from strands.multiagent import MultiAgentBase
from strands.session import FileSessionManager, RepositorySessionManager, SessionManager, SessionRepository
from strands.types.exceptions import SessionException
from strands.types.session import SessionAgent, SessionMessage
from support.repositories import MemoryRepository


def agent_in(repository: SessionRepository, *replies: Any, **kwargs: Any) -> Agent:
    manager = RepositorySessionManager(session_id="s", session_repository=repository)
    return Agent(model=ScriptedModel(list(replies)), session_manager=manager, callback_handler=None, **kwargs)


def test_a_conversation_goes_on(tmp_path: Any) -> None:
    repository = MemoryRepository()
    agent_in(repository, "one", messages=[{"role": "user", "content": [{"text": "before"}]}])("a")
    agent = agent_in(repository, "two", state={"ignored": True})
    assert agent.state.get() == {}
    agent("b")
    assert list(repository.messages["s", "default"]) == [0, 1, 2, 3, 4]
    assert len(agent_in(repository).messages) == 5


def test_a_pause_with_finished_tools_goes_on_and_a_cut_off_tool_is_in_doubt() -> None:
    repository, effects = MemoryRepository(), []

    class Dead(BaseException):
        """The process dies here, as far as the store can see."""

        soon = False

    def make(*replies: Any) -> Agent:
        @tool
        def note(text: str) -> dict[str, Any]:
            """Note."""
            effects.append("note")
            return {"status": "success", "content": [{"document": {"name": "d", "source": {"bytes": b"\x00"}}}]}

        @tool(context=True)
        def pay(tool_context: ToolContext) -> str:
            """Pay."""
            tool_context.interrupt("ok")
            if Dead.soon:
                raise Dead
            effects.append("pay")
            return "paid"

        return agent_in(repository, *replies, tools=[note, pay])

    calls = [ToolCall("note", {"text": "x"}, id="t1"), ToolCall("pay", {}, id="t2")]
    (interrupt,) = make(calls)("go").interrupts or ()
    answer = [{"interruptResponse": {"interruptId": interrupt.id, "response": "y"}}]
    Dead.soon = True
    with pytest.raises(Dead):
        make()(answer)
    Dead.soon = False
    agent = make("done")
    result = agent(None)
    (doubt,) = result.interrupts or ()
    assert doubt.name == "ambiguous_tool_call"
    again = [{"interruptResponse": {"interruptId": doubt.id, "response": "run again"}}]
    assert agent(again).stop_reason == "end_turn"
    assert effects == ["note", "pay"]
    results: Any = agent.messages[2]["content"]
    assert results[0]["toolResult"]["content"][0]["document"]["source"]["bytes"] == b"\x00"


class DecimalRepository(MemoryRepository):
    """Hands out each number as a `Decimal`, as DynamoDB does."""

    def read_agent(self, session_id: str, agent_id: str, **kwargs: Any) -> SessionAgent | None:
        data = self.agents.get((session_id, agent_id))
        return SessionAgent.from_dict(decimals(data)) if data else None

    def list_messages(
        self, session_id: str, agent_id: str, limit: int | None = None, offset: int = 0, **kwargs: Any
    ) -> list[SessionMessage]:
        found = super().list_messages(session_id, agent_id, limit, offset)
        return [SessionMessage.from_dict(decimals(each.to_dict())) for each in found]


def decimals(value: Any) -> Any:
    return json.loads(json.dumps(value), parse_int=Decimal, parse_float=Decimal)


def test_numbers_that_come_back_as_decimals_are_what_was_stored() -> None:
    repository, paid = DecimalRepository(), []

    @tool(context=True)
    def pay(amount: float, parts: int, tool_context: ToolContext) -> str:
        """Pay."""
        if tool_context.interrupt("ok", reason={"amount": amount}) == "y":
            paid.append((amount, parts, type(parts)))
        return "paid"

    first = agent_in(repository, ToolCall("pay", {"amount": 1.5, "parts": 3}), tools=[pay], state={"limit": 0.25})
    (interrupt,) = first("go").interrupts or ()
    agent = agent_in(repository, "done", tools=[pay])
    assert agent.state.get() == {"limit": 0.25}
    assert [each.reason for each in agent.pending_interrupts] == [{"amount": 1.5}]
    agent([{"interruptResponse": {"interruptId": interrupt.id, "response": "y"}}])
    assert paid == [(1.5, 3, int)]
    assert list(repository.messages["s", "default"]) == [0, 1, 2, 3]


def test_a_restore_reads_no_messages_that_the_conversation_manager_let_go_of() -> None:
    repository = OffsetRepository()
    agent = agent_in(repository, *"abcdef", conversation_manager=SlidingWindowConversationManager(window_size=4))
    for number in range(6):
        agent(str(number))
    restored = agent_in(repository, "g", conversation_manager=SlidingWindowConversationManager(window_size=4))
    assert restored.messages == agent.messages
    assert repository.read == [7]  # and one more, so that the number of the next is known
    restored("6")
    assert list(repository.messages["s", "default"]) == list(range(14))


def test_a_conversation_manager_may_want_everything_back() -> None:
    class Everything(SlidingWindowConversationManager):
        def restore_from_session(self, state: dict[str, Any]) -> Any:
            found = super().restore_from_session(state)
            self.removed_message_count = 0
            return found

    repository = MemoryRepository()
    agent = agent_in(repository, *"abcd", conversation_manager=Everything(window_size=2))
    for number in range(4):
        agent(str(number))
    assert len(agent.messages) == 2
    assert len(agent_in(repository, conversation_manager=Everything(window_size=2)).messages) == 8


class OffsetRepository(MemoryRepository):
    """Notes how many messages it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[int] = []

    def list_messages(
        self, session_id: str, agent_id: str, limit: int | None = None, offset: int = 0, **kwargs: Any
    ) -> list[SessionMessage]:
        self.read.append(offset)
        return super().list_messages(session_id, agent_id, limit, offset)


def test_a_second_writer_is_refused() -> None:
    repository = MemoryRepository()
    first, second = agent_in(repository, "one"), agent_in(repository, "two")
    first("a")
    with pytest.raises(SessionException, match="moved on"):
        second("b")


def test_a_manager_of_ones_own_needs_four_methods() -> None:
    heard: list[str] = []

    class Listing(SessionManager):
        def redact_latest_message(self, redact_message: Any, agent: Any, **kwargs: Any) -> None:
            heard.append("redact")

        def append_message(self, message: Any, agent: Any, **kwargs: Any) -> None:
            heard.append(message["role"])

        def sync_agent(self, agent: Any, **kwargs: Any) -> None:
            heard.append("sync")

        def initialize(self, agent: Any, **kwargs: Any) -> None:
            heard.append("initialize")

    Agent(model=ScriptedModel(["hello"]), session_manager=Listing(), callback_handler=None)("hi")
    assert heard == ["initialize", "user", "sync", "assistant", "sync", "sync"]


def test_the_names_of_the_modules() -> None:
    from strands.session import FileSessionManager, S3SessionManager
    from strands.session.file_session_manager import FileSessionManager as File
    from strands.session.repository_session_manager import RepositorySessionManager as Repository
    from strands.session.s3_session_manager import S3SessionManager as S3
    from strands.session.session_manager import SessionManager as Manager
    from strands.session.session_repository import SessionRepository as Store

    assert (FileSessionManager, S3SessionManager, RepositorySessionManager) == (File, S3, Repository)
    assert (SessionManager, SessionRepository) == (Manager, Store)


class Relay(MultiAgentBase):
    """An orchestrator of one's own, which stores itself when it wants to."""

    def __init__(self) -> None:
        self.id = "relay"
        self.interrupts: list[str] = ["of its own"]
        self.laps = 0

    async def invoke_async(self, task: Any, invocation_state: Any = None, **kwargs: Any) -> Any:
        raise NotImplementedError

    def serialize_state(self) -> dict[str, Any]:
        return {"id": self.id, "laps": self.laps}

    def deserialize_state(self, payload: dict[str, Any]) -> None:
        self.laps = payload["laps"]


def test_an_orchestrator_of_ones_own_is_stored_before_it_is_restored(tmp_path: Path) -> None:
    for laps in (1, 2):
        relay = Relay()
        relay.laps = laps
        store = FileSessionManager("s", storage_dir=str(tmp_path))
        store.sync_multi_agent(relay)
        relay.laps += 10
        store.sync_multi_agent(relay)
    again = Relay()
    FileSessionManager("s", storage_dir=str(tmp_path)).initialize_multi_agent(again)
    assert again.laps == 12
