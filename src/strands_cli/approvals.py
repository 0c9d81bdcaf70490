"""Tool approvals of a spec: which calls wait for a person, what the person may do, and what is remembered."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Collection, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, NamedTuple

from strands_cli.errors import ExecutionError, TemplateError
from strands_cli.kernel.gates import CHANGED
from strands_cli.kernel.state import NOBODY
from strands_cli.loader.template import evaluate, render
from strands_cli.resources.call_arguments import edit_problems, filled, input_schema, prefilled, problems
from strands_cli.resources.decision_log import (
    DECISION,
    CallDecision,
    DecisionLog,
    answer_schema,
    at_level,
    numbered,
    parsed,
    to_text,
    verdict,
)
from strands_cli.schema.problems import did_you_mean
from strands_cli.spec.asking import rights_of
from strands_cli.types import Json

if TYPE_CHECKING:
    from strands.hooks.binding import CallBinding
    from strands.hooks.events import AfterToolCallEvent, BeforeToolCallEvent
    from strands.hooks.registry import HookRegistry
    from strands_cli.resources.remembered import Remembering
    from strands_cli.spec.agents import Approval

ARGUMENTS = "approval_arguments"
NOT_MADE = ("A person rejected this", "Nobody answered in time whether this call")
"""How it begins what is told of a call that was not made because no person agreed to it."""


class _Rule(NamedTuple):
    approval: Approval
    number: int

    def covers(self, names: Sequence[str], qualified: str | None) -> bool:
        """Whether a tool of one of these names is meant: by a glob, and by none that excludes.

        `qualified` is what a tool of an MCP server is called beside: `server/tool`. A glob that excludes a built-in
        tool by its bare name excludes no server's tool.
        """
        from strands_cli.capability.builtin_tools import builtin_name

        wanted = [glob for glob in self.approval.tools if not glob.startswith("!")] or ["*"]
        unwanted = [glob[1:] for glob in self.approval.tools if glob.startswith("!")]
        for name in names:
            beside = [] if qualified is None else [qualified]
            own = beside if beside and builtin_name(name) is not None else [name, *beside]
            if any(_any(each, wanted) for each in (name, *beside)) and not any(_any(each, unwanted) for each in own):
                return True
        return False

    def holds(self, names: Mapping[str, Any]) -> bool:
        """Whether the condition holds; one that cannot be worked out does: a gate never fails open."""
        if self.approval.when is None:
            return True
        try:
            return evaluate(self.approval.when, names)
        except TemplateError:
            return True


class ApprovalHooks:
    """Asks before the tool calls that the rules of an agent cover; a hook provider.

    Args:
        agent: The agent's id.
        rules: Its rules; the first that covers a call decides.
        memory: What was decided before.
        beyond: What was approved in other sessions; None where none counts.
        recorded: What the agent is called on record; default: its id.
        level: How many workflows around the agent's own the rules stand: those ask under names of their own.
    """

    def __init__(
        self,
        agent: str,
        rules: Sequence[Approval],
        memory: DecisionLog,
        beyond: Remembering | None = None,
        *,
        recorded: str = "",
        level: int = 0,
    ) -> None:
        self._agent = agent
        self._recorded = recorded or agent
        self._question_name, self._form_name = (at_level(name, level) for name in (DECISION, ARGUMENTS))
        self._rules = [_Rule(rule, number) for number, rule in enumerate(rules)]
        self._memory = memory
        self._beyond = beyond
        self._edited: dict[str, Any] = {}

    def register_hooks(self, registry: HookRegistry, **kwargs: Any) -> None:
        """Register as a gate: what the person sees is what is left when every hook is done with the call."""
        from strands.hooks.events import AfterToolCallEvent
        from strands.hooks.registry import HookOrder

        registry.add_gate(self.before, deciders=(self,))
        registry.add_callback(AfterToolCallEvent, self.after, order=HookOrder.SDK_LAST)

    def before(self, event: BeforeToolCallEvent) -> Awaitable[None] | None:
        """Let a call run, keep it from running, or ask; awaited where other sessions may have decided."""
        rule = self._rule(event)
        if rule is None:
            return None
        wrong = problems(event.selected_tool, event.tool_use["input"])
        if wrong:
            event.cancel_tool = f"The arguments do not fit the tool: {'; '.join(wrong)}"
            return None
        if self._written_by_a_person(event):
            return None
        asked = event.question_scope().was_asked(self._question_name, DECISION)  # its answer has to be taken
        known = None if asked else self._known(event.binding(), rule.approval)
        if known == "reject":
            event.cancel_tool = "A person rejected this very call before. Do something else."
            return None
        if self._beyond is not None and not asked and (known or rule.approval.remember == "always"):
            return self._unless_remembered(event, rule.approval, self._beyond)
        if known != "approve" or "approve" not in rule.approval.options:
            self._act(event, rule.approval, self._decided(event, rule.approval))
        return None

    async def _unless_remembered(self, event: BeforeToolCallEvent, rule: Approval, beyond: Remembering) -> None:
        """Let a call run that was approved, here or in another session, and still is; ask about any other."""
        call, found = event.binding(), None
        ended = await beyond.ended(rule) if "approve" in rule.options else None
        if ended is not None and self._known(call, rule, ended) == "approve":
            return
        if ended is not None and rule.remember == "always":
            after = self._memory.rejected_at(self._recorded, call)
            found = await beyond.approval(self._recorded, call, rule, after=after)
        if found is None:
            self._act(event, rule, self._decided(event, rule))
        else:
            await beyond.used(found, call, event.tool_use["toolUseId"])

    def after(self, event: AfterToolCallEvent) -> None:
        """Tell the model when a person changed its arguments."""
        changed = self._edited.pop(event.tool_use["toolUseId"], None)
        if changed is not None:
            note = f"{CHANGED}{json.dumps(changed, ensure_ascii=False)}"
            event.result = {**event.result, "content": [{"text": note}, *event.result["content"]]}

    # -- one call -------------------------------------------------------------------------------------------------

    def _rule(self, event: BeforeToolCallEvent) -> _Rule | None:
        if event.selected_tool is None or event.cancel_tool or event.cancel_tool == "":
            return None
        names = {event.tool_use["name"], event.selected_tool.tool_name}
        scope = self._names(event)
        filled = {**scope, "args": self._filled(event)}
        for rule in self._rules:
            qualified = getattr(event.selected_tool, "qualified_name", None)
            if rule.covers(sorted(names), qualified) and (rule.holds(scope) or rule.holds(filled)):
                return rule
        return None

    def _known(self, call: CallBinding, rule: Approval, ended: Collection[tuple[str, float]] = ()) -> str | None:
        """Return what was decided before about a call, in this session."""
        return self._memory.decided(self._recorded, call, rule.remember, ended, self._question_name)

    def _decided(self, event: BeforeToolCallEvent, rule: Approval) -> CallDecision:
        """Return what a person decides, asking again as often as this rule, which may be mended, does not take it."""
        question = self._question(event, rule)
        message, number = question["message"], 1
        while True:
            found = verdict(_asked(event, numbered(self._question_name, number), question))
            wrong = self._refused(event, rule, found)
            if wrong is None:
                return found
            number += 1
            question = {**question, "message": f"{message} Not taken: {wrong}."}

    def _refused(self, event: BeforeToolCallEvent, rule: Approval, found: CallDecision) -> str | None:
        if found.decision in (None, "reject"):
            return None
        if found.decision not in rule.options:
            return f"{found.decision} is no longer an option"
        asked_last = event.question_scope().consulted[-1].id
        if not self._memory.holds(asked_last, rights_of(rule)):
            return "who decided so may not, as the workflow says now"
        took = self._memory.seconds_to_answer(asked_last)
        if rule.timeout_seconds and took is not None and took > rule.timeout_seconds:
            return f"it came later than the {rule.timeout_seconds:g} seconds that the workflow allows now"
        return None

    def _act(self, event: BeforeToolCallEvent, rule: Approval, found: CallDecision) -> None:
        from strands.hooks.events import InsteadOfCall

        if found.decision == "approve":
            return
        if found.decision == "edit":
            self._use(event, self._arguments(event, rule, found.arguments))
            return
        if found.decision == "respond":
            event.cancel_tool = InsteadOfCall(found.response)
            return
        if found.feedback == NOBODY:
            event.cancel_tool = "Nobody answered in time whether this call may be made; it was not made."
            return
        feedback = f" They say: {found.feedback}" if found.feedback else ""
        event.cancel_tool = f"A person rejected this call; it was not made.{feedback}"

    def _arguments(self, event: BeforeToolCallEvent, rule: Approval, given: Any) -> Any:
        """Return the arguments that the person wants, asking for them as often as they do not fit the tool."""
        wrong = edit_problems(event.selected_tool, given) if given is not None else []
        number = 0
        while given is None or wrong:
            number += 1
            given = parsed(_asked(event, numbered(self._form_name, number), self._form(event, rule, wrong)))
            wrong = edit_problems(event.selected_tool, given)
        return given

    def _use(self, event: BeforeToolCallEvent, arguments: Any) -> None:
        """Put the person's arguments in place: what they wrote is what they approved."""
        event.tool_use = {**event.tool_use, "input": arguments}
        self._edited[event.tool_use["toolUseId"]] = arguments

    def _written_by_a_person(self, event: BeforeToolCallEvent) -> bool:
        """A gate is told of a call again when it was changed: these arguments a person wrote in this very round."""
        id = event.tool_use["toolUseId"]
        if not event.question_scope().has_asked(self._question_name, DECISION):
            self._edited.pop(id, None)  # of an earlier try, or of another call
        return id in self._edited and to_text(self._edited[id]) == to_text(event.tool_use["input"])

    # -- questions ------------------------------------------------------------------------------------------------

    def _names(self, event: BeforeToolCallEvent) -> dict[str, Any]:
        return {"args": event.tool_use["input"], "tool": _tool_name(event), "agent": self._agent}

    def _filled(self, event: BeforeToolCallEvent) -> Any:
        """Return the arguments as the tool gets them: with its defaults, and as its types read them."""
        return filled(event.selected_tool, event.tool_use["input"])

    def _question(self, event: BeforeToolCallEvent, rule: Approval) -> dict[str, Json]:
        tool, arguments = _tool_name(event), event.tool_use["input"]
        question: dict[str, Json] = {
            "choices": list(rule.options),
            "schema": answer_schema(rule.options, rule.remember),
            **rights_of(rule),
        }
        if "edit" in rule.options:
            question["arguments_schema"] = input_schema(event.selected_tool)
        if rule.timeout_seconds:
            question["timeout_seconds"] = rule.timeout_seconds
        if rule.default is not None or rule.timeout_seconds:
            question["default"] = rule.default or "reject"
        filled = self._filled(event)
        return {
            "type": DECISION,
            "message": self._prompt(event, rule),
            "tool": tool,
            "input": arguments,
            **({} if to_text(filled) == to_text(arguments) else {"filled": filled}),
            "remember": rule.remember,
            **({"remember_for": rule.remember_for} if rule.remember == "always" else {}),
            "note": _note(tool, rule.remember),
            "question": question,
        }

    def _prompt(self, event: BeforeToolCallEvent, rule: Approval) -> str:
        who = "The workflow" if ":" in self._agent else f"Agent {self._recorded!r}"
        plain = f"{who} wants to call {_tool_name(event)}. Allow it?"
        if rule.prompt is None:
            return plain
        try:
            return render(rule.prompt, self._names(event))
        except TemplateError:
            return plain

    def _form(self, event: BeforeToolCallEvent, rule: Approval, wrong: Sequence[str]) -> dict[str, Json]:
        tool = _tool_name(event)
        problem = f" Not taken: {'; '.join(wrong)}" if wrong else ""
        schema = prefilled(input_schema(event.selected_tool), event.tool_use["input"])
        return {
            "type": ARGUMENTS,
            "message": f"With which arguments shall {tool} be called?{problem}",
            "tool": tool,
            "input": event.tool_use["input"],
            "question": {"schema": schema, **_without_quorum(rights_of(rule))},
        }


