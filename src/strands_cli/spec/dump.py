"""A spec as YAML that people like to read, and that reads back as the same spec."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_SAFE = re.compile(r"[A-Za-z_][A-Za-z0-9_ ./()+'=;^$-]*\Z", re.ASCII)
_RESERVED = frozenset(
    ["null", "true", "false", "yes", "no", "on", "off", "y", "n", "~"],
)
_UNSAFE_IN_BLOCK = re.compile("[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_ESCAPED = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]")


def to_yaml(data: Mapping[str, Any]) -> str:
    """Return plain JSON values as YAML 1.2."""
    return "\n".join(_mapping(data, "")) + "\n"


def _mapping(data: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, value in data.items():
        yield from _entry(_key(str(key), indent), value, indent)


def _key(key: str, indent: str) -> str:
    text = key if _is_plain(key) else _quoted(key)
    return f"{indent}{text}:" if len(text) < 1000 else f"{indent}? {text}\n{indent}:"


def _sequence(data: list[Any], indent: str) -> Iterator[str]:
    for item in data:
        lines = list(_entry("", item, indent + "  ")) if not _nested(item) else list(_below(item, indent + "  "))
        first = lines[0].strip() if not _nested(item) else lines[0][len(indent) + 2 :]
        yield f"{indent}- {first}"
        yield from lines[1:]


def _below(value: Any, indent: str) -> Iterator[str]:
    return _mapping(value, indent) if isinstance(value, Mapping) else _sequence(value, indent)


def _nested(value: Any) -> bool:
    return isinstance(value, (Mapping, list)) and bool(value)


def _entry(head: str, value: Any, indent: str) -> Iterator[str]:
    if _nested(value):
        yield head
        yield from _below(value, indent + "  ")
        return
    text = _scalar(value, indent + "  ")
    yield f"{head} {text}" if head else text


def _scalar(value: Any, indent: str) -> str:
    if not isinstance(value, str):
        return json.dumps(value)
    if _is_plain(value):
        return value
    if "\n" in value and value[0] not in " \t\n" and not _UNSAFE_IN_BLOCK.search(value):
        return _block(value, indent)
    return _quoted(value)


def _is_plain(text: str) -> bool:
    return bool(_SAFE.match(text)) and text == text.strip() and text.lower() not in _RESERVED


def _block(text: str, indent: str) -> str:
    """Return a literal block of a text that starts with no space; the chomping hint keeps its end."""
    body = text.rstrip("\n")
    ends = len(text) - len(body)
    chomp = "-" if ends == 0 else "" if ends == 1 else "+"
    lines = body.split("\n") + [""] * max(ends - 1, 0)
    return f"|{chomp}\n" + "\n".join(indent + line if line else "" for line in lines)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + _ESCAPED.sub(_escape, escaped) + '"'


def _escape(found: re.Match[str]) -> str:
    character = found[0]
    if character in "\n\t":
        return "\\n" if character == "\n" else "\\t"
    return f"\\u{ord(character):04x}"
