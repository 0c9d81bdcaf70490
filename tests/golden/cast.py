"""The model and the tools of the golden journals: the same words in every release."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from strands import tool
from strands.models.scripted import ScriptedModel, ToolCall
from strands.types.tools import ToolContext

SPECS = Path(__file__).parent / "specs"
PATTERNS = sorted(path.stem for path in SPECS.glob("*.yaml"))
ANSWERS = {
    "router/review": "route:support",
    "rounds/1/review": "one task fewer",
    "iterations/1/review": "longer, please",
}


def model(calls: list[str]) -> ScriptedModel:
    """A model that depends on nothing but what it is shown; `calls` is told of each prompt."""

    def reply(messages: list[Any], tool_specs: Any, system_prompt: str | None) -> Any:
        last = messages[-1]["content"][0]
        prompt = last.get("text", "")
        calls.append(prompt or "(tool result)")
        if "toolResult" in last:
            return "cleaned: " + last["toolResult"]["content"][0]["text"]
        if system_prompt is not None and system_prompt.startswith("You route"):
            return '{"route": "faq"}'
        if system_prompt is not None and system_prompt.startswith("You judge"):
            return f'{{"score": {30 * prompt.count("<") + 10}, "issues": ["short"], "fixes": ["longer"]}}'
        if system_prompt is not None and system_prompt.startswith("You plan"):
            return "[]" if "result" in prompt.lower() else '[{"task": "dig"}, {"task": "carry"}]'
        if prompt.startswith("clean up"):
            return ToolCall("sweep", {"room": "attic"}, id="call-1")
        return f"<{prompt}>"

    return ScriptedModel(reply)


def tools(swept: list[str]) -> list[Any]:
    """A tool that asks before it does anything; `swept` is told when it does."""

    @tool(context=True)
    def sweep(room: str, tool_context: ToolContext) -> str:
        """Sweep a room.

        Args:
            room: Which.
        """
        answer = tool_context.interrupt("sure", reason={"room": room})
        swept.append(room)
        return f"swept {room} ({answer})"

    return [sweep]
