"""Tools that take an approval: whether each ran only after it, and with what was approved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from strands_cli.audit.findings import AuditFinding
from strands_cli.kernel.state import State
from strands_cli.kernel.types import Entry
from strands_cli.resources.decision_log import DECISION, decision_name, parsed, to_text, verdict
from strands_cli.spec.within import plain_rules


class ToolCheck:
    """The tool calls of a session, as they begin.

    Args:
        session_id: The session.
    """

    def __init__(self, session_id: str) -> None:
        self._id = session_id

    def findings(self, state: State, entry: Entry) -> Iterator[AuditFinding]:
        """Yield what does not hold of a tool call that begins, by what was on record before."""
        data = entry.data
        if entry.kind != "started" or "digest" not in data or "of" not in data or "name" not in data:
            return
        asks = [asked for asked in state.asked.values() if _is_about(asked, data["of"], data["id"])]
        if asks:
            newest = {decision_name(str(asked.data["interrupt"]["name"])): asked for asked in asks}
            for asked in newest.values():  # a workflow within asks of its own accord, and what runs it does, too
                yield from self._of_decision(state, entry, asked)
            return
        begun = state.started.get(data["of"])
        if begun is None or not _is_guarded(state, begun.data["agent"], data["name"]):
            return
        if not _was_remembered(state, begun.data["agent"], data["name"]):
            message = f"{data['name']} ran, and takes an approval that is not on record"
            yield AuditFinding(self._id, entry.seq, "approval", message)

    def _of_decision(self, state: State, entry: Entry, asked: Entry) -> Iterator[AuditFinding]:
        answer, name = state.answered.get(asked.key), entry.data["name"]
        found = verdict(answer.data["value"]) if answer is not None else None
        decided = found.decision if found is not None else None
        if found is None or decided not in ("approve", "edit"):
            why = "before anybody had approved of it" if answer is None else "although it was not approved of"
            yield AuditFinding(self._id, entry.seq, "approval", f"{name} ran {why}")
        elif decided == "approve" and entry.data["digest"] != asked.data["interrupt"].get("digest"):
            message = f"{name} ran as another call than the one that was approved"
            yield AuditFinding(self._id, entry.seq, "arguments", message)
        elif (
            decided == "edit" and found.arguments is not None and _input(entry) not in (None, to_text(found.arguments))
        ):
            message = f"{name} ran with other arguments than a person had written"
            yield AuditFinding(self._id, entry.seq, "arguments", message)


def _input(entry: Entry) -> str | None:
    given = entry.data.get("input")
    return None if given is None else to_text(parsed(given))


def _is_about(asked: Entry, owner: str, tool_use_id: str) -> bool:
    interrupt: Mapping[str, Any] = asked.data.get("interrupt") or {}
    is_gate = interrupt.get("gate") == DECISION and decision_name(str(interrupt.get("name", ""))) is not None
    return is_gate and asked.data.get("of") == owner and f":{tool_use_id}:" in f"{interrupt.get('id')}:"


def _is_guarded(state: State, agent: str, tool: str) -> bool:
    """Whether a rule covers every call of a tool; of one with a condition it cannot be told afterwards."""
    spec: Any = state.origin.get("spec") or {}
    rules = plain_rules(spec, agent) if spec and ":" not in agent else ()  # steps that call a tool may differ
    for rule in rules:
        globs = rule.get("tools") or ["*"]
        wanted = [glob for glob in globs if not glob.startswith("!")] or ["*"]
        unwanted = [glob[1:] for glob in globs if glob.startswith("!")]
        if _matches(tool, wanted) and not _matches(tool, unwanted):
            return not rule.get("when") and rule.get("remember") != "always"
    return False


def _matches(name: str, globs: list[str]) -> bool:
    return any(fnmatchcase(name, glob) for glob in globs)


def _was_remembered(state: State, agent: str, tool: str) -> bool:
    """Whether an earlier call of the tool was approved in a way that holds for later ones."""
    for key, answer in state.answered.items():
        asked = state.asked.get(key)
        interrupt: Mapping[str, Any] = (asked.data.get("interrupt") or {}) if asked is not None else {}
        reason: Any = interrupt.get("reason")
        if asked is None or interrupt.get("gate") != "approval" or asked.data.get("agent") != agent:
            continue
        is_kept = isinstance(reason, Mapping) and reason.get("tool") == tool and reason.get("remember") != "never"
        if is_kept and verdict(answer.data["value"]).decision == "approve":
            return True
    return False
