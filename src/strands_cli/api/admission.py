"""Admission: the one place that decides whether this process may go on with a session, and what it changes of it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from strands_cli.api import guards
from strands_cli.errors import ChangedSpecError, InputError, SessionError
from strands_cli.kernel.handlers import current_user
from strands_cli.kernel.principal import os_principal, started_by
from strands_cli.kernel.state import State
from strands_cli.spec.within import all_within
from strands_cli.types import Json

if TYPE_CHECKING:
    from pathlib import Path

    from strands_cli.api.mending import Differences
    from strands_cli.api.options import Options
    from strands_cli.spec.root import Spec


OUT_VARIABLE = "STRANDS_OUT"
"""The environment variable that says where artifacts go."""


class Terms:
    """How somebody takes a session up.

    Args:
        spec: A spec that may have been mended since; None goes on with the one on record.
        accept_changes: Keep what is on record of finished steps that `spec` does differently.
        without_hooks: The hooks on record that a person lets be missing, by name.
    """

    __slots__ = ("accept_changes", "spec", "without_hooks")

    def __init__(
        self, spec: Spec | None = None, accept_changes: bool = False, without_hooks: Sequence[str] = ()
    ) -> None:
        self.spec: Spec | None = spec
        self.accept_changes: bool = accept_changes
        self.without_hooks: Sequence[str] = without_hooks


class Admission:
    """Whether a session may be driven here: asked before anything is recorded, and again under the lease.

    Args:
        session_id: The session.
        options: What this process brings.
        terms: How it is taken up.
        state: The session as it was read; what it begins from may not change until it is driven.

    Attributes:
        rights: Open questions to who may answer them, where the mended spec changes that.
    """

    def __init__(self, session_id: str, options: Options, terms: Terms, state: State) -> None:
        self._id = session_id
        self._options = options
        self._terms = terms
        self._after = None if terms.spec is None else without_literals(terms.spec)
        self._brought = guards.brought(options)
        self._recorded: dict[str, Json] | None = None
        self.rights: dict[str, dict[str, Json]] = {}
        self._origin = state.origin.get("spec"), state.origin.get("inputs")

    async def __call__(self, state: State) -> dict[str, Json]:
        """Return what is recorded of this drive beside its driver.

        Raises:
            ChangedSpecError, MissingPartsError: It may not be driven here.
            SessionError: Somebody mended it meanwhile.
        """
        if (state.origin.get("spec"), state.origin.get("inputs")) != self._origin:
            raise SessionError(f"session {self._id!r} was changed meanwhile", hint="Look at it, and resume it again.")
        changed = await self.changes(state)
        self.check_parts(state)
        both = guards.joined(state.origin.get("brought") or {}, self._brought)
        if both and both != state.origin.get("brought"):
            changed["brought"] = both
        if self._options.app and self._options.app != state.origin.get("app"):
            changed["app"], changed["app_directory"] = self._options.app, self._options.app_directory
        found: dict[str, Json] = {"changed": changed} if changed else {}
        if "mended" in changed:  # it may have changed who is to answer
            found.update(started_by(os_principal()))
        if self._terms.without_hooks:
            found.update(without_hooks=list(self._terms.without_hooks), by=current_user())
        return found

    def check_parts(self, state: State) -> None:
        """Check that this process has the hooks, tools and model on record.

        Raises:
            MissingPartsError: It has not.
            SessionError: This process would rehearse what was begun for real.
        """
        check_kind(self._id, state, self._options.offline)
        missing = guards.lacking(state.origin.get("brought") or {}, self._options, self._brought)
        missing = guards.without(missing, self._terms.without_hooks)
        if missing:
            raise guards.refusal(self._id, missing, state.origin.get("app"), self._options.app_problem)

    async def changes(self, state: State) -> dict[str, Json]:
        """Return what the mended spec changes of the session's origin; empty when nothing is changed.

        Raises:
            ChangedSpecError: It is another workflow, or does differently what is on record.
            InputError: It needs a variable that the session does not have.
        """
        after = self._after
        if after is None:
            return {}
        if self._recorded is None:
            self._recorded = self._snapshot(after)
        snapshot = self._recorded
        if state.origin["spec"] == snapshot:
            return {}
        before = spec_on_record(self._id, state.origin)
        if before.to_dict() == snapshot:
            return {}
        self._check_same_workflow(before, after)
        inputs = _inputs(after, state.origin["inputs"])
        found = await self._differing(state, before, _as_recorded(after, snapshot), inputs)
        differing, left = found.steps, found.left
        accepted = state.origin.get("accepted") or []
        differing = {key: how for key, how in differing.items() if key not in accepted}
        if differing and not self._terms.accept_changes:
            from strands_cli.api import mending

            raise mending.refusal(self._id, differing, _source(after))
        changed: dict[str, Json] = {"mended": True, "spec": snapshot, "inputs": inputs}
        changed["accepted"] = [*accepted, *differing]
        if left or state.left:
            changed["left"] = left
        if after._literals or state.origin.get("literals"):
            changed["literals"] = sorted(after._literals)
        if after._base_dir is not None:
            changed["base_dir"] = str(after._base_dir)
        from strands_cli.api.mended_rights import mended_rights

        self.rights = mended_rights(state, after, found.rights, found.acts)
        if self.rights or state.origin.get("rights"):
            changed["rights"] = {**(state.origin.get("rights") or {}), **self.rights}
        await self._keep_files(after, state, changed)
        file = spec_file(after)
        return {**changed, "file": file} if file else changed

    async def _keep_files(self, after: Spec, state: State, changed: dict[str, Json]) -> None:
        """Keep the files that the mended spec needs where other machines find them."""
        store = self._options.store()
        if not getattr(store, "keeps_files", False):
            return
        from strands_cli.resources.spec_files import kept

        files = await kept(store, after)
        if files or state.origin.get("files"):
            changed["files"] = dict(files)

    def _snapshot(self, spec: Spec) -> dict[str, Json]:
        from strands_cli.resources.secrets import Secrets

        return self._options.snapshot(spec, Secrets.of(spec))

    def _check_same_workflow(self, before: Spec, after: Spec) -> None:
        was, now = (before.name, before.pattern.type), (after.name, after.pattern.type)
        if was == now:
            return
        told = [
            f"{name!r} with the pattern {pattern!r}" if was[0] == now[0] else repr(name) for name, pattern in (was, now)
        ]
        raise ChangedSpecError(
            f"session {self._id!r} is of the workflow {told[0]}, not of {told[1]}",
            hint=f"Go on with the one on record: strands resume {self._id}.",
        )

    async def _differing(self, state: State, before: Spec, after: Spec, inputs: Mapping[str, Json]) -> Differences:
        from strands_cli.api import mending
        from strands_cli.api.spec_names import default_prompt_of, names_of
        from strands_cli.api.within import workflows_of
        from strands_cli.patterns import pattern

        names = names_of(after, state, inputs)
        body = partial(_follow, pattern(after.pattern.type), after.pattern.config, names)
        found = await mending.differing_steps(
            state,
            body,
            partial(default_prompt_of, after),
            mending.same_agents(before, after),
            workflows_of(after, state),
        )
        for name, value in after.inputs.values.items():
            if before.inputs.values.get(name) != value and inputs.get(name) != value:
                found.steps[f"inputs.values.{name}"] = f"the session began with {inputs.get(name)!r}"
        return found


def without_literals(spec: Spec) -> Spec:
    """Return a spec whose secrets are named and kept apart; see `resources.literals`.

    Raises:
        InputError: A workflow that a step runs holds a secret literally: there is no name for it.
    """
    if spec.tools is None and not spec.workflows:
        return spec
    from strands_cli.resources.literals import blotted

    for name, (*_, inner) in all_within(spec):
        if blotted(inner) is not inner:
            raise InputError(
                f"the tools of {name.rstrip('/')!r} hold a secret literally, which no session may record",
                hint="Declare it under its env.secrets, and write ${NAME} where it stands.",
            )
    return spec if spec.tools is None else blotted(spec)


def _pattern_of(spec: Any) -> Any:
    pattern = spec.get("pattern") if isinstance(spec, Mapping) else None
    return pattern.get("type") if isinstance(pattern, Mapping) else None


def spec_on_record(session_id: str, origin: Mapping[str, Any], given: Spec | None = None) -> Spec:
    """Return the spec that a session is pinned to.

    Args:
        session_id: The session.
        origin: What it is on record of its origin.
        given: The workflow as this process has it: it may know secrets that the record does not hold.

    Raises:
        SessionError: This build cannot read it.
    """
    from pathlib import Path

    from pydantic import ValidationError

    from strands_cli.spec import Spec
    from strands_cli.spec.registry import known_patterns

    try:
        spec = Spec.model_validate(_as_offered_now(origin))
    except ValidationError as error:
        pattern = _pattern_of(origin["spec"])
        if pattern not in known_patterns():
            raise SessionError(
                f"session {session_id!r} needs the pattern {pattern!r}, which is not here",
                hint="Install the package that offers it as a 'strands.patterns' entry point, and resume again.",
            ) from error
        raise SessionError(
            f"the spec of session {session_id!r} is not one that this build reads: {error.errors()[0]['msg']}",
            hint="Resume it with the version of strands-cli that started it.",
        ) from error
    spec._base_dir = Path(origin["base_dir"])
    if origin.get("literals"):
        from strands_cli.resources.literals import literals_of

        spec._literals = literals_of(origin["literals"], origin.get("file"), given)
    return spec


def in_its_place(spec: Spec, origin: Mapping[str, Any]) -> Spec:
    """Return a spec that is the one on record, relative to where the session was started."""
    if str(spec.base_dir or os.getcwd()) == origin["base_dir"] or not os.path.isdir(origin["base_dir"]):
        return spec  # it was started on another machine
    from pathlib import Path

    pinned = spec.model_copy()
    pinned._base_dir, pinned._blotted = Path(origin["base_dir"]), None
    return pinned


def here_for(origin: Mapping[str, Any], instead: Path | None = None) -> Path:
    """Return what the paths of a session's tools are relative to: where it was started.

    Args:
        origin: What the session began with.
        instead: Where they are on a machine that has no such directory; default: the current directory.
    """
    from pathlib import Path

    recorded = origin.get("directory")
    return Path(recorded) if recorded and os.path.isdir(recorded) else instead or Path.cwd()


def output_for(origin: Mapping[str, Any], instead: Path | None = None) -> str:
    """Return where a session's artifacts go: as it was started, or alike below `instead` or the current directory."""
    output, started = str(origin["output_dir"]), origin.get("directory")
    if not started or os.path.isdir(started) or "://" in output:
        return output
    if os.environ.get(OUT_VARIABLE):
        return os.environ[OUT_VARIABLE]
    below = os.path.relpath(output, started)
    return output if below.startswith("..") else os.path.join(instead or os.getcwd(), below)


