"""A workflow file that is not what its session began with, as the command line tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strands_cli.cli.errors import say
from strands_cli.errors import StrandsError

if TYPE_CHECKING:
    from strands_cli.api.session import Session
    from strands_cli.spec.root import Spec

_LINES = 6


def tell_changes(session: Session, spec: Spec | None, *, quiet: bool) -> None:
    """Say in what a workflow file differs from the spec that a session is pinned to.

    Args:
        session: The session.
        spec: The file's workflow when it is given, and will be taken; None looks at the file the session began with.
        quiet: Say nothing.
    """
    if quiet:
        return
    if spec is not None:
        changed = _changed(session, spec)
        if changed and spec.name == session.workflow_name:
            say(f"{spec.source} has changed since session {session.id} began:")
            _list(changed)
        return
    found = _on_disk(session)
    if found is not None and (changed := _changed(session, found)):
        say(f"Note: {session.file} has changed since session {session.id} began, which goes on as it began:")
        _list(changed)
        say(f"To go on with the file: strands resume {session.id} --spec {session.file}")


def _on_disk(session: Session) -> Spec | None:
    from pathlib import Path

    from strands_cli.loader import load_file

    if not session.file or not Path(session.file).is_file():
        return None
    try:
        return load_file(session.file, tools=session.tools_from_python)
    except StrandsError:
        return None  # a file that is being written, or not yet mended, is nothing that this session needs


def _changed(session: Session, now: Spec) -> list[str]:
    from strands_cli.api.admission import recorded_form
    from strands_cli.api.mending import changed_parts

    there = recorded_form(now)
    if there == session.spec_dict:
        return []
    return changed_parts(session.spec().to_dict(), there)


def _list(changed: list[str]) -> None:
    for line in changed[:_LINES]:
        say(f"  {line}")
    if len(changed) > _LINES:
        say(f"  and {len(changed) - _LINES} more")
