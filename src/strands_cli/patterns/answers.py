"""Reading answers: the words of a review, and JSON in what a model writes, asked again when it cannot be read."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from strands_cli.errors import ExecutionError
from strands_cli.kernel.run import Run
from strands_cli.kernel.types import Names
from strands_cli.loader.json_text import BrokenJsonError, find
from strands_cli.patterns.step import StepResult, call, text
from strands_cli.review_words import APPROVING as APPROVING
from strands_cli.review_words import REJECTING as REJECTING
from strands_cli.review_words import approves as approves
from strands_cli.review_words import refuses as refuses
from strands_cli.review_words import rejects as rejects
from strands_cli.review_words import word as word
from strands_cli.types import Json

if TYPE_CHECKING:
    from strands_cli.spec.steps import AgentCall

T = TypeVar("T")

RETRIES = 2
"""How often a malformed answer is asked again where the spec has no number for it."""


class Malformed(ValueError):
    """An answer cannot be read; the message says to its writer what is wrong."""


async def understood(
    run: Run,
    step: AgentCall,
    names: Names,
    key: str,
    prompt: str,
    understand: Callable[[Any], T],
    *,
    shape: str,
    expects: Mapping[str, Json],
    retries: int = RETRIES,
    last: bool = False,
) -> tuple[StepResult, T]:
    """Have an agent answer with JSON; an answer that cannot be read is asked again with the problem named.

    Args:
        key: Of the first try; further ones are `key/1`, `key/2`.
        understand: Turns a JSON value into what is wanted, or raises Malformed.
        shape: Says what the answer must look like.
        expects: What kind of answer this is; see `Call`.
        retries: How often it is asked again.
        last: Of several answers in one the last one counts; by default it is asked again.

    Raises:
        ExecutionError: No answer could be read.
    """
    problem, tokens = Malformed(""), 0
    for attempt in range(retries + 1):
        result = await call(run, step, names, f"{key}/{attempt}" if attempt else key, prompt=prompt, expects=expects)
        tokens += result.tokens
        try:
            return replace(result, tokens=tokens), read(text(result.response), understand, last=last)
        except Malformed as error:
            problem = error
            prompt = f"Your last answer could not be used: {error}.\n{shape}"
    tries = "1 try" if retries == 0 else f"{retries + 1} tries"
    raise ExecutionError(
        f"agent {step.agent!r} gave no usable answer for {run.below + key!r} in {tries}: {problem}",
        hint=f"Say in its prompt what is expected. {shape}",
    )


def asks_for(prompt: str, *words: str) -> bool:
    """Whether a prompt speaks of all `words`, in any case."""
    folded = prompt.casefold()
    return all(each.casefold() in folded for each in words)


def read(answer: str, understand: Callable[[Any], T], *, last: bool = False) -> T:
    """Return the one thing that a text says in JSON; raises Malformed when it says none, or several.

    Args:
        understand: Turns a JSON value into what is wanted, or raises Malformed.
        last: Of several things the last one counts; by default they are refused. What all of a text, or a fenced
            block of it, says counts more than what stands in between.
    """
    try:
        values = find(answer)
    except BrokenJsonError as error:
        raise Malformed(str(error)) from None
    problem: Malformed | None = None
    for group in ([each.value for each in values if each.apart], [each.value for each in values if not each.apart]):
        understood: list[T] = []
        for value in reversed(group):
            try:
                understood.append(understand(value))
            except Malformed as error:
                problem = problem or error
        if understood and not last and any(each != understood[0] for each in understood):
            raise Malformed("it says several things that differ; one was expected")
        if understood:
            return understood[0]
    if problem is not None:
        raise problem
    return _bare(answer, understand)


def _bare(answer: str, understand: Callable[[Any], T]) -> T:
    """A text without JSON may be a name: nothing but what `understand` takes as such."""
    try:
        return understand(answer.strip().strip("*`\"'. \t\n"))
    except Malformed:
        raise Malformed("it holds no JSON") from None


def short(value: Any) -> str:
    """Return a value in repr, short enough for a message."""
    shown = repr(value)
    return shown if len(shown) <= 80 else shown[:77] + "..."
