"""What a person has changed in a fork: other prompts for steps, and how those who are asked there learn of them."""

from __future__ import annotations

from collections.abc import Mapping

from strands_cli.types import Json

PROMPTS = "prompts"
"""What a fork's `opened` entry calls them: the key of a step to what it is told."""


def prompt_of(origin: Mapping[str, Json], key: str, prompt: str) -> str:
    """Return what a step is told: what the workflow says, or a person in its place."""
    return str(origin[PROMPTS].get(key, prompt))


def noted(origin: Mapping[str, Json], context: str | None) -> str | None:
    """Return a context with what was changed; as it is where nothing was.

    Who answers may answer for what follows from that, so every question shows it.
    """
    note = _note(origin)
    return f"{context}\n\n{note}" if note and context else note or context


def without_note(origin: Mapping[str, Json], context: str | None) -> str | None:
    """Return a context as the workflow has it, whichever fork has added to it."""
    if context is None or not origin.get(PROMPTS):
        return context
    before, note, _ = context.rpartition(_NOTE)
    return before.removesuffix("\n\n") or None if note else context


def _note(origin: Mapping[str, Json]) -> str:
    changed: Mapping[str, str] = origin.get(PROMPTS) or {}
    return _NOTE + "\n".join(f"{key}: {prompt}" for key, prompt in changed.items()) if changed else ""


_NOTE = "This run is a fork, in which somebody has changed what steps are told:\n"
