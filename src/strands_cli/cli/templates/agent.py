"""An agent in Python whose deletions a person approves; what was asked is never lost.

Rehearse it, no key:  python agent.py --offline
Answer what it asked: python agent.py --offline y
Run it:               python agent.py
"""

from __future__ import annotations

import sys
from typing import Any

from strands import Agent, tool
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


def rehearsed(messages: list[dict[str, Any]]) -> Any:
    """What stands in for a model: it calls the tool, then reports what came of it."""
    results = [block["toolResult"] for block in messages[-1]["content"] if "toolResult" in block]
    if not results:
        return ToolCall("delete_files", {"paths": ["old.txt"]})
    return f"The tool says: {results[0]['content'][0]['text']}"


def model(offline: bool) -> Any:
    """The scripted model, or OpenAI's (OPENAI_API_KEY)."""
    if offline:
        return ScriptedModel(rehearsed)
    from strands.models.openai import OpenAIModel

    return OpenAIModel(model_id="gpt-4o-mini")


def main(arguments: list[str]) -> None:
    offline = "--offline" in arguments
    answers = [each for each in arguments if not each.startswith("--")]
    session = FileSessionManager("agent-offline" if offline else "agent")
    agent = Agent(model=model(offline), tools=[delete_files], session_manager=session, callback_handler=None)
    agent.add_hook(approve)
    result = None if agent.pending_interrupts else agent("Delete old.txt")
    for interrupt in agent.pending_interrupts:
        print(f"May I delete {interrupt.reason['paths']}?")
        if not answers and not sys.stdin.isatty():
            print("Nobody is here. Answer later: run it again with y or n.")
            return
        answer = answers.pop() if answers else input("y/n: ")
        result = agent([{"interruptResponse": {"interruptId": interrupt.id, "response": answer}}])
    print(result)


if __name__ == "__main__":
    main(sys.argv[1:])
