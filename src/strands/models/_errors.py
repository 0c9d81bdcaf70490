"""What went wrong at a provider, as the typed errors of `strands.types.exceptions`."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Mapping
from typing import Any

from strands.types.exceptions import (
    ContextWindowOverflowException,
    ModelAuthenticationError,
    ModelError,
    ModelQuotaError,
    ModelRequestError,
    ModelThrottledException,
    ModelUnavailableError,
    ModelUnreachableError,
)

from ._both import of_both

_OVERFLOW = re.compile(
    r"context[ _]length|context[ _]?window|maximum context|(prompt|input) (is )?too long|reduce the length of the mess"
    r"|too many (input )?tokens|(input|prompt|request).{0,60}exceeds? .{0,60}(tokens|length|limit)"
    r"|exceed.{0,20}context limit|exceed(s|ed)?( customer)? model (maximum|token limit)|maximum prompt length"
    r"|input token count|input length and .max_tokens. exceed|too many total text bytes|available context size"
    r"|expected maxlength: \d+, actual|.max_new_tokens. must be <=|max_(model|seq)_len|request too large",
    re.IGNORECASE,
)
_THROTTLED = re.compile(r"rate.?limit (is |was )?(exceeded|reached)|too many requests", re.IGNORECASE)
_TRANSPORT = frozenset({"httpx", "httpx2", "httpcore", "httpcore2", "aiohttp", "h11", "urllib3"})
_NO_CONNECTION = frozenset(
    {
        "ClientConnectorError",
        "ConnectError",
        "ConnectTimeout",
        "ConnectTimeoutError",
        "ConnectionRefusedError",
        "EndpointConnectionError",
        "NewConnectionError",
        "gaierror",
    }
)
_ONLY_LATER = frozenset({408, 409, 425})


def from_status(
    provider: str,
    status: int,
    message: str,
    *,
    headers: Mapping[str, str] | None = None,
    code: str = "",
    key: str = "",
) -> ModelError:
    """Return the error for an HTTP status.

    Args:
        provider: Whom to name in the message.
        status: The HTTP status.
        message: What the provider said.
        headers: The response's headers, for `Retry-After`.
        code: The provider's own word for the error.
        key: What holds the credentials, to say where to look.
    """
    said = f"{provider} answered {status}: {message.strip() or code or 'no reason given'}"
    if _overflows(status, message, code):
        return ContextWindowOverflowException(said)
    if status in (401, 403):
        return ModelAuthenticationError(f"{said}\nCheck {key or 'the credentials'}.")
    if code == "insufficient_quota":
        return ModelQuotaError(f"{said}\nThe account has no credit left; retrying does not help.")
    wait = retry_after(headers)
    if status in (429, 529) or (status == 503 and wait is not None):
        return ModelThrottledException(said, retry_after=wait)
    if status >= 500 or status in _ONLY_LATER:
        return ModelUnavailableError(said)
    return ModelRequestError(f"{said}\nCheck the model's id and the server's address." if status == 404 else said)


def _overflows(status: int, message: str, code: str) -> bool:
    # 413 is a body that is too large, and some servers call it 500 when the prompt does not fit.
    if status == 413 or (status == 500 and "context length" in message):
        return True
    known = code in ("context_length_exceeded", "exceed_context_size_error")
    return status < 500 and status != 429 and (known or _OVERFLOW.search(message) is not None)


def retry_after(headers: Mapping[str, str] | None) -> float | None:
    """Return the seconds that a `Retry-After` header asks to wait, given as a number or as a date."""
    if headers is None:
        return None
    millis = headers.get("retry-after-ms")
    value = headers.get("retry-after") or headers.get("Retry-After")
    try:
        seconds = float(millis) / 1000 if millis else float(value) if value else None
    except ValueError:
        seconds = _seconds_until(str(value)) if value else None
    if seconds is None or not math.isfinite(seconds):
        return None
    return max(0.0, seconds)


def _seconds_until(date: str) -> float | None:
    from email.utils import parsedate_to_datetime

    try:
        return parsedate_to_datetime(date).timestamp() - time.time()
    except ValueError:
        return None


def from_client(provider: str, error: Exception, *, key: str = "") -> Exception:
    """Return the typed error for what an HTTP client library raised; an unknown one comes back as it is.

    One of the library's own classes stays an instance of it.

    Args:
        provider: Whom to name in the message.
        error: What the client raised.
        key: What holds the credentials, to say where to look.
    """
    names = {each.__name__ for each in type(error).__mro__}
    typed = _typed(provider, error, names, key)
    return of_both(typed, error) if "APIError" in names else typed


def _typed(provider: str, error: Exception, names: set[str], key: str) -> Exception:
    if isinstance(error, ModelError):
        return error
    if is_unreachable(error):
        cause = error.__cause__ or error
        return ModelUnreachableError(f"{provider} cannot be reached{_place(error)}: {_line(cause)}")
    status = getattr(error, "status_code", None)
    if not isinstance(status, int):  # the class knows it where the response does not say
        status = getattr(type(error), "status_code", None)
    if isinstance(status, int) and status >= 400 and "APIConnectionError" not in names:
        given = getattr(getattr(error, "response", None), "headers", None)
        of_litellm = getattr(error, "litellm_response_headers", None)
        headers = {**(given if isinstance(given, Mapping) else {}), **(of_litellm or {})}
        message, code = _said(error)
        return from_status(provider, status, message, headers=headers, code=code, key=key)
    if "APITimeoutError" in names or isinstance(error, TimeoutError) or any("Timeout" in name for name in names):
        return ModelUnavailableError(f"{provider} did not answer in time: {_line(error)}")
    if "APIConnectionError" in names:
        return ModelUnavailableError(f"{provider} cannot be reached{_place(error)}: {_line(error.__cause__ or error)}")
    if is_transport(error):
        return ModelUnavailableError(f"{provider} broke off: {_line(error)}")
    if "APIError" in names:
        return from_event(provider, getattr(error, "body", None) or str(error), key=key)
    if "JSONDecodeError" in names or "UnicodeDecodeError" in names:
        return ModelUnavailableError(f"{provider} sent what is not JSON: {_line(error)}")
    return error


def from_event(provider: str, error: Any, *, key: str = "") -> ModelError:
    """Return the typed error for one that a provider reports inside a stream: an object or a text."""
    details: Mapping[Any, Any] = error if isinstance(error, Mapping) else {"message": str(error)}
    if isinstance(details.get("error"), Mapping):
        details = details["error"]
    message = str(details.get("message") or error)
    code = str(details.get("code") or details.get("type") or "")
    given = (code, *(str(details.get(name)) for name in ("status", "status_code")))
    status = next((int(value) for value in given if value.isdigit()), 0)
    return from_status(provider, status if status >= 400 else _status_of(code, message), message, code=code, key=key)


def client_error(details: Mapping[str, Any]) -> Exception:
    """Return the error that OpenAI's client would have raised for one that is reported inside a stream."""
    from openai import APIError

    nowhere: Any = None
    return APIError(str(details.get("message") or details), nowhere, body=dict(details))


