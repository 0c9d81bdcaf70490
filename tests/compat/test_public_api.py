"""Names, parameters and members that callers' code relies on."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path

import pytest

MODULES = {
    "strands": "Agent AgentBase AgentResult InterventionHandler ModelRetryStrategy Plugin Snapshot ToolContext tool",
    "strands.event_loop._retry": "ModelRetryStrategy",
    "strands.event_loop.streaming": "process_stream",
    "strands.experimental.hooks": "AfterModelInvocationEvent AfterToolInvocationEvent BeforeModelInvocationEvent "
    "BeforeToolInvocationEvent",
    "strands.experimental.hooks.events": "AfterToolInvocationEvent BeforeToolInvocationEvent",
    "strands.experimental.hooks.multiagent": "AfterNodeCallEvent BeforeNodeCallEvent MultiAgentInitializedEvent",
    "strands.experimental.hooks.multiagent.events": "AfterMultiAgentInvocationEvent AfterNodeCallEvent "
    "MultiAgentInitializedEvent",
    "strands.experimental.bidi": "BidiAgent",
    "strands.experimental.bidi.hooks": "BidiAgentStopEvent",
    "strands.models": "BedrockModel CacheConfig Model",
    "strands.models.anthropic": "AnthropicModel",
    "strands.models.bedrock": "BedrockModel DEFAULT_BEDROCK_MODEL_ID DEFAULT_BEDROCK_REGION DEFAULT_READ_TIMEOUT",
    "strands.models.gemini": "GeminiModel",
    "strands.models.litellm": "LiteLLMModel",
    "strands.models.model": "CacheConfig Model",
    "strands.models.ollama": "OllamaModel",
    "strands.models.openai": "OpenAIModel",
    "strands.models.openai_responses": "OpenAIResponsesModel",
    "strands.multiagent": "Graph GraphBuilder GraphResult MultiAgentBase MultiAgentResult Status Swarm SwarmResult",
    "strands.multiagent.base": "MultiAgentBase MultiAgentResult NodeResult Status",
    "strands.multiagent.graph": "Graph GraphBuilder GraphEdge GraphNode GraphResult GraphState",
    "strands.multiagent.swarm": "SharedContext Swarm SwarmNode SwarmResult SwarmState",
    "strands.session": "FileSessionManager RepositorySessionManager S3SessionManager SessionManager SessionRepository",
    "strands.session.file_session_manager": "FileSessionManager",
    "strands.session.repository_session_manager": "RepositorySessionManager",
    "strands.session.s3_session_manager": "S3SessionManager",
    "strands.session.session_manager": "SessionManager",
    "strands.session.session_repository": "SessionRepository",
    "strands.tools": "InvalidToolUseNameException PythonAgentTool ToolProvider convert_pydantic_to_tool_spec "
    "normalize_schema normalize_tool_spec tool",
    "strands.tools.executors._executor": "ToolExecutor",
    "strands.tools.executors.concurrent": "ConcurrentToolExecutor",
    "strands.tools.executors.sequential": "SequentialToolExecutor",
    "strands.tools.loader": "load_tool_from_string load_tools_from_file_path load_tools_from_module",
    "strands.tools.mcp": "MCPAgentTool MCPClient ToolFilters",
    "strands.tools.mcp.mcp_agent_tool": "MCPAgentTool",
    "strands.tools.mcp.mcp_client": "MCPClient",
    "strands.tools.structured_output": "convert_pydantic_to_tool_spec",
    "strands.tools.tools": "InvalidToolUseNameException PythonAgentTool validate_tool_use validate_tool_use_name",
    "strands.types": "Limits PaginatedList Snapshot",
    "strands.types._events": "ModelStopReason ToolResultEvent ToolStreamEvent TypedEvent",
    "strands.types.citations": "Citation CitationLocation CitationsContentBlock",
    "strands.types.guardrails": "GuardrailConfig",
    "strands.types.interrupt": "Interrupt InterruptException InterruptResponse InterruptResponseContent",
    "strands.types.multiagent": "MultiAgentInput",
    "strands.types.session": "Message Session SessionAgent SessionMessage SessionType",
    "strands.types.traces": "Attributes AttributeValue",
}

PARAMETERS = {
    "strands.Agent": "model messages tools system_prompt structured_output_model callback_handler conversation_manager "
    "record_direct_tool_call load_tools_from_directory trace_attributes agent_id name description state plugins hooks "
    "session_manager structured_output_prompt tool_executor retry_strategy concurrent_invocation_mode interventions",
    "strands.Agent.invoke_async": "self prompt invocation_state structured_output_model structured_output_prompt",
    "strands.Agent.stream_async": "self prompt invocation_state structured_output_model structured_output_prompt",
    "strands.Agent.structured_output": "self output_model prompt",
    "strands.Agent.as_tool": "self name description preserve_context",
    "strands.tool": "func description inputSchema name context",
    "strands.models.bedrock.BedrockModel": "boto_session boto_client_config region_name endpoint_url",
    "strands.models.openai.OpenAIModel": "client client_args",
    "strands.models.model.Model.stream": "self messages tool_specs system_prompt tool_choice",
    "strands.models.model.Model.structured_output": "self output_model prompt system_prompt",
    "strands.hooks.HookRegistry.add_callback": "self event_type callback",
    "strands.multiagent.Swarm": "nodes entry_point max_handoffs max_iterations execution_timeout node_timeout "
    "repetitive_handoff_detection_window repetitive_handoff_min_unique_agents session_manager hooks id",
    "strands.multiagent.graph.GraphBuilder.add_node": "self executor node_id",
    "strands.multiagent.graph.GraphBuilder.add_edge": "self from_node to_node condition",
    "strands.session.FileSessionManager": "session_id storage_dir",
    "strands.session.S3SessionManager": "session_id bucket prefix boto_session boto_client_config region_name",
    "strands.tools.mcp.MCPClient": "transport_callable startup_timeout tool_filters prefix elicitation_callback",
}

MEMBERS = {
    "strands.agent.AgentResult": "from_dict to_dict",
    "strands.hooks.HookRegistry": "add_callback add_hook get_callbacks_for has_callbacks invoke_callbacks "
    "invoke_callbacks_async",
    "strands.multiagent.graph.GraphBuilder": "add_edge add_node build reset_on_revisit set_entry_point "
    "set_execution_timeout set_graph_id set_hook_providers set_max_node_executions set_node_timeout "
    "set_session_manager",
    "strands.multiagent.Swarm": "deserialize_state invoke_async serialize_state shared_context stream_async",
    "strands.telemetry.EventLoopMetrics": "add_tool_usage end_cycle get_summary start_cycle update_usage",
    "strands.telemetry.StrandsTelemetry": "setup_console_exporter setup_meter setup_otlp_exporter",
    "strands.tools.mcp.MCPClient": "add_consumer call_tool_async call_tool_sync get_prompt_sync list_prompts_sync "
    "list_tools_sync load_tools remove_consumer start stop",
    "strands.tools.registry.ToolRegistry": "get_all_tool_specs get_all_tools_config load_tool_from_filepath "
    "process_tools register_dynamic_tool register_tool replace",
    "strands.types.tools.AgentTool": "get_display_properties is_dynamic mark_dynamic stream supports_hot_reload "
    "tool_name tool_spec tool_type",
}


def found(path: str) -> object:
    """Return what a dotted path names."""
    names = path.split(".")
    for cut in range(len(names) - 1, 0, -1):
        try:
            value: object = importlib.import_module(".".join(names[:cut]))
        except ModuleNotFoundError:
            continue
        for name in names[cut:]:
            value = getattr(value, name)
        return value
    raise LookupError(path)


@pytest.mark.parametrize("module", MODULES)
def test_names(module: str) -> None:
    here = importlib.import_module(module)
    assert [name for name in MODULES[module].split() if not hasattr(here, name)] == []


def test_every_name_that_can_be_imported_from_the_sdks_modules() -> None:
    lines = (Path(__file__).parent / "import_paths.txt").read_text().splitlines()
    paths = {module: names.split() for module, _, names in (line.partition(":") for line in lines)}
    gone = [
        f"{module}.{name}"
        for module, names in paths.items()
        for name in names
        if not hasattr(importlib.import_module(module), name)
    ]
    assert gone == []
    with pytest.raises(ImportError, match="Agnet"):
        exec("from strands.tools.tools import Agnet")


@pytest.mark.parametrize("path", PARAMETERS)
def test_parameters(path: str) -> None:
    value = found(path)
    assert callable(value)
    have = list(inspect.signature(value).parameters)
    wanted = PARAMETERS[path].split()
    assert [name for name in have if name in wanted] == wanted


@pytest.mark.parametrize("path", MEMBERS)
def test_members(path: str) -> None:
    value = found(path)
    assert [name for name in MEMBERS[path].split() if not hasattr(value, name)] == []


def test_an_agent_that_talks_can_be_asked_for_and_not_be_made() -> None:
    from strands.experimental.bidi import BidiAgent

    assert not isinstance(object(), BidiAgent)
    with pytest.raises(NotImplementedError, match=r"strands\.Agent"):
        BidiAgent(model=None)


def test_journals_of_workflows_are_found_where_they_were() -> None:
    from strands.journal import file_journal, memory
    from strands_cli.session.file import FileJournal
    from strands_cli.session.memory import MemoryJournal

    assert (FileJournal, MemoryJournal) == (file_journal.FileJournal, memory.MemoryJournal)


@pytest.mark.parametrize("name", ["ToolProvider", "stop", "make_stop"])
def test_what_was_experimental_warns_of_where_it_is(name: str) -> None:
    from strands import tools, vended_tools
    from strands.experimental import tools as experimental

    with pytest.warns(DeprecationWarning, match=f"{name} has been moved.*import it from strands"):
        found = getattr(experimental, name)
    assert found is getattr(tools, name, None) or found is getattr(vended_tools, name)
    with pytest.raises(AttributeError, match="no attribute 'other'"):
        _ = experimental.other
