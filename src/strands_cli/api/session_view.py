"""What a session's journal tells: status, questions, timeline, usage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy

from strands_cli.api.history import HistoryItem, timeline
from strands_cli.api.options import Options
from strands_cli.api.results import failure_text
from strands_cli.kernel import questions
from strands_cli.kernel.clock import StoreClock, SystemClock
from strands_cli.kernel.journal import Journal, is_alive
from strands_cli.kernel.state import State
from strands_cli.kernel.types import Entry
from strands_cli.types import Json, OpenQuestion


class SessionView:
    """A session as its journal tells it at the moment it was read; `refresh` reads it again."""

    def __init__(self, journal: Journal, state: State, options: Options) -> None:
        self._journal = _writable(journal, state)
        self._state = state
        self._options = options
        self._driven = False
        self._clock = StoreClock(SystemClock(), journal)

    async def refresh_async(self) -> None:
        """Read the journal again; reading never writes."""
        self._state = State(await self._journal.load())
        self._journal = _writable(self._journal, self._state)
        if any(entry.data.get("deadline") is not None for entry in self._state.open_questions()):
            await self._clock.now()
        self._driven = bool(self._state.driver) and await is_alive(self._journal, self._state.driver)

    # -- looking --------------------------------------------------------------------------------------------------

    @property
    def id(self) -> str:
        return self._journal.session_id

    @property
    def status(self) -> str:
        """running, interrupted, paused, answered, failed, completed or cancelled.

        A paused session waits for a person; an answered one, whose questions all have answers or are past their
        deadlines, waits to be resumed.
        """
        return "running" if self._driven else self._state.status_at(self._clock.about())

    @property
    def drives(self) -> int:
        """How often it was begun or resumed."""
        return self._state.drives

    @property
    def workflow_name(self) -> str:
        return str(self._opened.data["workflow"])

    @property
    def pattern(self) -> str:
        return str(self._opened.data["pattern"])

    @property
    def created_at(self) -> float:
        """Unix time in seconds."""
        return self._opened.at

    @property
    def updated_at(self) -> float:
        """Unix time, in seconds, of the newest entry."""
        return max(entry.at for entry in (self._opened, *self._all_entries()))

    @property
    def questions(self) -> list[OpenQuestion]:
        """What is open, in the order it was asked; what is past its deadline is not."""
        return [questions.opened(entry) for entry in self._state.open_questions(self._clock.about())]

    @property
    def question_ids(self) -> list[str]:
        """The ids of all questions, the answered ones too, in the order they were asked."""
        return list(self._state.asked)

    @property
    def inputs(self) -> dict[str, Json]:
        return dict(self._state.origin["inputs"])

    @property
    def spec_dict(self) -> dict[str, Json]:
        """The spec that the session is pinned to: the one it began with, or the last that was accepted since."""
        return deepcopy(dict(self._state.origin["spec"]))

    @property
    def file(self) -> str | None:
        """The file that the spec was read from, or None."""
        return self._state.origin.get("file")

    @property
    def tools_from_python(self) -> list[str]:
        """The names of the tools that Python gave the session."""
        return list((self._state.origin.get("brought") or {}).get("tools", ()))

    @property
    def token_usage(self) -> dict[str, int]:
        """Agent id to tokens."""
        return dict(self._state.agent_tokens)

    @property
    def error(self) -> str | None:
        """The cause, when the last drive failed: with its step, and with what failed beside it."""
        rest = self._state.rest
        return failure_text(rest.data) if rest is not None and rest.kind == "failed" else None

    @property
    def response(self) -> str | None:
        """The final text of a completed run."""
        rest = self._state.rest
        return rest.data.get("response") if rest is not None and rest.kind == "closed" else None

    @property
    def history(self) -> list[HistoryItem]:
        """The timeline: agents' calls, their tools, questions and answers, by the time they began."""
        return timeline(self._state)

    async def entries_async(self) -> list[Entry]:
        """Return the whole journal."""
        return await self._journal.load()

    @property
    def _opened(self) -> Entry:
        assert self._state.opened is not None
        return self._state.opened

    def _all_entries(self) -> list[Entry]:
        state = self._state
        groups: Sequence[Mapping[str, Entry]] = (state.started, state.done, state.asked, state.answered, state.failed)
        return [entry for group in groups for entry in group.values()] + ([state.rest] if state.rest else [])


def _writable(journal: Journal, state: State) -> Journal:
    """Return the journal that answers are written to: a workflow with secrets keeps them out of it."""
    opened = state.origin
    if not (((opened.get("spec") or {}).get("env") or {}).get("secrets") or opened.get("literals")):
        return journal
    from strands_cli.resources.redaction import of_session

    return of_session(journal, opened)