def _without_quorum(rights: Mapping[str, Json]) -> dict[str, Json]:
    """Arguments are written by one person; whom it takes to have them changed has said so before."""
    return {name: value for name, value in rights.items() if name != "quorum"}


def _asked(event: BeforeToolCallEvent, name: str, reason: dict[str, Json]) -> Json:
    """Return a person's answer to a question that no hook can have asked."""
    answer: Json = event.question_scope().ask(name, reason, None, gate=DECISION)
    return answer


def rule_of(rules: Sequence[Approval], agent: str, tool: str, arguments: Any) -> Approval | None:
    """Return the rule that a call of a tool of this name falls under, as far as its name and arguments tell."""
    scope = {"args": arguments if arguments is not None else {}, "tool": tool, "agent": agent}
    for rule in rules:
        each = _Rule(rule, 0)
        if (each.covers([tool], None) or _names_at_a_server(rule, tool)) and each.holds(scope):
            return rule
    return None


def _names_at_a_server(rule: Approval, tool: str) -> bool:
    """Whether a glob like `server/tool` may mean a tool, of which it is not known where it comes from."""
    return _any(tool, [glob.rpartition("/")[2] for glob in rule.tools if "/" in glob and glob[0] != "!"])


def offered(rules: Iterable[Approval], tool: str) -> set[str]:
    """Return the options of all the rules that may cover a tool of this name, whatever their conditions say."""
    return {
        option
        for rule in rules
        if _Rule(rule, 0).covers([tool], None) or any("/" in glob for glob in rule.tools)
        for option in rule.options
    }


