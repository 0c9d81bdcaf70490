"""Answers that stand ready before anything is asked: in a test, or in a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from strands_cli.errors import AnswerError, InputError
from strands_cli.terminal.escape import one_line
from strands_cli.types import HITLState, Json

if TYPE_CHECKING:
    from os import PathLike

    from strands_cli.kernel.principal import Principal


class UnusedAnswersError(AnswerError):
    """Answers were given to questions that nobody asked."""


@dataclass(frozen=True)
class GivenAnswer:
    """An answer with who gives it, or nobody's: `TIMED_OUT`.

    Attributes:
        value: The answer.
        by: The name of who gives it; None for the user of this process.
        roles: The roles that they have, where it counts who answers.
        timed_out: Whether nobody answers before the deadline of the question.
    """

    value: Json = None
    by: str | None = None
    roles: Sequence[str] = ()
    timed_out: bool = False

    @property
    def principal(self) -> str | Principal | None:
        """Who answers, as sessions take it."""
        if self.by is None or not self.roles:
            return self.by
        from strands_cli.kernel.principal import Principal

        return Principal(f"user:{self.by}", self.by, frozenset(self.roles), "login", "rehearsal", self.by)


TIMED_OUT = GivenAnswer(timed_out=True)
"""Nobody answers, and the deadline of the question passes at once."""

Answers: TypeAlias = "Sequence[Any] | Mapping[str, Any] | Callable[[HITLState], Any] | str"
"""Answers in the order of the questions, by question, or a function that gives them; a text answers one question."""


class AnswerSheet:
    """Answers, of which each is given once where they stand in a list.

    Args:
        given: A list has one answer for each question, in the order in which they are asked. A mapping has one for a
            question's id, its short name (`q1`) or a part of its prompt, and gives it whenever that is asked.

    Raises:
        InputError: It is neither.
    """

    def __init__(self, given: Sequence[Any] | Mapping[str, Any] | str = ()) -> None:
        if isinstance(given, str):
            given = [given]
        if not isinstance(given, (Mapping, Sequence)):
            raise InputError(
                f"answers are a {type(given).__name__}, neither a list nor a mapping",
                hint='Give a list, ["approved"], or a mapping from questions to answers, {"q1": "approved"}.',
            )
        self._by_name: dict[str, Any] = {str(name): value for name, value in _items(given)}
        self._left: list[Any] = [] if isinstance(given, Mapping) else list(given)
        self._used: set[str] = set()
        self._asked: dict[str, str] = {}

    def take(self, id: str, number: int, prompt: str) -> GivenAnswer | None:
        """Return the answer to a question, or None where there is none.

        Args:
            id: The question's id.
            number: Its place in the order of questions, from 1.
            prompt: What it asks.
        """
        self._asked[id] = prompt
        if self._left:
            return as_answer(self._left.pop(0))
        name = self._name(id, number, prompt)
        if name is None:
            return None
        self._used.add(name)
        return as_answer(self._by_name[name])

    def _name(self, id: str, number: int, prompt: str) -> str | None:
        for name in (id, f"q{number}"):
            if name in self._by_name:
                return name
        asked = prompt.casefold()
        inside = [name for name in self._by_name if id.startswith(f"{name}/") or name.casefold() in asked]
        return max(inside, key=len, default=None)

    @property
    def unused(self) -> list[str]:
        """What nobody asked for: the answers of a list, or the names of a mapping."""
        left = [_shown(as_answer(value)) for value in self._left]
        return left + [repr(name) for name in self._by_name if name not in self._used]

    def check_used(self) -> None:
        """Check that every answer was asked for.

        Raises:
            UnusedAnswersError: Some were not.
        """
        if self.unused:
            asked = "; ".join(f"{one_line(prompt, 60)!r} ({id[:40]})" for id, prompt in self._asked.items())
            raise UnusedAnswersError(
                f"nobody asked for {', '.join(self.unused)}; asked was {asked or 'nothing'}",
                hint="Leave it out, or see what is asked, and when: strands plan SPEC.",
            )


class SheetHandler:
    """Answers questions of a run from a sheet, and leaves the others to somebody else: a handler.

    Args:
        sheet: The answers.
        otherwise: Who is asked what the sheet has no answer to; None leaves such a question open.
        channel: How the answers came.
    """

    def __init__(
        self, sheet: AnswerSheet, otherwise: Callable[[HITLState], Any] | None = None, *, channel: str = "answers"
    ) -> None:
        self.channel: str = channel
        self._sheet = sheet
        self._otherwise = otherwise
        self._numbers: dict[str, int] = {}
        self._last: Json = None

    async def __call__(self, state: HITLState) -> Json:
        from strands_cli.kernel.handlers import call_handler
        from strands_cli.types import AnswerLater

        number = self._numbers.setdefault(state.question_id, len(self._numbers) + 1)
        may_answer = state.problem is None and state.refusal is None
        found = self._sheet.take(state.question_id, number, state.prompt) if may_answer else None
        if found is not None and not found.timed_out:
            self._last = found.value
            return found.value
        if self._otherwise is None or found is not None:
            if state.problem is not None:
                return self._last  # said again, it is refused for good
            raise AnswerLater
        return await call_handler(self._otherwise, state)


def as_answer(value: Any) -> GivenAnswer:
    """Return an answer in full.

    A mapping with `value` and `by` is one that says who gives it, and `{timed_out: true}` is `TIMED_OUT`.
    """
    if isinstance(value, GivenAnswer):
        return value
    if value == {"timed_out": True}:
        return TIMED_OUT
    if isinstance(value, Mapping) and {"value", "by"} <= set(value) <= {"value", "by", "roles"}:
        return GivenAnswer(value["value"], str(value["by"]), tuple(value.get("roles") or ()))
    return GivenAnswer(value)


def read_answers(path: str | PathLike[str]) -> AnswerSheet:
    """Return the answers in a YAML or JSON file.

    Raises:
        LoadError: The file cannot be read, or is neither.
        InputError: It holds neither a list nor a mapping.
    """
    from strands_cli.testing.files import read_data

    data = read_data(path)
    if not isinstance(data, (list, Mapping)):
        raise InputError(
            f"{str(path)!r} holds no answers",
            hint="Write a list of answers (- approved), or a mapping from questions to answers (q1: approved).",
        )
    return AnswerSheet(data)


def _shown(answer: GivenAnswer) -> str:
    return "the time-out" if answer.timed_out else repr(answer.value)


def _items(given: Any) -> Any:
    return given.items() if isinstance(given, Mapping) else ()
