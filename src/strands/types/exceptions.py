"""Everything that an agent, a model, a tool or a session raises."""

from __future__ import annotations

from typing import Any


class EventLoopException(Exception):
    """Something unexpected ended the agent's loop.

    Attributes:
        original_exception: What was raised.
        request_state: The invocation's request state at that moment.
    """

    def __init__(self, original_exception: Exception, request_state: Any = None) -> None:
        super().__init__(str(original_exception))
        self.original_exception = original_exception
        self.request_state: Any = request_state if request_state is not None else {}


class MaxTokensReachedException(Exception):
    """The model stopped at its token limit in the middle of an answer."""

    def __init__(self, message: str) -> None:
        super().__init__(message)


class ModelError(Exception):
    """Root of what a model provider can do wrong."""


class ModelAuthenticationError(ModelError):
    """The provider refuses the credentials (401, 403)."""


class ModelRequestError(ModelError):
    """The provider refuses the request as it is; asking again will not help."""


class ModelUnavailableError(ModelError):
    """The provider could not be reached, failed, timed out or cut its answer short; asking again may help."""


class ModelUnreachableError(ModelUnavailableError):
    """No connection to the provider comes about: it does not run, or its address is wrong; waiting helps less often."""


class ModelThrottledException(ModelError):
    """The provider asks to slow down.

    Args:
        message: What the provider said.
        retry_after: Seconds to wait, when the provider names them.
    """

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.retry_after = retry_after


class ModelQuotaError(ModelThrottledException, ModelRequestError):
    """The account has used up what it paid for; waiting does not help."""


class ContextWindowOverflowException(ModelError):
    """The conversation no longer fits the model's context window."""


class ProviderTokenCountError(ModelError):
    """The provider cannot count tokens."""


class ToolProviderException(Exception):
    """A source of tools could not be loaded or cleaned up."""


class MCPClientInitializationError(Exception):
    """A connection to an MCP server could not be set up."""


class ToolCallLostError(Exception):
    """A call was sent off and its end is not known: it may have happened. A tool raises it; a person is asked."""


class ToolTimeoutError(Exception):
    """A tool call took longer than it may, and was given up; it may or may not have happened."""


class SessionException(Exception):
    """A session could not be read or written."""


class SnapshotException(Exception):
    """A snapshot could not be taken or loaded."""


class StructuredOutputException(ValueError):
    """The model did not produce the requested structure.

    Attributes:
        message: What went wrong.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class ConcurrencyException(Exception):
    """The agent is already at work for another caller."""


class StorageError(Exception):
    """A storage could not read, write, list or delete."""


class CheckpointException(Exception):
    """A checkpoint could not be taken or gone on from."""


class IdempotencyAbortedError(Exception):
    """A call waited for another one with the same idempotency token, and that one came to no result."""


class AggregateMemoryError(Exception):
    """Several stores failed at once.

    Attributes:
        errors: What each of them raised.
    """

    def __init__(self, message: str, errors: list[BaseException]) -> None:
        super().__init__(message)
        self.errors = errors
