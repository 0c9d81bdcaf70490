"""Models whose provider keeps the conversation: what is new is sent, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from strands import Agent, tool
from strands.agent.conversation_manager import SlidingWindowConversationManager
from strands.hooks import BeforeToolCallEvent
from strands.models import OpenAIResponsesModel
from strands.session import FileSessionManager
from strands.types.exceptions import ModelUnavailableError
from support.stub_http import Fault, Use
from support.stub_responses import StubResponses


@tool
def look() -> str:
    """Look."""
    return "seen"


def make(stub: StubResponses, **options: Any) -> Agent:
    args = {"base_url": stub.url, "api_key": "k"}
    model = OpenAIResponsesModel(client_args=args, model_id="gpt-5", stateful=True)
    return Agent(model=model, tools=[look], callback_handler=None, retry_strategy=None, **options)


def asked(stub: StubResponses) -> list[tuple[Any, Any]]:
    """Return of each request the reply that it goes on from, and the kinds of its items."""
    found = []
    for request in stub.requests:
        kinds = [item.get("type") or item["role"] for item in request.body["input"]]
        found.append((request.body.get("previous_response_id"), kinds))
    return found


def test_a_turn_sends_what_is_new() -> None:
    with StubResponses([Use("look"), "Done.", "Again."]) as stub:
        agent = make(stub)
        assert str(agent("Look.")).strip() == "Done."
        assert agent.messages == []
        assert str(agent("And now?")).strip() == "Again."
        assert asked(stub) == [(None, ["user"]), ("resp_0", ["function_call_output"]), ("resp_1", ["user"])]
        assert [request.body["store"] for request in stub.requests] == [True] * 3
        assert "include" not in stub.requests[0].body


def test_a_reply_that_failed_is_not_gone_on_from() -> None:
    with StubResponses(["One.", Fault(503), "Two."]) as stub:
        agent = make(stub)
        agent("1")
        with pytest.raises(ModelUnavailableError):
            agent("2")
        agent("3")
        assert asked(stub)[1:] == [("resp_0", ["user"]), ("resp_0", ["user", "user"])]


def test_results_that_were_not_sent_go_with_the_next_turn() -> None:
    with StubResponses([Use("look"), "Done."]) as stub:
        agent = make(stub)
        agent.hooks.add_callback(BeforeToolCallEvent, lambda event: agent.cancel(after_current_tools=True))
        assert agent("Look.").stop_reason == "cancelled"
        assert [message["role"] for message in agent.messages] == ["user"]
        agent("Go on.")
        assert asked(stub)[1] == ("resp_0", ["function_call_output", "user"])


def test_a_session_goes_on_where_the_provider_is(tmp_path: Path) -> None:
    def session() -> FileSessionManager:
        return FileSessionManager(session_id="s", storage_dir=str(tmp_path))

    def gate(event: BeforeToolCallEvent) -> None:
        if event.interrupt("ok?", reason="look") != "y":
            event.cancel_tool = "no"

    with StubResponses(["One.", Use("look"), "Done.", "Four."]) as stub:
        make(stub, session_manager=session(), hooks=[gate])("1")
        paused = make(stub, session_manager=session(), hooks=[gate])("2")
        assert paused.interrupts
        answer: Any = [{"interruptResponse": {"interruptId": paused.interrupts[0].id, "response": "y"}}]
        assert str(make(stub, session_manager=session(), hooks=[gate])(answer)).strip() == "Done."
        make(stub, session_manager=session(), hooks=[gate])("4")
        assert asked(stub)[1:] == [
            ("resp_0", ["user"]),
            ("resp_1", ["function_call_output"]),
            ("resp_2", ["user"]),
        ]


def test_a_snapshot_holds_it() -> None:
    with StubResponses(["One.", "Two."]) as stub:
        agent, other = make(stub), make(stub)
        agent("1")
        other.load_snapshot(agent.take_snapshot(preset="session"))
        other("2")
        assert asked(stub)[1] == ("resp_0", ["user"])


def test_nothing_else_keeps_the_history() -> None:
    with StubResponses() as stub, pytest.raises(ValueError, match="stateful"):
        make(stub, conversation_manager=SlidingWindowConversationManager())
