"""Anthropic's Messages API."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from strands._elsewhere import names_of
from strands.types.exceptions import ModelAuthenticationError, ModelRequestError

from ._anthropic_format import AnthropicReply, cache_control, format_messages, format_tool_choice, format_tools
from ._anthropic_server_tools import Said
from ._caching import known, mark_messages, mark_system, tools_mark
from ._client_model import Asked, ClientModel, Sent
from ._clients import CONNECT_TIMEOUT, READ_TIMEOUT, require
from ._endpoint import Endpoint
from ._stale_thoughts import BETA, DROPPED, STALE
from .model import BaseModelConfig, CacheConfig, CacheToolsConfig

if TYPE_CHECKING:
    from pydantic import BaseModel
    from typing_extensions import Unpack

    from strands.types.content import Messages, SystemContentBlock
    from strands.types.tools import ToolChoice, ToolSpec

PROVIDER = "Anthropic"
DEFAULT_MODEL = "claude-sonnet-4-6"
DEFAULT_MAX_TOKENS = 4096
_KEY = "the API key in ANTHROPIC_API_KEY"
_MESSAGES = Endpoint(
    "anthropic",
    "/v1/messages",
    ("messages", "create"),
    ("anthropic.types.message_create_params", "MessageCreateParamsBase"),
    PROVIDER,
    _KEY,
    ("messages", "stream"),
)


class AnthropicModel(ClientModel):
    """A Claude model behind Anthropic's own API. Needs `pip install 'strands-cli[anthropic]'`.

    Args:
        client_args: Arguments of `anthropic.AsyncAnthropic`: api_key, base_url, timeout (seconds) ... What is left out
            is taken from ANTHROPIC_API_KEY and ANTHROPIC_BASE_URL.
        client: An `anthropic.AsyncAnthropic` of your own; it stays open.
        **model_config: `model_id`; `max_tokens` of a reply; `params`, merged into every request (temperature,
            thinking, ...); `cache_config`, `cache_tools`; `anthropic_tools`, tools that run at Anthropic (web search
            ...); `use_native_token_count`.

    `stream` takes `structured_output_model` beside its other arguments: where no tool is forced, or the model refuses
    to be made to use one, the reply keeps to its schema (`output_config`).

    Nothing is retried here: the agent and the workflow own retrying.
    """

    class AnthropicConfig(BaseModelConfig, total=False):
        """The settings of an `AnthropicModel`."""

        model_id: str
        max_tokens: int
        params: dict[str, Any] | None
        cache_config: CacheConfig | None
        cache_tools: str | CacheToolsConfig | None
        anthropic_tools: list[dict[str, Any]]
        use_native_token_count: bool

    _provider, _key = PROVIDER, _KEY
    _known = frozenset(AnthropicConfig.__optional_keys__)
    _windows_known = True
    # Models that have refused thoughts whose history had changed, with the betas that the client asks for.
    _stale: Mapping[str, str] = MappingProxyType({})
    # Models that have refused a structure as the format of a reply, with the structure.
    _formless: frozenset[tuple[str, type[BaseModel]]] = frozenset()

    def __init__(
        self,
        *,
        client_args: Mapping[str, Any] | None = None,
        client: Any = None,
        **model_config: Unpack[AnthropicConfig],
    ) -> None:
        self._connect(_open, _close, client, client_args)
        self._configure({"model_id": DEFAULT_MODEL, "max_tokens": DEFAULT_MAX_TOKENS}, model_config)

    def _settled(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        functions = [each.get("name") for each in given.get("anthropic_tools") or () if "input_schema" in each]
        if functions:
            raise ValueError(
                f"anthropic_tools are for tools that run at Anthropic, and {functions[0]!r} is a function: "
                "give it to the agent, in tools=[...]."
            )
        return given

    def _request(self, asked: Asked) -> dict[str, Any]:
        passing = asked.more.get("dynamic_trailing_blocks", 0)
        given = asked.messages, asked.tool_specs, asked.system_prompt, asked.tool_choice, passing
        request = self.format_request(*given, system_prompt_content=asked.system_content())
        wanted = asked.more.get("structured_output_model")
        forced = asked.tool_choice and "auto" not in asked.tool_choice
        return request if wanted is None or forced else self._structured(request, wanted)

    def _structured(self, request: dict[str, Any], wanted: type[BaseModel]) -> dict[str, Any]:
        """Return a request for a structure whose tool is not forced: by the reply's format, else by the tool."""
        from ._anthropic_native import format_of, with_format

        refused = (self.config["model_id"], wanted) in self._formless
        form = None if refused else format_of(wanted)
        if form is not None:
            return with_format(request, form)
        return {**request, "tool_choice": {"type": "auto"}} if request.get("tools") else request

    async def _send(self, client: Any, request: dict[str, Any], asked: Asked) -> Sent:
        there = any("input_schema" not in tool for tool in request.get("tools") or ())
        said = Said() if there or "mcp_servers" in request else None
        reply = AnthropicReply(asked.messages, PROVIDER, said, self.config["model_id"])
        streamed = {**request, "stream": True}
        pieces = _with_pauses(client, streamed, said) if said is not None else _MESSAGES.objects(client, streamed)
        return reply, pieces

    def _typed(self, error: Exception) -> Exception:
        if isinstance(error, TypeError) and "authentication" in str(error):
            return _no_key(type(self).__name__)
        return super()._typed(error)

    def _learn(self, asked: Asked, request: dict[str, Any], error: Exception, client: Any) -> bool:
        model_id = self.config["model_id"]
        if STALE not in str(error) or model_id in self._stale:
            return self._learn_format(asked, request, error) or super()._learn(asked, request, error, client)
        beta = _beta_of(client)
        if _without_stale_thoughts(request, beta) is None:
            return False
        self._stale = {**self._stale, model_id: beta}
        return True

    def _learn_format(self, asked: Asked, request: dict[str, Any], error: Exception) -> bool:
        wanted = asked.more.get("structured_output_model")
        tried = None if wanted is None else (self.config["model_id"], wanted)
        if tried is None or tried in self._formless or "format" not in (request.get("output_config") or ()):
            return False
        from ._anthropic_native import REFUSED

        if not isinstance(error, ModelRequestError) or not REFUSED.search(str(error)):
            return False
        self._formless = self._formless | {tried}
        return True

    def format_request(
        self,
        messages: Messages,
        tool_specs: list[ToolSpec] | None = None,
        system_prompt: str | list[SystemContentBlock] | None = None,
        tool_choice: ToolChoice | None = None,
        dynamic_trailing_blocks: int = 0,
        *,
        system_prompt_content: list[SystemContentBlock] | None = None,
    ) -> dict[str, Any]:
        """Return the arguments of the request, which is always for a stream.

        Args:
            messages: The conversation.
            tool_specs: The tools of the agent.
            system_prompt: Instructions that stand before the conversation.
            tool_choice: Which tool must be used.
            dynamic_trailing_blocks: How many blocks at the end of the newest message are made anew for each call; what
                is kept in the cache ends before them.
            system_prompt_content: The instructions as content blocks.

        Raises:
            ModelRequestError: A message holds what the API has no place for.
        """
        params = dict(self.config.get("params") or {})
        forced = tool_choice is not None and "auto" not in tool_choice
        extra_tools = [*(self.config.get("anthropic_tools") or ()), *(params.pop("tools", None) or ())]
        if tool_specs and forced:
            extra_tools = []  # a reply that must use one of the agent's must not get away with one of Anthropic's own
        request = {
            "model": self.config["model_id"],
            "max_tokens": self.config["max_tokens"],
            "tools": [],
            **self._prompt(
                messages, tool_specs, system_prompt_content or system_prompt, extra_tools, dynamic_trailing_blocks
            ),
        }
        if request["tools"] and tool_choice:
            request["tool_choice"] = format_tool_choice(tool_choice)
        if "tool_choice" in request and forced:
            # Claude refuses to be forced to a tool while it thinks.
            params.pop("thinking", None)
        request = {**request, **params}
        beta = self._stale.get(self.config["model_id"])
        return (beta is not None and _without_stale_thoughts(request, beta)) or request

    def _prompt(
        self,
        messages: Messages,
        tool_specs: list[ToolSpec] | None,
        system: str | list[SystemContentBlock] | None,
        extra_tools: list[dict[str, Any]],
        passing: int = 0,
    ) -> dict[str, Any]:
        cache = known(self.config.get("cache_config"))
        marked: Any = mark_messages(messages, cache, passing) if cache else messages
        model_id = (
            self.config["model_id"] if extra_tools or "mcp_servers" in (self.config.get("params") or {}) else None
        )
        body: dict[str, Any] = {"messages": format_messages(marked, PROVIDER, model_id, one_mark=bool(cache))}
        tools = [*format_tools(tool_specs or ()), *extra_tools]
        mark = tools_mark(cache, self.config.get("cache_tools")) if tools else None
        if system:
            blocks: Any = [{"text": system}] if isinstance(system, str) else [block for block in system if block]
            message: Any = {"role": "user", "content": mark_system(blocks, cache, mark)}
            formatted = [each for part in format_messages([message], PROVIDER) for each in part["content"]]
            plain = isinstance(system, str) and formatted == [{"type": "text", "text": system}]
            body.update({"system": system if plain else formatted} if formatted else {})
        if mark:
            tools[-1] = {**tools[-1], "cache_control": cache_control(mark)}
        if tools:
            body["tools"] = tools
        return body

    async def _count_natively(
        self, messages: Messages, tool_specs: list[ToolSpec] | None, system: str | list[SystemContentBlock] | None
    ) -> int | None:
        client = await self._clients.get()
        body = self._prompt(messages, tool_specs, system, self.config.get("anthropic_tools") or [])
        counted = await client.messages.count_tokens(model=self.config["model_id"], **body)
        return int(counted.input_tokens)


