"""What requests of the protocol get from this server: whose they are, and the ids of their tasks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from a2a.auth.user import UnauthenticatedUser, User
from a2a.server.id_generator import IDGenerator, IDGeneratorContext
from a2a.server.routes import DefaultServerCallContextBuilder

from strands_cli.api.running import new_id
from strands_cli.callers.guard import CALLER

if TYPE_CHECKING:
    from starlette.requests import Request

    from strands_cli.api.workflow import Workflow


class SessionIds(IDGenerator):
    """Makes the ids of tasks: those of the sessions that they will be."""

    def __init__(self, workflow: Workflow) -> None:
        self._name = workflow.name

    def generate(self, context: IDGeneratorContext) -> str:
        """Return a new id."""
        return new_id(self._name)


class CallerUser(User):
    """Whose token a request has."""

    def __init__(self, name: str) -> None:
        self._name = name

    @property
    def is_authenticated(self) -> bool:
        """Whether that is known."""
        return True

    @property
    def user_name(self) -> str:
        """Their name."""
        return self._name


class CallerContexts(DefaultServerCallContextBuilder):
    """Tells each request whose token it has: a task is seen by nobody else."""

    def build_user(self, request: Request) -> User:
        """Return the user of a request."""
        name = request.scope.get(CALLER, "")
        return CallerUser(name) if name else UnauthenticatedUser()
