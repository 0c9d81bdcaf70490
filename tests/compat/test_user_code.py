"""Programs as callers write them, against the public interface alone and with a model of their own."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from strands import Agent, ToolContext, tool
from strands.agent.conversation_manager import SummarizingConversationManager
from strands.event_loop.streaming import process_stream
from strands.handlers.callback_handler import null_callback_handler
from strands.hooks import AfterToolCallEvent, BeforeModelCallEvent, BeforeToolCallEvent, HookProvider, HookRegistry
from strands.models import Model
from strands.multiagent import GraphBuilder, Swarm
from strands.multiagent.base import MultiAgentBase, MultiAgentResult, NodeResult, Status
from strands.session.file_session_manager import FileSessionManager
from strands.tools import PythonAgentTool, convert_pydantic_to_tool_spec, normalize_tool_spec
from strands.types._events import ToolResultEvent, ToolStreamEvent
from strands.types.exceptions import ContextWindowOverflowException, EventLoopException
from strands.types.tools import AgentTool, ToolGenerator, ToolResult, ToolSpec, ToolUse


class Own(Model):
    """A caller's own model: plays replies, each a text, tool uses or an error."""

    def __init__(self, *replies: Any) -> None:
        self.replies = list(replies)
        self.asked: list[Any] = []
        self.config = {"model_id": "own"}

    async def stream(self, messages: Any, tool_specs: Any = None, system_prompt: Any = None, **kwargs: Any) -> Any:
        self.asked.append(json.loads(json.dumps(messages)))
        reply = self.replies.pop(0)
        if isinstance(reply, Exception):
            raise reply
        yield {"messageStart": {"role": "assistant"}}
        for use in reply if isinstance(reply, list) else []:
            yield {"contentBlockStart": {"start": {"toolUse": {"toolUseId": use[0], "name": use[1]}}}}
            yield {"contentBlockDelta": {"delta": {"toolUse": {"input": json.dumps(use[2])}}}}
            yield {"contentBlockStop": {}}
        if isinstance(reply, str):
            yield {"contentBlockStart": {"start": {}}}
            yield {"contentBlockDelta": {"delta": {"text": reply}}}
            yield {"contentBlockStop": {}}
        yield {"messageStop": {"stopReason": "tool_use" if isinstance(reply, list) else "end_turn"}}

    async def structured_output(
        self, output_model: Any, prompt: Any, system_prompt: Any = None, **kwargs: Any
    ) -> AsyncGenerator[dict[str, Any], None]:
        spec = convert_pydantic_to_tool_spec(output_model)
        stop: Any = None
        async for event in process_stream(self.stream(prompt, [spec], system_prompt)):
            stop = event.get("stop", stop)
            yield event
        yield {"output": output_model(**stop[1]["content"][0]["toolUse"]["input"])}


class Person(BaseModel):
    """A person."""

    name: str
    age: int = 3


@tool
def add(a: int, b: int = 2) -> int:
    """Add numbers."""
    return a + b


def make(*replies: Any, **more: Any) -> Agent:
    return Agent(model=Own(*replies), callback_handler=more.pop("callback_handler", None), **more)


def result_of(agent: Agent, index: int = -2) -> Any:
    return agent.messages[index]["content"][0]["toolResult"]


def test_a_limit_in_a_hook_ends_the_loop_and_is_found_in_its_exception() -> None:
    class TooMany(Exception):
        pass

    class Limit(HookProvider):
        calls = 0

        def register_hooks(self, registry: HookRegistry, **kwargs: Any) -> None:
            registry.add_callback(BeforeModelCallEvent, self.count)

        def count(self, event: BeforeModelCallEvent) -> None:
            self.calls += 1
            if self.calls > 1:
                raise TooMany("enough")

    with pytest.raises(EventLoopException, match="enough") as raised:
        make([("t1", "add", {"a": 1})], tools=[add], hooks=[Limit()])(
            "go", invocation_state={"request_state": {"k": 1}}
        )
    assert isinstance(raised.value.original_exception, TooMany)
    assert raised.value.__cause__ is raised.value.original_exception
    assert raised.value.request_state == {"k": 1}


def test_what_fails_at_the_first_model_call_is_raised_as_it_is() -> None:
    with pytest.raises(ConnectionError, match="refused"):
        make(ConnectionError("refused"))("go")
    with pytest.raises(EventLoopException, match="refused"):
        make([("t1", "add", {"a": 1})], ConnectionError("refused"), tools=[add])("go")


