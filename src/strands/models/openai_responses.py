"""OpenAI's Responses API."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from strands._elsewhere import names_of

from ._client_model import Asked, Sent
from ._content import (
    TEXT_FORMATS,
    data_url,
    document_text,
    is_blank,
    is_elsewhere,
    join_system,
    noted,
    plain_text,
    readable,
    unsupported,
)
from ._endpoint import Endpoint
from ._mantle import BedrockMantleConfig
from ._native import NativelyStructured, T
from ._openai_chat_format import cache_arguments
from ._responses_reply import ResponsesReply
from .model import BaseModelConfig, CacheConfig
from .openai import DEFAULT_MODEL, KEY, PROVIDER, OpenAIClients, parsed

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from typing_extensions import Unpack

    from strands.agent.agent_metadata import AgentMetadata
    from strands.types.content import Message, Messages, SystemContentBlock
    from strands.types.tools import ToolChoice, ToolSpec

_RESPONSES = Endpoint(
    "openai",
    "/responses",
    ("responses", "create"),
    ("openai.types.responses.response_create_params", "ResponseCreateParamsBase"),
    PROVIDER,
    KEY,
)


class OpenAIResponsesModel(NativelyStructured):
    """A model behind OpenAI's Responses API.

    Args:
        client: An `openai.AsyncOpenAI` of your own; it stays open.
        client_args: Arguments of `openai.AsyncOpenAI`; what is left out is taken from OPENAI_API_KEY and so on.
        bedrock_mantle_config: Leads to Amazon Bedrock's own endpoint for this API; see `OpenAIModel`.
        **model_config: `model_id`; `params`, merged into every request (temperature, max_output_tokens, reasoning,
            `tools` that run at OpenAI ...); `cache_config`, of which the key and the retention are sent;
            `stateful`; `use_native_token_count`.

    The conversation stays on this side, and nothing is stored by the provider, unless it is `stateful`: then the
    provider keeps it, an agent sends what is new, and its `messages` hold only what the provider does not have. The
    argument `model_state` of `stream` says then which reply the conversation goes on from, and how many of the messages
    the provider has; it is changed when the reply is complete.
    """

    class OpenAIResponsesConfig(BaseModelConfig, total=False):
        """The settings of an `OpenAIResponsesModel`."""

        model_id: str
        params: dict[str, Any] | None
        stateful: bool
        cache_config: CacheConfig | None
        use_native_token_count: bool

    _provider, _key = PROVIDER, KEY
    _known = frozenset(OpenAIResponsesConfig.__optional_keys__)
    _windows_known = True

    def __init__(
        self,
        client: AsyncOpenAI | None = None,
        client_args: Mapping[str, Any] | None = None,
        bedrock_mantle_config: BedrockMantleConfig | None = None,
        **model_config: Unpack[OpenAIResponsesConfig],
    ) -> None:
        self._configure({"model_id": DEFAULT_MODEL}, model_config)
        self._clients = OpenAIClients(self, client, client_args or {}, bedrock_mantle_config)

    def _request(self, asked: Asked) -> dict[str, Any]:
        agent, state = asked.more.get("agent_metadata"), asked.more.get("model_state")
        given = asked.messages, asked.tool_specs, asked.system_text(), asked.tool_choice, state
        return self.format_request(*given, agent_metadata=agent)

    async def _send(self, client: Any, request: dict[str, Any], asked: Asked) -> Sent:
        state = asked.more.get("model_state") if self.stateful else None
        reply = ResponsesReply(asked.messages, self.config["model_id"], PROVIDER, KEY, state)
        return reply, _RESPONSES.objects(client, request)

    async def _parse(self, output_model: type[T], asked: Asked) -> T | None:
        request = self._request(asked)
        client = await self._clients.get()
        answer = await parsed(client.responses.parse, request, {"text_format": output_model})
        found: T | None = answer.output_parsed
        return found

    @property
    def stateful(self) -> bool:
        """Whether the provider keeps the conversation on its side."""
        return bool(self.config.get("stateful"))

    def format_request(
        self,
        messages: Messages,
        tool_specs: list[ToolSpec] | None = None,
        system_prompt: str | None = None,
        tool_choice: ToolChoice | None = None,
        model_state: Mapping[str, Any] | None = None,
        *,
        agent_metadata: AgentMetadata | None = None,
    ) -> dict[str, Any]:
        """Return the arguments of the request; `model_state` as in `stream`.

        Raises:
            ModelRequestError: A message holds what the API has no place for.
        """
        before = (model_state or {}).get("response_id") if self.stateful else None
        new = messages[int((model_state or {}).get("seen", 0)) :] if before else messages
        prompt = self._prompt(new, tool_specs, system_prompt)
        request = {"model": self.config["model_id"], **prompt, "stream": True, "store": self.stateful}
        if before:
            request["previous_response_id"] = before
        if tool_specs and tool_choice:
            request["tool_choice"] = _tool_choice(tool_choice)
        request.update(cache_arguments(self.config.get("cache_config"), PROVIDER, agent_metadata))
        params = {name: value for name, value in (self.config.get("params") or {}).items() if name != "tools"}
        if not self.stateful and _reasons(self.config["model_id"], params):
            request["include"] = ["reasoning.encrypted_content"]  # nothing is stored there, so it must come back
        return {**request, **params}

    def _prompt(
        self, messages: Messages, tool_specs: list[ToolSpec] | None, system_prompt: str | None
    ) -> dict[str, Any]:
        model_id = self.config["model_id"]
        body: dict[str, Any] = {"input": [item for each in messages for item in _items(each, model_id)]}
        if system_prompt:
            body["instructions"] = system_prompt
        tools = [*((self.config.get("params") or {}).get("tools") or ()), *map(_tool, tool_specs or ())]
        if tools:
            body["tools"] = tools
        return body

    async def _count_natively(
        self, messages: Messages, tool_specs: list[ToolSpec] | None, system: str | list[SystemContentBlock] | None
    ) -> int | None:
        client = await self._clients.get()
        prompt = system if isinstance(system, str) else join_system(None, {"system_prompt_content": system})
        body = self._prompt(messages, tool_specs, prompt)
        counted = await client.responses.input_tokens.count(model=self.config["model_id"], **body)
        return int(counted.input_tokens)


def _tool(spec: ToolSpec) -> dict[str, Any]:
    return {
        "type": "function",
        "name": spec["name"],
        "description": spec["description"],
        "parameters": spec["inputSchema"].get("json", spec["inputSchema"]),
        "strict": False,
    }


def _tool_choice(tool_choice: ToolChoice | None) -> str | dict[str, Any]:
    choice: Any = tool_choice or {}
    if "tool" in choice:
        return {"type": "function", "name": choice["tool"]["name"]}
    return "required" if "any" in choice else "auto"


def _reasons(model_id: str, params: Mapping[str, Any]) -> bool:
    """Whether a model has reasoning to give back; others refuse to be asked for it."""
    return bool(params.get("reasoning")) or re.match(r"(?:o\d|gpt-5)", model_id.rpartition("/")[2]) is not None


def _items(message: Message, model_id: str) -> list[dict[str, Any]]:
    return _said(message, model_id) if message["role"] == "assistant" else _given(message)


def _said(message: Message, model_id: str) -> list[dict[str, Any]]:
    """Return the items of a reply, in the order they came in."""
    items: list[dict[str, Any]] = []
    for block in message["content"]:
        origin = (block.get("reasoningContent") or {}).get("origin") or {}
        if "toolUse" in block:
            use = block["toolUse"]
            arguments = plain_text({"json": use["input"]})
            item = {"type": "function_call", "call_id": use["toolUseId"], "name": use["name"], "arguments": arguments}
            items.append(item)
        elif "phase" in origin:
            if origin.get("model") == model_id and items and items[-1].get("role") == "assistant":
                items[-1]["phase"] = origin["phase"]
        elif origin:
            # What the model thought, and what tools did there, is of no use to another model.
            items += [origin["item"]] if origin.get("model") == model_id and "item" in origin else []
        elif not is_blank(block):
            parts = [{"type": "output_text", "text": note}] if (note := noted(block)) else _parts(block, "assistant")
            if items and items[-1].get("role") == "assistant" and "phase" not in items[-1]:
                items[-1]["content"] += parts
            elif parts:
                items.append({"role": "assistant", "content": parts})
    return items


def _given(message: Message) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = []
    items: list[dict[str, Any]] = []
    alone = len(message["content"]) == 1
    for block in message["content"]:
        if "toolResult" in block:
            result = block["toolResult"]
            output = [part for item in result["content"] for part in readable(item, lambda each: _parts(each, "user"))]
            plain = "\n".join(part.get("text", "") for part in output)
            texts = all(part["type"] == "input_text" for part in output)
            shown: Any = plain if texts else output
            items.append({"type": "function_call_output", "call_id": result["toolUseId"], "output": shown})
        elif alone or not (is_blank(block) or is_elsewhere(block, PROVIDER)):
            parts.extend(_parts(block, "user"))
    return [*items, {"role": "user", "content": parts}] if parts else items


def _parts(block: Mapping[str, Any], role: str) -> list[dict[str, Any]]:
    text = plain_text(block)
    if text is not None:
        return [{"type": "output_text" if role == "assistant" else "input_text", "text": text}]
    if "image" in block:
        return [{"type": "input_image", "detail": "auto", "image_url": data_url(block["image"], "an image", PROVIDER)}]
    if "document" in block:
        document = block["document"]
        if document["format"] in TEXT_FORMATS:
            return [{"type": "input_text", "text": document_text(document, PROVIDER)}]
        name = f"{document.get('name', 'document')}.{document['format']}"
        url = data_url(document, "a document", PROVIDER)
        return [{"type": "input_file", "filename": name, "file_data": url}]
    if "reasoningContent" in block or "cachePoint" in block:
        return []
    raise unsupported(block, PROVIDER)


if not TYPE_CHECKING:
    __getattr__ = names_of(__name__)
