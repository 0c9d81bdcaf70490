"""Questions: how one is stored, shown and checked against what its author allows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from strands._question_ids import hook_prefix, result_prefix, tool_prefix
from strands.interrupt import AMBIGUOUS, Interrupt, is_about_ambiguous_call
from strands.types import patterns
from strands.types.json_bytes import encode_bytes_values
from strands.types.json_value import as_json, from_text
from strands_cli.errors import InvalidAnswerError
from strands_cli.kernel import timers
from strands_cli.kernel.gates import check_written, gate_of, in_options
from strands_cli.kernel.types import Entry, Message, Question
from strands_cli.review_words import at_gate, choice_meant
from strands_cli.types import RULES, HITLState, Json, OpenQuestion

AMBIGUOUS_CHOICES = ("run again", "skip", "result")
"""What a person chooses from about a tool call that may already have happened; a result is given with the last."""

AMBIGUOUS_SCHEMA: dict[str, Json] = {
    "anyOf": [
        {"enum": [*AMBIGUOUS_CHOICES]},
        {"type": "string", "pattern": "^result:"},
        {"type": "object", "required": ["result"], "properties": {"result": {}}, "additionalProperties": False},
    ]
}
"""What can be answered about a tool call that may already have happened."""


def stored(question: Question, now: float) -> dict[str, Json]:
    """Return the data of an `asked` entry: the question, without what it leaves unset.

    Args:
        question: The question.
        now: Unix time, in seconds, by the store's clock, from which its timeout and its reminders count.
    """
    data: dict[str, Json] = {"prompt": question.prompt}
    for name in ("context", "choices", "schema", "pattern", "refusal", "timeout"):
        value = getattr(question, name)
        if value:
            data[name] = value
    if question.has_default:
        data["default"] = question.default
    if question.kind != "hitl":
        data["type"] = question.kind
    if question.timeout:
        data["deadline"] = now + question.timeout
    data.update(question.data)
    if "remind" in data or "escalate" in data:
        data["timers"] = timers.stored(data.pop("remind", ()), data.pop("escalate", ()), now)
    return data


def opened(entry: Entry) -> OpenQuestion:
    """Return the public view of an `asked` entry."""
    data = entry.data
    choices, schema = data.get("choices"), data.get("schema")
    if not choices and schema and data.get("type") == "ambiguous_tool":  # as the first release stored it
        choices, schema = AMBIGUOUS_CHOICES, AMBIGUOUS_SCHEMA
    return OpenQuestion(
        id=entry.key,
        prompt=data["prompt"],
        context=data.get("context"),
        choices=tuple(choices) if choices else None,
        schema=schema,
        default=data.get("default"),
        has_default="default" in data,
        deadline=data.get("deadline"),
        timeout_seconds=data.get("timeout"),
        kind=data.get("type", "hitl"),
        pattern=data.get("pattern"),
        asked_at=entry.at,
        data={name: data[name] for name in ("interrupt", "agent", "refusal", "gate", "hint") if name in data},
        arguments_schema=gate_of(data).get("question", {}).get("arguments_schema"),
    )


def handler_state(question: OpenQuestion, problem: str | None = None, *, refusal: str | None = None) -> HITLState:
    """Return a question as a handler gets it.

    Args:
        question: The question.
        problem: Why the last answer was refused.
        refusal: Why whom it asks may not answer: the question is only shown.
    """
    default = question.default
    return HITLState(
        active=True,
        prompt=question.prompt,
        context_display=question.context,
        default_response=default if default is None or isinstance(default, str) else json.dumps(default),
        timeout_seconds=int(question.timeout_seconds) if question.timeout_seconds else None,
        question_id=question.id,
        key=question.id,
        choices=question.choices,
        schema=question.schema,
        deadline=question.deadline,
        kind=question.kind,
        problem=problem,
        refusal=refusal,
        hint=question.data.get("hint"),
        arguments_schema=question.arguments_schema,
        arguments=gate_of(question.data).get("input"),
    )


def checked(question: OpenQuestion, value: Json) -> Json:
    """Return the answer that `value` stands for: itself, or the default for an empty one.

    Raises:
        InvalidAnswerError: It does not fit the question; the question stays open.
    """
    try:
        value = as_json(value)
        (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)).encode("utf-8")
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidAnswerError(
            f"the answer to {question.id!r} cannot be stored: {error}", hint="Answer with text or a JSON value."
        ) from error
    if question.kind == "elicitation":
        return _filled_in(question, value)
    if value is None and not _schema_allows(question, value):
        raise InvalidAnswerError(
            f"None is not an answer to {question.id!r}", hint="Give an answer: silence is never taken for one."
        )
    if isinstance(value, str) and not value.strip() and not _schema_allows(question, value):
        if not question.has_default:
            raise InvalidAnswerError(
                f"the answer to {question.id!r} is empty", hint="Type an answer: nothing is assumed."
            )
        value = question.default
    if question.choices and value not in question.choices:
        with_form = question.kind in ("approval", "ambiguous_tool")
        value = _choice_or_form(question, value) if with_form else _choice(question, value)
    if question.kind == "ambiguous_tool" and value == "result":
        raise InvalidAnswerError(
            f"the answer to {question.id!r} says that there is a result, and not which",
            hint='Give it as well: "result: what the call returned", or JSON: {"result": ...}.',
        )
    if question.pattern and not (isinstance(value, str) and _matches(question, value)):
        raise _mismatch(question, value)
    if question.kind == "approval":
        check_written(question.id, value)
    return _fitted(question, value) if question.schema is not None else value


def without_id(question: OpenQuestion, told: str) -> str:
    """Return what is told of an answer to a question, for somebody who sees which question that is."""
    for word in ("of", "to"):
        told = told.replace(f" {word} {question.id!r}", "", 1)
    return told


def _filled_in(question: OpenQuestion, value: Json) -> Json:
    """Return what an MCP server is told: the form that it asked for, filled in, or that it was declined."""
    from strands.tools.mcp.forms import FormError, read_answer

    try:
        return read_answer(question.schema, value)
    except FormError as error:
        raise InvalidAnswerError(
            f"the answer to {question.id!r} does not fit: {error}",
            hint="Answer with the form as JSON, with yes for its defaults, or with no to decline.",
        ) from None


def _matches(question: OpenQuestion, value: str) -> bool:
    try:
        return patterns.full_match(question.pattern or "", value)
    except patterns.PatternError as error:
        raise InvalidAnswerError(f"the answer to {question.id!r} cannot be matched: {error}") from None


def _mismatch(question: OpenQuestion, value: Json) -> InvalidAnswerError:
    refusal = question.data.get("refusal")
    if refusal:
        return InvalidAnswerError(f"{_short(value)} is not an answer to {question.id!r}: {refusal}")
    return InvalidAnswerError(
        f"the answer to {question.id!r} does not match {question.pattern!r}: {_short(value)}",
        hint="Answer in the form the pattern asks for.",
    )


_WITH_TEXT = {
    ("ambiguous_tool", "result"): "result: WHAT IT RETURNED",
    ("approval", "respond"): "respond: WHAT THE AGENT IS TOLD",
}


def _choice(question: OpenQuestion, value: Json) -> str:
    choices = question.choices or ()
    folded = {choice.casefold(): choice for choice in choices}
    if isinstance(value, str) and value.strip().casefold() in folded:
        return folded[value.strip().casefold()]
    meant = at_gate(value) if question.data.get("gate") else choice_meant(choices, value)
    if meant is not None:
        return meant
    offered = [_WITH_TEXT.get((question.kind, choice), choice) for choice in choices]
    raise InvalidAnswerError(
        f"{_short(value)} is not one of the choices of {question.id!r}", hint=f"Answer one of: {', '.join(offered)}."
    )


def _choice_or_form(question: OpenQuestion, value: Json) -> Json:
    """It offers choices, and takes whatever its schema allows: a reason with a no, other arguments, a result."""
    numbers = {str(number): choice for number, choice in enumerate(question.choices or (), start=1)}
    if question.kind == "ambiguous_tool" and not isinstance(value, bool) and str(value).strip() in numbers:
        return numbers[str(value).strip()]
    try:
        return _choice(question, value)
    except InvalidAnswerError:
        as_form = question.schema is not None and (not isinstance(value, str) or ":" in value)
        if not as_form:
            raise
    if question.kind == "approval" and isinstance(value, str):
        value = in_options(value, question.choices or ())
    return _fitted(question, value)


def _schema_allows(question: OpenQuestion, value: str | None) -> bool:
    return question.schema is not None and not _problems(question.schema, value)


def _fitted(question: OpenQuestion, value: Json) -> Json:
    """A text that is not itself valid may be the JSON of a valid value: what a command line can type."""
    assert question.schema is not None
    problems = _problems(question.schema, value)
    if problems and isinstance(value, str):
        try:
            parsed = from_text(value)
        except json.JSONDecodeError as error:
            problems = [f"it is not JSON: {error}"] if value.lstrip()[:1] in ("{", "[") else problems
        except ValueError as error:
            problems = [str(error)]
        else:
            as_json_value = _problems(question.schema, parsed)
            if not as_json_value:
                return parsed
            problems = as_json_value if _meant_as_json(question.schema, parsed) else problems
    if problems:
        raise InvalidAnswerError(
            f"the answer to {question.id!r} does not fit its schema: {'; '.join(problems)}",
            hint="Answer with a value that the schema allows; JSON is read as such.",
        )
    return value


def _meant_as_json(schema: Mapping[str, Any], parsed: Json) -> bool:
    """Whether a refused text is to be told what is wrong with the JSON in it, rather than with the text."""
    types = schema.get("type")
    if types is None:
        return isinstance(parsed, (dict, list))
    return "string" not in (types if isinstance(types, list) else [types])


def _problems(schema: Mapping[str, Any], value: Json) -> list[str]:
    from strands.types.json_schema import problems
    from strands_cli.forms.dates import misdated

    return [_clipped(each) for each in problems(schema, value) or misdated(schema, value)]


def _short(value: Json) -> str:
    return _clipped(repr(value))


def _clipped(text: str) -> str:
    return text if len(text) <= 100 else f"{text[:50]}...{text[-47:]}"


def from_interrupt(interrupt: Interrupt, agent: str, owner: str, said: Sequence[Message] = ()) -> Question:
    """Return the question that an agent's interrupt asks; `said` are the agent's messages so far."""
    bare = {name: value for name, value in interrupt.to_dict().items() if name not in ("response", "answered")}
    data = {"of": owner, "agent": agent, "interrupt": encode_bytes_values(bare)}
    question = _worded(interrupt, agent, next(iter(calls_about(interrupt, said)), ("", None))[0])
    return replace(question, data={**question.data, **data})


def calls_about(interrupt: Interrupt, messages: Sequence[Message]) -> list[tuple[str, Any]]:
    """Return the tool call, by name and arguments, around which an interrupt was raised; none for no call."""
    about = interrupt.id.rpartition(":")[0]
    for message in reversed(messages):
        for block in message["content"]:
            if "toolUse" in block and about in _about_call(block["toolUse"]["toolUseId"]):
                return [(str(block["toolUse"]["name"]), block["toolUse"]["input"])]
    return []


def _about_call(id: str) -> tuple[str, ...]:
    return tuple(prefix(id)[:-1] for prefix in (hook_prefix, tool_prefix, result_prefix))


def _worded(interrupt: Interrupt, agent: str, tool: str) -> Question:
    """What a hook of the user's own gives as a reason is data, whatever its shape; our gates say who they are."""
    reason = interrupt.reason
    if interrupt.gate == "approval":
        return _approval(reason, reason["question"])
    if is_about_ambiguous_call(interrupt):
        return _doubt(interrupt)
    if isinstance(reason, str):
        return Question(reason, kind="interrupt")
    context = None if reason is None else _readable(reason)
    if isinstance(reason, Mapping) and isinstance(reason.get("message"), str):
        if _is_elicitation(interrupt):
            return _elicitation(reason)
        return Question(reason["message"], context=context, kind="interrupt")
    about = f" about {tool}" if tool else ""
    return Question(f"{agent} asks{about}: {interrupt.name}", context=context, kind="interrupt")


