"""Keyword arguments that one method hands on to another, by name and type."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

from strands_cli.errors import InputError

if TYPE_CHECKING:
    from os import PathLike

    from strands.hooks.registry import HookCallback, HookProvider
    from strands.models.model import Model
    from strands_cli.kernel.events import Event
    from strands_cli.kernel.principal import Principal
    from strands_cli.session.repository import SessionRepository
    from strands_cli.spec.root import Spec
    from strands_cli.types import HITLHandler, Json


class WorkflowOptions(TypedDict, total=False):
    """The options of a `Workflow`."""

    hooks: Sequence[HookProvider | HookCallback]
    tools: Sequence[Any]
    model: Model | None
    repository: SessionRepository | None
    store: str | PathLike[str] | None
    output_dir: str | PathLike[str] | None
    overwrite: bool
    offline: bool
    real_tools: bool
    variables: Mapping[str, Any] | None


class ResumeOptions(TypedDict, total=False):
    """The options of `Workflow.resume_async`."""

    answers: Mapping[str, Json] | None
    hitl_handler: HITLHandler | None
    accept_changes: bool
    without_hooks: Sequence[str]


class SessionResumeOptions(ResumeOptions, total=False):
    """The options of `Session.resume_async`."""

    on_event: Callable[[Event], Any] | None
    output_dir: str | PathLike[str] | None
    overwrite: bool | None
    offline: bool | None
    real_tools: bool | None
    by: str | Principal | None
    user: object
    spec: Spec | None
    app: str | None


class SessionFilters(TypedDict, total=False):
    """Which sessions `SessionManager.list_sessions_async` returns."""

    status: str | None
    workflow: str | None
    limit: int | None
    offset: int


def variables_of(spec: Spec, variables: Mapping[str, Any] | None, more: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables that somebody gives to a run, in a mapping and as keywords.

    Raises:
        InputError: A keyword is an option that is given elsewhere, and no variable of the workflow: it would say
            nothing.
    """
    from strands_cli.loader.inputs import unknown

    for name in more:
        place = next((place for place, options in _ELSEWHERE if name in options.__annotations__), None)
        if place is not None and unknown(spec, name):
            raise InputError(f"{name!r} is neither a variable of this workflow nor an option of a run", hint=place)
    return {**(variables or {}), **more}


_ELSEWHERE: tuple[tuple[str, Any], ...] = (
    ("It is an option of the workflow: give it to Workflow.from_file, from_dict or Workflow.", WorkflowOptions),
    ("It is an option of resume, or of run_interactive.", ResumeOptions),
)
