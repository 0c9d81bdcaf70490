"""A finding: something about a document that its author should know."""

from __future__ import annotations

from typing import NamedTuple

from strands_cli.loader.walk import Path


class Finding(NamedTuple):
    """What is wrong at a path; `key` points to the key instead of the value; a warning refuses nothing."""

    path: Path
    message: str
    hint: str = ""
    key: bool = False
    warning: bool = False
