"""A step that is on record, and a workflow that may have been mended since."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from strands.types.json_value import is_same_json
from strands_cli.errors import ExecutionError
from strands_cli.kernel.state import State
from strands_cli.kernel.types import Call, Entry, Progress


def is_mended(state: State, begun: Entry, agent: str, prompt: str, scrub: Callable[[str], str] | None) -> bool:
    """Whether a step that has not finished is begun again with what a mended spec says.

    Args:
        state: What is on record.
        begun: Its beginning.
        agent: The agent that the spec calls now.
        prompt: What it is told.
        scrub: Takes out of a prompt what the journal does not get.

    Raises:
        ExecutionError: The step is on record otherwise, and the workflow was not mended.
    """
    recorded = begun.data["prompt"] if scrub is None else scrub(begun.data["prompt"])
    same_agent = begun.data["agent"] == agent
    if same_agent and "redacted" in begun.data and "mended" not in state.origin:
        return False  # the spec still says what a guardrail took back
    if same_agent and recorded == prompt:
        return False
    if begun.key in state.done and begun.key in state.origin.get("accepted", ()):
        return False
    if "mended" in state.origin and begun.key not in state.done:
        return True
    raise ExecutionError(
        f"{begun.key!r} is on record for agent {begun.data['agent']!r} with another prompt",
        hint="The workflow differs from the one that was started: resume with the original, or start anew.",
    )


def other_call(progress: Progress | None, prompt: str) -> tuple[Mapping[str, Any], str] | None:
    """Return the newest call of a step without an agent that is on record with other arguments than it has now.

    Args:
        progress: What is on record of the step.
        prompt: Its arguments now, as JSON.

    Returns:
        The tool use, and how far it is: "asked" (nothing of it has happened), "begun" or "made"; None where it is the
        same, or has failed and is made anew anyway.
    """
    uses = progress.messages[-1]["content"] if progress is not None else ()
    use = next((block["toolUse"] for block in uses if "toolUse" in block), None)
    if progress is None or use is None or is_same_json(use["input"], json.loads(prompt)):
        return None
    id_ = use["toolUseId"]
    if id_ not in progress.turn.finished:
        return use, "begun" if id_ in progress.turn.started else "asked"
    return None if progress.turn.finished[id_]["status"] == "error" else (use, "made")


async def call_as_mended(call: Call) -> None:
    """Have a step without an agent make the call that it says now, where another one was only asked about."""
    found = other_call(call.progress(), call.prompt)
    if found is None or found[1] != "asked":
        return
    use = {**found[0], "toolUseId": f"call_{uuid.uuid4().hex[:18]}", "input": json.loads(call.prompt)}
    message: Any = {"role": "assistant", "content": [{"toolUse": use}]}
    nothing: Any = {}
    await call.recorder.replied(message, "tool_use", nothing)
