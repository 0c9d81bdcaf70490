"""A secret is found however it is written, in plain data and in text that comes in pieces."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import pytest

from strands_cli.resources.spellings import Spellings, SpellingStream

SECRET = 'pass\'word "1"/é'


@pytest.fixture
def spellings() -> Spellings:
    return Spellings({"KEY": SECRET, "PIN": "48261"})


def test_nothing_is_looked_for_where_there_are_no_secrets() -> None:
    assert not Spellings({})


@pytest.mark.parametrize(
    "written",
    [
        SECRET,
        quote(SECRET, safe=""),
        html.escape(SECRET),
        json.dumps(SECRET)[1:-1],
        base64.b64encode(SECRET.encode()).decode().rstrip("="),
        SECRET.encode().hex(),
    ],
)
def test_it_is_found_in_each_spelling(spellings: Spellings, written: str) -> None:
    assert written not in spellings.scrubbed(f"it is {written}, you know")


def test_data_is_scrubbed_keys_bytes_and_numbers_included(spellings: Spellings) -> None:
    data: Any = {f"a {SECRET}": [SECRET.encode(), 48261, True, None, "user"], "b": (bytearray(b"48261"),)}
    told = spellings.scrubbed_data(data)
    assert SECRET not in str(told) and "48261" not in str(told)
    assert isinstance(told, Mapping)
    assert next(iter(told.values()))[2:] == [True, None, "user"]


def test_a_text_in_pieces_shows_nothing_that_may_become_a_secret(spellings: Spellings) -> None:
    stream = SpellingStream(spellings)
    shown = [stream.feed(piece) for piece in ("a pass", '\'word "1"', "/é and a pass")]
    assert "".join(shown).startswith("a ") and SECRET not in "".join(shown)
    assert stream.end() == "pass"
