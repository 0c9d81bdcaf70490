"""Running the tests of a workflow, each in private, with models, with scripts or from recordings."""

from __future__ import annotations

import asyncio
import re
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from strands_cli.errors import ProviderNotReadyError, StrandsError
from strands_cli.resources.stand_in import Provided, StandIn
from strands_cli.spec.within import plain_agents
from strands_cli.testing.answers import AnswerSheet
from strands_cli.testing.expectations import is_left_out, unmet_by
from strands_cli.testing.files import as_script
from strands_cli.testing.rehearsing import from_sheet, observed
from strands_cli.testing.scripts import ScriptedAgents
from strands_cli.testing.suites import Suite, WorkflowCase, load_suite

if TYPE_CHECKING:
    from strands.models.model import Model
    from strands_cli.api.workflow import Workflow
    from strands_cli.kernel.events import Event
    from strands_cli.resources.secrets import Secrets
    from strands_cli.testing.happened import Rehearsal


@dataclass(frozen=True)
class EvaluationOptions:
    """How tests are run.

    Attributes:
        offline: Agents without a script make their replies up.
        real_tools: All tools run, not only those that change nothing.
        record: A directory in which each test leaves a recording, or None.
        replay: A directory of recordings, one for each test, or None.
        jobs: How many run at a time.
        repeat: How often each is run.
        parts: Hooks, tools and a model for the workflow, as `Workflow.from_file` takes them.
    """

    offline: bool = False
    real_tools: bool = False
    record: str | None = None
    replay: str | None = None
    jobs: int = 4
    repeat: int = 1
    parts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class WorkflowCaseResult:
    """How a test went; `problems` is empty when it passed.

    Attributes:
        name: The test.
        problems: What does not hold.
        seconds: How long it took.
        tokens: How many it took, in and out.
        cost: US dollars, or None where that is not known.
        response: The final text.
        made_up: Whether texts were made up, so that they were not compared.
        rehearsed: Whether no model was asked, now or when it was recorded: tokens are a guess.
    """

    name: str
    problems: Sequence[str] = ()
    seconds: float = 0.0
    tokens: int = 0
    cost: float | None = None
    response: str = ""
    made_up: bool = False
    rehearsed: bool = False

    @property
    def passed(self) -> bool:
        """Whether everything holds."""
        return not self.problems

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        seconds = round(self.seconds, 3)
        return {**vars(self), "seconds": seconds, "problems": list(self.problems), "passed": self.passed}


@dataclass
class SuiteResult:
    """How the tests of a file went."""

    suite: Suite
    verdicts: list[WorkflowCaseResult] = field(default_factory=list)

    @property
    def failed(self) -> int:
        """How many did not pass."""
        return sum(not verdict.passed for verdict in self.verdicts)


async def evaluate_async(suite: Suite, options: EvaluationOptions | None = None) -> AsyncIterator[WorkflowCaseResult]:
    """Run the tests of a suite and yield how each went, in their order.

    Raises:
        StrandsError: The workflow cannot be loaded, or a provider is not ready.
    """
    from strands_cli.api.workflow import Workflow

    how = options or EvaluationOptions()
    workflow = Workflow.from_file(suite.workflow, **how.parts)
    slots = asyncio.Semaphore(max(how.jobs, 1))

    async def one(case: WorkflowCase, number: int) -> WorkflowCaseResult:
        async with slots:
            name = case.name if how.repeat == 1 else f"{case.name} ({number} of {how.repeat})"
            return await _verdict(suite, workflow, case, name, how)

    tasks = [asyncio.ensure_future(one(case, n + 1)) for case in suite.cases for n in range(how.repeat)]
    try:
        for task in tasks:
            yield await task
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _verdict(
    suite: Suite, workflow: Workflow, case: WorkflowCase, name: str, how: EvaluationOptions
) -> WorkflowCaseResult:
    began = time.monotonic()
    try:
        run = await _run(suite, workflow, case, how)
    except ProviderNotReadyError:
        raise
    except StrandsError as error:
        expected = case.expect.fails
        fine = expected is not None and expected.casefold() in error.message.casefold()
        return WorkflowCaseResult(name, [] if fine else [error.message], time.monotonic() - began)
    is_rehearsed = _is_rehearsed(case, how)
    made_up = {name for name, _, _ in plain_agents(workflow.spec.plain())} - set(case.replies) if is_rehearsed else ()

    def is_made_up(agent: str) -> bool:
        inside = f"{agent.removeprefix('workflow:')}/"  # what a step's workflow comes to is what its agents say
        return agent in made_up or any(name.startswith(inside) for name in made_up)

    problems = list(unmet_by(case.expect, run, is_made_up))
    tokens = sum(run.result.token_usage.values())
    return WorkflowCaseResult(
        name,
        problems,
        time.monotonic() - began,
        tokens,
        run.result.cost,
        run.response,
        made_up=is_left_out(case.expect, run, is_made_up),
        rehearsed=is_rehearsed,
    )


