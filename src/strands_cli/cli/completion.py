"""What the shell completes beside commands and options: files, sessions, questions, steps, variables and agents.

Nothing is imported before a shell asks, and whatever goes wrong completes nothing: a person who types is not told.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from strands_cli.api.session import Session

Complete = Callable[[click.Context, click.Parameter, str], "list[CompletionItem]"]
Found = Iterable["tuple[str, str]"]
"""What may be typed, and what is said about each."""

_MOST = 200
"""So many sessions are offered, the newest, at most."""

_OPEN = {"paused", "answered", "interrupted", "failed", "running"}


def files(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Leave it to the shell, which knows files."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="file")]


def directories(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Leave it to the shell, which knows directories."""
    from click.shell_completion import CompletionItem

    return [CompletionItem(incomplete, type="dir")]


def _completes(find: Callable[[click.Context], Found]) -> Complete:
    """Make a function that completes what `find` returns, in the store that the command line names."""

    @functools.wraps(find)
    def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        from strands_cli.cli.app import STORE

        store = (ctx.find_root().obj or {}).get("store")
        if store:
            os.environ[STORE] = store
        try:
            return [CompletionItem(name, help=told) for name, told in find(ctx) if name.startswith(incomplete)]
        except Exception:  # a store that cannot be read, a file that is no workflow: there is nothing to offer
            return []

    return complete


@_completes
def sessions(ctx: click.Context) -> Found:
    """All sessions, the newest first."""
    return _sessions(None)


@_completes
def open_sessions(ctx: click.Context) -> Found:
    """Sessions in which something is left to do."""
    return _sessions(_OPEN)


@_completes
def waiting_sessions(ctx: click.Context) -> Found:
    """Sessions that wait for an answer."""
    return _sessions({"paused", "running"})


@_completes
def answers(ctx: click.Context) -> Found:
    """The questions of the session that is named before, ready for a value."""
    asked = [(each, each.prompt.strip().partition("\n")[0]) for each in _session(ctx).questions]
    return [
        *((f"{question.short_id}=", told) for question, told in asked if question.number),
        *((f"{question.id}=", told) for question, told in asked),
    ]


@_completes
def questions(ctx: click.Context) -> Found:
    """The questions of the session that is named before."""
    return [(each.short_id, each.prompt.strip().partition("\n")[0]) for each in _session(ctx).questions]


@_completes
def steps(ctx: click.Context) -> Found:
    """The steps of the session that is named before."""
    return [(item.key, item.agent_id or item.kind) for item in _session(ctx).history]


@_completes
def variables(ctx: click.Context) -> Found:
    """The variables of the workflow that is named before, ready for a value."""
    from strands_cli.loader import load_file

    inputs = load_file(_argument(ctx, "spec")).inputs
    return [
        *((f"{name}=", told.description or "required") for name, told in inputs.required.items()),
        *((f"{name}=", told.description or "") for name, told in inputs.optional.items()),
    ]


@_completes
def workflows(ctx: click.Context) -> Found:
    """The names of the workflows that sessions are of."""
    return sorted({(each["workflow"], "") for each in _summaries()})


@_completes
def agents(ctx: click.Context) -> Found:
    """The atomic agents in the usual directories, or in those that are named."""
    from strands_cli.atomic.places import find

    known = find(ctx.params.get("directories") or ())
    return [(found.agent.name, str(found.path)) for found in known if found.agent is not None]


@_completes
def engines(ctx: click.Context) -> Found:
    """The engines of this build, and those of packages that are installed."""
    from strands_cli.worker.engine import known_engines

    return [(name, "") for name in known_engines()]


def _sessions(statuses: set[str] | None) -> Found:
    told = (each for each in _summaries() if statuses is None or each["status"] in statuses)
    return [(each["id"], f"{each['status']}, {each['workflow']}") for each in told]


def _summaries() -> list[dict[str, Any]]:
    from strands_cli.cli.sessions import _open

    return _open.manager().summaries(limit=_MOST)


def _session(ctx: click.Context) -> Session:
    from strands_cli.cli.sessions import _open

    return _open.session(_argument(ctx, "session_id"))


def _argument(ctx: click.Context, name: str) -> str:
    """Return an argument that was typed before; an option that still lacks its value keeps click from naming it."""
    known = ctx.params.get(name)
    return str(known) if known else next(each for each in ctx.args if not each.startswith("-"))
