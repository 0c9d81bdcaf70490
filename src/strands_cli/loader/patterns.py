"""Regular expressions with a time limit, for templates and answers."""

from __future__ import annotations

from typing import Any

from strands_cli.errors import TemplateError
from strands_cli.loader import limits

MAX_PATTERN = 2_000
MAX_SECONDS = 0.3


def search(pattern: str, text: str, *, ignore_case: bool = False) -> Any:
    """Return the first match of `pattern` in `text`, or None; raises TemplateError after 0.3 seconds."""
    return _run("search", pattern, text, ignore_case)


def match(pattern: str, text: str, *, ignore_case: bool = False) -> Any:
    """Return the match of `pattern` at the start of `text`, or None; raises TemplateError after 0.3 seconds."""
    return _run("match", pattern, text, ignore_case)


def full_match(pattern: str, text: str) -> bool:
    """Return whether `pattern` matches all of `text`; raises TemplateError after 0.3 seconds."""
    return _run("fullmatch", pattern, text, False) is not None


def _run(how: str, pattern: str, text: str, ignore_case: bool) -> Any:
    import regex

    limits.turn()
    if len(pattern) > MAX_PATTERN:
        raise TemplateError(
            f"a regular expression of {len(pattern):,} characters is too long (at most {MAX_PATTERN:,})"
        )
    # A template's text turns \b into a backspace, which nobody searches for.
    wanted = pattern.replace("\b", r"\b")
    try:
        flags = regex.IGNORECASE if ignore_case else 0
        return getattr(regex, how)(wanted, text, flags=flags, timeout=MAX_SECONDS)
    except TimeoutError:
        cause = f"{pattern[:60]!r} took more than {MAX_SECONDS} seconds"
        raise TemplateError(f"the template's limit is reached: {cause}", hint="Write a simpler expression.") from None
    except (regex.error, RecursionError, OverflowError, MemoryError) as error:
        raise TemplateError(f"{pattern[:60]!r} is not a regular expression: {error}") from None
