"""What is expected of a run of a workflow, and what of it does not hold."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import Field

from strands_cli.atomic.cases import Expect, unmet
from strands_cli.spec.base import Names
from strands_cli.terminal.escape import one_line
from strands_cli.testing.happened import Rehearsal


class RunExpect(Expect):
    """What must hold of a run: of its response, as `Expect` says, and of what led to it."""

    status: str | None = Field(
        default=None, description="completed, paused, failed or cancelled; completed when left out."
    )
    agents: Names | None = Field(default=None, description="Who does the steps, in their order.")
    asks: Names | None = Field(
        default=None, description="Texts that must be in the questions, one each, in their order; [] for none."
    )
    tools: Names | None = Field(default=None, description="The tools that are called, in their order.")
    steps: dict[str, str | Expect] = Field(
        default_factory=dict, description="An agent, or the key of a step, to what its response must be."
    )
    artifacts: dict[str, str | Expect] = Field(
        default_factory=dict, description="The path of a file to what must be in it."
    )
    max_tokens: int | None = Field(default=None, description="The most tokens of the whole run.")
    max_cost: float | None = Field(default=None, description="The most US dollars of the whole run.")


def unmet_by(expect: RunExpect, run: Rehearsal, is_made_up: Callable[[str], bool]) -> Iterator[str]:
    """Yield what does not hold of a run.

    Args:
        expect: What is expected.
        run: What happened.
        is_made_up: Whether the replies of an agent are made up; their texts are not compared.
    """
    wanted = expect.status or ("failed" if expect.fails is not None else "completed")
    if run.status != wanted:
        yield f"the run is {run.status}, not {wanted}{_why(run)}"
        return
    if expect.fails is not None and expect.fails.casefold() not in (run.error or "").casefold():
        yield f"the error is {_short(run.error or '')}, without {expect.fails!r}"
    yield from _in_order("agents", expect.agents, run.agents)
    yield from _in_order("tools", expect.tools, [use.name for use in run.tools])
    yield from _asked(expect.asks, [question.prompt for question in run.questions])
    if not (run.steps and is_made_up(run.steps[-1].agent)):
        yield from _of_text(expect, run.response)
    yield from _of_steps(expect.steps, run, is_made_up)
    yield from _of_artifacts(expect.artifacts, run, any(is_made_up(step.agent) for step in run.steps))
    tokens, cost = sum(run.result.token_usage.values()), run.result.cost
    if expect.max_tokens is not None and tokens > expect.max_tokens:
        yield f"the run takes {tokens:,} tokens, more than {expect.max_tokens:,}"
    if expect.max_cost is not None and cost is not None and cost > expect.max_cost:
        yield f"the run costs ${cost:.4f}, more than ${expect.max_cost:.4f}"


def is_left_out(expect: RunExpect, run: Rehearsal, is_made_up: Callable[[str], bool]) -> bool:
    """Return whether a text that something is expected of is made up, so that it is not compared."""
    made_up = [step.agent for step in run.steps if is_made_up(step.agent)]
    if not made_up:
        return False
    of_response = (set(Expect.model_fields) - {"fails"}) & expect.model_fields_set
    if of_response and is_made_up(run.steps[-1].agent):
        return True
    of_steps = [step for step in run.steps if {step.key, step.agent} & expect.steps.keys()]
    return any(expect.artifacts.values()) or any(step.agent in made_up for step in of_steps)


def _why(run: Rehearsal) -> str:
    if run.open_questions:
        first = run.open_questions[0]
        return f": nobody answers {_short(first.prompt)} ({first.id[:40]})"
    return f": {one_line(run.error, 200)}" if run.error else ""


def _in_order(what: str, wanted: list[str] | None, found: list[str]) -> Iterator[str]:
    if wanted is not None and wanted != found:
        yield f"the {what} are {', '.join(found) or 'none'}, not {', '.join(wanted) or 'none'}"


def _asked(wanted: list[str] | None, found: list[str]) -> Iterator[str]:
    if wanted is None:
        return
    if len(wanted) != len(found):
        asked = ", ".join(map(_short, found))
        yield f"it asks {len(found)} questions, not {len(wanted)}{': ' if asked else ''}{asked}"
        return
    for text, prompt in zip(wanted, found, strict=True):
        if text.casefold() not in prompt.casefold():
            yield f"it asks {_short(prompt)}, without {text!r}"


def _of_steps(wanted: Mapping[str, str | Expect], run: Rehearsal, is_made_up: Callable[[str], bool]) -> Iterator[str]:
    for name, expect in wanted.items():
        try:
            step = run.step(name)
        except LookupError as error:
            yield str(error)
            continue
        if not is_made_up(step.agent):
            yield from (f"{name}: {problem}" for problem in _of_text(expect, step.response))


def _of_artifacts(wanted: Mapping[str, str | Expect], run: Rehearsal, made_up: bool) -> Iterator[str]:
    for path, expect in wanted.items():
        if path not in run.artifacts:
            yield f"the file {path!r} is not written; written: {', '.join(run.artifacts) or 'none'}"
        elif not made_up:
            yield from (f"{path}: {problem}" for problem in _of_text(expect, run.artifacts[path]))


def _of_text(expect: str | Expect, text: str) -> Iterator[str]:
    if isinstance(expect, str):
        expect = Expect(contains=[expect] if expect else [])
    needs_data = expect.fields or expect.checks or expect.output_schema is not None
    needs_data = needs_data or not isinstance(expect.equals, (str, type(None)))
    return unmet(expect, _data(text) if needs_data else text)


def _data(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _short(text: str) -> str:
    return repr(one_line(text, 100))
