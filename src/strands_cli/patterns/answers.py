"""Reading answers: the words of a review, and JSON in what a model writes, asked again when it cannot be read."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from strands_cli.errors import ExecutionError
from strands_cli.kernel.run import Run
from strands_cli.kernel.types import Names
from strands_cli.patterns.steps import StepResult, call, text
from strands_cli.types import Json

if TYPE_CHECKING:
    from strands_cli.spec.steps import AgentStep

T = TypeVar("T")

RETRIES = 2
"""How often a malformed answer is asked again where the spec has no number for it."""

MAX_EFFORT = 10_000_000
"""Characters that are read in vain before no more JSON is looked for in a text."""

APPROVING = (
    "approved",
    "approve",
    "accepted",
    "accept",
    "yes",
    "y",
    "ok",
    "okay",
    "continue",
    "proceed",
    "lgtm",
    "true",
)
REJECTING = ("rejected", "reject", "no", "n", "stop", "abort", "end", "cancel", "false")
_FENCE = re.compile(r"```[\w-]*[ \t]*\n(.*?)```", re.DOTALL)
_OPENING = re.compile(r"[\[{]")
_DECODER = json.JSONDecoder()


class Malformed(ValueError):
    """An answer cannot be read; the message says to its writer what is wrong."""


def word(answer: Any) -> str:
    """Return a person's answer as a word to compare: without case, spaces around it and a full stop."""
    return text(answer).strip().rstrip(".!").casefold()


def approves(answer: Any) -> bool:
    """Whether an answer is nothing but a yes."""
    return word(answer) in APPROVING


def rejects(answer: Any) -> bool:
    """Whether an answer is nothing but a no."""
    return word(answer) in REJECTING


async def understood(
    run: Run,
    step: AgentStep,
    names: Names,
    key: str,
    prompt: str,
    understand: Callable[[Any], T],
    *,
    shape: str,
    expects: Mapping[str, Json],
    retries: int = RETRIES,
) -> tuple[StepResult, T]:
    """Have an agent answer with JSON; an answer that cannot be read is asked again with the problem named.

    Args:
        key: Of the first try; further ones are `key/1`, `key/2`.
        understand: Turns a JSON value into what is wanted, or raises Malformed.
        shape: Says what the answer must look like.
        expects: What kind of answer this is; see `Call`.
        retries: How often it is asked again.

    Raises:
        ExecutionError: No answer could be read.
    """
    problem, tokens = Malformed(""), 0
    for attempt in range(retries + 1):
        result = await call(run, step, names, f"{key}/{attempt}" if attempt else key, prompt=prompt, expects=expects)
        tokens += result.tokens
        try:
            return replace(result, tokens=tokens), read(result.response, understand)
        except Malformed as error:
            problem = error
            prompt = f"Your last answer could not be used: {error}.\n{shape}"
    tries = "1 try" if retries == 0 else f"{retries + 1} tries"
    raise ExecutionError(
        f"agent {step.agent!r} gave no usable answer for {key!r} in {tries}: {problem}",
        hint=f"Say in its prompt what is expected. {shape}",
    )


def asks_for(prompt: str, *words: str) -> bool:
    """Whether a prompt speaks of all `words`, in any case."""
    folded = prompt.casefold()
    return all(each.casefold() in folded for each in words)


def read(answer: str, understand: Callable[[Any], T]) -> T:
    """Return the first JSON value of a text that can be understood; raises Malformed when there is none."""
    problem: Malformed | None = None
    for value in json_values(answer):
        try:
            return understand(value)
        except Malformed as error:
            problem = problem or error
    raise problem or Malformed("it holds no JSON")


def json_values(answer: str) -> Iterator[Any]:
    """Yield the JSON values that a text may mean: all of it, a fenced block, an object or array inside.

    Of several blocks, and of several values inside, the last one counts most: models think before they answer.
    """
    for candidate in (answer, *reversed(_FENCE.findall(answer))):
        try:
            yield json.loads(candidate)
        except (ValueError, RecursionError):
            continue
    yield from reversed(_inside(answer))


def _inside(answer: str) -> list[Any]:
    """Return the objects and arrays that stand in a text, in its order, as far as `MAX_EFFORT` characters reach."""
    found: list[Any] = []
    effort, end = 0, 0
    while effort < MAX_EFFORT:
        opening = _OPENING.search(answer, end)
        if opening is None:
            break
        try:
            value, end = _DECODER.raw_decode(answer, opening.start())
            found.append(value)
        except RecursionError:
            break
        except ValueError as error:
            end = opening.end()
            # Python's error counts the lines before it, which costs as well.
            effort += getattr(error, "pos", len(answer)) - opening.start() + 100 + end // 20
    return found


def short(value: Any) -> str:
    """Return a value in repr, short enough for a message."""
    shown = repr(value)
    return shown if len(shown) <= 80 else shown[:77] + "..."
