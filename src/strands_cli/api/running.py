"""Running a spec: from inputs and a session to a `RunResult`."""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from strands._threads import in_thread
from strands.types.json_value import as_json
from strands_cli.api import guards
from strands_cli.api.admission import OUT_VARIABLE, Admission, spec_file, without_literals
from strands_cli.api.call_layers import layers_of
from strands_cli.api.models import models_of
from strands_cli.api.options import Options
from strands_cli.api.program import check_not_loading
from strands_cli.api.results import run_result, so_far, step_cost, trace
from strands_cli.api.spec_names import default_prompt_of, names_of, rights_of_calls
from strands_cli.errors import InputError, StrandsError
from strands_cli.kernel.context import ExecutionContext
from strands_cli.kernel.drive import DriveOptions, drive
from strands_cli.kernel.events import Event, event_of
from strands_cli.kernel.journal import Journal, begin_session
from strands_cli.kernel.principal import os_principal, started_by
from strands_cli.kernel.run import Run
from strands_cli.kernel.share import LoopShare
from strands_cli.kernel.state import State
from strands_cli.kernel.types import Draft, Entry, Names, Outcome
from strands_cli.spec.within import all_within
from strands_cli.types import HITLHandler, Json, RunResult

if TYPE_CHECKING:
    from strands_cli.resources import AgentResources
    from strands_cli.resources.secrets import Secrets
    from strands_cli.spec.root import Spec

logger: logging.Logger = logging.getLogger(__name__)


