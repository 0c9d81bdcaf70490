"""With whom a question of a session is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strands_cli.api.session_view import SessionView

if TYPE_CHECKING:
    from strands_cli.kernel.principal import Principal


class AssignableSession(SessionView):
    """A session whose questions people take on and hand on."""

    async def assign_async(
        self,
        question_id: str,
        to: str | Principal,
        *,
        by: Principal | None = None,
        why: str = "",
        until: float | None = None,
    ) -> None:
        """Take a question on, hand it to somebody else, or give it back; see `session.assign.assign`.

        Args:
            question_id: The question.
            to: Whom it is left to: `by` takes it on; "" gives it back.
            by: Who does this; default: the user of this process.
            why: Why, for the record.
            until: Unix time, in seconds, at which that ends.

        Raises:
            NotEntitledError: Who does this may not.
        """
        from strands_cli.kernel.principal import os_principal
        from strands_cli.session.assign import assign

        await assign(self._journal, question_id, to, principal=by or os_principal(), why=why, until=until)
        await self.refresh_async()
