"""From a spec's agents to running ones: one `strands.Agent` a lane, rebuilt from the journal when it has to be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from strands.types.json_bytes import decode_bytes_values, encode_message
from strands_cli.errors import UnusableReplyError
from strands_cli.kernel.context import CONTEXT
from strands_cli.kernel.recorder import JournalRecorder
from strands_cli.kernel.state import text_of
from strands_cli.kernel.types import AgentReply, Call
from strands_cli.loader.parts import called_agents
from strands_cli.loader.template import render

if TYPE_CHECKING:
    from strands.agent.agent import Agent
    from strands_cli.resources import AgentResources
    from strands_cli.resources.turns import TurnHooks
    from strands_cli.spec.root import Spec
    from strands_cli.streamed_text import StreamedText
    from strands_cli.types import Json


class AgentCache:
    """The agents of one run: an agent id has one instance in each lane.

    Args:
        once: The ids that the workflow calls once; such an agent is not kept when its lane goes on with another.
    """

    def __init__(self, once: frozenset[str] = frozenset()) -> None:
        self._once = once
        self._kept: dict[tuple[str, str], tuple[Agent, tuple[str, ...] | None]] = {}
        self._latest: dict[str, str] = {}
        self.built: int = 0

    def get(self, call: Call) -> Agent | None:
        """Return the lane's agent, or None when there is none with these tools."""
        kept = self._kept.get((call.lane, call.agent))
        return kept[0] if kept is not None and kept[1] == call.tools else None

    def keep(self, call: Call, agent: Agent) -> None:
        """Let an agent be the lane's from now on."""
        latest = self._latest.get(call.lane)
        if latest in self._once and latest != call.agent:
            self._kept.pop((call.lane, latest), None)
        self._latest[call.lane] = call.agent
        self._kept[call.lane, call.agent] = agent, call.tools
        self.built += 1

    def drop(self, call: Call) -> None:
        """Forget the lane's agent: the next call rebuilds it from the journal."""
        self._kept.pop((call.lane, call.agent), None)


class AgentCaller:
    """Does agent calls: the `CallAgent` of a run.

    Args:
        spec: The workflow.
        resources: What the agents have beside their prompts: models, tools, hooks.
        hooks: Hook providers that every agent gets.
        name: How the names of the workflow's agents begin on record; "" where no step of another runs it.
    """

    def __init__(
        self,
        spec: Spec,
        resources: AgentResources,
        hooks: Sequence[Any] = (),
        name: str = "",
    ) -> None:
        self._name = name
        self._spec = spec
        self._resources = resources
        self._hooks = tuple(hooks)
        self._holds = False
        self.cache: AgentCache = AgentCache(called_once(spec))

    async def __call__(self, call: Call) -> AgentReply:
        if call.act is not None:
            from strands_cli.step_calls import StepCaller

            return await StepCaller(self._resources, self._hooks, self._name)(call)
        from strands._core.invoke import Options
        from strands._core.invoke import call as call_agent
        from strands.types.exceptions import EventLoopException

        agent = self.cache.get(call)
        prompt: Any = call.prompt
        if agent is not None and (
            call.anew or (call.how is not None and "fresh" in call.how) or not _is_answered(agent, call.answers)
        ):
            agent = None  # what it holds, or waits for, is not what the record says
        goes_on = agent is not None and bool(agent.pending_interrupts)
        if agent is None:
            agent, prompt = self._restored(call)
        elif goes_on:
            prompt = _responses(call.answers)
        held = self._held(agent, call, goes_on)
        agent.recorder = call.recorder
        agent.system_prompt = self._system_prompt(call)
        agent.callback_handler = streamed = _streamed(call, agent)
        try:
            state = {CONTEXT: call.context}
            if call.expects:
                state["rehearse_hint"] = call.expects
            options = Options(state)
            result = await call_agent(agent, prompt, options, None if streamed is None else streamed.take)
        except EventLoopException as error:
            self.cache.drop(call)
            raise error.original_exception from error
        except BaseException:
            self.cache.drop(call)
            raise
        if result.stop_reason == "interrupt":
            return AgentReply("", stop_reason="interrupt", interrupts=tuple(result.interrupts or ()))
        message, stop_reason, usage = cast(JournalRecorder, call.recorder).last or (
            encode_message(result.message),
            result.stop_reason,
            {},
        )
        reply = AgentReply(text_of(message), message, usage, stop_reason)
        try:
            if held is not None:
                reply = held.judged(call, reply, result.message)
            check_reply(call, reply)
        except UnusableReplyError:
            self.cache.drop(call)
            raise
        return reply

    def _held(self, agent: Agent, call: Call, goes_on: bool) -> TurnHooks | None:
        """Hold an agent to what is said of how it goes about the call, if anything is."""
        said = self._spec.agents[self._local(call)]
        is_held = bool(said.tool_choice or said.end_on or said.max_turns or said.max_tool_calls)
        self._holds = self._holds or is_held or call.how is not None  # the lane's agent may be, by an earlier step
        if not self._holds:
            return None
        from strands_cli.resources.turns import hold

        return hold(agent, call, said, goes_on=goes_on)

    def _restored(self, call: Call) -> tuple[Agent, Any]:
        """Build an agent and bring it to where the journal says it was."""
        agent = self._built(self._local(call), call.tools)
        self.cache.keep(call, agent)
        history = [_own(message) for message in call.history()]
        progress = call.progress()
        if progress is None:
            agent.messages.extend(history)
            return agent, call.prompt
        turn = progress.turn
        turn.finished = {id_: decode_bytes_values(result) for id_, result in turn.finished.items()}
        agent.restore([*history, *map(_own, progress.messages)], turn)
        return agent, None

    def _built(self, agent_id: str, tools: tuple[str, ...] | None) -> Agent:
        resources = self._resources
        hooks = resources.hooks(agent_id)
        return _agent_class()(
            model=resources.model(agent_id),
            tools=resources.tools(agent_id, tools) or None,
            agent_id=agent_id,
            name=agent_id,
            hooks=[*self._hooks, *hooks] if self._hooks or hooks else None,
            callback_handler=None,
            retry_strategy=None,
            conversation_manager=resources.conversation_manager(agent_id),
        )

    def _local(self, call: Call) -> str:
        """Return what the workflow itself calls the agent."""
        return call.agent.removeprefix(self._name) if self._name else call.agent

    def _system_prompt(self, call: Call) -> str:
        prompt = render(self._spec.agents[self._local(call)].prompt, call.names)
        more = self._resources.instructions(call)
        return f"{prompt}\n\n{more}" if more else prompt


