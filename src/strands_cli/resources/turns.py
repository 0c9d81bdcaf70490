"""How an agent's step goes: which tool its model must use, what ends it, and how long it may go on."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary

from strands.types.json_value import writes_data
from strands_cli.errors import ExecutionError, UnusableReplyError
from strands_cli.kernel.gates import CHANGED
from strands_cli.kernel.state import text_of
from strands_cli.kernel.types import AgentReply
from strands_cli.schema.problems import did_you_mean
from strands_cli.spec.agents import TOOL_CHOICES
from strands_cli.toolbox import short_name

if TYPE_CHECKING:
    from strands.agent.agent import Agent
    from strands.hooks.events import AfterToolsEvent, BeforeModelCallEvent, BeforeToolsEvent, MessageAddedEvent
    from strands.hooks.registry import HookRegistry
    from strands_cli.kernel.types import Call
    from strands_cli.spec.agents import AgentSpec

AUTO, *REQUIRED = TOOL_CHOICES


class TurnRules(NamedTuple):
    """What holds for one step of an agent.

    Attributes:
        tool_choice: auto, required, any or a tool: what the model must use.
        end_on: The tools whose result is the step's response.
        max_turns: How often the model may be called, or None.
        max_tool_calls: How many tool calls it may ask for, or None.
    """

    tool_choice: str | None = None
    end_on: tuple[str, ...] = ()
    max_turns: int | None = None
    max_tool_calls: int | None = None

    @property
    def lasting_choice(self) -> str | None:
        """What the model must use at every call of the step: with an end on a tool it goes on until that is used."""
        return (self.tool_choice or REQUIRED[0]) if self.end_on else None


def rules_of(agent: AgentSpec, step: Mapping[str, Any] | None) -> TurnRules:
    """Return what holds for a step of an agent; what the step says wins.

    Args:
        agent: The agent.
        step: What its step says of it.
    """
    own = vars(agent)
    said = {name: (step or {}).get(name) or own[name] for name in TurnRules._fields}
    return TurnRules(**{**said, "end_on": tuple(said["end_on"] or ())})


class TurnHooks:
    """Holds one agent to the rules of its step; a hook provider."""

    def __init__(self) -> None:
        self.rules: TurnRules = TurnRules()
        self.ended: bool = False
        self._key = ""
        self._agent = ""
        self._turns = 0
        self._calls = 0

    def begin(self, call: Call, rules: TurnRules, so_far: Iterable[Any] | None) -> None:
        """Hold the agent to `rules` from now on.

        Args:
            call: The step's call.
            rules: What holds.
            so_far: The messages of the call that are on record; None where the agent itself goes on with it.
        """
        self.rules, self._key, self._agent, self.ended = rules, call.key, call.agent, False
        if so_far is None:
            return
        replies = [message for message in so_far if message["role"] == "assistant"]
        self._turns, self._calls = len(replies), sum(map(_count_uses, replies))

    def register_hooks(self, registry: HookRegistry, **kwargs: Any) -> None:
        """Register before everybody else: what may not go on is not asked about."""
        from strands.hooks import events
        from strands.hooks.registry import HookOrder

        registry.add_callback(events.BeforeModelCallEvent, self.before_model, order=HookOrder.SDK_FIRST)
        registry.add_callback(events.MessageAddedEvent, self.added, order=HookOrder.SDK_FIRST)
        registry.add_callback(events.BeforeToolsEvent, self.before_tools, order=HookOrder.SDK_FIRST)
        registry.add_callback(events.AfterToolsEvent, self.after_tools, order=HookOrder.SDK_FIRST)  # so it runs last

    def before_model(self, event: BeforeModelCallEvent) -> None:
        """Say which tool the model must use, unless it was called as often as it may be.

        Raises:
            ExecutionError: It was.
        """
        rules = self.rules
        if rules.max_turns is not None and self._turns >= rules.max_turns:
            raise self._over("max_turns", f"called its model {self._turns} times")
        choice = rules.lasting_choice or (rules.tool_choice if self._turns == 0 else None)
        if choice is None or choice == AUTO:
            return
        wanted: Any = {"any": {}}
        if choice not in REQUIRED:
            wanted = {"tool": {"name": tool_named(choice, event.agent, self._agent)}}
        event.tool_choice = wanted

    def added(self, event: MessageAddedEvent) -> None:
        """Count what the model replies."""
        if event.message["role"] == "assistant" and not event.repeated:
            self._turns, self._calls = self._turns + 1, self._calls + _count_uses(event.message)

    def before_tools(self, event: BeforeToolsEvent) -> None:
        """Let tools run, unless they are more than the step may call.

        Raises:
            ExecutionError: They are.
        """
        most = self.rules.max_tool_calls
        if most is not None and self._calls > most:
            raise self._over("max_tool_calls", f"asked for {self._calls} tool calls")

    def after_tools(self, event: AfterToolsEvent) -> None:
        """End the step when a tool that ends it has been called, and has not failed."""
        ends = {tool_named(name, event.agent, self._agent) for name in self.rules.end_on}
        uses = event.agent.messages[-1]["content"] if ends and event.agent.messages else ()
        ending = [
            each["toolUse"]["toolUseId"] for each in uses if "toolUse" in each and each["toolUse"]["name"] in ends
        ]
        for result in [each["toolResult"] for each in event.message["content"] if "toolResult" in each]:
            if result["toolUseId"] in ending and result["status"] == "success":
                self.ended = True
                event.end_turn = text_of_result(result) or "Done."
                return

    def _over(self, limit: str, did: str) -> ExecutionError:
        most = getattr(self.rules, limit)
        return ExecutionError(
            f"{self._key!r}: agent {self._agent!r} {did} and has not ended; {limit} allows {most}",
            hint=f"Raise {limit}, or say in its prompt when to end; then resume with --spec FILE: what is "
            "done is kept.",
        )

    def judged(self, call: Call, reply: AgentReply, message: Any) -> AgentReply:
        """Return the reply of a step: the newest of its model, unless it ended with another message, on a tool.

        Raises:
            UnusableReplyError: The agent ended without that tool.
        """
        if self.ended:
            message = {"role": "assistant", "content": message["content"]}
            text = text_of(message)
            return AgentReply(text, message, is_json=writes_data(text))
        if not self.rules.end_on:
            return reply
        raise UnusableReplyError(
            f"{call.key!r}: agent {call.agent!r} ended without a call of {' or '.join(self.rules.end_on)} (end_on)",
            hint="Say in its prompt to call it last, then resume; finished steps are kept.",
        )


def tool_named(name: str, agent: Any, agent_id: str) -> str:
    """Return what an agent's model calls a tool that the spec names by its id, its name, or as server/tool.

    Raises:
        ExecutionError: The agent has no such tool.
    """
    tools = agent.tool_registry.registry
    for each in (name, short_name(name)):
        if each in tools:
            return str(each)
    for tool in tools.values():
        if getattr(tool, "qualified_name", None) == name:
            return str(tool.tool_name)
    raise ExecutionError(
        f"agent {agent_id!r} has no tool {name!r}, which its tool_choice or end_on names",
        hint=did_you_mean(name, sorted(tools)) or f"It has {', '.join(sorted(tools)) or 'none'}.",
    )


def text_of_result(result: Mapping[str, Any]) -> str:
    """Return the result of a tool as a text: JSON where it is data."""
    blocks: Sequence[Mapping[str, Any]] = result["content"]
    parts = [
        json.dumps(each["json"], ensure_ascii=False) if "json" in each else each.get("text", "") for each in blocks
    ]
    if len(parts) > 1 and parts[0].startswith(CHANGED):  # told to a model that goes on, and this one does not
        parts = parts[1:]
    return "\n".join(parts)


def _count_uses(message: Mapping[str, Any]) -> int:
    return sum("toolUse" in block for block in message["content"])


_held: WeakKeyDictionary[Any, TurnHooks] = WeakKeyDictionary()


def hold(agent: Agent, call: Call, said: AgentSpec, *, goes_on: bool) -> TurnHooks:
    """Hold an agent to what it and its step say of how it goes about a call, and return what does so.

    Args:
        said: What is said of the agent.
        goes_on: The agent itself goes on with the call after a question.
    """
    known = _held.get(agent)
    if known is None:
        known = _held[agent] = TurnHooks()
        agent.hooks.add_hook(known)
    progress = None if goes_on else call.progress()
    so_far = None if goes_on else progress.messages if progress is not None else ()
    known.begin(call, rules_of(said, call.how), so_far)
    return known
