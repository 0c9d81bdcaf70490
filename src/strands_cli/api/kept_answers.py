"""What becomes of answers whose run could not go on: an error says whether they are kept, as the record has it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from strands_cli.errors import LeaseHeldError, StrandsError
from strands_cli.kernel.state import State

if TYPE_CHECKING:
    from strands_cli.api.options import Options


async def tell_kept(error: StrandsError, options: Options, session_id: str, keys: Sequence[str]) -> None:
    """Say in an error whether the answers to these questions, which were recorded, are still on record.

    Args:
        error: Why the session does not go on.
        options: Where it is kept.
        session_id: The session.
        keys: The questions.
    """
    one = len(keys) == 1
    if not await _are_kept(options, session_id, keys):
        error.message += (
            f"; whether your {'answer is' if one else 'answers are'} kept cannot be known: "
            f"session {session_id!r} cannot be read any more"
        )
        error.hint = f"Look whether it is still there: strands sessions show {session_id}. Nothing else is known of it."
        return
    if getattr(error, "result", None) is not None:
        return
    which = "your answer is" if one else f"your {len(keys)} answers are"
    if isinstance(error, LeaseHeldError):
        error.message += f"; {which} recorded and that process goes on with it"
        return
    error.message += f"; {which} recorded"
    if f"strands resume {session_id}" not in error.hint:
        error.hint = f"{error.hint} Then, or where it can run: strands resume {session_id}.".strip()


async def _are_kept(options: Options, session_id: str, keys: Sequence[str]) -> bool:
    try:
        journal = await options.store().open(session_id)
        state = State(await journal.load())
    except (StrandsError, OSError):
        return False
    return all(key in state.answered for key in keys)