def is_unreachable(error: BaseException) -> bool:
    """Whether no connection came about: refused, unknown host, or no answer to the first knock."""
    seen: BaseException | None = error
    for _ in range(8):
        if seen is None:
            return False
        if not _NO_CONNECTION.isdisjoint(each.__name__ for each in type(seen).__mro__):
            return True
        seen = seen.__cause__ or seen.__context__
    return False


def is_transport(error: BaseException) -> bool:
    """Whether the network, not the provider, failed."""
    if isinstance(error, (OSError, EOFError)):
        return True
    return any(each.__module__.partition(".")[0] in _TRANSPORT for each in type(error).__mro__)


def _status_of(code: str, message: str) -> int:
    word = code.lower()
    if "rate_limit" in word or "overloaded" in word or "throttl" in word or _THROTTLED.search(message):
        return 429
    if "auth" in word or "permission" in word:
        return 401
    if "invalid" in word or "content_filter" in word or "context_length" in word or _OVERFLOW.search(message):
        return 400
    return 500


def _said(error: Exception) -> tuple[str, str]:
    body = getattr(error, "body", None)
    if isinstance(body, Mapping):
        inner = body.get("error", body)
        if isinstance(inner, Mapping):
            return str(inner.get("message") or error), str(inner.get("code") or inner.get("type") or "")
        return str(inner), ""
    return str(getattr(error, "message", None) or error), ""


def _place(error: Exception) -> str:
    """Return where a request went, without its query, which may hold a key."""
    url = getattr(getattr(error, "request", None), "url", None)
    return f" at {str(url).partition('?')[0]}" if url is not None else ""


def _line(error: BaseException) -> str:
    text = str(error).strip()
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
