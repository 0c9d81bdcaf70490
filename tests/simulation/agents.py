"""Agents with sessions of their own, in the rows of a database, which several processes take on at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from simulation import stories
from simulation.machine import Process
from strands import Agent
from strands.hooks import BeforeToolCallEvent
from strands.session import SQLSessionManager
from strands.types.exceptions import ModelThrottledException, SessionException

if TYPE_CHECKING:
    from simulation.world import World

PROMPTS = ("order bees", "order honey", "order wax")


class AgentStory:
    """An agent that is told one thing after another, by whoever finds that it has come to an end.

    Attributes:
        session: Its session.
        over: It has done all that it is told.
    """

    def __init__(self, world: World, session: str) -> None:
        self._world = world
        self.session = session
        self.over = False
        self._finished = 0

    async def desk(self, process: Process) -> None:
        """Take it on from one process."""
        while not self.over:
            await process.reach(0.05 + 3 * process.chance.random() ** 3)
            try:
                await self._take_on(self._agent(process), process)
            except (SessionException, ModelThrottledException) as error:
                self._world.note(process.name, f"leaves {self.session}: {type(error).__name__}")

    def _agent(self, process: Process | None) -> Agent:
        rows = self._world.rows
        database = rows.database if process is None else rows.reached(process, fails=True)
        return Agent(
            model=stories.model(self._world, self.session),
            tools=stories.TOOLS,
            system_prompt="You are a.",
            hooks=[self._approves] if self._world.plan.approvals else [],
            callback_handler=None,
            session_manager=SQLSessionManager(self.session, rows.url, database=database),
        )

    def _approves(self, event: BeforeToolCallEvent) -> None:
        if event.tool_use["name"] == "pay":
            order = event.tool_use["input"]["order"]
            if event.interrupt("approval", reason={"order": order}) != "approve":
                event.cancel_tool = "denied"

    async def _take_on(self, agent: Agent, process: Process) -> None:
        told = [text for text in map(_text, agent.messages) if text in PROMPTS]
        given: Any
        if agent.pending_interrupts:
            given = [self._answer(interrupt, process) for interrupt in agent.pending_interrupts]
        elif agent.messages and (agent.messages[-1]["role"] == "user" or _asks(agent.messages[-1])):
            given = None
        elif len(told) < len(PROMPTS):
            given = PROMPTS[len(told)]
        else:
            self.over = True
            return
        what = "answers" if isinstance(given, list) else given or "to go on"
        self._world.note(process.name, f"tells the agent of {self.session} {what}")
        result = await agent.invoke_async(given)
        process.check()
        self._world.note(process.name, f"{self.session} comes to {result.stop_reason}")
        if result.stop_reason == "end_turn":
            self._finished = max(self._finished, len([text for text in map(_text, agent.messages) if text in PROMPTS]))

    def _answer(self, interrupt: Any, process: Process) -> dict[str, Any]:
        share, ledger = process.chance.random(), self._world.ledger
        reason = interrupt.reason if isinstance(interrupt.reason, dict) else {}
        order = str((reason.get("input") or reason).get("order"))
        response = "yes"
        if interrupt.name == "ambiguous_tool_call":
            response = "run again" if share < 0.5 else "skip"
            ledger.again[self.session, order] = ledger.again.get((self.session, order), 0) + (response == "run again")
        elif interrupt.name == "approval":
            response = "approve" if share < 0.8 else "reject"
            if response == "approve":
                ledger.approved.add((self.session, order))
        self._world.note(process.name, f"answers {interrupt.name} about {order}: {response}")
        return {"interruptResponse": {"interruptId": interrupt.id, "response": response}}

    def check(self) -> None:
        """Compare what is kept of it with what was told."""
        ledger = self._world.ledger
        texts = [text for text in map(_text, self._agent(None).messages) if text]
        told = [text for text in texts if text in PROMPTS]
        finals = [text for text in texts if text not in PROMPTS]
        if not self.over:
            ledger.violate(f"the agent of {self.session} has not come to its end: {told}, {finals}")
        if told != list(PROMPTS[: len(told)]) or finals[: self._finished] != [
            f"<{prompt}>" for prompt in PROMPTS[: self._finished]
        ]:
            ledger.violate(f"the agent of {self.session} was told {told}, and said {finals}")


def _text(message: Any) -> str:
    return "".join(block["text"] for block in message["content"] if "text" in block)


def _asks(message: Any) -> bool:
    return any("toolUse" in block for block in message["content"])
