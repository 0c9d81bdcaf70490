"""An agent on every provider: tools, several turns, sync calls, and nothing left open."""

from __future__ import annotations

import gc
import threading

import pytest

from strands import Agent, tool
from strands.hooks import BeforeToolCallEvent
from strands.types.exceptions import ModelUnavailableError
from strands.types.interrupt import InterruptResponse
from support.providers import Provider, parameters
from support.stub_bedrock import StubBedrock
from support.stub_http import Fault, Say, Use

every = pytest.mark.parametrize("provider", parameters())


@tool
def add(a: int, b: int) -> int:
    """Add two numbers.

    Args:
        a: The one.
        b: The other.
    """
    return a + b


@every
def test_a_turn_with_two_tools_and_another_turn(provider: Provider) -> None:
    uses = [Use("add", {"a": 1, "b": 2}), Use("add", {"a": 3, "b": 4})]
    with provider.stub([Say("Let me add.", uses), "3 and 7.", "Again."]) as stub:
        agent = Agent(model=provider.model(stub), tools=[add], callback_handler=None)
        assert str(agent("What is 1+2 and 3+4?")).strip() == "3 and 7."
        result = agent("Again?")
        assert str(result).strip() == "Again."
        assert result.metrics.accumulated_usage["totalTokens"] == 54
        returned = [block["toolResult"]["content"][0]["text"] for block in agent.messages[2]["content"]]
        assert returned == ["3", "7"]
        del agent, result
        gc.collect()


@every
def test_a_fault_in_the_middle_of_a_reply_runs_no_tool(provider: Provider) -> None:
    ran: list[str] = []

    @tool
    def delete(path: str) -> str:
        """Delete a file."""
        ran.append(path)
        return "deleted"

    with provider.stub([Say("Sure.", [Use("delete", {"path": "/"})], cut=True), Fault(503)]) as stub:
        agent = Agent(model=provider.model(stub), tools=[delete], callback_handler=None, retry_strategy=None)
        for _ in range(2):
            with pytest.raises(ModelUnavailableError):
                agent("Delete it.")
    assert ran == []


@every
def test_an_approval_on_every_provider(provider: Provider) -> None:
    def gate(event: BeforeToolCallEvent) -> None:
        if event.interrupt("approve", reason=event.tool_use["input"]) != "y":
            event.cancel_tool = "denied"

    with provider.stub([Use("add", {"a": 1, "b": 2}), "Done."]) as stub:
        agent = Agent(model=provider.model(stub), tools=[add], callback_handler=None)
        agent.hooks.add_callback(BeforeToolCallEvent, gate)
        result = agent("Add.")
        assert result.stop_reason == "interrupt"
        assert result.interrupts
        answer: InterruptResponse = {"interruptId": result.interrupts[0].id, "response": "n"}
        result = agent([{"interruptResponse": answer}])
        assert str(result).strip() == "Done."
        assert agent.messages[2]["content"][0]["toolResult"]["status"] == "error"


def test_a_bedrock_model_id_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    with StubBedrock(["Hi."]) as stub:
        monkeypatch.setenv("AWS_ENDPOINT_URL_BEDROCK_RUNTIME", stub.url)
        agent = Agent(model="anthropic.claude-x", callback_handler=None)
        assert str(agent("Hello")).strip() == "Hi."
        assert stub.requests[0].path == "/model/anthropic.claude-x/converse-stream"


def test_no_thread_outlives_its_reply() -> None:
    provider = parameters("bedrock")[0].values[0]
    with provider.stub(["Hi."]) as stub:
        Agent(model=provider.model(stub), callback_handler=None)("Hello")
    assert not [thread for thread in threading.enumerate() if thread.name == "strands-model-stream"]
