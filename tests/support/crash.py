"""Death as a value: a repository whose process dies at its Nth write, before or after it, and stays dead."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from strands.models.scripted import ScriptedModel
from strands_cli.api import Workflow
from strands_cli.errors import AlreadyAnsweredError, SessionNotFoundError
from strands_cli.kernel.state import State
from strands_cli.kernel.types import Draft, Entry
from strands_cli.session import answers as answering
from strands_cli.types import RunResult
from support.journal_layers import JournalLayer, RepositoryLayer

When = Literal["before", "after"]


class Died(BaseException):
    """The process is gone: nothing it does from here on happens."""


@dataclass
class Death:
    """Dies at write number `at` (from 1); 0 never. Counts the writes."""

    at: int = 0
    when: When = "before"
    writes: int = 0
    dead: bool = False

    def check(self) -> None:
        if self.dead:
            raise Died

    async def write(self, what: Callable[[], Any]) -> Any:
        self.check()
        self.writes += 1
        mine = self.writes == self.at
        if mine and self.when == "before":
            self.dead = True
            raise Died
        result = await what()
        if mine:
            self.dead = True
            raise Died
        return result


class MortalJournal(JournalLayer):
    """A journal of a process that may die."""

    def __init__(self, inner: Any, death: Death) -> None:
        super().__init__(inner)
        self._death = death

    async def load(self) -> list[Entry]:
        self._death.check()
        return await super().load()

    async def append(self, drafts: Sequence[Draft], *, expect: int, durable: bool = False) -> list[Entry]:
        written: list[Entry] = await self._death.write(
            lambda: JournalLayer.append(self, drafts, expect=expect, durable=durable)
        )
        return written

    async def sync(self) -> None:
        self._death.check()
        await super().sync()

    async def tail(self, after: int) -> list[Entry]:
        self._death.check()
        return await super().tail(after)


class MortalRepository(RepositoryLayer):
    """The repository of a process that may die."""

    def __init__(self, inner: Any, death: Death) -> None:
        super().__init__(inner)
        self._death = death

    def around(self, journal: Any) -> MortalJournal:
        return MortalJournal(journal, self._death)

    async def create(self, session_id: str, opened: Draft, rest: Sequence[Draft] = ()) -> Any:
        return await self._death.write(lambda: RepositoryLayer.create(self, session_id, opened, rest))

    async def open(self, session_id: str) -> Any:
        self._death.check()
        return await super().open(session_id)


@dataclass
class Story:
    """A workflow from its start to its end, its questions answered out of band, its process dying at most once.

    Attributes:
        spec: The workflow.
        model: Makes the model of each new process; `calls` is told of every call it gets.
        answers: Question id to answer; `default_answer` for the others.
        doubt_answer: What is answered about a tool call that may already have happened.
        tools: Tools that every agent gets.
        output_dir: Where artifacts go.
    """

    spec: Mapping[str, Any]
    model: Callable[[list[str]], ScriptedModel]
    answers: Mapping[str, Any] = field(default_factory=dict)
    default_answer: Any = "approved"
    doubt_answer: Any = "skip"
    variables: Mapping[str, Any] = field(default_factory=dict)
    tools: Sequence[Any] = ()
    output_dir: str | None = None
    calls: list[str] = field(default_factory=list)
    repeated: list[str] = field(default_factory=list)

    async def play(self, repository: Any, death: Death) -> RunResult:
        """Run to the end over `repository`; every process after the death is a new one."""
        self._repository = repository
        mortal = MortalRepository(repository, death)
        while True:
            try:
                result = await self._process(mortal)
            except Died:
                await asyncio.sleep(0)
                mortal = MortalRepository(repository, Death())
                continue
            if result.status != "paused":
                return result

    async def _process(self, repository: MortalRepository) -> RunResult:
        """What one process does: answer what is open, or else run until it rests."""
        workflow = Workflow.from_dict(
            self.spec,
            repository=repository,
            model=self.model(self.calls),
            tools=list(self.tools),
            output_dir=self.output_dir,
        )
        ids = await repository.ids()
        if not ids:
            return await workflow.run_async(variables=self.variables)
        journal = await repository.open(ids[0])
        state = State(await journal.load())
        if state.status == "completed":
            return await self._finished(workflow, ids[0])
        for entry in state.open_questions():
            await self._answer(journal, entry)
        return await workflow.resume_async(ids[0])

    async def _answer(self, journal: MortalJournal, asked: Entry) -> None:
        value = self.answers.get(asked.key, self.default_answer)
        if asked.data.get("type") == "ambiguous_tool":
            value = self.doubt_answer
        try:
            await answering.give(journal, asked.key, value, by="tester", channel="test")
        except (AlreadyAnsweredError, SessionNotFoundError):
            return

    async def _finished(self, workflow: Workflow, session_id: str) -> RunResult:
        """The process died after its last write: what it would have returned is in the journal."""
        state = State(await (await self._repository.open(session_id)).load())
        assert state.rest is not None
        return RunResult("", 0, state.rest.data["response"], 0.0, True, token_usage=dict(state.agent_tokens))


def echo_model(calls: list[str]) -> ScriptedModel:
    """A model that answers each prompt with itself in brackets, and notes that it was asked."""

    def reply(messages: list[Any], tool_specs: Any = None, system_prompt: Any = None) -> str:
        prompt = messages[-1]["content"][-1].get("text", "")
        calls.append(prompt)
        return f"<{prompt}>"

    return ScriptedModel(reply)


def done_prompts(state: State) -> list[str]:
    """The prompts of the steps that are on record as done."""
    return [state.started[key].data["prompt"] for key in state.done]
