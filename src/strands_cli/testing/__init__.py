"""Testing workflows: rehearse one with scripted replies and answers, and look at what happened.

from strands_cli.testing import rehearse

run = rehearse("workflow.yaml", answers=["approved"], topic="tea")
assert run.status == "completed"
assert [question.prompt for question in run.questions] == ["Good enough?"]
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from strands._lazy import lazy

if TYPE_CHECKING:
    from strands.models.scripted import Reply as Reply
    from strands.models.scripted import ToolCall as ToolCall
    from strands_cli.errors import NotRecordedError as NotRecordedError
    from strands_cli.testing.answers import TIMED_OUT as TIMED_OUT
    from strands_cli.testing.answers import GivenAnswer as GivenAnswer
    from strands_cli.testing.answers import UnusedAnswersError as UnusedAnswersError
    from strands_cli.testing.evaluating import evaluate as evaluate
    from strands_cli.testing.happened import Rehearsal as Rehearsal
    from strands_cli.testing.happened import RehearsedQuestion as RehearsedQuestion
    from strands_cli.testing.happened import RehearsedStep as RehearsedStep
    from strands_cli.testing.happened import RehearsedToolCall as RehearsedToolCall
    from strands_cli.testing.rehearsing import recording as recording
    from strands_cli.testing.rehearsing import rehearse as rehearse
    from strands_cli.testing.rehearsing import rehearse_async as rehearse_async
else:
    __getattr__, __dir__ = lazy(__name__)
