"""A new atomic agent: its file and its tests, ready to run."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

from strands_cli.atomic.agent import AtomicError
from strands_cli.errors import StorageError

_NO_LABELS: Mapping[str, str | None] = {}
AGENT = """\
# An atomic agent: one purpose, a contract for what it gets and gives.
# Use it in a workflow:   agents: {{{id}: {{$ref: ./{file}}}}}
# Run it:                 strands atomic run {name} --input '{{"text": "..."}}'
name: {name}
description: Says in one sentence what a text is about.
{labels}prompt: |
  You summarise texts. Answer with one plain sentence.
provider: openai
model_id: gpt-4o-mini
tools: []
input_schema:
  type: object
  properties:
    text: {{type: string, minLength: 1, description: What to summarise.}}
  required: [text]
  additionalProperties: false
output_schema:
  type: object
  properties:
    summary: {{type: string, description: One sentence.}}
  required: [summary]
  additionalProperties: false
"""
TESTS = """\
# Run them:   strands atomic test {name}            (asks the model where there is no reply)
#             strands atomic test {name} --offline  (needs no key)
tests:
  - name: a text becomes a sentence
    input: {{text: "Tea is a drink made from leaves of the tea plant."}}
    expect: {{contains: tea}}
  - name: the summary is what the model says
    input: {{text: "Tea."}}
    reply: {{summary: "It is about tea."}}
    expect: {{fields: {{summary: "It is about tea."}}}}
  - name: an empty text is refused
    input: {{text: ""}}
    expect: {{fails: input_schema}}
"""


def init(
    name: str,
    directory: str | Path = "atomic",
    *,
    overwrite: bool = False,
    labels: Mapping[str, str | None] = _NO_LABELS,
) -> list[Path]:
    """Write a new agent and its tests.

    Args:
        labels: What it is about, for readers: names to texts, or None.

    Returns:
        The files.

    Raises:
        AtomicError: The name cannot be one.
        StorageError: A file exists, or cannot be written.
    """
    if not re.fullmatch(r"[A-Za-z0-9][\w-]{0,63}", name):
        raise AtomicError(f"{name!r} cannot be a name", hint="Use letters, digits, '-' and '_'.")
    folder = Path(directory)
    agent, tests = folder / f"{name}.yaml", folder / f"{name}.tests.yaml"
    said = {label: text for label, text in labels.items() if text}
    known = {"labels": f"x-labels: {json.dumps(said, ensure_ascii=False)}\n" if said else ""}
    known |= {"name": name, "id": name.replace("-", "_"), "file": agent.as_posix()}
    for path, text in ((agent, AGENT), (tests, TESTS)):
        _write(path, text.format(**known), overwrite)
    return [agent, tests]


def _write(path: Path, text: str, overwrite: bool) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w" if overwrite else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise StorageError(
            f"{str(path)!r} exists already", hint="Choose another name, or overwrite it with --force."
        ) from None
    except OSError as error:
        raise StorageError(
            f"cannot write {str(path)!r}: {error.strerror}", hint="Choose a directory that is writable."
        ) from None
