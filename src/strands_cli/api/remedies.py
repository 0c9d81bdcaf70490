"""How a session goes on, in words that work where they are read: a command, or Python where that lacks something."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from strands_cli.session.repository import command_for

if TYPE_CHECKING:
    from strands_cli.api.options import Options

NO_FILE = "FILE"
"""Stands in a command for a workflow file that there is not."""

_RESUME = re.compile(r"\bstrands resume (?P<id>\S+?)(?P<spec> --spec (?:'[^']*'|\S+))?(?=[\s;,)]|\.?$)")


def remedy(session_id: str, options: Options, file: str | None = None) -> str:
    """Return what goes on with a session: a command that finds it and all that it was started with, else Python.

    Args:
        session_id: The session.
        options: What its workflow is given beside its spec.
        file: The mended workflow file, where it takes one; `NO_FILE` where the workflow is from none.
    """
    command = command_for(options.store())
    if not command or file == NO_FILE or (_has_parts(options) and not options.app):
        return f"workflow.resume({session_id!r})"
    return f"{command} {shlex.join(['resume', session_id, *(['--spec', file] if file else [])])}"


def kept(session_id: str, options: Options) -> str:
    """Return what is said of a session that somebody interrupted."""
    return f"Session {session_id} keeps what was finished. Resume: {remedy(session_id, options)}"


def that_works(hint: str, options: Options) -> str:
    """Return a hint in which what goes on with a session works here, as `remedy` says."""

    def put(found: re.Match[str]) -> str:
        words = shlex.split(found[0])
        return remedy(found["id"], options, words[-1] if found["spec"] else None)

    return _RESUME.sub(put, hint) if "strands resume" in hint else hint


def _has_parts(options: Options) -> bool:
    return bool(options.hooks or options.tools or options.model is not None)
