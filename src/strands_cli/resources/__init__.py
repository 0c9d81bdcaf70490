"""What the agents of one run are equipped with beside a model: tools, gates, skills, notes, contracts, spans.

A spec that asks for none of it pays for none of it: each part is imported when it is used.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from strands_cli.resources.around import Around
from strands_cli.toolbox import Toolbox

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from opentelemetry.trace import Tracer

    from strands.agent.conversation_manager.base import ConversationManager
    from strands.models.model import Model
    from strands_cli.kernel.layers import Layer
    from strands_cli.kernel.state import State
    from strands_cli.kernel.types import Call
    from strands_cli.resources.decision_log import DecisionLog
    from strands_cli.resources.memories import RunMemories
    from strands_cli.resources.remembered import Remembering
    from strands_cli.resources.secrets import Secrets
    from strands_cli.resources.stand_in import StandIn
    from strands_cli.session.repository import SessionRepository
    from strands_cli.spec.agents import Approval
    from strands_cli.spec.root import Spec


class AgentResources(Around):
    """What the agents of one drive of a session have.

    Args:
        spec: The workflow.
        model: Returns the model of an agent id, or of an agent id and another model id.
        tools: Tools given in Python.
        directory: What the paths of tools are relative to.
        output_dir: Where notes are kept.
        offline: A rehearsal: nothing is sent anywhere, and only tools that change nothing run.
        real_tools: All tools run though it is a rehearsal, and MCP servers are started.
        session_id: Names the session in notes and spans.
        secrets: The secrets of the spec, where they are known already.
        store: Where approvals are remembered; None remembers none beyond the session.
        stand_in: What stands between the agents and their models and tools.
        around: What the agents have of the workflow a step of which runs this one, or None.
        name: What that step calls this one.
    """

    def __init__(
        self,
        spec: Spec,
        model: Callable[..., Model],
        tools: Sequence[Any] = (),
        *,
        directory: Path | None = None,
        output_dir: str | Path | None = None,
        offline: bool = False,
        real_tools: bool = False,
        session_id: str = "",
        secrets: Secrets | None = None,
        store: SessionRepository | None = None,
        stand_in: StandIn | None = None,
        around: AgentResources | None = None,
        name: str = "",
    ) -> None:
        from strands_cli.resources.secrets import Secrets

        self._spec = spec
        self._model = model
        self._directory: str | Path = directory or os.getcwd()
        self._output_dir = output_dir or self._directory
        self._offline = offline
        self._rehearses = offline and not real_tools
        self._session_id = session_id
        self._state: State | None = None
        self._decision_log: DecisionLog | None = None
        self._store = store
        self.workflow: str = spec.name if around is None else around.workflow
        self._remembering = _remembering(spec, store, session_id, self.workflow)
        self._own_secrets = Secrets.of(spec) if secrets is None else secrets
        self._servers: dict[str, list[Any]] = {}
        self._connections: tuple[Any, ...] = ()
        self._toolbox = Toolbox(spec, tools, self._directory, self._own_secrets, self._servers, self._rehearses)
        self._tracer = self._own_tracer()
        self._around: ExitStack | None = None
        self._memories: RunMemories | None = None
        if spec.memory:
            self._toolbox.offer(self.memories.tool())
        self._notes = self._kept_notes()
        self._skills = self._skill_list()
        self._within: dict[str, AgentResources] = {}
        self._entered_within: tuple[AgentResources, ...] = ()
        self._outer = around
        self.prefix: str = "" if around is None else f"{around.prefix}{name}/"
        if around is not None:
            around._within[name] = self
        beside = spec.security, spec.context_policy, self._own_secrets, self._skills
        self._stand_in = stand_in
        self._is_plain: bool = not (self._rehearses or any(beside) or stand_in is not None)
        if stand_in is not None and around is None:
            stand_in.begin(self._own_secrets)

    # -- what an agent is built with --------------------------------------------------------------------------------

    def tools(self, agent_id: str, override: Sequence[str] | None = None) -> list[Any]:
        """Return the tools of an agent; see `Toolbox.tools`."""
        return self._in_rehearsal(self._toolbox.tools(agent_id, override))

    def tool(self, id_: str) -> Any:
        """Return the one tool that a step calls; see `Toolbox.one`."""
        return self._in_rehearsal([self._toolbox.one(id_)])[0]

    def _in_rehearsal(self, found: list[Any]) -> list[Any]:
        if not self._rehearses:
            return found
        from strands_cli.resources.rehearsed import rehearsed

        return rehearsed(found)

    def hooks(self, agent_id: str) -> list[Any]:
        """Return the hook providers of an agent: guardrails first, then approvals."""
        return self.step_hooks(agent_id, self._spec.agents[agent_id].approvals)

    def step_hooks(self, agent_id: str, rules: Sequence[Approval]) -> list[Any]:
        """Return the hook providers of an agent, or of a step without one, that has these rules of its own."""
        rules = [*rules, *self._spec.approvals]
        outer = [] if self._outer is None else self._outer.hooks_below(self.prefix + agent_id)
        if self._is_plain and not rules:
            return outer
        found: list[Any] = []
        if self._own_secrets:
            from strands_cli.resources.guardrails import SecretRedactor

            found.append(SecretRedactor(self._own_secrets))
        found += self.allowing()
        policy = self._spec.context_policy
        if policy is not None and policy.compaction is not None and policy.compaction.enabled:
            from strands_cli.resources.compaction import Compactor

            found.append(Compactor(policy.compaction, lambda: self._summarizer(agent_id)))
        if rules:
            from strands_cli.approvals import ApprovalHooks

            name = self.prefix + agent_id
            found.append(ApprovalHooks(agent_id, rules, self._decisions(), self._remembering, recorded=name))
        if self._stand_in is not None:
            found += self._stand_in.hooks(self.prefix + agent_id)
        if self._rehearses:
            from strands_cli.resources.rehearsed import RehearsalHooks

            found.append(RehearsalHooks())
        return [*found, *outer]

    def conversation_manager(self, agent_id: str) -> ConversationManager:
        """Return what an agent does when its model can no longer read the history."""
        policy = self._spec.context_policy
        if policy is not None and policy.compaction is not None and policy.compaction.enabled:
            from strands_cli.resources.compaction import TrimWhenFull

            return TrimWhenFull()
        return _unmanaged()

    def model(self, agent_id: str) -> Model:
        """Return the model of an agent; no secret reaches it, and with pii_redaction no personal data."""
        found = self._model(agent_id)
        if self._is_plain:
            return found
        found = self._secret_free(found)
        if self._hides_personal_data:
            from strands_cli.resources.guardrails import RedactedModel

            return RedactedModel(found)
        return found

    def instructions(self, call: Call) -> str:
        """Return what stands behind an agent's own prompt: its skills, its notes, its contract."""
        agent = self._spec.agents[call.agent.removeprefix(self.prefix)]
        if self._is_plain and agent.output_schema is None:
            return ""
        parts = []
        if self._skills:
            parts.append(self._skills)
        if self._notes is not None:
            parts.append(self._notes.shown())
        if agent.output_schema is not None:
            from strands_cli.resources.contracts import instructions

            parts.append(instructions(agent.output_schema))
        return "\n\n".join(part for part in parts if part)

    # -- what stands around its calls -------------------------------------------------------------------------------

    def layers(self) -> list[Layer]:
        """Return the layers around every agent call, the outermost first."""
        found: list[Layer] = []
        if self._tracer is not None:
            from strands_cli.resources.tracing import content_layer, step_spans

            telemetry = self._spec.telemetry
            found.append(step_spans(self._tracer, self._session_id))
            found.append(content_layer(telemetry.redact if telemetry is not None else None, self._scrub))
        if self._notes is not None:
            found.append(self._notes.layer)
        if self._remembering is not None:
            found.append(self._remembering.layer)
        if any(agent.input_schema or agent.output_schema for agent in self._spec.agents.values()):
            from strands_cli.resources.contracts import contracts

            found.append(contracts(self._spec, self.prefix))
        return found

    @property
    def secrets(self) -> Secrets:
        """The secrets of the spec."""
        return self._own_secrets

    @property
    def memories(self) -> RunMemories:
        """What the run reads and writes of the memories of the spec."""
        if self._memories is None:
            from strands_cli.resources.memories import RunMemories

            self._memories = RunMemories(self._spec, self._session_id, self._store)
        return self._memories

    def remember(self, state: State) -> None:
        """Let earlier answers of the session count."""
        self._state = state
        if self._decision_log is not None:
            self._decision_log.state = state
        for each in self._within.values():
            each.remember(state)

    # -- opening and closing ----------------------------------------------------------------------------------------

    async def __aenter__(self) -> AgentResources:
        """Start the MCP servers of the spec, and the span of the drive.

        Raises:
            ExecutionError: One cannot be used, or a secret that an HTTP tool needs cannot be read.
        """
        if not self._rehearses:
            await self._own_secrets.ready(self._spec)
        if self._own_secrets:
            from strands_cli.resources.redaction import scrubbed_logs

            self._entered(scrubbed_logs(self._own_secrets))
        if self._tracer is not None:
            from strands_cli.resources.tracing import workflow_span

            self._entered(workflow_span(self._tracer, self._spec, self._session_id))
        try:
            await self._connect()
            for each in self._within.values():
                await each.__aenter__()
                self._entered_within = (*self._entered_within, each)
        except BaseException:
            await self.__aexit__(*sys.exc_info())
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop what was started."""
        try:
            while self._entered_within:
                inner, self._entered_within = self._entered_within[-1], self._entered_within[:-1]
                await inner.__aexit__(kind, error, trace)
            while self._connections:
                from strands_cli.resources.mcp_servers import disconnect

                last, self._connections = self._connections[-1], self._connections[:-1]
                await disconnect(last)
        finally:
            if self._around is not None:
                self._around.__exit__(kind, error, trace)

    def _entered(self, context: AbstractContextManager[Any]) -> None:
        """Enter a context that ends with the drive."""
        if self._around is None:
            self._around = ExitStack()
        self._around.enter_context(context)

    async def _connect(self) -> None:
        if self._spec.tools is None or not self._spec.tools.mcp or self._rehearses:
            return
        from strands_cli.resources.mcp_servers import check_gates, check_names, connect

        found = await connect(self._spec, self._own_secrets)
        for id, (connection, tools) in found.items():
            self._connections = (*self._connections, connection)
            self._servers[id] = tools
        check_names(self._servers, self._toolbox.in_use())
        check_gates(self._spec, self._servers, self.tools)

    # -- parts --------------------------------------------------------------------------------------------------------

    def _decisions(self) -> DecisionLog:
        if self._decision_log is None:
            from strands_cli.resources.decision_log import DecisionLog

            self._decision_log = DecisionLog(self._state)
        return self._decision_log

    @property
    def _hides_personal_data(self) -> bool:
        security = self._spec.security
        return security is not None and security.guardrails is not None and security.guardrails.pii_redaction

    def _scrub(self, value: Any) -> Any:
        """Return what a trace may hold."""
        value = self._own_secrets.scrub(value)
        if not self._hides_personal_data:
            return value
        from strands_cli.resources.guardrails import without_personal_data

        return without_personal_data(value)

    def _own_tracer(self) -> Tracer | None:
        """Nothing of OpenTelemetry is imported unless the spec asks for it or the program has."""
        telemetry = self._spec.telemetry
        asked = telemetry is not None and telemetry.otel is not None
        there = "opentelemetry.trace" in sys.modules or "OTEL_PYTHON_TRACER_PROVIDER" in os.environ
        if self._offline or not (asked or there):
            return None
        from strands_cli.resources.tracing import tracer

        return tracer(self._spec)

    def _kept_notes(self) -> Any:
        policy = self._spec.context_policy
        if policy is None or policy.notes is None:
            return None
        from strands_cli.resources.notes import NotesFile

        return NotesFile(policy.notes, Path(self._output_dir), self._session_id)

    def _skill_list(self) -> str:
        if not self._spec.skills:
            return ""
        from strands_cli.resources.skills import listing

        return listing(self._spec)

    def _summarizer(self, agent_id: str) -> Model:
        policy = self._spec.context_policy
        other = policy.compaction.summarization_model if policy is not None and policy.compaction is not None else None
        return self._secret_free(self._model(agent_id, other) if other is not None else self._model(agent_id))

    def _secret_free(self, model: Model) -> Model:
        if not self._own_secrets:
            return model
        from strands_cli.resources.redaction import SecretFreeModel

        return SecretFreeModel(model, self._own_secrets)


def _remembering(spec: Spec, store: SessionRepository | None, session_id: str, workflow: str) -> Remembering | None:
    """Return what is remembered of a workflow beyond the session, where some rule lets anything be."""
    if store is None or not _remembers(spec):
        return None
    from strands_cli.resources.remembered import Remembering

    return Remembering(store, workflow, session_id)


def _remembers(spec: Spec) -> bool:
    rules = [*spec.approvals, *(rule for each in spec.agents.values() for rule in each.approvals)]
    if any(rule.remember == "always" for rule in rules):
        return True
    if "strands_cli.spec.acts" not in sys.modules:
        return False  # only steps without an agent have rules of their own
    from strands_cli.spec.asking import step_rules

    return any(rule.get("remember") == "always" for rule in step_rules(spec.plain()["pattern"].get("config")))


@cache
def _unmanaged() -> ConversationManager:
    """Return what leaves a history as it is; it remembers nothing, so all agents share it."""
    from strands.agent.conversation_manager.null import NullConversationManager

    return NullConversationManager()
