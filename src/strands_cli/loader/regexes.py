"""Regular expressions with a time limit, for templates."""

from __future__ import annotations

from typing import Any

from strands.types import patterns
from strands_cli.errors import TemplateError
from strands_cli.loader import limits


def search(pattern: str, text: str, *, ignore_case: bool = False) -> Any:
    """Return the first match of `pattern` in `text`, or None; raises TemplateError after 0.3 seconds."""
    return _run("search", pattern, text, ignore_case)


def match(pattern: str, text: str, *, ignore_case: bool = False) -> Any:
    """Return the match of `pattern` at the start of `text`, or None; raises TemplateError after 0.3 seconds."""
    return _run("match", pattern, text, ignore_case)


def _run(how: str, pattern: str, text: str, ignore_case: bool) -> Any:
    limits.turn()
    # A template's text turns \b into a backspace, which nobody searches for.
    wanted = pattern.replace("\b", r"\b")
    try:
        return getattr(patterns, how)(wanted, text, ignore_case=ignore_case)
    except patterns.PatternError as error:
        raise TemplateError(f"the template's limit is reached: {error}", hint="Write a simpler expression.") from None
