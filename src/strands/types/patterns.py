"""Regular expressions with a time limit: what a person, a model or a document writes may be hostile to any of them."""

from __future__ import annotations

from typing import Any

MAX_PATTERN = 2_000
"""Characters of an expression."""
MAX_SECONDS = 0.3
"""Seconds that one match may take."""


class PatternError(ValueError):
    """An expression is malformed or too long, or its match took too long; the message says which."""


def search(pattern: str, text: str, *, ignore_case: bool = False) -> Any:
    """Return the first match of `pattern` in `text`, or None; raises PatternError."""
    return _run("search", pattern, text, ignore_case)


def match(pattern: str, text: str, *, ignore_case: bool = False) -> Any:
    """Return the match of `pattern` at the start of `text`, or None; raises PatternError."""
    return _run("match", pattern, text, ignore_case)


def full_match(pattern: str, text: str) -> bool:
    """Return whether `pattern` matches all of `text`; raises PatternError."""
    return _run("fullmatch", pattern, text, False) is not None


def check(pattern: str) -> None:
    """Raise PatternError when `pattern` is not a regular expression."""
    _run("match", pattern, "", False)


def _run(how: str, pattern: str, text: str, ignore_case: bool) -> Any:
    import regex

    if len(pattern) > MAX_PATTERN:
        raise PatternError(f"a regular expression of {len(pattern):,} characters is too long (at most {MAX_PATTERN:,})")
    try:
        flags = regex.IGNORECASE if ignore_case else 0
        return getattr(regex, how)(pattern, text, flags=flags, timeout=MAX_SECONDS)
    except TimeoutError:
        raise PatternError(f"{pattern[:60]!r} took more than {MAX_SECONDS} seconds to match") from None
    except (regex.error, RecursionError, OverflowError, MemoryError) as error:
        raise PatternError(f"{pattern[:60]!r} is not a regular expression: {error}") from None
