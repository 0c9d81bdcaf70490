"""Parts that a program brings itself (tools, stores, managers, plugins), as a type checker sees them."""

from __future__ import annotations

import builtins
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel
from typing_extensions import assert_type

from strands import Agent, tool
from strands.agent.conversation_manager import ConversationManager
from strands.hooks import BeforeToolCallEvent
from strands.journal.protocol import Journal, Repository
from strands.models.scripted import ScriptedModel
from strands.plugins import Plugin, hook
from strands.session import FileSessionManager, RepositorySessionManager, SnapshotSessionManager
from strands.session.session_repository import SessionRepository
from strands.storage import InMemoryStorage, LocalFileStorage, Storage
from strands.tools.mcp import MCPClient
from strands.types.content import Messages
from strands.types.session import Session, SessionAgent, SessionMessage
from strands.types.tools import AgentTool, ToolGenerator, ToolSpec, ToolUse
from strands_cli.api import Workflow
from strands_cli.api.live import LiveSession, Snapshot
from strands_cli.kernel.types import Draft
from strands_cli.session.memory import MemorySessionRepository

T = TypeVar("T", bound=BaseModel)


class OwnTool(AgentTool):
    @property
    def tool_name(self) -> str:
        return "own"

    @property
    def tool_spec(self) -> ToolSpec:
        return {"name": "own", "description": "Own.", "inputSchema": {"json": {}}}

    @property
    def tool_type(self) -> str:
        return "own"

    async def stream(self, tool_use: ToolUse, invocation_state: dict[str, Any], **kwargs: Any) -> ToolGenerator:
        yield {"toolUseId": tool_use["toolUseId"], "status": "success", "content": [{"text": "done"}]}


class HalfATool(AgentTool):
    @property
    def tool_name(self) -> int:  # type: ignore[override]
        return 1


class OwnStorage(Storage):
    async def write(self, key: str, data: bytes) -> None: ...

    async def read(self, key: str) -> bytes | None:
        return None

    async def delete(self, key: str) -> None: ...

    async def list(self, query: str = "") -> builtins.list[str]:
        return []


class TextStorage(OwnStorage):
    async def read(self, key: str) -> str | None:  # type: ignore[override]
        return None


class OwnRepository(SessionRepository):
    def create_session(self, session: Session, **kwargs: Any) -> Session:
        return session

    def read_session(self, session_id: str, **kwargs: Any) -> Session | None:
        return None

    def create_agent(self, session_id: str, session_agent: SessionAgent, **kwargs: Any) -> None: ...

    def read_agent(self, session_id: str, agent_id: str, **kwargs: Any) -> SessionAgent | None:
        return None

    def update_agent(self, session_id: str, session_agent: SessionAgent, **kwargs: Any) -> None: ...

    def create_message(
        self, session_id: str, agent_id: str, session_message: SessionMessage, **kwargs: Any
    ) -> None: ...

    def read_message(self, session_id: str, agent_id: str, message_id: int, **kwargs: Any) -> SessionMessage | None:
        return None

    def update_message(
        self, session_id: str, agent_id: str, session_message: SessionMessage, **kwargs: Any
    ) -> None: ...

    def list_messages(
        self, session_id: str, agent_id: str, limit: int | None = None, offset: int = 0, **kwargs: Any
    ) -> list[SessionMessage]:
        return []


class OwnJournals:
    def __init__(self, inner: MemorySessionRepository) -> None:
        self._inner = inner

    async def create(self, session_id: str, opened: Draft, rest: Sequence[Draft] = ()) -> Journal:
        return await self._inner.create(session_id, opened, rest)

    async def open(self, session_id: str) -> Journal:
        return await self._inner.open(session_id)

    async def ids(self) -> list[str]:
        return await self._inner.ids()

    async def delete(self, session_id: str, *, expect: int | None = None) -> None:
        await self._inner.delete(session_id, expect=expect)

    async def sweep(self) -> None:
        await self._inner.sweep()


class OwnModel(ScriptedModel):
    async def structured_output(
        self, output_model: type[T], prompt: Messages, system_prompt: str | None = None, **kwargs: Any
    ) -> AsyncGenerator[dict[str, T | Any], None]:
        yield {"output": output_model()}


class OwnManager(ConversationManager):
    def apply_management(self, agent: Agent, **kwargs: Any) -> None:
        del agent.messages[:-10]

    def reduce_context(self, agent: Agent, e: Exception | None = None, **kwargs: Any) -> None:
        self.removed_message_count += 1


class OwnPlugin(Plugin):
    @property
    def name(self) -> str:
        return "own"

    @hook
    def judge(self, event: BeforeToolCallEvent) -> None:
        event.cancel_tool = "no"

    @tool
    def note(self, text: str) -> int:
        """Note."""
        return len(text)

    def init_agent(self, agent: Agent) -> None:
        agent.state.set("noted", self.note("x"))


def they_are_taken(plugin: OwnPlugin, repository: OwnJournals) -> None:
    Agent(model=OwnModel(["x"]), tools=[OwnTool()], plugins=[plugin], conversation_manager=OwnManager())
    HalfATool()  # type: ignore[abstract]
    Agent(plugins=[OwnTool()])  # type: ignore[list-item]
    Agent(conversation_manager=plugin)  # type: ignore[arg-type]
    Agent(session_manager=RepositorySessionManager("s", session_repository=OwnRepository()))
    RepositorySessionManager("s", session_repository=OwnStorage())  # type: ignore[arg-type]
    Agent(session_manager=SnapshotSessionManager("s", storage=OwnStorage()))
    SnapshotSessionManager("s", storage=OwnRepository())  # type: ignore[arg-type]
    FileSessionManager("s", Path("store"))
    LocalFileStorage(Path("store"))
    LocalFileStorage(7)  # type: ignore[arg-type]
    kept: Repository = repository
    Workflow.from_dict({}, repository=kept)
    Workflow.from_dict({}, repository=InMemoryStorage())  # type: ignore[arg-type]


def a_session_is_called_from_outside(workflow: Workflow) -> None:
    live = workflow.create_session(session_id="s", topic="AI").start()
    assert_type(live, LiveSession)
    assert_type(live.poll(), Snapshot)
    live.answer(live.poll().questions[0].id, "yes", by="ann")
    live.answer("yes")  # type: ignore[call-arg]
    live.wait("long")  # type: ignore[arg-type]


async def _told(done: float, total: float | None, message: str | None) -> None:
    print(done, total, message)


async def _told_a_text(text: str) -> None:
    print(text)


def a_server_is_connected() -> None:
    client = MCPClient(url="https://example.com/mcp", prefix="far", call_timeout=5, progress_callback=_told)
    Agent(tools=[client, client.list_tools_sync()])
    MCPClient(url=7)  # type: ignore[arg-type]
    MCPClient(lambda: "a transport")  # type: ignore[arg-type, return-value]
    MCPClient(url="https://example.com/mcp", progress_callback=_told_a_text)  # type: ignore[arg-type]
