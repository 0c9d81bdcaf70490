"""What the JSON files of a session must look like, as far as anything depends on it; other keys may be there."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from strands.types.exceptions import SessionException

Check: TypeAlias = Callable[[Any, str], None]
"""Takes a value and its place, and raises WrongShapeError where it cannot be what it should."""

_KINDS = {dict: "an object", list: "a list", str: "a text", bool: "true or false", int: "a whole number"}
_NAMES = {**_KINDS, float: "a number", type(None): "null", bytes: "bytes"}
_MOST = 40
"""Characters of a value that a message shows."""


class WrongShapeError(ValueError):
    """A value of a file is JSON, but not what stands there in a session."""

    def __init__(self, place: str, expected: str, value: object) -> None:
        shown = repr(value)
        shown = shown if len(shown) <= _MOST else f"{shown[:_MOST]}..."
        found = f"{_NAMES.get(type(value), 'a value')}, {shown}" if value is not None else "null"
        super().__init__(f"{place or 'the whole'} must be {expected}, not {found}")


def wrong(path: str | os.PathLike[str], error: WrongShapeError) -> SessionException:
    """Return what the user is told of a file of the wrong shape."""
    return SessionException(
        f"{os.fspath(path)!r} is JSON, but not what a session keeps there: {error}. Put that right, or move the file "
        "away: what the journal has of it counts then, if the session has a journal"
    )


def message_of(number: int | None) -> Check:
    """Return the check of a message's file; `number` is the one in its name."""
    fields = {"message": _MESSAGE, "message_id": _whole_number if number is None else _exactly(number)}
    return _object(fields, {"redact_message": _or_null(_MESSAGE)})


def _is(kind: type) -> Check:
    def check(value: Any, place: str) -> None:
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise WrongShapeError(place, _KINDS[kind], value)

    return check


def _one_of(*texts: str) -> Check:
    def check(value: Any, place: str) -> None:
        if not isinstance(value, str) or value not in texts:
            raise WrongShapeError(place, " or ".join(map(repr, texts)), value)

    return check


def _exactly(number: int) -> Check:
    def check(value: Any, place: str) -> None:
        if type(value) is not int or value != number:
            raise WrongShapeError(place, f"{number}, the number in the file's name", value)

    return check


def _whole_number(value: Any, place: str) -> None:
    if type(value) is not int or value < 0:
        raise WrongShapeError(place, "a whole number from 0 on", value)


def _or_null(inner: Check) -> Check:
    return lambda value, place: None if value is None else inner(value, place)


def _object(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    def check(value: Any, place: str) -> None:
        _is(dict)(value, place)
        for name, inner in required.items():
            if name not in value:
                raise WrongShapeError(place, f"an object with {name!r} in it", value)
            inner(value[name], f"{place}.{name}".lstrip("."))
        for name, inner in (optional or {}).items():
            if name in value:
                inner(value[name], f"{place}.{name}".lstrip("."))

    return check


def _list_of(inner: Check) -> Check:
    def check(value: Any, place: str) -> None:
        _is(list)(value, place)
        for number, each in enumerate(value):
            inner(each, f"{place}[{number}]")

    return check


def _object_of(inner: Check) -> Check:
    def check(value: Any, place: str) -> None:
        _is(dict)(value, place)
        for name, each in value.items():
            inner(each, f"{place}[{name!r}]")

    return check


def _call(value: Any, place: str) -> None:
    _is(list)(value, place)
    if len(value) != 2 or type(value[1]) is not int:
        raise WrongShapeError(place, "a list of a text and a whole number", value)


_TEXT, _OBJECT = _is(str), _is(dict)
_RESULT = _object({"toolUseId": _TEXT, "content": _list_of(_OBJECT)}, {"status": _one_of("success", "error")})
_USE = _object({"toolUseId": _TEXT, "name": _TEXT, "input": lambda value, place: None})
_BLOCK = _object({}, {"text": _TEXT, "toolUse": _USE, "toolResult": _RESULT})
_MESSAGE = _object({"role": _one_of("user", "assistant"), "content": _list_of(_BLOCK)})
_INTERRUPT = _object({"id": _TEXT, "name": _TEXT})
_BINDING = _object({}, {name: _or_null(_TEXT) for name in ("digest", "asked", "basis", "gate", "key", "first")})


def _interrupts(value: Any, place: str) -> None:
    _object_of(_INTERRUPT)(value, place)
    for id, each in value.items():
        if each["id"] != id:
            raise WrongShapeError(f"{place}[{id!r}].id", "the id that it stands under", each["id"])


_QUESTIONS = _object(
    {},
    {
        "activated": _is(bool),
        "interrupts": _interrupts,
        "bindings": _or_null(_object_of(_BINDING)),
        "context": _or_null(
            _object({}, {"tool_use_message": _MESSAGE, "tool_results": _or_null(_list_of(_RESULT)), "pause": _TEXT})
        ),
        "pending_tool_execution": _or_null(
            _object({"assistant_message": _MESSAGE}, {"completed_tool_results": _or_null(_list_of(_RESULT))})
        ),
    },
)
_INTERNAL = _object(
    {},
    {
        "interrupt_state": _QUESTIONS,
        "model_state": _OBJECT,
        "brought": _or_null(_object({}, {"hooks": _list_of(_TEXT), "tools": _list_of(_TEXT)})),
        "tasks": _list_of(_call),
    },
)
_MANAGER = _object(
    {"removed_message_count": _whole_number},
    {"model_call_count": _whole_number, "pinned_messages": _or_null(_list_of(_MESSAGE))}
    | {"summary_message": _or_null(_MESSAGE)},
)
_OWN_MANAGERS = tuple(f"{kind}ConversationManager" for kind in ("Null", "SlidingWindow", "Summarizing"))
"""Of those whose state is known; what others keep is for them to read."""


def _manager(value: Any, place: str) -> None:
    _object({}, {"__name__": _TEXT})(value, place)
    if value.get("__name__") in _OWN_MANAGERS:
        _MANAGER(value, place)


agent: Check = _object(
    {"agent_id": _TEXT, "state": _OBJECT, "conversation_manager_state": _manager},
    {"_internal_state": _or_null(_INTERNAL)},
)
"""The check of `agent.json`."""
session: Check = _object({"session_id": _TEXT, "session_type": _one_of("AGENT")})
"""The check of `session.json`."""
