"""The client of a call: who it says it is, and how it can ask its user."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

from strands_cli.callers.guard import CALLER
from strands_cli.kernel.principal import Principal, os_principal

if TYPE_CHECKING:
    from mcp.server.context import ServerRequestContext

    from strands_cli.kernel.events import Event

_MOST = 80  # characters of a name that a client gives itself
_UNKNOWN = "unknown"


@dataclass(frozen=True)
class Client:
    """A client, as it tells of itself in one call.

    Attributes:
        name: The name it gives itself, behind that of its token where the server knows several.
        has_forms: Whether its user can fill in forms.
        has_pages: Whether its user can be sent to an address.
        in_rounds: Whether it calls again with the answers, as protocol 2026-07-28 has it.
        on_behalf: Whose program it is: whose token it has, or the user of this machine who has started it; "" where
            that is not known.
    """

    name: str
    has_forms: bool
    has_pages: bool
    in_rounds: bool
    on_behalf: str = ""

    @classmethod
    def of(cls, context: ServerRequestContext[Any, Any]) -> Client:
        """Return the client of a request."""
        from mcp_types.version import MODERN_PROTOCOL_VERSIONS

        capabilities = context.session.client_capabilities
        elicitation = capabilities.elicitation if capabilities is not None else None
        has_pages = elicitation is not None and elicitation.url is not None
        has_forms = elicitation is not None and (elicitation.form is not None or not has_pages)
        in_rounds = context.protocol_version in MODERN_PROTOCOL_VERSIONS
        return cls(name_of(context), has_forms, has_pages, in_rounds, _owner_of(context))

    @property
    def principal(self) -> Principal:
        """Who is on record for what it brings: an agent, that only says itself who it is, and whose it is."""
        return Principal(f"mcp:{self.name}", self.name, via="mcp", on_behalf=self.on_behalf, kind="agent")


def name_of(context: ServerRequestContext[Any, Any]) -> str:
    """Return what a client is called: what is sealed for it counts for nobody else."""
    told = context.session.client_params
    name = told.client_info.name if told is not None else ""
    name = "".join(each for each in name[:_MOST] if each.isprintable()).strip() or _UNKNOWN
    caller = _caller_of(context)
    return f"{caller}/{name}" if caller else name


def _owner_of(context: ServerRequestContext[Any, Any]) -> str:
    return os_principal().who if context.request is None else _caller_of(context)


def _caller_of(context: ServerRequestContext[Any, Any]) -> str:
    scope = getattr(context.request, "scope", None) or {}
    return str(scope.get(CALLER, ""))


def progress_to(context: ServerRequestContext[Any, Any]) -> Callable[[Event], Awaitable[None] | None]:
    """Return a listener that tells the client of each step; a client that asked for no progress is told nothing."""
    numbers = count(1)

    def tell(event: Event) -> Awaitable[None] | None:
        text = _TOLD.get(event.type)
        if text is None:
            return None
        name = event.data.get("tool") or event.data.get("name") if event.type == "tool_start" else event.step_id
        return context.session.report_progress(next(numbers), message=f"{text} {name or event.agent_id}")

    return tell


_TOLD = {"step_start": "started", "step_complete": "finished", "tool_start": "uses"}