def _is_rehearsed(case: WorkflowCase, how: EvaluationOptions) -> bool:
    """Whether agents make replies up, or have scripts."""
    is_replayed = case.replay is not None or how.replay is not None
    return not is_replayed and (bool(case.replies) or how.offline)


async def _run(suite: Suite, workflow: Workflow, case: WorkflowCase, how: EvaluationOptions) -> Rehearsal:
    from strands_cli.loader.inputs import coerce_text
    from strands_cli.session.memory import MemorySessionRepository

    stand_in, offline = _stand_in(suite, workflow, case, how)
    sheet = AnswerSheet(case.answers or getattr(stand_in, "answers", {}))
    if not offline and not how.real_tools:
        stand_in = WithoutTools(stand_in)
    values = {
        name: coerce_text(workflow.spec, name, value) if isinstance(value, str) else value
        for name, value in case.variables.items()
    }
    with tempfile.TemporaryDirectory(prefix="strands-test-") as place:
        flow = workflow.with_options(
            repository=MemorySessionRepository(),
            output_dir=place,
            offline=offline,
            real_tools=how.real_tools,
            stand_in=stand_in,
        )
        run = await observed(flow, from_sheet(sheet), values, Path(place))
    if case.answers:
        sheet.check_used()
    return run


def _stand_in(
    suite: Suite, workflow: Workflow, case: WorkflowCase, how: EvaluationOptions
) -> tuple[StandIn | None, bool]:
    """Return what stands between a test's agents and their models, and whether nothing is sent anywhere."""
    if how.replay is not None or case.replay is not None:
        from strands_cli.resources.replay import Replayer

        own = suite.path.parent / (case.replay or "")
        return Replayer(own if case.replay is not None else Path(how.replay or "", _file_name(case.name))), True
    if case.replies:
        scripts = {agent: as_script(replies) for agent, replies in case.replies.items()}
        return ScriptedAgents(scripts, workflow.spec), True
    if how.record is not None and not how.offline:
        from strands_cli.resources.recording import Recorder

        return Recorder(Path(how.record, _file_name(case.name))), False
    return None, how.offline


def _file_name(name: str) -> str:
    """Return what the recording of a test is called."""
    return f"{re.sub(r'[^A-Za-z0-9]+', '-', name).strip('-').lower()[:80] or 'test'}.jsonl"


class WithoutTools(StandIn):
    """Keeps tools that change something from being called though the models are real.

    Args:
        inner: What stands there besides, or None.
    """

    def __init__(self, inner: StandIn | None) -> None:
        self._inner = inner or StandIn()

    def begin(self, secrets: Secrets) -> None:
        self._inner.begin(secrets)

    def answered(self, event: Event) -> None:
        self._inner.answered(event)

    def model(self, provided: Provided, agent: str, model_id: str | None = None) -> Model:
        return self._inner.model(provided, agent, model_id)

    def hooks(self, agent: str) -> list[Any]:
        from strands_cli.resources.rehearsed import RehearsalHooks

        return [*self._inner.hooks(agent), RehearsalHooks()]


def evaluate(
    path: str | PathLike[str], workflow: str | PathLike[str] | None = None, *, only: str | None = None, **options: Any
) -> SuiteResult:
    """Run the tests in a file, and return how they went.

    Args:
        path: A file of tests, or a workflow file that has its tests beside it.
        workflow: The workflow; default: the one that the file names, else the one beside it.
        only: Text that the name of a test must hold to be run.
        options: Those of `EvaluationOptions`.

    Raises:
        StrandsError: A file cannot be read or is malformed, or a provider is not ready.
    """
    from strands_cli.api.bridge import run_sync

    suite = load_suite(path, workflow)
    chosen = [case for case in suite.cases if only is None or only in case.name]

    async def all_of_them() -> SuiteResult:
        result = SuiteResult(replace(suite, cases=chosen))
        async for verdict in evaluate_async(result.suite, EvaluationOptions(**options)):
            result.verdicts.append(verdict)
        return result

    return run_sync(all_of_them)
