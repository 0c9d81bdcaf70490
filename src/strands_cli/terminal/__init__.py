"""The terminal: where a person is asked, and where a run shows how it gets on.

The modules here are imported when a terminal is used, never by `import strands_cli`.
"""

from strands_cli.types import AnswerLater as AnswerLater
