"""The loop: ask the model, run its tools, until it stops."""

from __future__ import annotations

import asyncio
import pickle
import sys
import uuid
from typing import Any

import pytest

from strands import Agent, AgentBase, tool
from strands.agent import NullConversationManager
from strands.hooks import AfterModelCallEvent
from strands.models import Reply, ScriptedModel, ToolCall
from strands.types.exceptions import MaxTokensReachedException, ModelRequestError
from support.agents import results_of, said, texts_of


@tool
def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


def make(script: Any, **options: Any) -> Agent:
    return Agent(model=ScriptedModel(script), callback_handler=None, **options)


def test_a_text_reply_ends_the_call() -> None:
    agent = make(["Hello."])
    result = agent("Hi")
    assert (result.stop_reason, str(result)) == ("end_turn", "Hello.\n")
    assert said(agent.messages) == [
        {"role": "user", "content": [{"text": "Hi"}]},
        {"role": "assistant", "content": [{"text": "Hello."}]},
    ]
    assert isinstance(agent, AgentBase)


def test_tools_run_and_the_model_is_asked_again() -> None:
    agent = make(
        [[ToolCall("add", {"a": 1, "b": 2}, "t1"), ToolCall("add", {"a": 3, "b": 4}, "t2")], "Done."], tools=[add]
    )
    assert str(agent("Add.")) == "Done.\n"
    assert results_of(agent) == [
        {"toolUseId": "t1", "status": "success", "content": [{"text": "3"}]},
        {"toolUseId": "t2", "status": "success", "content": [{"text": "7"}]},
    ]


def test_prompts_may_be_text_blocks_messages_or_nothing() -> None:
    agent = make(["a", "b", "c"])
    agent([{"text": "one"}, {"text": "two"}])
    agent([{"role": "user", "content": [{"text": "three"}]}])
    agent()
    assert [message["role"] for message in agent.messages] == ["user", "assistant", "user", "assistant", "assistant"]
    assert agent.messages[0]["content"] == [{"text": "one"}, {"text": "two"}]


@pytest.mark.parametrize("prompt", [{"text": "x"}, 3, [3]])
def test_any_other_prompt_is_refused(prompt: Any) -> None:
    with pytest.raises(ValueError, match="prompt"):
        make(["x"])(prompt)


def test_a_caller_gets_the_live_list_of_messages() -> None:
    mine: list[Any] = []
    agent = make(["x"], messages=mine)
    agent("hi")
    assert agent.messages is mine
    assert len(mine) == 2


def test_a_history_that_ends_in_an_unanswered_tool_use_is_repaired() -> None:
    use = {"toolUse": {"toolUseId": "t1", "name": "add", "input": {}}}
    agent = make(["ok"], tools=[add], messages=[{"role": "assistant", "content": [use]}])
    agent("Go on.")
    assert [message["role"] for message in agent.messages] == ["assistant", "user", "user", "assistant"]
    assert results_of(agent)[0]["status"] == "error"


def test_an_unknown_tool_and_wrong_arguments_become_error_results() -> None:
    agent = make([[ToolCall("nope", {}, "t1"), ToolCall("add", {"a": "x", "b": 1}, "t2")], "ok"], tools=[add])
    agent("go")
    unknown, invalid = results_of(agent)
    assert unknown["status"] == invalid["status"] == "error"
    assert "Unknown tool: nope" in unknown["content"][0]["text"]
    assert "Validation failed" in invalid["content"][0]["text"]


def test_two_tool_uses_with_one_id_are_kept_apart() -> None:
    agent = make([[ToolCall("add", {"a": 1, "b": 1}, "t"), ToolCall("add", {"a": 2, "b": 2}, "t")], "ok"], tools=[add])
    agent("go")
    assert texts_of(results_of(agent)) == ["2", "4"]
    assert len({result["toolUseId"] for result in results_of(agent)}) == 2


def test_the_token_limit_is_an_error_and_leaves_a_history_to_go_on_with() -> None:
    cut = Reply("Partly", tool_calls=[ToolCall("add", raw_input='{"a":')], stop_reason="max_tokens")
    agent = make([cut, "Done."], tools=[add])
    with pytest.raises(MaxTokensReachedException):
        agent("go")
    assert not any("toolUse" in block for block in agent.messages[-1]["content"])
    assert str(agent("Go on.")) == "Done.\n"


