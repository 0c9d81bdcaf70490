"""What can be imported from where, and what importing costs."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

NAMES = {
    "strands": "Agent AgentBase AgentResult ModelRetryStrategy Plugin Snapshot ToolContext tool",
    "strands.agent": "Agent AgentBase AgentResult ConversationManager ModelRetryStrategy NullConversationManager "
    "SlidingWindowConversationManager SummarizingConversationManager",
    "strands.agent.agent": "Agent",
    "strands.agent.agent_result": "AgentResult",
    "strands.agent.base": "AgentBase",
    "strands.agent.conversation_manager": "ConversationManager NullConversationManager "
    "SlidingWindowConversationManager SummarizingConversationManager",
    "strands.agent.conversation_manager.null_conversation_manager": "NullConversationManager",
    "strands.agent.conversation_manager.sliding_window_conversation_manager": "SlidingWindowConversationManager",
    "strands.agent.conversation_manager.summarizing_conversation_manager": "SummarizingConversationManager",
    "strands.agent.conversation_manager.conversation_manager": "ConversationManager",
    "strands.agent.state": "AgentState",
    "strands.event_loop": "ModelRetryStrategy",
    "strands.handlers": "CompositeCallbackHandler PrintingCallbackHandler null_callback_handler",
    "strands.handlers.callback_handler": "CompositeCallbackHandler PrintingCallbackHandler null_callback_handler",
    "strands.hooks": "AfterInvocationEvent AfterModelCallEvent AfterMultiAgentInvocationEvent AfterNodeCallEvent "
    "AfterToolCallEvent AgentInitializedEvent BaseHookEvent BeforeInvocationEvent BeforeModelCallEvent "
    "BeforeMultiAgentInvocationEvent BeforeNodeCallEvent BeforeToolCallEvent HookCallback HookEvent HookOrder "
    "HookProvider HookRegistry MessageAddedEvent MultiAgentInitializedEvent",
    "strands.hooks.events": "AfterToolCallEvent BeforeToolCallEvent",
    "strands.hooks.registry": "HookEvent HookProvider HookRegistry",
    "strands.interrupt": "Interrupt InterruptException",
    "strands.interventions": "Confirm Deny Guide InterventionHandler Proceed Transform",
    "strands.plugins": "Plugin hook",
    "strands.telemetry": "EventLoopMetrics StrandsTelemetry Trace Tracer get_tracer metrics_to_string",
    "strands.telemetry.metrics": "EventLoopMetrics ToolMetrics Trace",
    "strands.tools": "PythonAgentTool ToolProvider tool",
    "strands.tools.decorator": "DecoratedFunctionTool tool",
    "strands.tools.executors": "ConcurrentToolExecutor SequentialToolExecutor ToolExecutor",
    "strands.tools.registry": "ToolRegistry",
    "strands.tools.tool_provider": "ToolProvider",
    "strands.tools.tools": "PythonAgentTool",
    "strands.types._events": "ToolResultEvent ToolStreamEvent",
    "strands.types": "",
    "strands.types.agent": "AgentInput ConcurrentInvocationMode Limits",
    "strands.types.collections": "PaginatedList",
    "strands.types.content": "CachePoint ContentBlock Message Messages Role SystemContentBlock SystemPrompt",
    "strands.types.event_loop": "Metrics StopReason Usage",
    "strands.types.exceptions": "ConcurrencyException ContextWindowOverflowException EventLoopException "
    "MaxTokensReachedException MCPClientInitializationError ModelThrottledException SessionException "
    "SnapshotException StructuredOutputException ToolProviderException",
    "strands.types.interrupt": "InterruptResponse InterruptResponseContent",
    "strands.types.json_dict": "JSONSerializableDict",
    "strands.types.media": "DocumentContent DocumentSource ImageContent ImageSource VideoContent VideoSource",
    "strands.types.streaming": "StopReason StreamEvent",
    "strands.types.tools": "AgentTool Tool ToolChoice ToolConfig ToolContext ToolFunc ToolGenerator ToolResult "
    "ToolResultContent ToolSpec ToolUse",
    "strands.types.traces": "AttributeValue",
    "strands.vended_interventions": "HumanInTheLoop",
    "strands.vended_interventions.hitl": "HumanInTheLoop",
}


@pytest.mark.parametrize("module", NAMES)
def test_public_names_are_where_the_sdk_has_them(module: str) -> None:
    found = importlib.import_module(module)
    for name in NAMES[module].split():
        assert getattr(found, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    for module in ("strands", "strands.agent", "strands.telemetry"):
        with pytest.raises(AttributeError, match="'nope'"):
            importlib.import_module(module).nope  # noqa: B018


def test_importing_an_agent_imports_nothing_heavy() -> None:
    code = "import sys; from strands import Agent, tool; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    heavy = {"pydantic", "jsonschema", "opentelemetry", "boto3", "openai", "mcp", "rich", "jinja2", "strands_cli"}
    assert not loaded & heavy


def test_running_plain_tools_imports_nothing_heavy() -> None:
    code = """
import sys
from typing import Literal, Optional
from strands import Agent, tool
from strands.models import ScriptedModel, ToolCall

@tool
def greet(name: str, times: int = 1, tone: Literal["kind", "curt"] = "kind", tags: Optional[list[str]] = None) -> str:
    '''Greet.'''
    return "hello " * times + name

agent = Agent(model=ScriptedModel([ToolCall("greet", {"name": "Ada", "times": 2}), "ok"]), tools=[greet])
agent.callback_handler = None
agent("go")
print(agent.messages[2]["content"][0]["toolResult"]["content"][0]["text"], file=sys.stderr)
print(*sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.strip() == "hello hello Ada"
    assert not set(done.stdout.split()) & {"pydantic", "jsonschema", "opentelemetry", "boto3", "openai"}
