"""Where names are at home that programs written for the Strands Agents SDK import from elsewhere."""

from __future__ import annotations

LIBRARIES = {
    "strands.models.anthropic": {"anthropic": "anthropic"},
    "strands.models.bedrock": {"boto3": "boto3"},
    "strands.models.gemini": {"genai": "google.genai"},
    "strands.models.litellm": {"litellm": "litellm"},
    "strands.models.ollama": {"ollama": "ollama"},
    "strands.models.openai": {"openai": "openai"},
    "strands.models.openai_responses": {"openai": "openai"},
}
"""Module to the packages that tests of programs replace parts of by way of it."""

NAMES = {
    "strands.agent.agent": (
        "AfterInvocationEvent AgentBase AgentInitializedEvent AgentResult AgentResultEvent AgentState "
        "AgentTool AttributeValue BedrockModel BeforeInvocationEvent BeforeModelCallEvent "
        "ConcurrencyException ContentBlock ContextWindowOverflowException ConversationManager "
        "EventLoopStopEvent HookOrder InitEventLoopEvent InterruptException InterventionHandler Limits "
        "LocalAgent Message MessageAddedEvent Messages Model ModelRouter ModelStreamChunkEvent "
        "NullConversationManager Plugin SessionManager Snapshot SnapshotException Storage SystemContentBlock "
        "TypedEvent get_tracer null_callback_handler"
    ),
    "strands.agent.agent_result": (
        "EventLoopMetrics Interrupt Message StopReason decode_bytes_values encode_bytes_values"
    ),
    "strands.agent.base": "AgentInput AgentResult",
    "strands.agent.conversation_manager.conversation_manager": (
        "BeforeModelCallEvent DEFAULT_COMPRESSION_THRESHOLD HookProvider HookRegistry Message"
    ),
    "strands.agent.conversation_manager.null_conversation_manager": "ConversationManager",
    "strands.agent.conversation_manager.sliding_window_conversation_manager": (
        "BeforeModelCallEvent ContentBlock ContextWindowOverflowException ConversationManager HookRegistry "
        "Messages ProactiveCompressionConfig ToolResultContent"
    ),
    "strands.agent.conversation_manager.summarizing_conversation_manager": (
        "AgentTool ContextWindowOverflowException ConversationManager Message ProactiveCompressionConfig ToolRegistry"
    ),
    "strands.event_loop.event_loop": (
        "AfterModelCallEvent AfterToolsEvent BeforeModelCallEvent BeforeToolsEvent "
        "ContextWindowOverflowException EventLoopException ForceStopEvent InterruptException Limits "
        "MaxTokensReachedException Message Messages Metrics ModelMessageEvent ModelRetryStrategy "
        "ModelStopReason PendingToolExecution StartEvent StartEventLoopEvent StopReason StructuredOutputEvent "
        "StructuredOutputException ToolChoiceToolDict ToolInterruptEvent ToolResult ToolResultEvent "
        "ToolResultMessageEvent ToolSpec ToolUse Trace Tracer Usage get_tracer split_system_prompt "
        "stream_messages"
    ),
    "strands.event_loop.streaming": (
        "CitationStreamEvent CitationsContentBlock ContentBlock ContentBlockDeltaEvent ContentBlockStart "
        "ContentBlockStartEvent InvalidToolUseNameException Message MessageStartEvent MessageStopEvent "
        "Messages MetadataEvent Metrics Model ModelStreamChunkEvent ModelStreamEvent "
        "ReasoningRedactedContentStreamEvent ReasoningSignatureStreamEvent ReasoningTextStreamEvent "
        "RedactContentEvent StopReason StreamEvent SystemContentBlock TextStreamEvent ToolSpec ToolUse "
        "ToolUseStreamEvent Usage validate_tool_use_name"
    ),
    "strands.hooks.events": (
        "AfterMultiAgentInvocationEvent AfterNodeCallEvent AgentInput AgentTool BeforeMultiAgentInvocationEvent "
        "BeforeNodeCallEvent ContentBlock Message Messages MultiAgentInitializedEvent StopReason ToolResult ToolUse"
    ),
    "strands.interventions.handler": (
        "AfterModelCallEvent AfterToolCallEvent BeforeInvocationEvent BeforeModelCallEvent "
        "BeforeToolCallEvent Confirm Deny Guide Transform"
    ),
    "strands.models.anthropic": (
        "CitationsDelta ContentBlock ContextWindowOverflowException Message Messages Model "
        "ModelThrottledException StreamEvent SystemContentBlock ToolChoice ToolChoiceAuto ToolChoiceToolDict "
        "ToolSpec Usage WebLocation convert_pydantic_to_tool_spec"
    ),
    "strands.models.bedrock": (
        "CachePoint CitationsDelta ContentBlock ContextWindowOverflowException Messages Model "
        "ModelThrottledException ProviderTokenCountError ReasoningContentBlock S3Location SourceLocation "
        "StreamEvent SystemContentBlock ToolChoice ToolChoiceAuto ToolSpec convert_pydantic_to_tool_spec"
    ),
    "strands.models.gemini": (
        "ContentBlock ContentBlockStartToolUse ContextWindowOverflowException Messages Model "
        "ProviderTokenCountError StreamEvent SystemContentBlock ToolChoice ToolChoiceToolDict ToolSpec Usage"
    ),
    "strands.models.litellm": (
        "ContentBlock ContextWindowOverflowException Messages OpenAIModel StreamEvent SystemContentBlock "
        "ToolChoice ToolSpec ToolUse convert_pydantic_to_tool_spec"
    ),
    "strands.models.model": (
        "AfterInvocationEvent ContentBlock DEFAULT_CONTEXT_WINDOW_LIMIT Messages Plugin StreamEvent "
        "SystemContentBlock ToolChoice ToolSpec"
    ),
    "strands.models.ollama": (
        "ContentBlock ContextWindowOverflowException Messages Model StopReason StreamEvent ToolChoice ToolSpec"
    ),
    "strands.models.openai": (
        "ContentBlock ContextWindowOverflowException Messages Model ModelThrottledException StreamEvent "
        "SystemContentBlock ToolChoice ToolResult ToolSpec ToolUse Usage"
    ),
    "strands.models.openai_responses": (
        "ContentBlock ContextWindowOverflowException Messages Model ModelThrottledException Role StreamEvent "
        "SystemContentBlock ToolChoice ToolResult ToolSpec ToolUse Usage"
    ),
    "strands.multiagent.base": "AttributeValue HookCallback HookOrder Metrics Usage",
    "strands.multiagent.graph": (
        "AfterMultiAgentInvocationEvent AfterNodeCallEvent Agent AgentBase AgentState AttributeValue "
        "BeforeMultiAgentInvocationEvent BeforeNodeCallEvent ContentBlock HookCallback HookOrder HookProvider "
        "HookRegistry Interrupt Messages Metrics MultiAgentBase MultiAgentHandoffEvent "
        "MultiAgentInitializedEvent MultiAgentNodeCancelEvent MultiAgentNodeInterruptEvent "
        "MultiAgentNodeStartEvent MultiAgentNodeStopEvent MultiAgentNodeStreamEvent MultiAgentPlugin "
        "MultiAgentResult MultiAgentResultEvent SessionManager Usage decode_bytes_values encode_bytes_values "
        "get_tracer"
    ),
    "strands.multiagent.swarm": (
        "AfterMultiAgentInvocationEvent AfterNodeCallEvent Agent AgentState AttributeValue "
        "BeforeMultiAgentInvocationEvent BeforeNodeCallEvent ContentBlock HookCallback HookOrder HookProvider "
        "HookRegistry Interrupt Messages Metrics MultiAgentBase MultiAgentHandoffEvent "
        "MultiAgentInitializedEvent MultiAgentNodeCancelEvent MultiAgentNodeInterruptEvent "
        "MultiAgentNodeStartEvent MultiAgentNodeStopEvent MultiAgentNodeStreamEvent MultiAgentPlugin "
        "MultiAgentResult MultiAgentResultEvent SessionManager Usage decode_bytes_values encode_bytes_values "
        "get_tracer tool"
    ),
    "strands.session.file_session_manager": "SessionRepository",
    "strands.session.repository_session_manager": (
        "AgentState ContentBlock LocalAgent Message SessionAgent SessionMessage"
    ),
    "strands.session.s3_session_manager": "SessionRepository",
    "strands.session.session_manager": "Message",
    "strands.session.session_repository": "Session SessionAgent SessionMessage",
    "strands.telemetry.metrics": "Message Metrics ToolUse Usage",
    "strands.telemetry.tracer": (
        "AgentResult AttributeValue Attributes ContentBlock InterruptResponseContent Message Messages Metrics "
        "MultiAgentInput StopReason ToolResult ToolUse Usage"
    ),
    "strands.tools.decorator": (
        "AgentTool InterruptException ToolGenerator ToolInterruptEvent ToolResultEvent ToolStreamEvent"
    ),
    "strands.tools.executors.concurrent": "ToolExecutor ToolResult ToolUse Trace TypedEvent",
    "strands.tools.executors.sequential": (
        "ToolExecutor ToolInterruptEvent ToolResult ToolResultEvent ToolUse Trace TypedEvent"
    ),
    "strands.tools.loader": "DecoratedFunctionTool PythonAgentTool",
    "strands.tools.mcp.mcp_agent_tool": "AgentTool ToolGenerator ToolResultEvent",
    "strands.tools.mcp.mcp_client": "AgentTool ImageFormat MCPServerConfig ToolResultContent ToolResultStatus",
    "strands.tools.registry": (
        "AgentBase DecoratedFunctionTool PythonAgentTool load_tool_from_string load_tools_from_module "
        "normalize_schema normalize_tool_spec"
    ),
    "strands.tools.tools": "AgentTool ToolFunc ToolGenerator ToolResultEvent",
    "strands.types.agent": "Messages SystemContentBlock",
    "strands.types.content": (
        "AudioContent CitationsContentBlock DocumentContent ImageContent Metrics ToolResult ToolUse Usage VideoContent"
    ),
    "strands.types.multiagent": "ContentBlock InterruptResponseContent",
    "strands.types.streaming": "Trace",
    "strands.types.tools": "DocumentContent ImageContent",
}
"""Module to the names that it has of others."""

