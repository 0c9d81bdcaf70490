"""Decisions about tool calls: what an answer says, how far it reaches, and what was decided before."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from strands.types.json_bytes import decode_bytes_values
from strands.types.json_value import from_text
from strands_cli.review_words import decided
from strands_cli.types import Json

if TYPE_CHECKING:
    from strands.hooks.binding import CallBinding
    from strands.interrupt import Interrupt
    from strands_cli.kernel.state import State

DECISION = "approval"
Decision: TypeAlias = Literal["approve", "edit", "reject", "respond"]
_DECISION_NAME = re.compile(rf"({DECISION}(?:_outer\d+)?)(?:_\d+)?")
_SCOPES = ("never", "exact", "session", "always")


class DecisionLog:
    """What was decided before in this session: a fold over its journal.

    Attributes:
        state: The journal's fold; None remembers nothing.
    """

    def __init__(self, state: State | None = None) -> None:
        self.state = state

    def decided(
        self,
        agent: str,
        call: CallBinding,
        reach: str = "session",
        ended: Collection[tuple[str, float]] = (),
        question: str | None = None,
    ) -> Literal["approve", "reject"] | None:
        """Return what an earlier answer says about this call, or None.

        `reach` is how far an approval holds by the rule as it is now; `ended` are approvals that count no more: their
        questions' keys, and when they were answered. `question` is what the questions are called that count; None: all.

        The same arguments weigh more than the same tool, and a rejection ends an older approval of the tool. A tool
        that is another one by now, though of the same name, was never decided about.
        """
        exact: Literal["approve", "reject"] | None = None
        of_tool: Literal["approve"] | None = None
        for asked, verdict, told in self._answers(agent, call, question):
            if verdict.decision == "approve" and told in ended:
                continue
            same, scope = call.holds(asked.digest), scope_of(asked.reason, verdict)
            if verdict.decision == "approve":
                scope = min(scope, reach, key=_SCOPES.index)
            if verdict.decision == "reject":
                of_tool = None
                exact = "reject" if same and scope != "never" else exact
            elif verdict.decision == "approve" and scope != "never":
                exact = "approve" if same else exact
                of_tool = "approve" if scope in ("session", "always") else of_tool
        return exact or of_tool

    def rejected_at(self, agent: str, call: CallBinding) -> float:
        """Return when a person rejected a call of this tool last: Unix time in seconds; 0 where nobody has."""
        times = [at for _, verdict, (_, at) in self._answers(agent, call) if verdict.decision == "reject"]
        return max(times, default=0.0)

    def seconds_to_answer(self, interrupt_id: str) -> float | None:
        """Return how long a person took for the newest answer to a question; None where nobody gave one."""
        found: float | None = None
        for key, answer in self.state.answered.items() if self.state is not None else ():
            entry = self.state.asked.get(key) if self.state is not None else None
            if entry is not None and entry.data.get("interrupt", {}).get("id") == interrupt_id:
                found = None if answer.data.get("timed_out") else answer.at - entry.at
        return found

    def holds(self, interrupt_id: str, rules: Mapping[str, Json]) -> bool:
        """Whether the newest answer to a question was given by who may decide by these rules."""
        state = self.state
        keys = [
            key
            for key in (state.answered if state is not None else ())
            if state is not None and state.asked[key].data.get("interrupt", {}).get("id") == interrupt_id
        ]
        if not rules or not keys or state is None:
            return True
        from strands_cli.kernel.rights import holds

        return holds(state, keys[-1], rules)

    def _answers(
        self, agent: str, call: CallBinding, question: str | None = None
    ) -> Iterator[tuple[Interrupt, CallDecision, tuple[str, float]]]:
        """Yield the decisions about a tool of an agent, with the question's key and when it was answered."""
        from strands.interrupt import Interrupt

        if self.state is None:
            return
        for key, answer in self.state.answered.items():
            entry = self.state.asked.get(key)
            if entry is None or "interrupt" not in entry.data or entry.data.get("agent") != agent:
                continue
            asked = Interrupt.from_dict(decode_bytes_values(entry.data["interrupt"]))
            if asked.gate != DECISION or not _is_decision(asked.name, question) or answer.data.get("timed_out"):
                continue
            found = verdict(answer.data["value"])
            if asked.reason["tool"] == call.name and (found.decision == "reject" or _same_tool(asked, call)):
                yield asked, found, (key, answer.at)


def numbered(name: str, number: int) -> str:
    """Return what a question is called that is asked the `number`-th time about one call."""
    return name if number == 1 else f"{name}_{number}"


def at_level(name: str, level: int) -> str:
    """Return what a question is called that a workflow asks, `level` workflows around the one of who calls."""
    return f"{name}_outer{level}" if level else name


