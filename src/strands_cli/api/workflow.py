"""`Workflow`: load a spec, run it, answer its questions, resume it anywhere."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from copy import copy
from functools import partial
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any, TypeVar, overload

from strands_cli.api import scripts
from strands_cli.api.guards import tool_ids
from strands_cli.api.hosting import Hosting
from strands_cli.api.keywords import variables_of
from strands_cli.api.options import Options
from strands_cli.api.program import making_module
from strands_cli.api.queueing import Queueing
from strands_cli.errors import SessionNotFoundError
from strands_cli.kernel.events import Event
from strands_cli.types import HITLHandler, Json, RunResult

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

    from strands.hooks.registry import HookCallback, HookProvider
    from strands.models.model import Model
    from strands_cli.api.keywords import ResumeOptions, WorkflowOptions
    from strands_cli.plan.model import Plan
    from strands_cli.session.repository import SessionRepository
    from strands_cli.spec.root import Spec

F = TypeVar("F", bound=Callable[[Event], Any])


class Workflow(Queueing, Hosting):
    """A workflow that can be run any number of times, also concurrently.

    Args:
        spec: A checked spec; see `from_file`, `from_yaml`, `from_dict` and the builders.
        hooks: Hook providers that every agent gets; one that interrupts pauses the workflow.
        tools: Tools that every agent gets beside its own.
        model: Replaces every provider; for tests.
        repository: Where sessions are kept; default: `store`.
        store: A directory, or the URL of a database; default: STRANDS_STORE, else files under ~/.strands/workflows.
        output_dir: Where artifacts go: a directory or s3://BUCKET/PREFIX; default: outputs.to, STRANDS_OUT, here.
        overwrite: Replace existing artifacts.
        offline: Rehearse with a scripted model: no key, no server; only tools marked read_only run.
        real_tools: In a rehearsal, run all tools and start MCP servers.
        variables: Defaults for the variables of each run.
    """

    def __init__(
        self,
        spec: Spec,
        *,
        hooks: Sequence[HookProvider | HookCallback] = (),
        tools: Sequence[Any] = (),
        model: Model | None = None,
        repository: SessionRepository | None = None,
        store: str | PathLike[str] | None = None,
        output_dir: str | PathLike[str] | None = None,
        overwrite: bool = False,
        offline: bool = False,
        real_tools: bool = False,
        variables: Mapping[str, Any] | None = None,
    ) -> None:
        self.spec = spec
        self.variables: dict[str, Any] = dict(variables or {})
        self._options = Options(
            hooks=hooks,
            tools=tools,
            model=model,
            repository=repository,
            place=store,
            output_dir=None if output_dir is None else fspath(output_dir),
            overwrite=overwrite,
            offline=offline,
            real_tools=real_tools,
        )
        self._finished: list[str] = []
        self._module = making_module()
        self._owner: Workflow | None = None

    # -- loading --------------------------------------------------------------------------------------------------

    @classmethod
    def from_file(
        cls,
        path: str | PathLike[str],
        *,
        variables: Mapping[str, Any] | None = None,
        hooks: Sequence[HookProvider | HookCallback] = (),
        tools: Sequence[Any] = (),
        model: Model | None = None,
        repository: SessionRepository | None = None,
        store: str | PathLike[str] | None = None,
        output_dir: str | PathLike[str] | None = None,
        overwrite: bool = False,
        offline: bool = False,
        real_tools: bool = False,
        **overrides: Any,
    ) -> Self:
        """Load and check a YAML or JSON file.

        Args:
            path: The file.
            variables: Values for the spec's variables, under any name.
            overrides: The same as keywords, for names that are not options here.

        Raises:
            LoadError: The file is missing or is not YAML or JSON.
            SchemaValidationError: It is not a valid spec; all problems at once, with line and column.
            CapabilityError: It asks for something this build cannot do.
        """
        from strands_cli.loader import load_file

        return cls(
            load_file(path, tools=tool_ids(tools)),
            hooks=hooks,
            tools=tools,
            model=model,
            repository=repository,
            store=store,
            output_dir=output_dir,
            overwrite=overwrite,
            offline=offline,
            real_tools=real_tools,
            variables={**(variables or {}), **overrides},
        )

    @classmethod
    def from_yaml(cls, text: str, **options: Unpack[WorkflowOptions]) -> Self:
        """Load and check a spec from YAML text; options as for `Workflow`."""
        from strands_cli.loader import load_text

        return cls(load_text(text, source="<text>", tools=tool_ids(options.get("tools"))), **options)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], **options: Unpack[WorkflowOptions]) -> Self:
        """Check a spec given as a dict; options as for `Workflow`."""
        from strands_cli.loader import load_dict

        return cls(load_dict(data, tools=tool_ids(options.get("tools"))), **options)

    @property
    def name(self) -> str:
        """The spec's name."""
        return self.spec.name

    # -- running --------------------------------------------------------------------------------------------------

    async def run_async(
        self,
        *,
        session_id: str | None = None,
        hitl_response: Json = None,
        progress: bool = False,
        variables: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> RunResult:
        """Run until the end or the first open question.

        A paused result has `agent_id` "hitl", `exit_code` 19 and the session to resume; nothing runs meanwhile. The
        same call with its `session_id`, and a `hitl_response`, goes on with it.

        Args:
            session_id: A session to go on with, or the id of a new one.
            hitl_response: The answer to the only open question of that session.
            progress: Whether to show how it gets on; `run` does, in a terminal and in a notebook.
            variables: Values for the spec's variables; `more` the same as keywords.

        Raises:
            InputError: A variable is missing, unknown or of the wrong type, or the session began with another value.
            ProviderNotReadyError: A key or a package is missing; nothing was run.
            SessionError: The session cannot be gone on with; see `resume_async`.
            ExecutionError: It failed; its `result` names the session that goes on from there.
        """
        values = variables_of(self.spec, variables, more)
        with scripts.progress_shown(progress) as show:
            return await scripts.watched_by(self, show)._begin(None, session_id, hitl_response, values)

    def run(self, *, session_id: str | None = None, **options: Any) -> RunResult:
        """Run as `run_async` does, with the same arguments, and wait for it."""
        options.setdefault("progress", scripts.is_watched())
        id_ = session_id or self._new_id(options)
        return scripts.run_resumable(lambda: self.run_async(session_id=id_, **options), self._options, id_)

    async def run_interactive_async(
        self,
        *,
        hitl_handler: HITLHandler | None = None,
        keep_session: bool = False,
        progress: bool | None = None,
        session_id: str | None = None,
        hitl_response: Json = None,
        variables: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> RunResult:
        """Run to the end, asking at each question.

        Args:
            hitl_handler: `HITLState -> answer`, sync or async; default: the terminal.
            keep_session: Keep the session of a completed run; a run that is not completed keeps it anyway.
            progress: Whether to show how it gets on; default: where a terminal is asked, and for sync calls in any.
            session_id: A session to go on with, or the id of a new one.
            hitl_response: The answer to the only open question of that session.
            variables: Values for the spec's variables; `more` the same as keywords.

        What `run_async` raises is raised here.
        """
        with scripts.progress_shown(progress, asks_here=hitl_handler is None) as show:
            values = variables_of(self.spec, variables, more)
            handler = scripts.terminal_handler() if hitl_handler is None else scripts.between(hitl_handler, show)
            result = await scripts.watched_by(self, show)._begin(handler, session_id, hitl_response, values)
        if result.status == "paused" and hitl_handler is None and progress is not False:
            scripts.say_where_it_waits(self._options, result.session_id)
        if result.success and not keep_session:
            await self._delete(result.session_id)
        return result

    def run_interactive(
        self, *, session_id: str | None = None, hitl_handler: HITLHandler | None = None, **options: Any
    ) -> RunResult:
        """Run as `run_interactive_async` does, with the same arguments, and wait for it."""
        id_ = session_id or self._new_id(options)
        options.setdefault("progress", scripts.is_watched() or None)
        options = {"session_id": id_, "hitl_handler": hitl_handler, **options}
        return scripts.run_resumable(lambda: self.run_interactive_async(**options), self._options, id_)

    async def resume_async(
        self,
        session_id: str,
        answer: Json = None,
        *,
        answers: Mapping[str, Json] | None = None,
        hitl_handler: HITLHandler | None = None,
        accept_changes: bool = False,
        without_hooks: Sequence[str] = (),
    ) -> RunResult:
        """Go on with a session from where it stopped, in any process.

        This workflow may have been mended since: other budgets, time-outs, later steps and prompts not yet used are
        taken and recorded. What is finished may not differ.

        Args:
            session_id: The session, or a unique beginning of its id.
            answer: The answer to its only open question; text, or a dict of question id to answer.
            answers: Question id to answer.
            hitl_handler: Answers further questions; without one the run pauses at them.
            accept_changes: Keep what is on record of finished steps that this workflow does differently.
            without_hooks: Hooks that the session was started with and that may be missing here, by name.

        Raises:
            SessionNotFoundError, SessionFinishedError, LeaseHeldError, AnswerError: Nothing was run.
            ChangedSpecError: This workflow differs in what is finished; nothing was recorded.
            MissingPartsError: A hook, a tool or the model that it was started with is missing; answers are recorded.
            ExecutionError: It failed.
        """
        from strands_cli.api.session import Session

        session = await Session.found(self._options, session_id)
        if isinstance(answer, Mapping) and answers is None:
            answer, answers = None, answer
        result = await session.resume_async(
            answer,
            answers=answers,
            hitl_handler=hitl_handler,
            user=self,
            spec=self.spec,
            accept_changes=accept_changes,
            without_hooks=without_hooks,
        )
        self._note(result)
        return result

    def resume(self, session_id: str, answer: Json = None, **options: Unpack[ResumeOptions]) -> RunResult:
        """Go on as `resume_async` does, with the same arguments, and wait for it."""
        return scripts.run_resumable(
            lambda: self.resume_async(session_id, answer, **options), self._options, session_id
        )

    async def stream_async(
        self, *, hitl_handler: HITLHandler | None = None, variables: Mapping[str, Any] | None = None, **more: Any
    ) -> AsyncIterator[Event | RunResult]:
        """Run and yield each event as it happens; the last item is the `RunResult`."""
        queue: asyncio.Queue[Event | None] = asyncio.Queue()
        twin = self.with_listener(queue.put_nowait)
        task = asyncio.ensure_future(twin._start(hitl_handler, variables_of(self.spec, variables, more)))
        task.add_done_callback(lambda _: queue.put_nowait(None))
        try:
            while (event := await queue.get()) is not None:
                yield event
            yield task.result()
        finally:
            if not task.done():
                task.cancel()
                with contextlib.suppress(BaseException):
                    await task

    @overload
    def on(self, event_type: str, handler: F) -> F: ...
    @overload
    def on(self, event_type: str, handler: None = None) -> Callable[[F], F]: ...
    def on(self, event_type: str, handler: Callable[[Event], Any] | None = None) -> Any:
        """Call a handler, sync or async, with each event of a type; "*" means all. Also a decorator.

        Raises:
            ValueError: There is no such event type.
        """
        if handler is None:
            return partial(self.on, event_type)
        self._options.listeners.add(event_type, handler)
        return handler

    # -- looking --------------------------------------------------------------------------------------------------

    def plan(self) -> Plan:
        """Return what would run: nodes, edges, and where people are asked."""
        from strands_cli.plan import plan

        return plan(self.spec)

    def draw(self, format: str = "text") -> str:
        """Return a drawing of the plan: "text", "mermaid" or "svg"."""
        from strands_cli.plan import draw

        return draw(self.plan(), format)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the model clients and delete the sessions that this workflow finished."""
        from strands_cli.providers import ModelPool

        for session_id in self._finished:
            await self._delete(session_id)
        self._finished = []
        await (await ModelPool.current()).release(self)

    async def _begin(
        self, handler: HITLHandler | None, session_id: str | None, response: Json, values: Mapping[str, Any]
    ) -> RunResult:
        """Go on with the session of this id, or start it."""
        found = (
            None if session_id is None else await scripts.session_to_go_on(self._options, session_id, response, values)
        )
        if found is None:
            return await self._start(handler, values, session_id or self._new_id({"hitl_response": response}))
        result = await found.resume_async(response, hitl_handler=handler, user=self._owner or self, spec=self.spec)
        self._note(result)
        return result

    async def _start(
        self, handler: HITLHandler | None, values: Mapping[str, Any], session_id: str | None = None
    ) -> RunResult:
        from strands_cli.api.running import Runner

        self._remember_app()
        runner = Runner(self.spec, self._options, self._owner or self)
        result = await runner.start({**self.variables, **values}, handler=handler, session_id=session_id)
        self._note(result)
        return result

    def _note(self, result: RunResult) -> None:
        if result.success:
            self._finished.append(result.session_id)

    async def _delete(self, session_id: str) -> None:
        with contextlib.suppress(SessionNotFoundError):
            await self._options.store().delete(session_id)
        self._finished = [each for each in self._finished if each != session_id]

    def with_listener(self, handler: Callable[[Event], Any]) -> Workflow:
        """Return this workflow with somebody more who is told of every event of its runs."""
        self._remember_app()
        twin = copy(self)
        twin._owner, twin._options = self._owner or self, self._options.with_listener(handler)
        return twin