def _beta_of(client: Any) -> str:
    """Return the betas that a client asks for with each request; a request that names its own asks for those alone."""
    headers = getattr(client, "default_headers", None)
    given = headers.get("anthropic-beta") if isinstance(headers, Mapping) else None
    return given if isinstance(given, str) else ""


async def _with_pauses(client: Any, request: dict[str, Any], said: Said) -> AsyncGenerator[Any, None]:
    """Yield the events of a reply that Anthropic may pause, and of the requests that let it go on."""
    while True:
        async for item in _MESSAGES.objects(client, request):
            yield item
        if not said.paused:
            return
        request = _resumed(request, said)


def _without_stale_thoughts(request: dict[str, Any], beta: str) -> dict[str, Any] | None:
    """Return a request by which thoughts whose history has changed are left out; None where that does not help."""
    thinking = request.get("thinking")
    if not isinstance(thinking, Mapping) or "block_binding" in thinking:
        return None
    headers = dict(request.get("extra_headers") or {})
    headers["anthropic-beta"] = ",".join(filter(None, (headers.get("anthropic-beta") or beta, BETA)))
    return {**request, "thinking": {**thinking, "block_binding": dict(DROPPED)}, "extra_headers": headers}


def _resumed(request: dict[str, Any], said: Said) -> dict[str, Any]:
    """Return the request that lets a paused reply go on."""
    said.paused = False
    messages = request["messages"]
    asked = messages[:-1] if messages[-1].get("content") is said.blocks else messages
    return {**request, "messages": [*asked, {"role": "assistant", "content": said.blocks}]}


def _open(client_args: Mapping[str, Any], user: str) -> Any:
    anthropic = require("anthropic", "anthropic", user)
    timeout = anthropic.Timeout(READ_TIMEOUT, connect=CONNECT_TIMEOUT)
    try:
        return anthropic.AsyncAnthropic(**{"max_retries": 0, "timeout": timeout, **client_args})
    except anthropic.AnthropicError as error:
        raise _no_key(user) from error


def _no_key(user: str) -> ModelAuthenticationError:
    return ModelAuthenticationError(
        f"{user} has no API key.\nSet ANTHROPIC_API_KEY, or pass client_args={{'api_key': ...}}."
    )


async def _close(client: Any) -> None:
    await client.close()


if not TYPE_CHECKING:
    __getattr__ = names_of(__name__)
