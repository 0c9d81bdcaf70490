"""What can be wrong with what somebody asks of an inbox."""

from __future__ import annotations

from strands_cli.errors import USAGE, AnswerError, SessionError, StrandsError
from strands_cli.inbox.views import InboxQuestion


class QuestionNotFoundError(AnswerError):
    """There is no such question, or not for whoever asks."""


class QuestionStateError(AnswerError):
    """As a question stands now, the answer cannot be taken.

    Attributes:
        question: The question as it stands.
    """

    def __init__(self, message: str, *, hint: str = "", question: InboxQuestion) -> None:
        super().__init__(message, hint=hint)
        self.question: InboxQuestion = question


class QuestionClosedError(QuestionStateError):
    """The question is not open any more, without an answer: it has expired, or was withdrawn."""


class OutdatedQuestionError(QuestionStateError):
    """The answer is to something else than what is asked now."""


class CursorError(StrandsError):
    """A cursor is not one that a list of this kind has given."""

    exit_code = USAGE


class RequestReusedError(SessionError):
    """A request id was used before, for something else."""


class ArtifactNotFoundError(SessionError):
    """A session has written no such file, or it is not as it was written."""
