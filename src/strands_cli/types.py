"""What users of the API see: the result of a run, a question, and the state given to a handler."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, TypeAlias

Json: TypeAlias = Any
RunStatus = Literal["completed", "paused", "failed", "cancelled"]
QuestionKind = Literal["hitl", "interrupt", "approval", "ambiguous_tool", "budget", "elicitation"]

RIGHTS = ("ask", "quorum", "delegate")
"""The keys that say who may answer a question, in a workflow and on record."""
TIMES = ("remind", "escalate", "on_timeout")
"""The keys that say what becomes of a question with time."""
RULES = (*RIGHTS, *TIMES)
"""The keys of questions that are not for everybody at any time."""


def html_table(rows: Mapping[str, object]) -> str:
    """Return names and values as a table of HTML, everything in it escaped; what is empty is left out.

    Args:
        rows: What each row is called, and what stands in it: a list has a line for each of its items.
    """
    from html import escape

    def shown(value: object) -> str:
        return "\n".join(map(str, value)) if isinstance(value, list) else str(value)

    style = "text-align: left; vertical-align: top; white-space: pre-wrap"
    body = "".join(
        f'<tr><th style="{style}" scope="row">{escape(name)}</th><td style="{style}">{escape(shown(value))}</td></tr>'
        for name, value in rows.items()
        if value not in (None, "", [], ())
    )
    return f"<table><tbody>{body}</tbody></table>"


@dataclass(slots=True, frozen=True)
class OpenQuestion:
    """A question that waits for a person.

    Attributes:
        id: The journal key it is asked under; unique in its session.
        prompt: What is asked.
        context: What the person needs to see, or None.
        choices: The allowed answers, or None for any.
        schema: JSON Schema of the answer, or None.
        default: The answer that a timeout or an empty answer takes, or None.
        deadline: Unix time in seconds at which the default applies, or None.
        kind: What asks: a step of the workflow, an agent's interrupt, an approval, an ambiguous tool call, a budget.
        pattern: A regular expression that a text answer must match in full, or None.
        has_default: Whether a default was written (None may itself be one).
        asked_at: Unix time in seconds.
        session: The session that asks.
        workflow: The name of its workflow.
        seq: The number of the entry that asks.
        shown: The digest of all that it shows; an answer that gives it is taken only while that is what is asked.
        ref: Its name in a URL, unique in its store.
        ask: Who may answer: roles, users, exclude, auth; None for everybody who has access.
        quorum: How many persons a choice needs, or None.
        delegate: To whom it may be handed on: never, eligible or anyone; "" where its author does not say.
        votes: What persons have said so far, where it counts: value, by, who, at, seq, and on_behalf if of another.
        assignee: Who has taken it on, or was handed it; "" for nobody.
        assigned_until: Unix time, in seconds, at which that ends, or None.
        escalated: How often it was escalated.
        who: Who may answer, in words; "" for everybody who has access.
        arguments_schema: JSON Schema of the arguments that an approval lets a person change, or None.
        number: Its place in the order in which its session asked, from 1, which no other question ever has; 0 where
            only a part of the session was read.
    """

    id: str
    prompt: str
    context: str | None = None
    choices: tuple[str, ...] | None = None
    schema: Mapping[str, Json] | None = None
    default: Json = None
    deadline: float | None = None
    kind: QuestionKind = "hitl"
    pattern: str | None = None
    has_default: bool = False
    asked_at: float | None = None
    timeout_seconds: float | None = None
    data: Mapping[str, Json] = field(default_factory=dict)
    session: str = ""
    workflow: str = ""
    seq: int = -1
    shown: str = ""
    ref: str = ""
    ask: Mapping[str, Json] | None = None
    quorum: Mapping[str, int] | None = None
    delegate: str = ""
    votes: Sequence[Mapping[str, Json]] = ()
    assignee: str = ""
    assigned_until: float | None = None
    escalated: int = 0
    who: str = ""
    arguments_schema: Mapping[str, Json] | None = None
    number: int = 0

    @property
    def short_id(self) -> str:
        """A short name that commands take for it: q1, q2, ...; its id where its number is not known."""
        return f"q{self.number}" if self.number else self.id

    def to_dict(self) -> dict[str, Json]:
        """Return the question as plain JSON values."""
        return asdict(self)

    def _repr_html_(self) -> str:
        """What a notebook shows: a table of what a person needs to answer it."""
        name = f"{self.short_id} ({self.id})" if self.number else self.id
        answers = self.choices and ", ".join(self.choices)
        rows = {"question": self.prompt, "context": self.context, "answers": answers, "default": self.default}
        return html_table({**rows, "who": self.who, "id": name, "session": self.session})


@dataclass
class HITLState:
    """A question as a handler gets it.

    Attributes:
        active: Whether it still waits for an answer.
        prompt: What is asked.
        context_display: What the person needs to see, or None.
        default_response: The answer that an empty one or a timeout takes, or None.
        timeout_seconds: Seconds until the default applies, or None.
        user_response: The answer, once there is one.
        question_id: The id to answer it by.
        key: The journal key of the step that asks.
        choices: The allowed answers, or None.
        schema: JSON Schema of the answer, or None.
        deadline: Unix time in seconds, or None.
        kind: Who asks.
        problem: Why the last answer was refused, when it is asked again.
        refusal: Why whom it asks may not answer; the question is only shown, and stays open.
        hint: Which answers mean something here, in words, where others are taken too; or None.
        arguments_schema: JSON Schema of the arguments that an approval lets a person change, or None.
        arguments: Those arguments as they are, or None.
        execution_context: What each part of the pattern has produced by now, as `RunResult` has it.
    """

    active: bool
    prompt: str
    context_display: str | None = None
    default_response: str | None = None
    timeout_seconds: int | None = None
    user_response: str | None = None
    question_id: str = ""
    key: str = ""
    choices: tuple[str, ...] | None = None
    schema: Mapping[str, Json] | None = None
    deadline: float | None = None
    kind: QuestionKind = "hitl"
    problem: str | None = None
    refusal: str | None = None
    hint: str | None = None
    arguments_schema: Mapping[str, Json] | None = None
    arguments: Json = None
    execution_context: dict[str, Json] = field(default_factory=dict)


class AnswerLater(Exception):
    """Raised by a handler to leave its question open: the run pauses once nothing else can go on."""


HITLHandler: TypeAlias = Callable[[HITLState], Json | Awaitable[Json]]


@dataclass
class RunResult:
    """What a run came to.

    Attributes:
        agent_id: The last agent that ran; "hitl" when the run is paused.
        exit_code: 0 when completed, 19 when paused, otherwise the error's.
        last_response: The final text.
        duration_seconds: Time spent running, without the time spent waiting for people, in seconds. What a process did
            that was killed is not in it: nobody knows how long that took.
        success: Whether `exit_code` is 0.
        error_message: The cause of a failure.
        artifacts_written: Absolute paths of the files written.
        session_id: The session to resume or inspect; "" when none was made.
        token_usage: Agent id to tokens, as the provider counted them.
        execution_context: What each part of the pattern produced.
        status: completed, paused, failed or cancelled.
        questions: What is open.
        pattern_type: The pattern that ran.
        started_at: Unix time in seconds at which the session was opened.
        completed_at: Unix time in seconds, or None while it is not completed.
        lost_runs: How many processes that ran it were killed, so that their time is not in `duration_seconds`.
        usage: Agent id to its tokens: `input` (the cached ones too), `output`, `cache_read` and `cache_write`.
        cost: US dollars, of all drives; None where a price is not known.
        cost_by_agent: Agent id to US dollars, None where a price is not known.
        unpriced_models: The ids of the models that no price is known of.
    """

    agent_id: str
    exit_code: int
    last_response: str
    duration_seconds: float
    success: bool
    error_message: str | None = None
    artifacts_written: list[str] = field(default_factory=list)
    session_id: str = ""
    token_usage: dict[str, int] = field(default_factory=dict)
    execution_context: dict[str, Json] = field(default_factory=dict)
    status: RunStatus = "completed"
    questions: list[OpenQuestion] = field(default_factory=list)
    pattern_type: str = ""
    started_at: float | None = None
    completed_at: float | None = None
    lost_runs: int = 0
    usage: dict[str, dict[str, int]] = field(default_factory=dict)
    cost: float | None = None
    cost_by_agent: dict[str, float | None] = field(default_factory=dict)
    unpriced_models: list[str] = field(default_factory=list)

    def to_dict(self) -> dict[str, Json]:
        """Return the result as plain JSON values."""
        return {**asdict(self), "session_id": self.session_id or None}

    def _repr_html_(self) -> str:
        """What a notebook shows: a table of what the run came to and of what it asks."""
        asked = {f"{each.short_id} asks": each.prompt for each in self.questions}
        cost = None if self.cost is None else f"{self.cost:g} USD"
        came_to = {"error": self.error_message, "response": self.last_response, "artifacts": self.artifacts_written}
        tokens = ", ".join(f"{agent} {count}" for agent, count in self.token_usage.items())
        spent = {"seconds": round(self.duration_seconds, 2), "tokens": tokens, "cost": cost}
        return html_table({"status": self.status, **asked, **came_to, **spent, "session": self.session_id})

    # -- as strands-cli 0.3 calls it ------------------------------------------------------------------------------

    @property
    def error(self) -> str | None:
        """`error_message`."""
        return self.error_message

    def model_dump(self) -> dict[str, Json]:
        """Return what `to_dict` does."""
        return self.to_dict()

    @property
    def chunk_type(self) -> str:
        """What the last item of a stream says that it is."""
        return "complete"

    @property
    def data(self) -> dict[str, Json]:
        """What the last item of a stream tells."""
        return self.to_dict()


_SPEC_PARTS = frozenset(
    ("Agent", "Pattern", "PatternConfig", "PatternType", "ProviderType", "Runtime", "Spec", "WorkflowTask")
)
"""Names of strands-cli 0.3, of a module that stands above this one."""


def __getattr__(name: str) -> Any:
    if name not in _SPEC_PARTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module("strands_cli.api.earlier_names"), name)
