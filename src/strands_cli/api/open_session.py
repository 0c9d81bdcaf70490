"""The open questions of a session, and answering them, without reading its journal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from strands.journal.excerpt import excerpt
from strands_cli.api.options import Options
from strands_cli.api.session_view import SessionView, opened
from strands_cli.kernel.state import State
from strands_cli.session import answers as answering
from strands_cli.types import Json

if TYPE_CHECKING:
    from strands_cli.kernel.principal import Principal


class OpenSession(SessionView):
    """A session as far as an answer needs it: its open questions, what it was begun with, and whether it is over."""

    @classmethod
    async def found(cls, options: Options, session_id: str) -> OpenSession:
        """Return the session with this id, or whose id alone begins with it.

        Raises:
            SessionNotFoundError: None does.
            SessionError: Several do, or what was read of its journal is damaged.
        """
        session = cls(await opened(options, session_id), State(), options)
        await session.refresh_async()
        return session

    @property
    def numbers(self) -> dict[str, int]:
        """None: which questions were asked before is not read."""
        return {}

    async def refresh_async(self) -> None:
        """Read it again; reading never writes."""
        self._state = State((await excerpt(self._journal)).entries)
        await self._read_clock()

    async def answer_all_async(
        self,
        answers: Mapping[str, Json],
        *,
        by: str | Principal | None = None,
        reason: str | None = None,
        channel: str | None = None,
        shown: Mapping[str, str] | None = None,
        request: str | None = None,
    ) -> None:
        """Answer several questions at once, as `Session.answer_all_async` does, then read it again."""
        how = {"reason": reason, "channel": channel, "shown": shown, "request": request}
        await answer_all(self._options, self.id, answers, by=by, **how)
        await self.refresh_async()


async def answer_all(
    options: Options,
    session_id: str,
    answers: Mapping[str, Json],
    *,
    by: str | Principal | None = None,
    **how: Any,
) -> None:
    """Answer questions of a session as `Session.answer_all_async` does; it need not have been read.

    Args:
        options: Where it is kept.
        session_id: Its id, or how that alone begins.
        answers: Question id to answer.
        by: Who answers; default: the user of this process.
        how: reason, channel, shown and request, as `session.answers.give_all` takes them.
    """
    journal = await opened(options, session_id)
    from strands_cli.kernel.principal import os_principal

    by = by or os_principal(how.get("channel") or "python")
    await answering.give_all(journal, answers, by=by, **how)
