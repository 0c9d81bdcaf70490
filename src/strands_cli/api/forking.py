"""Forks of a session: the same up to a step, then with another answer or another prompt."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from strands_cli.api.assigning import AssignableSession
from strands_cli.api.bridge import run_sync
from strands_cli.errors import SessionError
from strands_cli.kernel.forked import PROMPTS
from strands_cli.types import Json

if TYPE_CHECKING:
    from strands_cli.api.session import Session
    from strands_cli.kernel.principal import Principal
    from strands_cli.spec.root import Spec


@dataclass(frozen=True, slots=True)
class ForkOrigin:
    """What a session is a fork of.

    Attributes:
        session: The id of the session that was copied.
        at: The step, or the question, that was to happen again.
        by: Who made it, by name; "" where that is not on record.
        prompts: The key of a step to what it is told instead, by this fork or one that it was made of.
    """

    session: str
    at: str
    by: str
    prompts: Mapping[str, str]

    def to_dict(self) -> dict[str, Json]:
        """Return it as plain JSON values."""
        return {"session": self.session, "at": self.at, "by": self.by, "prompts": dict(self.prompts)}


class ForkableSession(AssignableSession):
    """A session that can be gone back in."""

    @property
    def forked_from(self) -> ForkOrigin | None:
        """What it is a fork of; None for nothing."""
        from strands_cli.kernel.principal import Principal

        told = self._state.origin.get("forked_from")
        if told is None:
            return None
        by = Principal.from_dict(told["principal"]).shown if "principal" in told else ""
        return ForkOrigin(told["session"], told["at"], by, dict(self._state.origin.get(PROMPTS) or {}))

    def spec(self) -> Spec:
        """Return the pinned spec."""
        raise NotImplementedError

    async def fork_async(
        self,
        at: str | None = None,
        *,
        answers: Mapping[str, Json] | None = None,
        prompts: Mapping[str, str] | None = None,
        by: Principal | None = None,
    ) -> Session:
        """Copy the session but for the step `at` and what follows from it; this one stays as it is.

        Args:
            at: The step, or the question, that is to happen again; default: the first of those that get another answer
                or another prompt.
            answers: Question id to answer, for questions that are open in the copy. Each is a new answer, by who forks.
            prompts: The key of an agent's step that happens again to what it is told instead, as it is. Questions that
                are asked from then on show that.
            by: Who does this, who starts a run by it; default: the user of this process.

        Returns:
            The copy. A question at which it was forked is open in it, unless it is answered here.

        Raises:
            SessionError: It has no such step, or none that happens again for a prompt.
            NotEntitledError: Who forks may not answer one of the questions; or a prompt would come after an answer to
                a question that is not for everybody. Nothing was made.
            AnswerError: An answer is not taken. Nothing was made.
        """
        from strands_cli.api.running import new_id
        from strands_cli.api.session import Session
        from strands_cli.kernel.principal import os_principal
        from strands_cli.plan import plan
        from strands_cli.session.fork import fork

        changed = {**(answers or {}), **(prompts or {})}
        store = self._options.store()
        name = new_id(self.workflow_name)
        await fork(
            store,
            self._journal,
            at if at is not None else self._first_of(changed),
            session_id=name,
            now=time.time(),
            plan=plan(self.spec()),
            principal=by or os_principal(),
            answers=answers,
            prompts=prompts,
        )
        return await Session.found(self._options, name)

    def _first_of(self, changed: Mapping[str, Json]) -> str:
        """Return which of some steps and questions was begun first."""
        begun = {**self._state.started, **self._state.asked}
        known = sorted((begun[key].seq, key) for key in changed if key in begun)
        if known:
            return known[0][1]
        said = f"has no step {next(iter(changed))!r}" if changed else "is forked at a step"
        raise SessionError(f"session {self.id!r} {said}", hint=f"It has: {', '.join(begun)}." if begun else "")

    def fork(
        self,
        at: str | None = None,
        *,
        answers: Mapping[str, Json] | None = None,
        prompts: Mapping[str, str] | None = None,
        by: Principal | None = None,
    ) -> Session:
        """Copy the session as `fork_async` does."""
        return run_sync(lambda: self.fork_async(at, answers=answers, prompts=prompts, by=by))
