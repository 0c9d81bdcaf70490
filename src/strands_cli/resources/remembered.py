"""Approvals that hold beyond their session, as one drive uses them: it looks them up, and keeps what is given."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from strands.types.json_bytes import decode_bytes_values
from strands_cli.errors import SessionError, StorageError
from strands_cli.resources.decision_log import DECISION, reaches_beyond, scope_of, verdict
from strands_cli.session.remembered import Decision, RememberedApproval, RememberedApprovals
from strands_cli.spec.asking import rights_of
from strands_cli.types import RIGHTS, Json

if TYPE_CHECKING:
    from strands.hooks.binding import CallBinding
    from strands_cli.kernel.run import Run
    from strands_cli.kernel.state import State
    from strands_cli.kernel.types import AgentReply, Call, CallAgent
    from strands_cli.session.repository import SessionRepository
    from strands_cli.spec.agents import Approval

logger: logging.Logger = logging.getLogger(__name__)


class Remembering:
    """What is remembered, for the agents of one drive.

    Args:
        store: Where it is kept.
        workflow: The workflow's name.
        session_id: The session that is driven.
    """

    def __init__(self, store: SessionRepository, workflow: str, session_id: str) -> None:
        self._approvals = RememberedApprovals(store)
        self._workflow = workflow
        self._session = session_id
        self._run: Run | None = None
        self._kept: set[str] = set()

    def layer(self, run: Run, perform: CallAgent) -> CallAgent:
        """A layer: keeps what people have said, before each agent call and after it."""
        self._run = run

        async def within(call: Call) -> AgentReply:
            await self._keep(run.state)
            try:
                return await perform(call)
            finally:
                await self._keep(run.state)

        return within

    async def approval(
        self, agent: str, call: CallBinding, rule: Approval, *, after: float
    ) -> RememberedApproval | None:
        """Return the approval that lets a call through; None for none, or while the store cannot be asked.

        Args:
            agent: Who calls.
            call: The tool, as it is now, and the arguments.
            rule: The rule as it is now: it may let approvals hold shorter than they were given for.
            after: Unix time, in seconds: what was approved before does not count.
        """
        try:
            known = await self._approvals.all()
        except (SessionError, StorageError) as error:
            logger.warning("what is remembered cannot be read, and is asked: %s", error.message)
            return None
        now, rights = time.time(), _rights(rights_of(rule))
        for each in reversed(known):
            is_about = (each.workflow, each.agent, each.tool) == (self._workflow, agent, call.name)
            is_same = each.basis == call.basis and (not each.digest or call.holds(each.digest))
            is_fresh = rule.remember_for is None or now < each.at + rule.remember_for
            is_entitled = each.rights == rights
            if is_about and is_same and is_fresh and is_entitled and each.at > after and each.holds(now):
                return each
        return None

    async def ended(self, rule: Approval) -> frozenset[tuple[str, float]] | None:
        """Return the answers that were kept and do not hold any more: the question's key, and when it was answered.

        Args:
            rule: The rule as it is now.

        Returns:
            None while the store cannot be asked.
        """
        try:
            known = await self._approvals.all()
        except (SessionError, StorageError) as error:
            logger.warning("what is remembered cannot be read, and is asked: %s", error.message)
            return None
        now = time.time()
        return frozenset(
            (each.question, each.at)
            for each in known
            if not (each.holds(now) and (rule.remember_for is None or now < each.at + rule.remember_for))
        )

    async def used(self, approval: RememberedApproval, call: CallBinding, tool_use_id: str) -> None:
        """Record, in the session that is driven, what lets a call through."""
        run = self._run
        assert run is not None
        number, key = 1, f"remembered/{tool_use_id}"
        while key in run.state.noted:
            number += 1
            key = f"remembered/{tool_use_id}#{number}"
        told = {"approval": approval.id, "by": approval.by, "session": approval.session, "question": approval.question}
        value = {**told, "tool": call.name, "tool_use_id": tool_use_id, "digest": call.digest}
        await run.record("noted", key, {"value": value})

    async def _keep(self, state: State) -> None:
        found = list(self._decisions(state))
        if not found:
            return
        try:
            await self._approvals.keep(decision for _, decision in found)
        except (SessionError, StorageError) as error:  # it is tried again with the next call
            logger.warning("what was approved for later sessions could not be kept: %s", error.message)
            return
        self._kept.update(key for key, _ in found)

    def _decisions(self, state: State) -> Iterator[tuple[str, Decision]]:
        from strands.interrupt import Interrupt

        copied = (state.origin.get("forked_from") or {}).get("entries", 0)
        for key, answer in state.answered.items():
            if answer.seq <= copied:
                continue  # it was said in the session that was forked, which has kept it, and may have ended since
            asked = state.asked.get(key)
            if key in self._kept or asked is None or asked.data.get("interrupt", {}).get("gate") != DECISION:
                continue
            interrupt = Interrupt.from_dict(decode_bytes_values(asked.data["interrupt"]))
            reason, said = interrupt.reason, verdict(answer.data["value"])
            scope = scope_of(reason, said) if reaches_beyond(reason) else "never"
            is_kept = scope in ("exact", "always") and said.decision in ("approve", "reject")
            if not is_kept or answer.data.get("timed_out"):
                self._kept.add(key)
                continue
            seconds, approves = reason["remember_for"], said.decision == "approve"
            yield (
                key,
                Decision(
                    approves=approves,
                    workflow=self._workflow,
                    agent=asked.data["agent"],
                    tool=reason["tool"],
                    basis=interrupt.basis or "",
                    digest=(interrupt.digest or "") if scope == "exact" or not approves else "",
                    by=answer.data.get("by", ""),
                    principal=dict(answer.data.get("principal") or {}),
                    at=answer.at,
                    until=None if seconds is None else answer.at + seconds,
                    session=self._session,
                    question=key,
                    rights=_rights(asked.data),
                ),
            )


def _rights(told: Mapping[str, Json]) -> dict[str, Json]:
    """Return who may answer, of what a question is asked with."""
    return {name: told[name] for name in RIGHTS if told.get(name) is not None}
