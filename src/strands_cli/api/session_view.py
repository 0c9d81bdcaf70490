"""What a session's journal tells: status, questions, timeline, usage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING

from strands_cli.api.history import HistoryItem, timeline
from strands_cli.api.options import Options
from strands_cli.api.results import costs_of, failure_text
from strands_cli.errors import AnswerError, SessionError, SessionNotFoundError, StrandsError
from strands_cli.kernel.clock import StoreClock, SystemClock
from strands_cli.kernel.journal import Journal, is_alive, resolve_ids
from strands_cli.kernel.rights import why_not
from strands_cli.kernel.shown import numbers, public
from strands_cli.kernel.state import State
from strands_cli.kernel.types import Entry
from strands_cli.kernel.usage import usage_by_agent
from strands_cli.types import Json, OpenQuestion

if TYPE_CHECKING:
    from strands_cli.api.earlier_names import SessionMetadata
    from strands_cli.costs import Costs
    from strands_cli.kernel.principal import Principal


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
        await self._read_clock()
        self._driven = bool(self._state.driver) and await is_alive(self._journal, self._state.driver)

    async def _read_clock(self) -> None:
        """Ask the store what time it is, where that matters."""
        if any(entry.data.get("deadline") is not None for entry in self._state.open_questions()):
            await self._clock.now()

    # -- looking --------------------------------------------------------------------------------------------------

    @property
    def id(self) -> str:
        return self._journal.session_id

    @property
    def status(self) -> str:
        """running, queued, interrupted, paused, answered, failed, completed or cancelled.

        A paused session waits for a person; an answered one, whose questions all have answers or are past their
        deadlines, waits to be resumed.
        """
        return "running" if self._driven else self._state.status_at(self._clock.about())

    @property
    def is_over(self) -> bool:
        """Whether it is completed or cancelled."""
        return self._state.finished

    @property
    def is_rehearsal(self) -> bool:
        """Whether its models are made up, and only tools marked read_only run."""
        return bool(self._state.origin["offline"])

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
        now = self._clock.about()
        return [self._public(entry, now) for entry in self._state.open_questions(now)]

    def question(self, question_id: str) -> OpenQuestion | None:
        """Return a question of the session, open or not, or None where it asked none of this id."""
        asked = self._state.asked.get(question_id)
        return None if asked is None else self._public(asked, self._clock.about())

    def refusal(self, question_id: str, by: Principal) -> StrandsError | None:
        """Return the error that an answer of somebody would raise by who they are; None where they may answer.

        Args:
            question_id: An open question's id.
            by: Who would answer.
        """
        asked, now = self._state.asked[question_id], self._clock.about()
        found = why_not(self._state, asked, by, now=now, session_id=self.id)
        return found.error() if found.code else None

    def _public(self, asked: Entry, now: float) -> OpenQuestion:
        return replace(public(self._state, asked, self.id, now), number=self.numbers.get(asked.key, 0))

    @property
    def numbers(self) -> dict[str, int]:
        """Question id to its place in the order in which the session asked, from 1: no other question ever has it."""
        return numbers(self._state)

    @property
    def question_ids(self) -> list[str]:
        """The ids of all questions, the answered ones too, in the order they were asked."""
        return list(self._state.asked)

    @property
    def inputs(self) -> dict[str, Json]:
        return dict(self._state.origin["inputs"])

    @property
    def variables(self) -> dict[str, Json]:
        """`inputs`, as strands-cli 0.3 calls them."""
        return self.inputs

    @property
    def metadata(self) -> SessionMetadata:
        """Its id, names, status and times, as strands-cli 0.3 has them."""
        from strands_cli.api.earlier_names import SessionMetadata, SessionStatus

        times = _iso(self.created_at), _iso(self.updated_at)
        return SessionMetadata(self.id, self.workflow_name, self.pattern, SessionStatus(self.status), *times)

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
    def usage(self) -> dict[str, dict[str, int]]:
        """Agent id to its tokens: `input` (the cached ones too), `output`, `cache_read` and `cache_write`."""
        return usage_by_agent(self._state.used)

    @property
    def costs(self) -> Costs | None:
        """What it cost, as a whole and by agent; None where it has scripted models only, without prices.

        Raises:
            InputError: The user's file of prices cannot be read.
        """
        return costs_of(self._state)

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

    @property
    def execution_context(self) -> dict[str, Json]:
        """What each part of the pattern has produced so far, in the form that `RunResult` has it."""
        from strands_cli.api.contexts import so_far

        return so_far(self.pattern, self._state)

    @property
    def artifacts(self) -> list[dict[str, Json]]:
        """The files that it has written, or was about to: the path of each, and the digest of what was written."""
        from strands_cli.outputs import NOTE

        notes = [value for key, value in self._state.noted.items() if key.partition("#")[0] == NOTE]
        own = [note for note in notes if note["session"] == self.id]
        return [dict(file) for file in (own[-1]["files"] if own else ())]

    def meant(self, response: Json, answers: Mapping[str, Json] | None = None) -> dict[str, Json]:
        """Return question id to answer, with `response` as the answer to the only question that is open beside them.

        Args:
            response: An answer, or None for none.
            answers: Question id to answer.

        Raises:
            AnswerError: No question is left for it, or several are.
        """
        given = dict(answers or {})
        if response is None:
            return given
        unanswered = self._state.open_questions(self._clock.about())
        open_ids = [entry.key for entry in unanswered if entry.key not in given]
        late = [key for key in self._state.asked if key not in self._state.answered and key not in given]
        if not open_ids and late:
            return {**given, late[-1]: response}  # past its deadline: it is refused in these words
        if not open_ids and self._state.answered:
            return {**given, list(self._state.answered)[-1]: response}  # a success if it is the same, by the same
        if len(open_ids) != 1:
            waiting = (
                f"{len(open_ids)} questions are open: {', '.join(open_ids)}" if open_ids else "no question is open"
            )
            each = " ".join(
                f"--answer {question.short_id}=..." for question in self.questions if question.id in open_ids
            )
            raise AnswerError(
                f"session {self.id!r}: {waiting}, so the answer fits none",
                hint=f"Answer each by its name: strands resume {self.id} {each}"
                if open_ids
                else f"Resume it without an answer: strands resume {self.id}.",
            )
        return {**given, open_ids[0]: response}

    async def entries_async(self, after: int = 0) -> list[Entry]:
        """Return the journal's entries from number `after` on; reading never writes."""
        return await (self._journal.load() if after == 0 else self._journal.tail(after))

    def __repr__(self) -> str:
        return f"<Session {self.id} of {self.workflow_name}: {self.status}>"

    def _repr_html_(self) -> str:
        """What a notebook shows: a table of where the session stands, what it asks, and what it came to."""
        from strands_cli.types import html_table

        asked = {f"{each.short_id} asks": each.prompt for each in self.questions}
        steps = [item.key for item in self.history if item.kind != "tool"]
        head = {"session": self.id, "workflow": self.workflow_name, "status": self.status, **asked}
        return html_table({**head, "error": self.error, "response": self.response, "steps": steps})

    @property
    def _opened(self) -> Entry:
        assert self._state.opened is not None
        return self._state.opened

    def _all_entries(self) -> list[Entry]:
        state = self._state
        groups: Sequence[Mapping[str, Entry]] = (state.started, state.done, state.asked, state.answered, state.failed)
        return [entry for group in groups for entry in group.values()] + ([state.rest] if state.rest else [])


def _iso(at: float) -> str:
    from datetime import datetime, timezone

    return datetime.fromtimestamp(at, timezone.utc).replace(tzinfo=None).isoformat()


def _writable(journal: Journal, state: State) -> Journal:
    """Return the journal that answers are written to: a workflow with secrets keeps them out of it."""
    opened = state.origin
    if not (((opened.get("spec") or {}).get("env") or {}).get("secrets") or opened.get("literals")):
        return journal
    from strands_cli.resources.redaction import of_session

    return of_session(journal, opened)


async def opened(options: Options, session_id: str) -> Journal:
    """Return the journal of the session with this id, or whose id alone begins with it; it is not read.

    Raises:
        SessionNotFoundError: None does.
        SessionError: Several do.
    """
    store = options.store()
    try:
        return await store.open(session_id)
    except SessionNotFoundError:
        matches = await resolve_ids(store, session_id, limit=5)
        if not matches:
            raise
        if len(matches) > 1:
            raise SessionError(
                f"{session_id!r} begins several session ids, among them: {', '.join(matches)}",
                hint="Type more of it.",
            ) from None
        return await store.open(matches[0])
