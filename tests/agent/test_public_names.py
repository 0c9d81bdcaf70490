"""What can be imported from where, and what importing costs."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

NAMES = {
    "strands": "Agent AgentBase AgentResult LocalAgent ModelRetryStrategy MultiAgentPlugin Plugin Snapshot "
    "ToolContext tool",
    "strands.agent": "Agent AgentBase AgentResult ConversationManager ModelRetryStrategy NullConversationManager "
    "SlidingWindowConversationManager SummarizingConversationManager",
    "strands.agent.agent": "Agent",
    "strands.agent.agent_result": "AgentResult",
    "strands.agent.base": "AgentBase",
    "strands.agent.conversation_manager": "ConversationManager NullConversationManager "
    "SlidingWindowConversationManager SummarizingConversationManager "
    "ProactiveCompressionConfig",
    "strands.agent.conversation_manager.null_conversation_manager": "NullConversationManager",
    "strands.agent.conversation_manager.sliding_window_conversation_manager": "SlidingWindowConversationManager",
    "strands.agent.conversation_manager.summarizing_conversation_manager": "SummarizingConversationManager",
    "strands.agent.conversation_manager.conversation_manager": "ConversationManager ProactiveCompressionConfig",
    "strands.agent.state": "AgentState",
    "strands.event_loop": "ModelRetryStrategy",
    "strands.handlers": "CompositeCallbackHandler PrintingCallbackHandler null_callback_handler",
    "strands.handlers.callback_handler": "CompositeCallbackHandler PrintingCallbackHandler null_callback_handler",
    "strands.hooks": "AfterInvocationEvent AfterModelCallEvent AfterMultiAgentInvocationEvent AfterNodeCallEvent "
    "AfterToolCallEvent AgentInitializedEvent BaseHookEvent BeforeInvocationEvent BeforeModelCallEvent "
    "BeforeMultiAgentInvocationEvent BeforeNodeCallEvent BeforeToolCallEvent HookCallback HookEvent HookOrder "
    "HookProvider HookRegistry MessageAddedEvent MultiAgentInitializedEvent "
    "AfterToolsEvent BeforeToolsEvent MessageUpdatedEvent",
    "strands.hooks.events": "AfterToolCallEvent BeforeToolCallEvent "
    "AfterToolsEvent AfterNodeCallEvent BeforeNodeCallEvent BeforeToolsEvent MessageUpdatedEvent "
    "MultiAgentInitializedEvent",
    "strands.hooks.registry": "HookEvent HookProvider HookRegistry",
    "strands.interrupt": "Interrupt InterruptException PendingToolExecution",
    "strands.interventions": "Confirm Deny Guide InterventionHandler Proceed Transform",
    "strands.plugins": "Plugin hook MultiAgentPlugin",
    "strands.telemetry": "EventLoopMetrics StrandsTelemetry Trace Tracer get_tracer metrics_to_string MetricsClient",
    "strands.telemetry.metrics": "EventLoopMetrics ToolMetrics Trace MetricsClient",
    "strands.tools": "PythonAgentTool ToolProvider tool",
    "strands.tools.decorator": "DecoratedFunctionTool tool FunctionToolMetadata",
    "strands.tools.executors": "ConcurrentToolExecutor SequentialToolExecutor ToolExecutor",
    "strands.tools.registry": "ToolRegistry",
    "strands.tools.tool_provider": "ToolProvider",
    "strands.tools.tools": "PythonAgentTool",
    "strands.types._events": "ToolResultEvent ToolStreamEvent "
    "AgentAsToolStreamEvent AgentResultEvent CitationStreamEvent EventLoopStopEvent "
    "EventLoopThrottleEvent ForceStopEvent InitEventLoopEvent ModelMessageEvent ModelStopReason ModelStreamChunkEvent "
    "ModelStreamEvent MultiAgentHandoffEvent MultiAgentNodeCancelEvent MultiAgentNodeInterruptEvent "
    "MultiAgentNodeStartEvent MultiAgentNodeStopEvent MultiAgentNodeStreamEvent MultiAgentResultEvent "
    "ReasoningRedactedContentStreamEvent ReasoningSignatureStreamEvent ReasoningTextStreamEvent StartEvent "
    "StartEventLoopEvent StructuredOutputEvent TextStreamEvent ToolCancelEvent ToolInterruptEvent "
    "ToolResultMessageEvent ToolUseStreamEvent TypedEvent",
    "strands.types": "Limits PaginatedList Snapshot",
    "strands.types.agent": "AgentInput ConcurrentInvocationMode Limits LocalAgent",
    "strands.types.collections": "PaginatedList",
    "strands.types.content": "CachePoint ContentBlock Message Messages Role SystemContentBlock SystemPrompt "
    "ContentBlockDelta ContentBlockStart ContentBlockStop MessageMetadata TextBlock "
    "get_message_metadata",
    "strands.types.event_loop": "Metrics StopReason Usage",
    "strands.types.exceptions": "ConcurrencyException ContextWindowOverflowException EventLoopException "
    "MaxTokensReachedException MCPClientInitializationError ModelThrottledException SessionException "
    "SnapshotException StructuredOutputException ToolProviderException "
    "AggregateMemoryError CheckpointException IdempotencyAbortedError ProviderTokenCountError "
    "StorageError",
    "strands.types.interrupt": "InterruptResponse InterruptResponseContent",
    "strands.types.json_dict": "JSONSerializableDict",
    "strands.types.media": "DocumentContent DocumentSource ImageContent ImageSource VideoContent VideoSource "
    "AudioBlock AudioContent ImageBlock",
    "strands.types.streaming": "StopReason StreamEvent ContentBlockDeltaText ModelStreamErrorEvent",
    "strands.types.tools": "AgentTool Tool ToolChoice ToolConfig ToolContext ToolFunc ToolGenerator ToolResult "
    "ToolResultContent ToolSpec ToolUse "
    "ToolResultBlock",
    "strands.types.traces": "AttributeValue",
    "strands.vended_interventions": "HumanInTheLoop",
    "strands.vended_interventions.hitl": "ClassifierResult HumanInTheLoop HumanInTheLoopClassifier LLMClassifierConfig",
    "strands.agent.conversation_manager.compression.context_compression": "DEFAULT_SUMMARIZATION_PROMPT "
    "adjust_split_point_for_tool_pairs as_user_summary "
    "find_valid_trim_point generate_summary matches_message_type",
    "strands.agent.conversation_manager.compression.pin_message": "apply_pin_first is_pinned partition_pinned "
    "pin_message unpin_message",
    "strands.event_loop.event_loop": "INITIAL_DELAY MAX_ATTEMPTS MAX_DELAY event_loop_cycle recurse_event_loop",
    "strands.event_loop.streaming": "extract_usage_metrics handle_content_block_delta handle_content_block_start "
    "handle_content_block_stop handle_message_start handle_message_stop handle_redact_content process_stream "
    "remove_blank_messages_content_text stream_messages",
    "strands.multiagent": "EdgeCondition EdgeConditionWithContext Graph GraphBuilder GraphResult MultiAgentBase "
    "MultiAgentResult NodeResult Status Swarm SwarmResult",
    "strands.multiagent.graph": "EdgeConditionWithContext Graph GraphBuilder GraphEdge GraphNode GraphResult "
    "GraphState",
    "strands.multiagent.swarm": "SharedContext Swarm SwarmNode SwarmResult SwarmState",
    "strands.plugins.decorator": "hook",
    "strands.plugins.plugin": "Plugin",
    "strands.plugins.multiagent_plugin": "MultiAgentPlugin",
    "strands.plugins.multiagent_registry": "_MultiAgentPluginRegistry",
    "strands.plugins.registry": "_PluginRegistry",
    "strands.telemetry.config": "StrandsTelemetry get_otel_resource",
    "strands.telemetry.metrics_constants": "STRANDS_EVENT_LOOP_CYCLE_COUNT STRANDS_TOOL_DURATION",
    "strands.telemetry.tracer": "JSONEncoder Tracer get_tracer serialize",
    "strands.tools.loader": "ToolLoader load_tool_from_string load_tools_from_file_path load_tools_from_module",
    "strands.tools.structured_output": "DEFAULT_STRUCTURED_OUTPUT_PROMPT convert_pydantic_to_tool_spec",
    "strands.tools.structured_output.structured_output_tool": "StructuredOutputTool",
    "strands.types.events": "ModelStopReason ToolResultEvent TypedEvent",
    "strands.types.citations": "Citation CitationsContentBlock DocumentCharLocation DocumentChunkLocation "
    "DocumentPageLocation SearchResultLocation WebLocation",
    "strands.types.guardrails": "ContentFilter ContentPolicy GuardrailAssessment GuardrailConfig GuardrailTrace "
    "PIIEntity "
    "Regex SensitiveInformationPolicy Topic TopicPolicy Trace WordPolicy",
    "strands.session": "FileSessionManager MultiAgentSaveLatestStrategy RepositorySessionManager S3SessionManager "
    "SaveLatestStrategy SessionManager SessionRepository SnapshotSessionManager SnapshotTrigger",
    "strands.session.snapshot_session_manager": "SnapshotSessionManager SnapshotTrigger",
    "strands.storage": "InMemoryStorage LocalFileStorage S3Storage Storage",
    "strands.storage.in_memory_storage": "InMemoryStorage",
    "strands.storage.local_file_storage": "LocalFileStorage",
    "strands.storage.s3_storage": "S3Storage",
    "strands.storage.storage": "Storage",
    "strands.models": "BedrockModel CandidateInput ClassifierStrategy FallbackStrategy Model ModelRouter "
    "RoutingAttempt RoutingCandidate RoutingContext RoutingStrategy",
    "strands.models.routing": "CandidateInput ModelRouter",
    "strands.models.routing.classifier_strategy": "ClassifierStrategy",
    "strands.models.routing.fallback_strategy": "FallbackStrategy",
    "strands.models.routing.router": "CandidateInput ModelRouter RoutingCandidate",
    "strands.models.routing.strategy": "RoutingAttempt RoutingContext RoutingStrategy",
    "strands.interventions.registry": "InterventionRegistry",
    "strands.vended_interventions.hitl.classifier": "ClassifierResult HumanInTheLoopClassifier LLMClassifierConfig",
    "strands.vended_interventions.hitl.hitl": "AskCallback EvaluateCallback HumanInTheLoop",
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


def test_an_agent_is_a_local_agent() -> None:
    from strands import Agent, LocalAgent
    from strands.models import ScriptedModel

    def id_of(agent: LocalAgent) -> str:
        return agent.agent_id

    agent = Agent(model=ScriptedModel([]), callback_handler=None)
    assert id_of(agent) == "default"
    members = [name for name in dir(LocalAgent) if not name.startswith("_")] + list(LocalAgent.__annotations__)
    assert [name for name in members if not hasattr(agent, name)] == []
