"""The words of the kernel: entries, calls, replies, questions. Plain data, no behaviour."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

from strands.journal.entries import Draft as Draft
from strands.journal.entries import Entry as Entry
from strands_cli.types import Json, QuestionKind

if TYPE_CHECKING:
    from strands._core.recorder import OpenTurn, Recorder
    from strands.interrupt import Interrupt

Kind = Literal[
    "opened",
    "leased",
    "released",
    "queued",
    "started",
    "done",
    "failed",
    "asked",
    "answered",
    "expired",
    "voted",
    "assigned",
    "reminded",
    "escalated",
    "noted",
    "redacted",
    "retry",
    "paused",
    "closed",
    "cancelled",
    "deleted",
]
Message: TypeAlias = dict[str, Any]
Names: TypeAlias = Mapping[str, Any]


@dataclass(slots=True)
class Progress:
    """What is on record of an agent call that has not finished: where its agent goes on from.

    `messages` are the call's own (its prompt first), `turn` what is known of the last tool-use message.
    """

    messages: list[Message]
    turn: OpenTurn


class OnRecord(Protocol):
    """What calls need of a run's record; `State` says what they return."""

    def conversation(self, lane: str, agent: str) -> list[Message]: ...

    def progress(self, key: str) -> Progress | None: ...


@dataclass(slots=True)
class Call:
    """An agent call as data: what a `CallAgent` is asked to do.

    Attributes:
        key: The journal key.
        agent: The agent's id.
        prompt: The rendered user message.
        lane: The sequential lane; an agent keeps its conversation within one.
        names: The names in scope, for rendering the agent's system prompt.
        tools: The tool ids that replace the agent's own, or None.
        timeout: Seconds, or None.
        state: What is on record of the run.
        recorder: Takes what happens inside the call.
        answers: Interrupt id to answer, for a call that stopped to ask.
        attempt: 0 for the first try.
        emit: Takes streaming text, and whether a reply begins with it; None when nobody listens.
        expects: What kind of answer the pattern will read, so that a rehearsal can make one up.
        act: The step, where it needs no agent; see `strands_cli.patterns.step_acts`.
        how: What its step says of how it goes: `tool_choice`, `end_on`, `max_turns`, ...; or None.
        perform: Does it, where that is not the run's own to do: in a workflow that a step runs.
        anew: The lane's agent holds something else than the record says, so it is to be built from the record.
        context: What is done of the run.
    """

    key: str
    agent: str
    prompt: str
    lane: str
    names: Names
    recorder: Recorder
    state: OnRecord
    tools: tuple[str, ...] | None = None
    timeout: float | None = None
    answers: dict[str, Json] = field(default_factory=dict)
    attempt: int = 0
    emit: Callable[[str, bool], None] | None = None
    expects: Mapping[str, Json] | None = None
    act: Any = None
    how: Mapping[str, Any] | None = None
    perform: CallAgent | None = None
    anew: bool = False
    context: Mapping[str, Json] = field(default_factory=dict)

    def history(self) -> list[Message]:
        """Return the lane's earlier conversation with this agent, for who must rebuild it; none for a fresh start."""
        if self.how is not None and self.how.get("fresh"):
            return []
        return self.state.conversation(self.lane, self.agent)

    def progress(self) -> Progress | None:
        """Return what is on record of this very call, or None when it is new."""
        return self.state.progress(self.key)


@dataclass(slots=True)
class AgentReply:
    """What an agent call came to: its text, or the interrupts that stopped it. `is_json`: the text is data."""

    text: str
    message: Message = field(default_factory=dict)
    usage: Mapping[str, int] = field(default_factory=dict)
    stop_reason: str = "end_turn"
    interrupts: Sequence[Interrupt] = ()
    tokens: int = 0
    duration: float = 0.0
    is_json: bool = False


@dataclass(slots=True, frozen=True)
class Question:
    """Something that only a person can decide.

    `timeout` in seconds; 0 or None: no deadline. `refusal` is told to somebody whose answer does not match `pattern`.
    `data` has what is recorded besides; its `remind` and `escalate`, as `timers.stored` takes them, become timers.
    """

    prompt: str
    context: str | None = None
    choices: tuple[str, ...] | None = None
    schema: Mapping[str, Json] | None = None
    pattern: str | None = None
    refusal: str | None = None
    default: Json = None
    has_default: bool = False
    timeout: float | None = None
    kind: QuestionKind = "hitl"
    data: Mapping[str, Json] = field(default_factory=dict)


@dataclass(slots=True)
class Answer:
    """The answer that won. `at` is Unix time in seconds."""

    value: Json
    by: str = ""
    at: float = 0.0
    timed_out: bool = False


@dataclass(slots=True)
class Outcome:
    """What a pattern came to.

    Attributes:
        response: The final text.
        context: The pattern's `execution_context`.
        names: The names that artifacts may use.
        agent: The last agent that ran.
        error: Why the pattern itself says no, or None.
    """

    response: str
    context: dict[str, Json] = field(default_factory=dict)
    names: dict[str, Any] = field(default_factory=dict)
    agent: str = ""
    error: str | None = None


CallAgent: TypeAlias = Callable[[Call], Awaitable[AgentReply]]


class CallBudget(Protocol):
    """Holds calls to what may be used: a `Spending`."""

    async def begin(self) -> None: ...

    async def settle(self) -> None: ...


@dataclass(slots=True)
class Within:
    """A workflow that steps of another run.

    Attributes:
        path: What steps call it.
        inputs: Returns its variables, of what a step gives it; raises InputError.
        body: Its pattern, bound to its config: is given the run and the variables.
        default_prompt: What its agents are told when their step has no input.
        workflows: What its own steps run.
        perform: Does its agents' calls; None where nothing is called.
        budget: Holds what is called below a key to what the workflow may use; None where nothing limits it.
        max_parallel: Its agents' calls at once, or None.
    """

    path: str
    inputs: Callable[[Mapping[str, Any]], Mapping[str, Any]]
    body: Callable[[Any, Mapping[str, Any]], Awaitable[Outcome]]
    default_prompt: Callable[[str, Names], str]
    workflows: Mapping[str, Within]
    perform: CallAgent | None = None
    budget: Callable[[str], CallBudget] | None = None
    max_parallel: int | None = None


class Paused(BaseException):
    """The run rests until somebody answers: a BaseException, so that `except Exception` cannot swallow it."""

    def __init__(self, keys: Sequence[str]) -> None:
        super().__init__(", ".join(keys))
        self.keys: tuple[str, ...] = tuple(keys)


class RunCancelled(BaseException):
    """Somebody cancelled the session while it ran."""
