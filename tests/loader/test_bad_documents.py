"""Documents that are broken, hostile or not there: one clean error each, soon and in little memory."""

from __future__ import annotations

import resource
import time
from pathlib import Path

import pytest

from strands_cli.errors import FILE, INVALID_SPEC
from strands_cli.loader import LoadError, load_dict, load_file, load_text
from strands_cli.loader.load import parse
from strands_cli.schema.validator import SchemaValidationError
from support.limits import soon
from support.spec_text import pattern

ALIAS_BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join(['*' + old] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
MERGE_BOMB = "a0: &a0 {x: 1}\n" + "".join(
    f"a{n}: &a{n}\n  <<: [*a{n - 1}, *a{n - 1}]\n  k: *a{n - 1}\n" for n in range(1, 60)
)

DOCUMENTS = {
    "an alias bomb": (ALIAS_BOMB, "grow beyond", 6),
    "a merge bomb": (MERGE_BOMB, "grow beyond", None),
    "3,000 levels of lists": ("a: " + "[" * 3000 + "]" * 3000, "more than 100 levels", 1),
    "3,000 levels of mappings": ("".join(" " * n + "a:\n" for n in range(3000)), "more than 100 levels", 101),
    "3,000 dashes": ("- " * 3000 + "x", "more than 100 levels", 1),
    "3,000 braces": ("{" * 3000, "a key must be", 1),
    "a duplicate key": ("a: 1\nb:\n  c: 1\n  c: 2\n", "key 'c' is written twice; first in line 3", 4),
    "a tag": ("a: 1\nb: !!python/object/apply:os.system [ls]\n", "python/object/apply:os.system' is not allowed", 2),
    "a tag of its own": ("%TAG ! tag:x,2000:\n---\na: !b c", "is not allowed", 3),
    "nothing": ("", "the document is empty", 1),
    "only a comment": ("# nothing\n", "the document is empty", 1),
    "only dashes": ("---\n", "the document is empty", None),
    "a list at the top": ("\n- a\n- b\n", "a spec is a mapping of keys to values, not a list", 2),
    "a text at the top": ("hello", "not str 'hello'", 1),
    "two documents": ("a: 1\n---\nb: 2\n", "a second document starts here", 2),
    "an alias to itself": ("a: &a [*a]", "alias '*a' refers to itself", 1),
    "an alias to nothing": ("a: *b", "alias '*b' has no anchor before it", 1),
    "a merge of a text": ("a:\n  <<: x\n", "a merge (<<) takes a mapping", 2),
    "a tab": ("a:\n\tb: 1", "not valid YAML", 2),
    "an open bracket": ("a: [1, 2", "not valid YAML", 1),
    "a list as a key": ("? [a]\n: b", "a key must be", 1),
    "a NUL": ("a: 1\nb: \x00", "not valid YAML", 2),
    "a huge number": ("a: " + "9" * 5000, "number of 5000 digits is too large", 1),
    "no number": ("a: .nan", "is not a number that JSON can hold", 1),
    "an infinite number": ("a: 1e999", "too large", 1),
    "a character beyond Unicode": ('a: "\\UFFFFFFFF"', "not valid YAML", 1),
    "half a character": ('a: "\\ud800"', "half of a surrogate pair", 1),
}


@pytest.mark.parametrize(("text", "told", "line"), DOCUMENTS.values(), ids=DOCUMENTS)
def test_case_20_a_broken_document_is_refused_with_its_place(text: str, told: str, line: int | None) -> None:
    started = time.thread_time()

    with pytest.raises(LoadError) as caught:
        load_text(text, source="spec.yaml")
    error = caught.value
    assert told in str(error)
    assert error.exit_code == INVALID_SPEC
    assert error.line == line if line else error.line > 0
    assert error.column > 0
    assert time.thread_time() - started < soon()


JSON_DOCUMENTS = {
    "depth": ("[" * 3000, "more than 100 levels", 1),
    "a duplicate key": ('{"a": 1,\n "a": 2}', "key 'a' is written twice; first in line 1", 2),
    "nothing": (" \n", "the document is empty", 1),
    "a list": ("[]", "not a list", 1),
    "more after the end": ('{"a": 1} x', "more text after the end", 1),
    "NaN": ('{"a": NaN}', "a value was expected", 1),
    "no colon": ('{"a" 1}', "':' was expected", 1),
    "no comma": ('{"a": 1 "b": 2}', "',' or '}' was expected", 1),
    "a word as a key": ("{a: 1}", "a key in double quotes was expected", 1),
    "a control character": ('{"a": "\x01"}', "control character", 1),
    "half a character": ('{"a": "\\ud800"}', "half of a surrogate pair", 1),
    "a huge number": ('{"a": ' + "9" * 5000 + "}", "too long", 1),
    "an infinite number": ('{"a": 1e999}', "too large", 1),
}


@pytest.mark.parametrize(("text", "told", "line"), JSON_DOCUMENTS.values(), ids=JSON_DOCUMENTS)
def test_case_20_json_is_refused_with_its_place(text: str, told: str, line: int) -> None:
    with pytest.raises(LoadError, match=r"spec\.json:\d+:\d+: ") as caught:
        load_text(text, source="spec.json")
    assert told in str(caught.value)
    assert caught.value.line == line


def test_case_20_a_file_of_50_mb_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "spec.yaml"
    with file.open("wb") as stream:
        stream.write(b"a: ")
        stream.truncate(50_000_000)
    before, started = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.thread_time()

    with pytest.raises(LoadError, match="has 50,000,000 bytes; a spec has at most 10,000,000") as caught:
        load_file(file)
    assert (caught.value.exit_code, caught.value.line, caught.value.column) == (INVALID_SPEC, 1, 1)
    assert time.thread_time() - started < soon()
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


def test_case_20_bytes_that_are_not_utf_8(tmp_path: Path) -> None:
    file = tmp_path / "spec.yaml"
    file.write_bytes("a: ü\nb: é".encode() + b"\xff\xfe")

    with pytest.raises(LoadError, match="byte 0xff is not UTF-8") as caught:
        load_file(file)
    assert (caught.value.exit_code, caught.value.line, caught.value.column) == (INVALID_SPEC, 2, 5)


def test_a_file_that_cannot_be_read_is_a_file_error(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match=r"no such file: .*nowhere\.yaml") as missing:
        load_file(tmp_path / "nowhere.yaml")
    with pytest.raises(LoadError, match="cannot read") as directory:
        load_file(tmp_path)
    with pytest.raises(LoadError, match="cannot read"):
        load_file("a\x00b.yaml")
    assert missing.value.exit_code == directory.value.exit_code == FILE


def test_a_pair_of_halves_is_one_character() -> None:
    with pytest.raises(Exception, match="unknown key '\N{GRINNING FACE}'"):
        load_text('"\\ud83d\\ude00": 1')


@pytest.mark.parametrize(
    "config",
    [
        "[" + ", ".join(f"{{id: task_{n}, agent: a, deps: [taks_{n}]}}" for n in range(2000)) + "]",
        "[{id: x, agent: a, " + ", ".join(f"key{n}: {n}" for n in range(5000)) + "}]",
        "[" + ", ".join(f"{{id: task_{n}, agnet: a}}" for n in range(2000)) + "]",
    ],
    ids=["unknown tasks", "unknown keys", "wrong tasks"],
)
def test_thousands_of_problems_are_told_soon(config: str) -> None:
    data, _ = parse(pattern("workflow", f"tasks: {config}"), "spec.yaml")
    started = time.thread_time()

    with pytest.raises(SchemaValidationError) as caught:
        load_dict(data)
    assert 0 < len(caught.value.problems) <= 400
    assert time.thread_time() - started < 3
