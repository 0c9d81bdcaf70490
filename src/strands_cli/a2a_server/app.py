"""A workflow as an A2A server: an ASGI application with its agent card and its JSON-RPC endpoint."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from strands_cli.a2a_server.sdk import check_sdk
from strands_cli.callers.following import Following
from strands_cli.callers.guard import CallerGuard, Tokens
from strands_cli.callers.inputs import schema_of
from strands_cli.callers.service import Service
from strands_cli.errors import InputError, SessionNotFoundError

if TYPE_CHECKING:
    from a2a.types import AgentCard

    from strands_cli.a2a_server.tasks import SessionTasks
    from strands_cli.api.workflow import Workflow

logger: logging.Logger = logging.getLogger(__name__)

CARD_PATH = "/.well-known/agent-card.json"
INPUTS = "urn:strands-cli:inputs"
"""The extension of a card that holds the JSON Schema of the workflow's variables."""

_MODES = ["text/plain", "application/json"]
_IDLE_SECONDS = 60.0


def create_a2a_app(
    workflow: Workflow,
    address: str,
    *,
    tokens: Tokens | None = None,
    origins: Sequence[str] = (),
    url: str = "",
    tasks: Path | None = None,
) -> CallerGuard:
    """Return an ASGI application that offers a workflow to other agents.

    Args:
        workflow: What it runs.
        address: The URL at which callers reach it.
        tokens: What callers send as `Authorization: Bearer`; None where something around it lets nobody else in.
        origins: The addresses, as `https://example.com`, under which it is reached, beside this machine's own.
        url: The address of the server at which people answer.
        tasks: The SQLite file in which tasks are kept; default: a2a.db in STRANDS_HOME.

    Raises:
        A2ANotReadyError: The A2A SDK is missing or too old.
        InputError: An origin is no such address.
        StorageError: The file cannot be used.
    """
    check_sdk()
    from a2a.server.agent_execution import SimpleRequestContextBuilder
    from a2a.server.routes import create_agent_card_routes, create_jsonrpc_routes
    from starlette.applications import Starlette

    from strands_cli.a2a_server.contexts import CallerContexts, SessionIds
    from strands_cli.a2a_server.executor import WorkflowExecutor
    from strands_cli.a2a_server.handler import SessionRequestHandler
    from strands_cli.a2a_server.tasks import SessionTasks

    service = Service({workflow.name: workflow}, url=url)
    following = Following(service, takes_over=True)
    kept = SessionTasks(service, workflow.name, tasks)
    card = card_of(workflow, address)
    handler = SessionRequestHandler(
        agent_executor=WorkflowExecutor(service, workflow, following),
        task_store=kept,
        agent_card=card,
        request_context_builder=SimpleRequestContextBuilder(task_id_generator=SessionIds(workflow)),
        interrupted_task_timeout=_IDLE_SECONDS,
    )

    @contextlib.asynccontextmanager
    async def lifespan(_: Any) -> AsyncIterator[None]:
        async with following:
            await _take_up(service, workflow, following, kept)
            yield
            await handler.aclose()
        kept.close()

    routes = [
        *create_agent_card_routes(card),
        *create_jsonrpc_routes(handler, "/", context_builder=CallerContexts(), enable_v0_3_compat=True),
    ]
    return CallerGuard(Starlette(routes=routes, lifespan=lifespan), tokens, origins, [CARD_PATH])


def card_of(workflow: Workflow, address: str) -> AgentCard:
    """Return the card by which other agents find a workflow and learn how to call it."""
    from a2a.types import AgentCapabilities, AgentCard, AgentExtension, AgentInterface, AgentSkill
    from google.protobuf.json_format import ParseDict

    from strands._version import __version__

    description = workflow.spec.description or f"Runs the workflow {workflow.name}."
    inputs = AgentExtension(uri=INPUTS, description="The variables of a run: a data part with an object.")
    ParseDict(schema_of(workflow), inputs.params)
    interfaces = [
        AgentInterface(url=address, protocol_binding="JSONRPC", protocol_version=version) for version in ("1.0", "0.3")
    ]
    card = AgentCard(
        name=workflow.name,
        description=description,
        version=__version__,
        supported_interfaces=interfaces,
        capabilities=AgentCapabilities(streaming=True, extensions=[inputs]),
        default_input_modes=_MODES,
        default_output_modes=_MODES,
        skills=[
            AgentSkill(
                id=workflow.name, name=workflow.name, description=description, tags=workflow.spec.tags or ["workflow"]
            )
        ],
    )
    bearer = card.security_schemes["bearer"].http_auth_security_scheme
    bearer.scheme = "bearer"
    card.security_requirements.add().schemes["bearer"].SetInParent()
    return card


async def _take_up(service: Service, workflow: Workflow, following: Following, kept: SessionTasks) -> None:
    """Look after the tasks that another process left: those that it never began are begun."""
    from strands_cli.a2a_server.executor import caller_named
    from strands_cli.a2a_server.messages import variables_of

    for id_, (owner, task) in kept.unfinished().items():
        try:
            await service.session(workflow, id_)
            following.follow(workflow, id_)
        except SessionNotFoundError:
            try:
                variables = variables_of(workflow, task.history[0])
            except (IndexError, InputError):
                continue
            following.start(workflow, id_, variables, caller_named(owner))
