"""The terminal: where a person is asked, and where a run shows how it gets on.

The modules here are imported when a terminal is used, never by `import strands_cli`.
"""

from __future__ import annotations


class AnswerLater(Exception):
    """The person leaves the question open: the run pauses, and the question waits."""