def _doubt(interrupt: Interrupt) -> Question:
    reason = interrupt.reason
    shown = [f"{reason.get('tool')} {_readable(reason.get('input'))}"]
    if interrupt.name != AMBIGUOUS:
        return Question(reason["message"], context=shown[0], kind="ambiguous_tool")
    if reason.get("problem"):
        shown.append(str(reason["problem"]))
    return Question(
        reason["message"],
        context="\n".join(shown),
        choices=AMBIGUOUS_CHOICES,
        schema=AMBIGUOUS_SCHEMA,
        kind="ambiguous_tool",
    )


def _is_elicitation(interrupt: Interrupt) -> bool:
    """Whether an MCP server asks: by the name that its client gives its questions, in the middle of a call."""
    reason = interrupt.reason
    asks = isinstance(reason.get("requestedSchema"), Mapping) or isinstance(reason.get("url"), str)
    return asks and "server" in reason and interrupt.name.startswith("elicitation-") and "tool_call:" in interrupt.id


def _elicitation(reason: Mapping[str, Any]) -> Question:
    """The question of an MCP server: its form is the schema, and who asks is shown."""
    shown = [f"Asked by the MCP server {reason['server']!r}."]
    if "url" in reason:
        shown.append(f"It wants you to visit {reason['url']} (host: {reason.get('host')}). Have you done so?")
    if reason.get("problem"):
        shown.append(f"The last answer was {reason['problem']}")
    return Question(
        reason["message"], context="\n".join(shown), schema=reason.get("requestedSchema"), kind="elicitation"
    )


def _approval(reason: Mapping[str, Any], shape: Mapping[str, Any]) -> Question:
    """A reason that brings the shape of its answer along: choices, schema, default, timeout_seconds."""
    changed = reason.get("changed")
    call = changed if isinstance(changed, Mapping) else reason
    shown = [f"{call.get('tool')} {_readable(call.get('input'))}"]
    if changed is None and "filled" in reason:
        shown.append(f"The tool gets, with its defaults: {_readable(reason['filled'])}")
    if changed is not None:
        shown.insert(0, "The call was changed after it had been answered. It would now be:")
    if reason.get("note"):
        shown.append(str(reason["note"]))
    choices = shape.get("choices")
    return Question(
        reason["message"],
        context="\n".join(shown),
        choices=tuple(choices) if choices else None,
        schema=shape.get("schema"),
        default=shape.get("default"),
        has_default="default" in shape,
        timeout=shape.get("timeout_seconds"),
        kind="approval",
        data={name: shape[name] for name in RULES if name in shape},
    )


def _readable(value: Json) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)
