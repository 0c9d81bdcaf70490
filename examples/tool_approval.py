"""An agent whose deletions a person approves; the second run finds the question that the first one left.

python examples/tool_approval.py                # asks in a terminal, else leaves the question open
python examples/tool_approval.py y              # answers it, in a process of its own
"""

from __future__ import annotations

import sys
from typing import Any

from strands import Agent, tool
from strands.agent import AgentResult
from strands.hooks import BeforeToolCallEvent
from strands.models.scripted import ScriptedModel, ToolCall
from strands.session import FileSessionManager


@tool
def delete_files(paths: list[str]) -> str:
    """Delete files at the specified paths."""
    return f"Deleted {', '.join(paths)}"


def approve(event: BeforeToolCallEvent) -> None:
    """Ask before every tool call."""
    if event.interrupt("delete", reason=event.tool_use["input"]) != "y":
        event.cancel_tool = "The user said no"


def script(messages: list[dict[str, Any]]) -> Any:
    """What the stand-in for a model does: call the tool, then report what came of it."""
    results = [block["toolResult"] for block in messages[-1]["content"] if "toolResult" in block]
    if not results:
        return ToolCall("delete_files", {"paths": ["old.txt"]})
    return f"The tool says: {results[0]['content'][0]['text']}"


def main(answers: list[str]) -> None:
    session = FileSessionManager("tool-approval-example")
    agent = Agent(model=ScriptedModel(script), tools=[delete_files], session_manager=session, callback_handler=None)
    agent.add_hook(approve)
    result: AgentResult | None = None if agent.pending_interrupts else agent("Delete old.txt")
    for interrupt in agent.pending_interrupts:
        print(f"May I delete {interrupt.reason['paths']}?")
        if not answers and not sys.stdin.isatty():
            print("Nobody is here. Answer later: python examples/tool_approval.py y")
            return
        answer = answers.pop() if answers else input("y/n: ")
        result = agent([{"interruptResponse": {"interruptId": interrupt.id, "response": answer}}])
    print(result)


if __name__ == "__main__":
    main(sys.argv[1:])