def _as_offered_now(origin: Mapping[str, Any]) -> Mapping[str, Any]:
    """The first release, which wrote format 1, took `remember: always` and did what `session` says."""
    spec: Mapping[str, Any] = origin["spec"]
    if origin.get("format", 1) > 1:
        return spec
    agents = {
        name: {**agent, "approvals": [_ending(rule) for rule in agent["approvals"]]}
        if agent.get("approvals")
        else agent
        for name, agent in (spec.get("agents") or {}).items()
    }
    return {**spec, "agents": agents} if agents else spec


def _ending(rule: Mapping[str, Any]) -> dict[str, Any]:
    return {**rule, "remember": "session"} if rule.get("remember") == "always" else dict(rule)


def spec_file(spec: Spec) -> str | None:
    """Return the absolute path of the file that a spec was read from, or None."""
    return os.path.abspath(spec.source) if spec.source and os.path.isfile(spec.source) else None


def recorded_form(spec: Spec) -> dict[str, Json]:
    """Return a spec as a session would record it: plain values, and no secret."""
    from strands_cli.api.options import Options
    from strands_cli.resources.secrets import Secrets

    spec = without_literals(spec)
    return Options().snapshot(spec, Secrets.of(spec))


def _as_recorded(spec: Spec, snapshot: Mapping[str, Any]) -> Spec:
    """Return a spec whose texts hold the names of secrets where they hold secrets: the record holds no others."""
    if spec.env is None or spec.to_dict() == snapshot:
        return spec
    return type(spec).model_validate(snapshot)


def _source(spec: Spec) -> str:
    return repr(spec.source) if spec_file(spec) else "the workflow"


def _inputs(spec: Spec, on_record: Mapping[str, Json]) -> dict[str, Json]:
    """Return the session's variables, with the defaults of those that the mended spec adds."""
    from strands_cli.loader.inputs import resolve_inputs

    try:
        return {**resolve_inputs(spec, on_record), **on_record}
    except InputError as error:
        error.hint = "Give it a default or a value in the spec: a session keeps the variables it began with."
        raise


async def _follow(pattern: Any, config: Any, names: Mapping[str, Any], run: Any) -> Any:
    return await pattern.run(config, run, names)


def check_kind(session_id: str, state: State, offline: bool) -> None:
    """Check that no rehearsal goes on with a real session: its answers would be spent on replies that are made up.

    Raises:
        SessionError: It would.
    """
    if offline and not state.origin["offline"]:
        raise SessionError(
            f"session {session_id!r} is not a rehearsal, so it cannot be gone on with offline",
            hint=f"Resume it for real: strands resume {session_id}; or rehearse a new run: strands run SPEC --offline.",
        )