def test_a_model_error_reaches_the_caller_and_the_agent_stays_usable() -> None:
    agent = make([ModelRequestError("bad request"), "fine"])
    with pytest.raises(ModelRequestError, match="bad request"):
        agent("hi")
    assert str(agent("again")) == "fine\n"


def test_limits_stop_the_call() -> None:
    agent = make([ToolCall("add", {"a": 1, "b": 1}), "never"], tools=[add])
    assert agent("go", limits={"turns": 1}).stop_reason == "limit_turns"


def test_a_tool_may_stop_the_loop() -> None:
    @tool(context=True)
    def stop(tool_context: Any) -> str:
        """Stop."""
        tool_context.invocation_state["request_state"]["stop_event_loop"] = True
        return "stopped"

    agent = make([ToolCall("stop"), "never"], tools=[stop])
    result = agent("go")
    assert result.stop_reason == "tool_use"
    assert result.state["stop_event_loop"] is True


def test_the_system_prompt_follows_its_blocks() -> None:
    blocks: Any = [{"text": "Be brief."}, {"cachePoint": {"type": "default"}}]
    model = ScriptedModel(["ok"])
    agent = Agent(model=model, system_prompt=blocks, callback_handler=None)
    blocks[0]["text"] = "Be kind."
    (agent.system_prompt_content or []).append({"text": "not asked for"})
    agent("hi")
    assert (agent.system_prompt, model.requests[0].system_prompt) == ("Be kind.", "Be kind.")
    assert agent.system_prompt_content == blocks


def test_a_model_is_given_the_signal_to_stop() -> None:
    model = ScriptedModel(["ok"])
    agent = Agent(model=model, callback_handler=None)
    agent("hi")
    assert model.requests[0].kwargs["cancel_signal"] is agent.cancel_signal


def test_the_system_prompt_and_the_tools_reach_the_model() -> None:
    model = ScriptedModel(["x"])
    Agent(model=model, tools=[add], system_prompt="Be brief.", callback_handler=None)("hi")
    assert model.requests[0].system_prompt == "Be brief."
    assert [spec["name"] for spec in model.requests[0].tool_specs] == ["add"]


def test_thousands_of_tool_cycles_do_not_overflow_the_stack() -> None:
    cycles = 3 * sys.getrecursionlimit()

    def reply(messages: list[Any]) -> Any:
        return "done" if len(messages) > cycles * 2 else ToolCall("count", {}, f"t{len(messages)}")

    depths: set[int] = set()

    @tool
    async def count() -> str:
        """Count."""
        depth, frame = 0, sys._getframe()
        while frame.f_back is not None:
            depth, frame = depth + 1, frame.f_back
        depths.add(depth)
        return "ok"

    agent = Agent(
        model=ScriptedModel(reply), tools=[count], callback_handler=None, conversation_manager=NullConversationManager()
    )
    result = asyncio.run(agent.invoke_async("go"))
    assert result.stop_reason == "end_turn"
    assert result.metrics.tool_metrics["count"].call_count == cycles
    assert max(depths) - min(depths) <= 2


def test_the_sync_call_works_inside_a_running_loop_and_inside_a_tool() -> None:
    inner = make(["inner"])

    @tool
    def delegate() -> str:
        """Delegate."""
        return str(inner("hi"))

    outer = make([ToolCall("delegate"), "outer"], tools=[delegate])

    async def main() -> str:
        return str(outer("go"))

    assert asyncio.run(main()) == "outer\n"
    assert texts_of(results_of(outer)) == ["inner\n"]


def test_each_cycle_has_a_random_uuid_of_its_own() -> None:
    found: list[uuid.UUID] = []

    def note(event: AfterModelCallEvent) -> None:
        found.append(event.invocation_state["event_loop_cycle_id"])

    agent = Agent(model=ScriptedModel(["one", "two"]), callback_handler=None, hooks=[note])
    agent("go")
    agent("go")
    assert len(set(found)) == 2
    for each in found:
        assert (each.version, each.variant) == (4, uuid.RFC_4122)
        assert pickle.loads(pickle.dumps(each)) == uuid.UUID(str(each)) == each