def decision_name(name: str) -> str | None:
    """Return what a question about a decision is called when it is asked for the first time; None for another one."""
    found = _DECISION_NAME.fullmatch(name)
    return found[1] if found is not None else None


def _is_decision(name: str, question: str | None) -> bool:
    """Whether a question is one of those that are called so, or where that is None any."""
    found = decision_name(name)
    return found is not None and question in (None, found)


def _same_tool(asked: Interrupt, call: CallBinding) -> bool:
    """Return whether the tool is the one that was decided about."""
    if asked.basis is not None:
        return asked.basis == call.basis
    return call.with_input(asked.reason["input"]).holds(asked.digest)  # the first release kept only the whole


@dataclass(frozen=True, slots=True)
class CallDecision:
    """What a person decided about a call.

    Attributes:
        decision: approve, edit, reject or respond; None when the answer says none of them.
        feedback: What the model is told of a rejection.
        arguments: The arguments to use instead, or None.
        remember: How far the decision reaches, or None for what the rule says.
        response: What the model gets in place of the call's result.
    """

    decision: Decision | None
    feedback: str = ""
    arguments: Any = None
    remember: str | None = None
    response: str = ""


def verdict(answer: Json) -> CallDecision:
    """Return what an answer decides: "approve", "reject: why", "edit: {...}", "respond: text", or an object.

    An answer that says neither is a rejection without a word: silence is never yes.
    """
    if isinstance(answer, Mapping):
        decision = _decision(str(answer.get("decision", "")))
        return CallDecision(
            decision,
            str(answer.get("feedback") or ""),
            answer.get("arguments"),
            answer.get("remember") or None,
            str(answer.get("response") or ""),
        )
    if isinstance(answer, bool):
        return CallDecision("approve" if answer else "reject")
    word, _, rest = str(answer).partition(":")
    decision = _decision(word)
    if decision == "edit":
        return CallDecision("edit", arguments=parsed(rest.strip()) if rest.strip() else None)
    if decision == "respond":
        return CallDecision("respond", response=rest.strip())
    return CallDecision(decision, rest.strip())


def answer_schema(options: Sequence[str], remember: str) -> dict[str, Json]:
    """Return the JSON Schema of an answer: an option, a rejection with its reason, new arguments, a text, or an object.

    Only an edit has arguments, and only `respond` a response: with another decision they would say two things.
    """
    scopes = _SCOPES[: _SCOPES.index(remember) + 1]
    fields: dict[str, Json] = {
        "feedback": {"type": "string", "description": "What the agent is told."},
        "remember": {"enum": list(scopes), "description": "How far this decision reaches."},
    }
    arguments: Json = {"type": "object", "description": "The arguments to use instead."}
    written = [option for option in options if option != "approve"]
    forms: list[Json] = [{"enum": list(options)}]
    if written:
        forms.append({"type": "string", "pattern": f"^({'|'.join(written)}): *[^ ]"})
    plain = [option for option in options if option not in ("edit", "respond")]
    if plain:
        forms.append(_object({"decision": {"enum": plain}, **fields}))
    if "edit" in options:
        forms.append(_object({"decision": {"enum": ["edit"]}, **fields, "arguments": arguments}))
    if "respond" in options:
        response: Json = {"type": "string", "pattern": "[^ ]", "description": "What the agent gets as the result."}
        forms.append(_object({"decision": {"enum": ["respond"]}, "response": response}, "response"))
    return {"anyOf": forms}


def _object(fields: dict[str, Json], *required: str) -> Json:
    needed = ["decision", *required]
    return {"type": "object", "properties": fields, "required": needed, "additionalProperties": False}


def _decision(word: str) -> Decision | None:
    said = decided(word)
    if said is not None:
        return "approve" if said else "reject"
    folded = word.strip().casefold()
    return folded if folded in ("edit", "respond") else None  # type: ignore[return-value]


def reaches_beyond(reason: Mapping[str, Any]) -> bool:
    """Whether a decision may hold in other sessions; the first release wrote always, and meant the session."""
    return reason.get("remember") == "always" and "remember_for" in reason


def scope_of(reason: Mapping[str, Any], found: CallDecision) -> str:
    """Return how far a decision reaches: as far as its rule lets it, or less if the person wanted less."""
    rule = str(reason.get("remember", "never"))
    if found.remember in _SCOPES and rule in _SCOPES:
        return min(rule, found.remember, key=_SCOPES.index)
    return rule


def to_text(value: Json) -> str:
    """Return the one text of a value, to compare it by."""
    return json.dumps(value, sort_keys=True)


def parsed(value: Json) -> Json:
    """Return the arguments that an answer on record writes; what cannot be read stays text, which fits no tool."""
    if not isinstance(value, str):
        return value
    try:
        return from_text(value)
    except ValueError:
        return value
