"""`A2AServer`: an agent as a server that other agents call."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from a2a.auth.user import User
from a2a.helpers import new_data_part
from a2a.server.context import ServerCallContext
from a2a.server.request_handlers import DefaultRequestHandler
from a2a.server.routes import add_a2a_routes_to_fastapi, create_agent_card_routes, create_jsonrpc_routes
from a2a.server.tasks import InMemoryTaskStore
from a2a.types import AgentCapabilities, AgentCard, AgentInterface, AgentSkill, Message, Role, SendMessageRequest, Task

from .executor import PERSON, AgentFactory, StrandsA2AExecutor
from .parts import RESPONSE

if TYPE_CHECKING:
    from a2a.server.tasks import PushNotificationConfigStore, PushNotificationSender, TaskStore
    from fastapi import FastAPI
    from starlette.applications import Starlette

    from strands.agent.agent import Agent
    from strands.interrupt import Interrupt

_CARD_CONTEXT = "__agent_card__"


class _Owner(User):
    """Whose a task is."""

    def __init__(self, name: str) -> None:
        self._name = name

    @property
    def is_authenticated(self) -> bool:
        return bool(self._name)

    @property
    def user_name(self) -> str:
        return self._name


class A2AServer:
    """An agent that other agents call over A2A.

    Args:
        agent: One agent for all contexts, one after the other.
        agent_factory: Makes an agent for each context, by its id: they run side by side, and may each have a session.
        max_contexts: So many contexts are kept, those that were used last.
        host: Where `serve` listens.
        port: At which port.
        http_url: The address under which callers reach it, which its card tells; a path in it is served at that path.
        serve_at_root: Serve at the root whatever path `http_url` has, where a proxy takes it away.
        version: The agent's version.
        skills: What the card says the agent can do; default: its tools.
        task_store: Where tasks are kept; default: in memory.
        queue_manager: Not used; for programs that give one.
        push_config_store: Where callers' wishes for notifications are kept.
        push_sender: Sends notifications.
        enable_a2a_compliant_streaming: Stream text as an artifact in pieces, as the protocol has it; else as messages.
        answerable: Which questions a caller may answer; default: those of tools. See `StrandsA2AExecutor`.

    Raises:
        ValueError: Not exactly one of `agent` and `agent_factory` is given.
    """

    def __init__(
        self,
        agent: Agent | None = None,
        *,
        agent_factory: AgentFactory | None = None,
        max_contexts: int = StrandsA2AExecutor.DEFAULT_MAX_CONTEXTS,
        host: str = "127.0.0.1",
        port: int = 9000,
        http_url: str | None = None,
        serve_at_root: bool = False,
        version: str = "0.0.1",
        skills: list[AgentSkill] | None = None,
        task_store: TaskStore | None = None,
        queue_manager: Any = None,
        push_config_store: PushNotificationConfigStore | None = None,
        push_sender: PushNotificationSender | None = None,
        enable_a2a_compliant_streaming: bool = False,
        answerable: Callable[[Interrupt], bool] | None = None,
    ) -> None:
        executor = StrandsA2AExecutor(
            agent,
            agent_factory=agent_factory,
            enable_a2a_compliant_streaming=enable_a2a_compliant_streaming,
            max_contexts=max_contexts,
            answerable=answerable,
        )
        shown = agent if agent is not None else agent_factory(_CARD_CONTEXT) if agent_factory is not None else None
        assert shown is not None
        self.strands_agent: Agent = shown
        self.name: str = shown.name
        self.description: str | None = shown.description
        self.host: str = host
        self.port: int = port
        self.version: str = version
        self.capabilities: AgentCapabilities = AgentCapabilities(streaming=True)
        self._given_url = http_url
        self._serve_at_root = serve_at_root
        self._skills = skills
        self._card_url: str | None = None
        self.request_handler: DefaultRequestHandler = DefaultRequestHandler(
            agent_executor=executor,
            task_store=task_store or InMemoryTaskStore(),
            agent_card=self._card() if self.name and self.description else AgentCard(capabilities=self.capabilities),
            push_config_store=push_config_store,
            push_sender=push_sender,
        )

    @property
    def http_url(self) -> str:
        """The address under which callers reach it."""
        return (self._given_url or f"http://{self.host}:{self.port}").rstrip("/") + "/"

    @property
    def public_base_url(self) -> str:
        """That address without its path."""
        parts = urlsplit(self.http_url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def mount_path(self) -> str:
        """The path that is served, "" for the root."""
        return "" if self._serve_at_root else urlsplit(self.http_url).path.rstrip("/")

    @property
    def agent_card_url(self) -> str:
        """The address that the card tells."""
        return self._card_url if self._card_url is not None else self.http_url

    @agent_card_url.setter
    def agent_card_url(self, url: str) -> None:
        self._card_url = url

    @property
    def agent_skills(self) -> list[AgentSkill]:
        """What the card says the agent can do."""
        if self._skills is not None:
            return self._skills
        specs = self.strands_agent.tool_registry.get_all_tools_config().values()
        return [
            AgentSkill(id=spec["name"], name=spec["name"], description=spec["description"], tags=["tool"])
            for spec in specs
        ]

    @agent_skills.setter
    def agent_skills(self, skills: list[AgentSkill]) -> None:
        self._skills = skills

    @property
    def public_agent_card(self) -> AgentCard:
        """The card by which other agents find this one.

        Raises:
            ValueError: The agent has no name or no description.
        """
        if not self.name:
            raise ValueError("A2A agent name cannot be None or empty")
        if not self.description:
            raise ValueError("A2A agent description cannot be None or empty")
        return self._card()

    def to_starlette_app(self, *, app_kwargs: dict[str, Any] | None = None) -> Starlette:
        """Return a Starlette application that serves the agent; `app_kwargs` are Starlette's."""
        from starlette.applications import Starlette
        from starlette.routing import Mount

        card, rpc = self._routes()
        app = Starlette(routes=[*card, *rpc], **(app_kwargs or {}))
        return Starlette(routes=[Mount(self.mount_path, app)]) if self.mount_path else app

    def to_fastapi_app(self, *, app_kwargs: dict[str, Any] | None = None) -> FastAPI:
        """Return a FastAPI application that serves the agent; `app_kwargs` are FastAPI's."""
        from fastapi import FastAPI

        card, rpc = self._routes()
        app = FastAPI(**(app_kwargs or {}))
        add_a2a_routes_to_fastapi(app, agent_card_routes=card, jsonrpc_routes=rpc)
        if not self.mount_path:
            return app
        outer = FastAPI()
        outer.mount(self.mount_path, app)
        return outer

    def serve(
        self,
        app_type: Literal["fastapi", "starlette"] = "starlette",
        *,
        host: str | None = None,
        port: int | None = None,
        **kwargs: Any,
    ) -> None:
        """Serve until a signal ends it; `kwargs` are those of `uvicorn.run`."""
        import uvicorn

        self.host = self.host if host is None else host
        self.port = self.port if port is None else port
        app = self.to_fastapi_app() if app_type == "fastapi" else self.to_starlette_app()
        uvicorn.run(app, host=self.host, port=self.port, **kwargs)

    async def answer(self, task_id: str, responses: Mapping[str, Any], *, by: str, owner: str = "") -> Task:
        """Answer what an agent asks people, in the name of a person of this process, and go on with the task.

        Args:
            task_id: The task.
            responses: Interrupt id to response.
            by: Who answers.
            owner: Whose task it is, where callers are told apart.

        Returns:
            The task as it stands then.
        """
        context = ServerCallContext(state={PERSON: by}, user=_Owner(owner))
        parts = [new_data_part({RESPONSE: {"interruptId": key, "response": value}}) for key, value in responses.items()]
        told = Message(message_id=uuid.uuid4().hex, role=Role.ROLE_USER, task_id=task_id, parts=parts)
        result = await self.request_handler.on_message_send(SendMessageRequest(message=told), context)
        assert isinstance(result, Task)
        return result

    def _card(self) -> AgentCard:
        interfaces = [
            AgentInterface(url=self.agent_card_url, protocol_binding="JSONRPC", protocol_version=version)
            for version in ("1.0", "0.3")
        ]
        return AgentCard(
            name=self.name,
            description=self.description,
            version=self.version,
            supported_interfaces=interfaces,
            capabilities=self.capabilities,
            default_input_modes=["text"],
            default_output_modes=["text"],
            skills=self.agent_skills,
        )

    def _routes(self) -> tuple[list[Any], list[Any]]:
        card = create_agent_card_routes(self.public_agent_card)
        return list(card), list(create_jsonrpc_routes(self.request_handler, "/", enable_v0_3_compat=True))
