"""The error hierarchy: one root, and the exit code that the command line gives each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from strands.journal.errors import SessionDamagedError as SessionDamagedError
from strands.journal.errors import SessionError as SessionError
from strands.journal.errors import SessionExistsError as SessionExistsError
from strands.journal.errors import SessionNotFoundError as SessionNotFoundError
from strands.journal.errors import StorageError as StorageError
from strands.journal.errors import StoreNotReadyError as StoreNotReadyError
from strands.journal.errors import StrandsError as StrandsError

if TYPE_CHECKING:
    from strands_cli.types import OpenQuestion, RunResult

OK = 0
USAGE = 2
INVALID_SPEC = 3
RUNTIME = 10
FILE = 12
SESSION = 17
UNSUPPORTED = 18
PAUSED = 19
BUDGET = 20
REJECTED = 21
UNEXPECTED = 70
INTERRUPTED = 130
TERMINATED = 143


def cause(error: BaseException) -> str:
    """Return what an error says of its cause, on one line where it is another package's."""
    if isinstance(error, StrandsError):
        return error.message
    return " ".join(line.strip() for line in str(error).splitlines() if line.strip())


class InputError(StrandsError):
    """A variable is missing, unknown, reserved or of the wrong type; nothing was run."""

    exit_code = USAGE


class ExecutionError(StrandsError):
    """A run failed; the session keeps all that was finished and can be resumed.

    Attributes:
        result: The failed run's `RunResult`, or None when nothing had started.
        session_id: The session to resume, or None.
    """

    def __init__(self, message: str, *, hint: str = "", result: RunResult | None = None) -> None:
        super().__init__(message, hint=hint)
        self.result = result

    @property
    def session_id(self) -> str | None:
        return (self.result.session_id or None) if self.result else None


class TemplateError(ExecutionError):
    """A template is malformed, reaches for what the sandbox forbids, or exceeds a limit."""


class NotRecordedError(ExecutionError):
    """A replay comes to a call that its recording does not have."""


class UnusableReplyError(ExecutionError):
    """A model's reply was filtered, refused, or has no text: nothing that a step could go on with.

    Attributes:
        stop_reason: Why the model stopped.
    """

    def __init__(self, message: str, *, hint: str = "", stop_reason: str = "end_turn") -> None:
        super().__init__(message, hint=hint)
        self.stop_reason = stop_reason


class BudgetExceededError(ExecutionError):
    """A budget of the spec is used up."""

    exit_code = BUDGET


class ProviderNotReadyError(ExecutionError):
    """A model provider cannot be used as configured: a missing key, a missing package. Nothing was run."""

    exit_code = USAGE


class QuestionExpiredError(ExecutionError):
    """A question's deadline passed and its author gave no default: silence is never yes."""


class StoppedError(ExecutionError):
    """The workflow itself ends in failure: at a step that says so, or where a person said no.

    Attributes:
        exit_code: What the command line exits with.
    """

    def __init__(self, message: str, *, hint: str = "", exit_code: int = RUNTIME) -> None:
        super().__init__(message, hint=hint)
        self.exit_code = exit_code


class RejectedError(StoppedError):
    """A person said no, and the workflow does not go on from there."""

    exit_code = REJECTED

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message, hint=hint, exit_code=REJECTED)


class ArtifactError(ExecutionError):
    """An artifact could not be written where the spec asks for it."""

    exit_code = FILE


class AppError(StrandsError):
    """`module:attribute` does not lead to a Workflow."""

    exit_code = USAGE


class SessionFinishedError(SessionError):
    """The session is completed or cancelled: there is nothing left to run or answer."""


class MissingPartsError(SessionError):
    """The session was started with hooks, tools or a model given in Python that this process lacks; nothing ran.

    Attributes:
        missing: "hooks", "tools", "model" to the names that are missing.
    """

    def __init__(self, message: str, *, hint: str = "", missing: Mapping[str, tuple[str, ...]] | None = None) -> None:
        super().__init__(message, hint=hint)
        self.missing: dict[str, tuple[str, ...]] = dict(missing or {})


class ChangedSpecError(SessionError):
    """The workflow differs, in what has already happened, from the one that the session ran; nothing ran.

    Attributes:
        steps: What differs, by key.
    """

    def __init__(self, message: str, *, hint: str = "", steps: Sequence[str] = ()) -> None:
        super().__init__(message, hint=hint)
        self.steps: tuple[str, ...] = tuple(steps)


class LeaseHeldError(SessionError):
    """Another process is running this session."""


class LeaseLostError(SessionError):
    """Another driver took the session over; this one's writes are refused."""


class AnswerError(SessionError):
    """An answer could not be taken; the question stays as it was."""


class InvalidAnswerError(AnswerError):
    """The answer does not fit the question's choices, schema or pattern; the question stays open."""


class NotEntitledError(AnswerError):
    """Whoever answers, claims or hands on a question may not.

    Attributes:
        code: Why: not-eligible, excluded, auth-too-weak, agent or claimed.
    """

    def __init__(self, message: str, *, hint: str = "", code: str = "not-eligible") -> None:
        super().__init__(message, hint=hint)
        self.code: str = code


class ChangedQuestionError(AnswerError):
    """The question is not the one that was shown to who answers; look at it again.

    Attributes:
        question: The question as it is now.
    """

    def __init__(self, message: str, *, hint: str = "", question: OpenQuestion | None = None) -> None:
        super().__init__(message, hint=hint)
        self.question: OpenQuestion | None = question


class AlreadyAnsweredError(AnswerError):
    """Somebody answered first.

    Attributes:
        question: The question with the answer that won, by whom and when.
    """

    def __init__(self, message: str, *, hint: str = "", question: OpenQuestion | None = None) -> None:
        super().__init__(message, hint=hint)
        self.question = question