def check_covers(agent: str, rule: Approval, tools: Iterable[str]) -> None:
    """Raise ExecutionError when a glob of a rule matches none of the tools that an agent may have."""
    known = sorted(tools)
    for glob in rule.tools:
        if not _any_of(known, glob.removeprefix("!")):
            raise ExecutionError(
                f"approval of {glob!r} matches no tool of agent {agent!r}; it would never ask",
                hint=did_you_mean(glob, known),
            )


def _tool_name(event: BeforeToolCallEvent) -> str:
    return event.selected_tool.tool_name if event.selected_tool is not None else event.tool_use["name"]


def _note(tool: str, remember: str) -> str | None:
    if remember == "exact":
        return f"The decision also holds for later calls of {tool} with the same arguments in this session."
    if remember == "always":
        return (
            f"Approving also covers every later call of {tool} by this agent, in later sessions too, unless less is "
            "said; it can be taken back: strands approvals list."
        )
    if remember == "session":
        return f"Approving also covers every later call of {tool} by this agent in this session."
    return None


def _any_of(names: Sequence[str], glob: str) -> bool:
    return any(fnmatchcase(name, glob) for name in names)


def _any(name: str, globs: Sequence[str]) -> bool:
    return any(fnmatchcase(name, glob) for glob in globs)
