"""What an agent works with in the words of the semantic conventions: attributes, and messages as lists of parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from strands._core.host import Host
    from strands.types.tools import AgentTool

_PROVIDERS = {
    "AnthropicModel": "anthropic",
    "BedrockModel": "aws.bedrock",
    "GeminiModel": "gcp.gemini",
    "OpenAIModel": "openai",
    "OpenAIResponsesModel": "openai",
}
_SETTINGS = ("frequency_penalty", "max_tokens", "presence_penalty", "temperature", "top_k", "top_p")
_FINISH = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "tool_use": "tool_call",
    "content_filtered": "content_filter",
    "guardrail_intervened": "content_filter",
}


def of_agent(agent: Host) -> dict[str, Any]:
    """Return the attributes that say which agent works, for whom and with which model."""
    return {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": agent.name,
        "gen_ai.agent.id": agent.agent_id,
        **({"gen_ai.agent.description": agent.description} if agent.description else {}),
        **_of_both(agent),
    }


def of_model(agent: Host) -> dict[str, Any]:
    """Return the attributes of a call of an agent's model."""
    config = _config(agent.model)
    params = config.get("params")
    settings = {**config, **(params if isinstance(params, Mapping) else {})}
    known = {f"gen_ai.request.{key}": settings[key] for key in _SETTINGS if isinstance(settings.get(key), (int, float))}
    return {"gen_ai.operation.name": "chat", **_of_both(agent), **known}


def model_id(model: Any) -> str:
    """Return what a model is called by its provider."""
    return str(_config(model).get("model_id") or type(model).__name__)


def input_messages(prompt: Any) -> list[dict[str, Any]]:
    """Return a prompt or a history as messages of parts."""
    if isinstance(prompt, str):
        return [{"role": "user", "parts": [_text(prompt)]}]
    if not isinstance(prompt, Sequence):
        return []
    if all(isinstance(item, Mapping) and "role" in item and "content" in item for item in prompt):
        return [_message(item) for item in prompt]
    return [_message({"role": "user", "content": prompt})]


def output_messages(message: Mapping[str, Any], stop_reason: str) -> list[dict[str, Any]]:
    """Return what a model said, with why it ended."""
    return [{**_message(message), "finish_reason": _FINISH.get(stop_reason, stop_reason)}]


def of_tool(agent: Host, tool: AgentTool, tool_use_id: str) -> dict[str, Any]:
    """Return what the span of a tool call says."""
    return {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": tool.tool_name,
        "gen_ai.tool.call.id": tool_use_id,
        "gen_ai.tool.type": "function",
        "gen_ai.tool.description": tool.tool_spec["description"],
        **_of_all(agent),
    }


def _of_both(agent: Host) -> dict[str, Any]:
    return {
        "gen_ai.provider.name": _provider(agent.model),
        "gen_ai.request.model": model_id(agent.model),
        **_of_all(agent),
    }


def _of_all(agent: Host) -> dict[str, Any]:
    session = agent.session_id
    return {"gen_ai.conversation.id": session, "session.id": session, **agent.trace_attributes}


def _config(model: Any) -> Mapping[str, Any]:
    config = model.get_config() or {}
    return config if isinstance(config, Mapping) else {"model_id": getattr(config, "model_id", None)}


def _provider(model: Any) -> str:
    kinds = [kind.__name__ for kind in type(model).__mro__]
    known = next((_PROVIDERS[name] for name in kinds if name in _PROVIDERS), None)
    return known or kinds[0].removesuffix("Model").lower() or "custom"


def _message(message: Mapping[str, Any]) -> dict[str, Any]:
    content = message["content"]
    if isinstance(content, str):
        return {"role": message["role"], "parts": [_text(content)]}
    parts = [_part(block) for block in content]
    answers_tools = bool(parts) and all(part["type"] == "tool_call_response" for part in parts)
    return {"role": "tool" if answers_tools else message["role"], "parts": parts}


def _part(block: Any) -> dict[str, Any]:
    if not isinstance(block, Mapping):
        return {"type": type(block).__name__}
    if "text" in block:
        return _text(block["text"])
    if "toolUse" in block:
        use = block["toolUse"]
        return {"type": "tool_call", "id": use["toolUseId"], "name": use["name"], "arguments": use["input"]}
    if "toolResult" in block:
        result = block["toolResult"]
        return {"type": "tool_call_response", "id": result["toolUseId"], "response": result["content"]}
    if "reasoningContent" in block:
        return {"type": "reasoning", "content": block["reasoningContent"].get("reasoningText", {}).get("text", "")}
    kind = next(iter(block), "empty")
    value = block.get(kind)
    return {"type": kind, **(value if isinstance(value, Mapping) else {"content": value})}


def _text(content: Any) -> dict[str, Any]:
    return {"type": "text", "content": content}