class Runner:
    """Runs and resumes sessions of one spec.

    Args:
        spec: The workflow.
        options: What it is given beside.
        user: Keeps the model clients open.
        admission: Decides whether a session that is on record may be driven here.
    """

    def __init__(self, spec: Spec, options: Options, user: object, admission: Admission | None = None) -> None:
        self.spec: Spec = without_literals(spec)
        self.inputs: dict[str, Json] = {}
        self._admission = admission
        self.options = options
        self._user = user
        self._written: Sequence[str] = ()
        self._own_secrets: Secrets | None = None
        self._run: Run | None = None
        self._drive: tuple[Mapping[str, Any], AgentResources]
        self._directory: str = _placed(
            options.output_dir or spec.outputs.to or os.environ.get(OUT_VARIABLE) or os.getcwd()
        )

    async def start(
        self, variables: Mapping[str, Any], *, handler: HITLHandler | None, session_id: str | None = None
    ) -> RunResult:
        """Open a session and run it until it rests.

        Raises:
            InputError: A variable is missing or wrong; nothing was run.
            ProviderNotReadyError: A key or a package is missing; nothing was run.
            ExecutionError: It failed; the session can be resumed.
        """
        secrets = self._secrets()
        inputs = await self._inputs(variables, check=self.check_ready)
        journal = await self._open(session_id or new_id(self.spec.name), inputs)
        if secrets:
            from strands_cli.resources.redaction import secret_free

            journal = secret_free(journal, secrets)
        return await self.drive(journal, inputs, handler)

    async def submit(
        self,
        variables: Mapping[str, Any],
        session_id: str | None = None,
        *,
        told: Mapping[str, Json] | None = None,
        queued: bool = True,
    ) -> str:
        """Open a session and leave it to a worker; return its id.

        Args:
            variables: Values for the spec's variables.
            session_id: Its id; default: a new one.
            told: What is recorded with it besides: who started it, and how.
            queued: A worker may take it; else it is gone on with by who knows its id, so keys and packages are checked.

        Raises:
            InputError: A variable is missing or wrong; nothing was queued.
        """
        inputs = await self._inputs(variables, check=None if queued else self.check_ready)
        rest = [Draft("queued", "", {}, time.time())] if queued else []
        journal = await self._open(session_id or new_id(self.spec.name), inputs, rest, told or {})
        return journal.session_id

    async def _inputs(
        self, variables: Mapping[str, Any], check: Callable[[], object] | None = None
    ) -> Mapping[str, Any]:
        """Return what a session is to begin with, once all that can be checked before has been."""
        from strands_cli.loader.inputs import resolve_inputs

        check_not_loading()
        share = LoopShare.here()
        if share.is_used_up():
            await share.turn()
        secrets, given = self._secrets(), _jsonable(resolve_inputs(self.spec, variables))
        if check is not None:
            check()
        if not self.options.offline or self.options.real_tools:
            for spec in (self.spec, *(way[-1] for _, way in all_within(self.spec))):
                await secrets.ready(spec)
        inputs: Mapping[str, Any] = secrets.scrub(given)
        self._check_artifacts(inputs)
        return inputs

    def _secrets(self) -> Secrets:
        if self._own_secrets is None:
            from strands_cli.resources.secrets import Secrets

            self._own_secrets = Secrets.of(self.spec)
        return self._own_secrets

    async def drive(self, journal: Journal, inputs: Mapping[str, Any], handler: HITLHandler | None) -> RunResult:
        """Run a session until it rests."""
        from strands_cli.agents import AgentCaller

        check_not_loading()
        resources = await self._equipped(journal.session_id)
        self._drive = inputs, resources
        performer = AgentCaller(self.spec, resources, self.options.hooks)
        base = {"session_id": journal.session_id, "workflow": self.spec.name, "pattern": self.spec.pattern.type}
        listeners = self.options.listeners
        around = DriveOptions(
            handler=handler,
            layers=[*self.options.layers, *layers_of([self.spec]), *resources.layers()],
            max_parallel=self.spec.runtime.max_parallel,
            publish=partial(self._publish, base, []) if listeners or self.options.stand_in is not None else None,
            token=partial(self._token, base) if listeners.wants("token") else None,
            finish=partial(self._finish, journal) if self.spec.outputs.artifacts else None,
            admit=self._admission,
            scrub=resources.secrets.scrub if resources.secrets else None,
            queued=self.options.queued,
        )
        try:
            async with resources:
                rest = await drive(journal, self._body, performer, around)
        finally:
            await listeners.drained()
            del self._drive  # so that nothing is left to the garbage collector
        resources.secrets.scrub_error(rest.error)
        return run_result(journal.session_id, self.spec.pattern.type, rest, self._written, self.options)

    # -- before ---------------------------------------------------------------------------------------------------

    def check_ready(self) -> None:
        """Check that the providers can be used and that the skills are there.

        Raises:
            ProviderNotReadyError: A key or a package is missing.
            SchemaValidationError: A skill is missing.
            InputError: A budget in money cannot be kept, or the user's file of prices cannot be read.
        """
        if self.spec.skills:
            from strands_cli.api.preflight import check_skills

            check_skills(self.spec)
        if self.options.model is None and not self.options.offline:
            from strands_cli.providers import check_ready

            check_ready(self.spec, set(self.spec.agents))
            for _, (*_, spec) in all_within(self.spec) if self.spec.workflows else ():
                check_ready(spec, set(spec.agents))
        if not self.options.offline:
            from strands_cli.api.limits import check_prices

            check_prices(self.spec, self.options)

    def _check_artifacts(self, inputs: Mapping[str, Any]) -> None:
        """Say before the first call what would fail after the last one."""
        if not self.spec.outputs.artifacts:
            return
        from strands_cli import outputs
        from strands_cli.loader.template import render_path

        names, known = {**inputs, "inputs": inputs}, []
        for artifact in self.spec.outputs.artifacts:
            try:
                known.append(render_path(artifact.path, names))
            except StrandsError:
                continue
        outputs.check_apart(known)
        sink = outputs.sink_at(self._directory)
        for path in known:
            sink.target(path)
            if not self.options.overwrite and not outputs.is_url(sink.place) and sink.digest_at(path) is not None:
                raise outputs.exists(path)

    async def _open(
        self,
        session_id: str,
        inputs: Mapping[str, Any],
        rest: Sequence[Draft] = (),
        told: Mapping[str, Json] | None = None,
    ) -> Journal:
        data = {
            "format": self.options.format_of(self.spec, self._secrets()),
            "workflow": self.spec.name,
            "pattern": self.spec.pattern.type,
            "spec": self.options.snapshot(self.spec, self._secrets()),
            "inputs": inputs,
            "base_dir": str(self.spec.base_dir or os.getcwd()),
            "directory": str(self.options.directory or os.getcwd()),
            "output_dir": self._directory,
            "overwrite": self.options.overwrite,
            "offline": self.options.offline,
            **self._origin(),
            "real_tools": self.options.real_tools,
            **(told or {}),
        }
        files = await self._kept_files()
        if files:
            data["files"] = files
        return await begin_session(self.options.store(), session_id, Draft("opened", "", data, time.time()), rest)

    async def _kept_files(self) -> dict[str, str]:
        """Keep the files that the spec needs where other machines find them."""
        store = self.options.store()
        if not getattr(store, "keeps_files", False):
            return {}
        from strands_cli.resources.spec_files import kept

        return await kept(store, self.spec)

    def _origin(self) -> dict[str, Json]:
        """Return where the spec and what Python gives beside it are from, as far as that is known."""
        known = {
            "file": spec_file(self.spec),
            "brought": guards.brought(self.options),
            "app": self.options.app,
            "app_directory": self.options.app_directory,
            "literals": sorted(self.spec._literals),
            **started_by(os_principal()),
        }
        if self.options.model is not None:
            from strands_cli.api.limits import model_id

            known["model_id"] = model_id(self.options.model)
        if self.options.stand_in is not None:
            known.update(self.options.stand_in.origin)
        return {name: value for name, value in known.items() if value}

    # -- while it runs --------------------------------------------------------------------------------------------

    async def _equipped(self, session_id: str) -> AgentResources:
        from strands_cli.resources import AgentResources

        given = partial(
            AgentResources,
            tools=self.options.tools,
            directory=self.options.directory,
            output_dir=None if "://" in self._directory else self._directory,
            offline=self.options.offline,
            real_tools=self.options.real_tools,
            session_id=session_id,
            secrets=self._secrets(),
            store=None if self.options.offline else self.options.store(),
            stand_in=self.options.stand_in,
        )
        found = given(self.spec, await models_of(self.spec, self.options, self._user))
        if self.spec.workflows:
            from strands_cli.api.within import equip

            await equip(self.spec, found, given, partial(models_of, options=self.options, user=self._user))
        return found

    def _default_prompt(self, agent: str, names: Names) -> str:
        return default_prompt_of(self.spec, agent, names)

    def _body(self, run: Run) -> Awaitable[Outcome]:
        from strands_cli.patterns import pattern

        (inputs, resources), self._run = self._drive, run
        run.default_prompt = self._default_prompt
        run.context = ExecutionContext(partial(so_far, self.spec.pattern.type, run.state))
        run.rights_of_calls = partial(rights_of_calls, self.spec)
        resources.remember(run.state)
        if self.spec.workflows:
            from strands_cli.api.within import performing, workflows_of

            performs = performing(run, self.spec, resources, self.options)
            run.workflows = workflows_of(self.spec, run.state, run, performs, resources=resources)
        names = names_of(self.spec, run.state, inputs)
        if self.spec.memory:
            return self._remembering(run, names, inputs, resources)
        return pattern(self.spec.pattern.type).run(self.spec.pattern.config, run, names)

    async def _remembering(
        self, run: Run, names: dict[str, Any], inputs: Mapping[str, Any], resources: AgentResources
    ) -> Outcome:
        from strands_cli.patterns import pattern

        await resources.memories.begin(run, names)
        names = names_of(self.spec, run.state, inputs)
        return await pattern(self.spec.pattern.type).run(self.spec.pattern.config, run, names)

    def _publish(self, base: Mapping[str, Any], costs: list[Any], entry: Entry, state: State) -> None:
        event = event_of(entry, state, base)
        if event is not None:
            if event.type == "step_complete" and (cost := step_cost(state, entry.key, costs)) is not None:
                event.data["cost"] = cost
            if event.type == "hitl_answered" and self.options.stand_in is not None:
                self.options.stand_in.answered(event)
            self.options.listeners.emit(event)

    def _token(self, base: Mapping[str, Any], key: str, agent: str, text: str, begins: bool) -> None:
        data = {"text": text, "begins": begins}
        event = Event("token", **base, step_id=key, agent_id=agent, timestamp=time.time(), data=data)
        self.options.listeners.emit(event)

    async def _finish(self, journal: Journal, outcome: Outcome) -> None:
        from strands_cli import outputs

        artifacts = self.spec.outputs.artifacts
        names = {
            **outcome.names,
            "last_response": outcome.response,
            "execution_context": outcome.context,
        }
        if any("TRACE" in artifact.from_ for artifact in artifacts):
            names["TRACE"] = outputs.trace_text(trace(journal.session_id, State(await journal.tail(0))))
        from strands_cli.loader.names import own_first
        from strands_cli.patterns.step import visit

        assert self._run is not None
        sink = outputs.sink_at(self._directory)
        files = outputs.rendered(artifacts, own_first(names), sink)
        notes = [value for key, value in self._run.state.noted.items() if key.partition("#")[0] == outputs.NOTE]
        own = [file for note in notes if note["session"] == journal.session_id for file in note["files"]]
        check = partial(outputs.check_free, files, own, sink, overwrite=self.options.overwrite)
        await in_thread(check) if outputs.is_url(sink.place) else check()
        note = {"session": journal.session_id, "files": [file.note() for file in files]}
        if note not in notes:
            key = visit(outputs.NOTE, len(notes) + 1)
            await self._run.record("noted", key, {"value": note}, sync=True)
        put = partial(sink.write, files, overwrite=self.options.overwrite)
        self._written = await in_thread(put) if outputs.is_url(sink.place) else put()


def _placed(place: str) -> str:
    """Return where artifacts go: a URL as it is, a directory by its absolute path."""
    return place if "://" in place else os.path.abspath(os.path.expanduser(place))


def new_id(name: str) -> str:
    """Return a new session id that begins with the workflow's name."""
    slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "session"
    return f"{slug}-{os.urandom(5).hex()}"


def _jsonable(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """A resumed run gets its inputs from the journal, so the first drive gets them in the same form."""
    try:
        return dict(as_json(dict(inputs), "the variables")) if inputs else {}
    except (TypeError, ValueError) as error:
        raise InputError(
            f"a variable is not plain data: {error}",
            hint="Use text, finite numbers, booleans, lists and dicts with text keys.",
        ) from error
