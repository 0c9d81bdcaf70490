"""A store of one's own: the public methods of `SessionRepository` are all it takes."""

from __future__ import annotations

from typing import Any

import pytest

from strands import Agent, ToolContext, tool
from strands.models.scripted import ScriptedModel, ToolCall
from strands.session import RepositorySessionManager, SessionManager, SessionRepository
from strands.types.exceptions import SessionException
from strands.types.session import Session, SessionAgent, SessionMessage


class MemoryRepository(SessionRepository):
    """Keeps everything as plain data, the way a database would."""

    def __init__(self) -> None:
        self.sessions: dict[str, Any] = {}
        self.agents: dict[tuple[str, str], Any] = {}
        self.messages: dict[tuple[str, str], dict[int, Any]] = {}

    def create_session(self, session: Session, **kwargs: Any) -> Session:
        self.sessions[session.session_id] = session.to_dict()
        return session

    def read_session(self, session_id: str, **kwargs: Any) -> Session | None:
        data = self.sessions.get(session_id)
        return Session.from_dict(data) if data else None

    def create_agent(self, session_id: str, session_agent: SessionAgent, **kwargs: Any) -> None:
        self.agents[session_id, session_agent.agent_id] = session_agent.to_dict()
        self.messages.setdefault((session_id, session_agent.agent_id), {})

    def read_agent(self, session_id: str, agent_id: str, **kwargs: Any) -> SessionAgent | None:
        data = self.agents.get((session_id, agent_id))
        return SessionAgent.from_dict(data) if data else None

    def update_agent(self, session_id: str, session_agent: SessionAgent, **kwargs: Any) -> None:
        self.agents[session_id, session_agent.agent_id] = session_agent.to_dict()

    def create_message(self, session_id: str, agent_id: str, session_message: SessionMessage, **kwargs: Any) -> None:
        if (session_id, agent_id) not in self.agents:
            raise SessionException(f"no agent {agent_id!r}")  # as a foreign key would have it
        self.messages[session_id, agent_id][session_message.message_id] = session_message.to_dict()

    def read_message(self, session_id: str, agent_id: str, message_id: int, **kwargs: Any) -> SessionMessage | None:
        data = self.messages.get((session_id, agent_id), {}).get(message_id)
        return SessionMessage.from_dict(data) if data else None

    def update_message(self, session_id: str, agent_id: str, session_message: SessionMessage, **kwargs: Any) -> None:
        self.create_message(session_id, agent_id, session_message)

    def list_messages(
        self, session_id: str, agent_id: str, limit: int | None = None, offset: int = 0, **kwargs: Any
    ) -> list[SessionMessage]:
        kept = self.messages.get((session_id, agent_id), {})
        chosen = sorted(kept)[offset:] if limit is None else sorted(kept)[offset : offset + limit]
        return [SessionMessage.from_dict(kept[id]) for id in chosen]


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

    def make(*replies: Any, deadly: bool = False) -> Agent:
        @tool
        def note(text: str) -> dict[str, Any]:
            """Note."""
            effects.append("note")
            return {"status": "success", "content": [{"document": {"name": "d", "source": {"bytes": b"\x00"}}}]}

        @tool(context=True)
        def pay(tool_context: ToolContext) -> str:
            """Pay."""
            tool_context.interrupt("ok")
            if deadly:
                raise Dead
            effects.append("pay")
            return "paid"

        return agent_in(repository, *replies, tools=[note, pay])

    calls = [ToolCall("note", {"text": "x"}, id="t1"), ToolCall("pay", {}, id="t2")]
    (interrupt,) = make(calls)("go").interrupts or ()
    answer = [{"interruptResponse": {"interruptId": interrupt.id, "response": "y"}}]
    with pytest.raises(Dead):
        make(deadly=True)(answer)
    agent = make("done")
    result = agent(None)
    assert [i.name for i in result.interrupts or ()] == ["ambiguous_tool_call"]
    again = [{"interruptResponse": {"interruptId": result.interrupts[0].id, "response": "run again"}}]
    assert agent(again).stop_reason == "end_turn"
    assert effects == ["note", "pay"]
    results: Any = agent.messages[2]["content"]
    assert results[0]["toolResult"]["content"][0]["document"]["source"]["bytes"] == b"\x00"


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