HOMES = {
    "strands.agent.agent": "Agent",
    "strands.agent.base": "AgentBase",
    "strands.agent.conversation_manager.base": (
        "ConversationManager DEFAULT_COMPRESSION_THRESHOLD ProactiveCompressionConfig"
    ),
    "strands.agent.conversation_manager.null": "NullConversationManager",
    "strands.agent.result": "AgentResult",
    "strands.agent.snapshot": "Snapshot",
    "strands.agent.state": "AgentState",
    "strands.event_loop.retry": "ModelRetryStrategy",
    "strands.event_loop.streaming": "stream_messages",
    "strands.handlers.callback_handler": "null_callback_handler",
    "strands.hooks.events": (
        "AfterInvocationEvent AfterModelCallEvent AfterToolCallEvent AfterToolsEvent AgentInitializedEvent "
        "BeforeInvocationEvent BeforeModelCallEvent BeforeToolCallEvent BeforeToolsEvent MessageAddedEvent"
    ),
    "strands.hooks.multi_agent_events": (
        "AfterMultiAgentInvocationEvent AfterNodeCallEvent BeforeMultiAgentInvocationEvent "
        "BeforeNodeCallEvent MultiAgentInitializedEvent"
    ),
    "strands.hooks.registry": "HookCallback HookOrder HookProvider HookRegistry",
    "strands.interrupt": "Interrupt InterruptException PendingToolExecution",
    "strands.interventions.actions": "Confirm Deny Guide Transform",
    "strands.interventions.handler": "InterventionHandler",
    "strands.models._tokens": "DEFAULT_CONTEXT_WINDOW_LIMIT",
    "strands.models.bedrock": "BedrockModel",
    "strands.models.model": "Model",
    "strands.models.openai": "OpenAIModel",
    "strands.models.routing.router": "ModelRouter",
    "strands.multiagent.base": "MultiAgentBase MultiAgentInput MultiAgentResult",
    "strands.plugins.multiagent_plugin": "MultiAgentPlugin",
    "strands.plugins.plugin": "Plugin",
    "strands.session.session_manager": "SessionManager",
    "strands.session.session_repository": "SessionRepository",
    "strands.storage.storage": "Storage",
    "strands.telemetry.metrics": "EventLoopMetrics Trace",
    "strands.telemetry.tracer": "Tracer get_tracer",
    "strands.tools.decorator": "DecoratedFunctionTool tool",
    "strands.tools.executors": "ToolExecutor",
    "strands.tools.loader": "load_tool_from_string load_tools_from_module",
    "strands.tools.mcp.mcp_types": "MCPServerConfig",
    "strands.tools.module": "PythonAgentTool",
    "strands.tools.registry": "ToolRegistry",
    "strands.tools.structured_output.structured_output_utils": "convert_pydantic_to_tool_spec",
    "strands.tools.tools": "InvalidToolUseNameException normalize_schema normalize_tool_spec validate_tool_use_name",
    "strands.types._events": (
        "AgentResultEvent CitationStreamEvent EventLoopStopEvent ForceStopEvent InitEventLoopEvent "
        "ModelMessageEvent ModelStreamChunkEvent ModelStreamEvent MultiAgentHandoffEvent "
        "MultiAgentNodeCancelEvent MultiAgentNodeInterruptEvent MultiAgentNodeStartEvent "
        "MultiAgentNodeStopEvent MultiAgentNodeStreamEvent MultiAgentResultEvent "
        "ReasoningRedactedContentStreamEvent ReasoningSignatureStreamEvent ReasoningTextStreamEvent "
        "StartEvent StartEventLoopEvent StructuredOutputEvent TextStreamEvent ToolResultMessageEvent "
        "ToolUseStreamEvent"
    ),
    "strands.types.agent": "AgentInput Limits LocalAgent",
    "strands.types.citations": "CitationsContentBlock WebLocation",
    "strands.types.content": (
        "CachePoint ContentBlock ContentBlockStart ContentBlockStartToolUse Message Messages "
        "ReasoningContentBlock Role SystemContentBlock split_system_prompt"
    ),
    "strands.types.event_loop": "Metrics StopReason Usage",
    "strands.types.events": "ModelStopReason ToolInterruptEvent ToolResultEvent ToolStreamEvent TypedEvent",
    "strands.types.exceptions": (
        "ConcurrencyException ContextWindowOverflowException EventLoopException MaxTokensReachedException "
        "ModelThrottledException ProviderTokenCountError SnapshotException StructuredOutputException"
    ),
    "strands.types.interrupt": "InterruptResponseContent",
    "strands.types.media": (
        "AudioContent DocumentContent ImageContent ImageFormat S3Location SourceLocation VideoContent"
    ),
    "strands.types.session": "Session SessionAgent SessionMessage decode_bytes_values encode_bytes_values",
    "strands.types.streaming": (
        "CitationsDelta ContentBlockDeltaEvent ContentBlockStartEvent MessageStartEvent MessageStopEvent "
        "MetadataEvent RedactContentEvent StreamEvent"
    ),
    "strands.types.tools": (
        "AgentTool ToolChoice ToolChoiceAuto ToolChoiceToolDict ToolFunc ToolGenerator ToolResult "
        "ToolResultContent ToolResultStatus ToolSpec ToolUse"
    ),
    "strands.types.traces": "AttributeValue Attributes",
}
"""Module to the names that it is the home of."""