def test_a_model_of_ones_own_answers_with_a_structure_and_leaves_the_history_alone() -> None:
    agent = make([("t1", "Person", {"name": "Ada"})])
    assert agent.structured_output(Person, "Who?") == Person(name="Ada")
    assert agent.messages == []
    with pytest.raises(ValueError, match="neither a prompt nor a history"):
        make().structured_output(Person)


def test_a_streaming_tool_is_heard_at_once() -> None:
    steps: list[str] = []

    @tool
    async def work() -> Any:
        """Work."""
        yield "half"
        steps.append("other half")
        yield "done"

    async def main() -> list[Any]:
        heard = []
        async for event in make([("t1", "work", {})], "ok", tools=[work]).stream_async("go"):
            if event.get("type") == "tool_stream":
                heard.append((event["tool_stream_event"]["data"], list(steps)))
        return heard

    assert [data for data, _ in asyncio.run(main())] == ["half", "done"]


def test_a_tool_class_yields_events() -> None:
    class Echo(AgentTool):
        @property
        def tool_name(self) -> str:
            return "echo"

        @property
        def tool_spec(self) -> ToolSpec:
            return {"name": "echo", "description": "Echo", "inputSchema": {"json": {"type": "object"}}}

        @property
        def tool_type(self) -> str:
            return "custom"

        async def stream(self, tool_use: ToolUse, invocation_state: dict[str, Any], **kwargs: Any) -> ToolGenerator:
            yield ToolStreamEvent(tool_use, "on the way")
            found: ToolResult = {"toolUseId": tool_use["toolUseId"], "status": "success", "content": [{"text": "hi"}]}
            yield ToolResultEvent(found)

    async def main() -> list[Any]:
        events = [event async for event in agent.stream_async("go")]
        return [event["tool_stream_event"]["data"] for event in events if "tool_stream_event" in event]

    agent = make([("t1", "echo", {})], "ok", tools=[Echo()])
    assert asyncio.run(main()) == ["on the way"]
    assert result_of(agent)["content"] == [{"text": "hi"}]


def test_a_module_tool_knows_its_surroundings() -> None:
    known: dict[str, Any] = {}

    def look(tool_use: ToolUse, **kwargs: Any) -> ToolResult:
        known.update(kwargs)
        return {"toolUseId": tool_use["toolUseId"], "status": "success", "content": [{"text": "seen"}]}

    spec = normalize_tool_spec({"name": "look", "description": "Look", "inputSchema": {"properties": {}}})
    agent = make([("t1", "look", {})], "ok", tools=[PythonAgentTool("look", spec, look)], system_prompt="Be brief.")
    with pytest.warns(UserWarning, match="'user' is not an argument"):
        agent("go", user="ada")
    assert known["agent"] is agent and known["messages"] is agent.messages and known["model"] is agent.model
    assert known["system_prompt"] == "Be brief." and known["user"] == "ada"
    assert known["tool_config"]["tools"][0]["toolSpec"]["name"] == "look"


def test_a_tool_file_is_loaded_while_the_agent_lives(tmp_path: Path) -> None:
    file = tmp_path / "greet.py"
    file.write_text('from strands import tool\n\n@tool\ndef greet(name: str) -> str:\n    "Greet."\n    return name\n')
    agent = make()
    agent.tool_registry.load_tool_from_filepath(tool_name="greet", tool_path=str(file))
    assert agent.tool.greet(name="Ada", record_direct_tool_call=False)["content"] == [{"text": "Ada"}]
    with pytest.raises(ValueError, match="'gone' cannot be loaded"):
        agent.tool_registry.load_tool_from_filepath("gone", str(tmp_path / "gone.py"))


def test_direct_calls_say_why() -> None:
    agent = make(tools=[add])
    agent.tool.add(a=1, user_message_override="Because")
    assert [block["text"].split("\n")[0] for block in agent.messages[0]["content"]] == [
        "Because",
        "agent.tool.add direct tool call.",
    ]


def test_wrong_values_and_other_errors_of_tools() -> None:
    @tool
    def fail(kind: str) -> str:
        """Fail."""
        raise {"value": ValueError, "type": TypeError}[kind]("bad")

    agent = make([("t1", "fail", {"kind": "value"}), ("t2", "fail", {"kind": "type"})], "ok", tools=[fail])
    agent("go")
    texts = [block["toolResult"]["content"][0]["text"] for block in agent.messages[2]["content"]]
    assert texts == ["Error: bad", "Error: TypeError - bad"]