def _is_answered(agent: Agent, answers: Mapping[str, Json]) -> bool:
    """Whether there is an answer to all that an agent waits for."""
    return all(each.id in answers for each in agent.pending_interrupts)


def _responses(answers: Mapping[str, Json]) -> list[Any]:
    return [{"interruptResponse": {"interruptId": id_, "response": answer}} for id_, answer in answers.items()]


def called_once(spec: Spec) -> frozenset[str]:
    """Return the agents that one step of the workflow calls, and that step once."""
    found = spec._called_once
    if found is None:
        calls = called_agents(spec.plain()) if spec.pattern.type in _WITHOUT_ROUNDS else ()
        counts = Counter(agent for _, agent in calls)
        found = spec._called_once = frozenset(agent for agent, count in counts.items() if count == 1)
    return found


_WITHOUT_ROUNDS = frozenset(("chain", "workflow", "parallel", "routing"))
"""Patterns none of whose steps comes round again."""


def _own(message: Any) -> Any:
    """Return a message of the journal for an agent, which adds to it."""
    return {**decode_bytes_values(message)}


def check_reply(call: Call, reply: AgentReply) -> None:
    """Raise UnusableReplyError for a reply that says nothing, or not all that it would have said."""
    who, why = f"{call.key!r}: the reply of agent {call.agent!r}", reply.stop_reason
    if why in BLOCKED:
        hint = "Change the prompt or its input, then resume; finished steps are kept."
        raise UnusableReplyError(f"{who} was {BLOCKED[why]} ({why})", hint=hint, stop_reason=why)
    if not reply.text.strip():
        hint = "Have the prompt ask for an answer in words, then resume; finished steps are kept."
        raise UnusableReplyError(f"{who} has no text (it ended with {why})", hint=hint, stop_reason=why)


BLOCKED = {
    "content_filtered": "filtered or refused by its provider",
    "guardrail_intervened": "stopped by a guardrail of its provider",
    "refusal": "refused by the model",
}


@cache
def _agent_class() -> type[Agent]:
    from strands.agent.agent import Agent

    return Agent


def _streamed(call: Call, agent: Agent) -> StreamedText | None:
    if call.emit is None:
        return None
    from strands_cli.streamed_text import StreamedText

    return StreamedText(call.emit, agent)