def test_hooks_write_only_what_they_may() -> None:
    said: list[str] = []

    def before(event: BeforeToolCallEvent) -> None:
        with pytest.raises(AttributeError, match="cancel_tols"):
            event.cancel_tols = "no"
        event.tool_use["input"]["a"] = 40

    def after(event: AfterToolCallEvent) -> None:
        said.append(event.result["content"][0]["text"])
        event.result = {**event.result, "content": [{"text": "hidden"}]}

    agent = make([("t1", "add", {"a": 1})], "ok", tools=[add], hooks=[before, after])
    agent("go")
    assert said == ["42"] and result_of(agent)["content"] == [{"text": "hidden"}]


def test_an_approval_survives_the_process(tmp_path: Path) -> None:
    @tool(context=True)
    def pay(amount: int, tool_context: ToolContext) -> str:
        """Pay."""
        return "paid" if tool_context.interrupt("pay", reason={"amount": amount}) == "y" else "refused"

    def fresh(*replies: Any) -> Agent:
        session = FileSessionManager(session_id="s", storage_dir=str(tmp_path))
        return make(*replies, tools=[pay], agent_id="payer", session_manager=session)

    result = fresh([("t1", "pay", {"amount": 5})])("go")
    assert result.stop_reason == "interrupt" and result.interrupts is not None
    answers = [{"interruptResponse": {"interruptId": each.id, "response": "y"}} for each in result.interrupts]
    agent = fresh("thanks")
    assert str(agent(answers)) == "thanks\n"
    assert result_of(agent)["content"] == [{"text": "paid"}]


def test_a_summary_is_followed_by_the_assistant() -> None:
    history: Any = [{"role": ("user", "assistant")[n % 2], "content": [{"text": str(n)}]} for n in range(10)]
    manager = SummarizingConversationManager(summary_ratio=0.5, preserve_recent_messages=2)
    agent = make(
        ContextWindowOverflowException("too long"), "summary", "ok", messages=history, conversation_manager=manager
    )
    agent("go on")
    assert [message["role"] for message in agent.messages[:3]] == ["user", "assistant", "user"]
    assert agent.messages[0]["content"] == [{"text": "summary"}]


def test_listeners_know_the_cycle_and_what_was_passed() -> None:
    heard: list[dict[str, Any]] = []
    agent = make("hi", callback_handler=lambda **event: heard.append(event))
    with pytest.warns(UserWarning, match="'user' is not an argument"):
        agent("go", user="ada")
    assert heard[0] == {"init_event_loop": True, "user": "ada"}
    spoken = [event for event in heard if "data" in event]
    assert spoken[0]["user"] == "ada" and spoken[0]["event_loop_cycle_id"]
    assert make("hi").callback_handler is null_callback_handler


def test_nodes_of_ones_own_get_the_task_as_blocks() -> None:
    class Count(MultiAgentBase):
        id = "count"

        async def invoke_async(self, task: Any, invocation_state: Any = None, **kwargs: Any) -> MultiAgentResult:
            inner = await make(f"{len(task[0]['text'])} letters").invoke_async(task)
            return MultiAgentResult(
                status=Status.COMPLETED, results={"count": NodeResult(result=inner, status=Status.COMPLETED)}
            )

        def stream_async(self, task: Any, invocation_state: Any = None, **kwargs: Any) -> AsyncIterator[Any]:
            raise NotImplementedError

        def serialize_state(self) -> dict[str, Any]:
            return {}

        def deserialize_state(self, payload: dict[str, Any]) -> None:
            return None

    builder = GraphBuilder()
    builder.add_node(make("good", name="judge"), "judge")
    builder.add_node(Count(), "count")
    builder.add_edge("count", "judge")
    builder.set_entry_point("count")
    result = builder.build()("word")
    assert result.status == Status.COMPLETED
    assert "4 letters" in str(result.results["count"].result)


def test_a_swarm_shares_what_its_agents_note() -> None:
    handoff = {"agent_name": "bob", "message": "your turn", "context": {"found": 1}}
    alice = make([("t1", "handoff_to_agent", handoff)], "handed over", name="alice")
    swarm = Swarm([alice, make("done", name="bob")])
    result: Any = swarm("task")
    assert [node.node_id for node in result.node_history] == ["alice", "bob"]
    assert swarm.shared_context.context == {"alice": {"found": 1}}
