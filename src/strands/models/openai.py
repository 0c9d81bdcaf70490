"""OpenAI's chat completions, and every server that speaks them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from strands._elsewhere import names_of
from strands.types.exceptions import ModelAuthenticationError, StructuredOutputException

from ._chat_reply import ChatReply
from ._client_model import Asked, ClientModel, Sent
from ._clients import CONNECT_TIMEOUT, READ_TIMEOUT, Clients, require
from ._content import join_system
from ._endpoint import Endpoint
from ._errors import from_client
from ._mantle import BedrockMantleConfig, Mantle
from ._native import NativelyStructured, T
from ._openai_chat_format import cache_arguments, format_messages, format_tool_choice, format_tools
from .model import BaseModelConfig, CacheConfig

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from typing_extensions import Unpack

    from strands.agent.agent_metadata import AgentMetadata
    from strands.types.content import Messages, SystemContentBlock
    from strands.types.tools import ToolChoice, ToolSpec

PROVIDER = "OpenAI"
KEY = "the API key in OPENAI_API_KEY"
DEFAULT_MODEL = "gpt-4o-mini"
_COMPLETIONS = Endpoint(
    "openai",
    "/chat/completions",
    ("chat", "completions", "create"),
    ("openai.types.chat.completion_create_params", "CompletionCreateParamsBase"),
    PROVIDER,
    KEY,
)


class OpenAIModel(NativelyStructured):
    """A model behind OpenAI's chat completions API.

    Args:
        client: An `openai.AsyncOpenAI` of your own; it stays open.
        client_args: Arguments of `openai.AsyncOpenAI`: api_key, base_url, timeout (seconds) ... What is left out is
            taken from OPENAI_API_KEY, OPENAI_BASE_URL and so on.
        bedrock_mantle_config: Leads to Amazon Bedrock's own endpoint for this API, with a new token for each request;
            see `BedrockMantleConfig`. Needs `pip install 'strands-cli[mantle]'`.
        **model_config: `model_id`; `params`, merged into every request (temperature, max_tokens, ...); `stream=False`
            for a server that cannot stream; `cache_config`, of which the key and the retention are sent.

    Nothing is retried here: the agent and the workflow own retrying.
    """

    class OpenAIConfig(BaseModelConfig, total=False):
        """The settings of an `OpenAIModel`."""

        model_id: str
        params: dict[str, Any] | None
        stream: bool
        cache_config: CacheConfig | None

    _provider, _key = PROVIDER, KEY
    _known = frozenset(OpenAIConfig.__optional_keys__)
    _windows_known = True

    def __init__(
        self,
        client: AsyncOpenAI | None = None,
        client_args: Mapping[str, Any] | None = None,
        bedrock_mantle_config: BedrockMantleConfig | None = None,
        **model_config: Unpack[OpenAIConfig],
    ) -> None:
        self._configure({"model_id": DEFAULT_MODEL}, model_config)
        self._clients = OpenAIClients(self, client, client_args or {}, bedrock_mantle_config)

    def _request(self, asked: Asked) -> dict[str, Any]:
        agent = asked.more.get("agent_metadata")
        given = asked.messages, asked.tool_specs, asked.system_text(), asked.tool_choice
        return self.format_request(*given, agent_metadata=agent)

    async def _send(self, client: Any, request: dict[str, Any], asked: Asked) -> Sent:
        reply = ChatReply(asked.messages, PROVIDER, self.config["model_id"])
        return reply, _COMPLETIONS.objects(client, request, reply.complete)

    async def _parse(self, output_model: type[T], asked: Asked) -> T | None:
        request = self._request(asked)
        client = await self._clients.get()
        answer = await parsed(client.beta.chat.completions.parse, request, {"response_format": output_model})
        found: T | None = answer.choices[0].message.parsed if answer.choices else None
        return found

    def format_request(
        self,
        messages: Messages,
        tool_specs: list[ToolSpec] | None = None,
        system_prompt: str | None = None,
        tool_choice: ToolChoice | None = None,
        *,
        agent_metadata: AgentMetadata | None = None,
    ) -> dict[str, Any]:
        """Return the arguments of the request.

        Raises:
            ModelRequestError: A message holds what chat completions have no place for.
        """
        request: dict[str, Any] = {
            "model": self.config["model_id"],
            "messages": self.format_request_messages(messages, system_prompt, model_id=self.config["model_id"]),
            "stream": self.config.get("stream", True),
        }
        if tool_specs:
            request["tools"] = format_tools(tool_specs)
            if tool_choice:
                request["tool_choice"] = format_tool_choice(tool_choice)
        request.update(cache_arguments(self.config.get("cache_config"), PROVIDER, agent_metadata))
        request.update(self.config.get("params") or {})
        if request["stream"]:
            request.setdefault("stream_options", {"include_usage": True})
        return request

    @classmethod
    def format_request_messages(
        cls,
        messages: Messages,
        system_prompt: str | None = None,
        *,
        system_prompt_content: list[SystemContentBlock] | None = None,
        model_id: str | None = None,
        **kwargs: Any,
    ) -> list[dict[str, Any]]:
        """Return the messages of the request; what a subclass returns in its place is what is sent.

        Args:
            messages: The conversation.
            system_prompt: Instructions that stand before the conversation.
            system_prompt_content: The instructions as content blocks, of which the texts are taken.
            model_id: The model, which is given back what it thought before it called tools.
            **kwargs: Nothing yet.

        Raises:
            ModelRequestError: A message holds what chat completions have no place for.
        """
        system = join_system(system_prompt, {"system_prompt_content": system_prompt_content})
        return format_messages(messages, system, PROVIDER, model_id)


class OpenAIClients(Clients["AsyncOpenAI"]):
    """The clients of a model that speaks one of OpenAI's APIs.

    Args:
        model: The model.
        given: A client that the user brought.
        client_args: Arguments of each client.
        mantle: How to reach the API at Bedrock, if it is there.

    Raises:
        ValueError: Two of them say which client serves, or where requests go.
    """

    def __init__(
        self,
        model: ClientModel,
        given: AsyncOpenAI | None,
        client_args: Mapping[str, Any],
        mantle: BedrockMantleConfig | None,
    ) -> None:
        name, config = type(model).__name__, model.config
        if given is not None and client_args:
            raise ValueError(f"give {name} either client or client_args, not both")
        self._mantle = Mantle(mantle, client_args, given, name) if mantle is not None else None
        self._config = config

        args = {"api_key": "each request brings its own", **client_args} if mantle is not None else client_args
        super().__init__(lambda: open_client(args, name), close, given)

    async def _enter(self, opened: AsyncOpenAI) -> AsyncOpenAI:
        # A client of another class may be ready only when it is entered.
        return await opened.__aenter__()

    async def get(self) -> AsyncOpenAI:
        """Return the running loop's client, ready for the next request."""
        client = await super().get()
        if self._mantle is not None:
            await self._mantle.renew(client, self._config["model_id"])
        return client


def open_client(client_args: Mapping[str, Any], user: str) -> AsyncOpenAI:
    """Return a client that does not retry.

    Raises:
        ModelAuthenticationError: There is no key.
    """
    openai = require("openai", "", user)
    args = {"max_retries": 0, "timeout": openai.Timeout(READ_TIMEOUT, connect=CONNECT_TIMEOUT), **client_args}
    try:
        client: AsyncOpenAI = openai.AsyncOpenAI(**args)
    except openai.OpenAIError as error:
        raise ModelAuthenticationError(
            f"{user} has no API key.\nSet OPENAI_API_KEY, or pass client_args={{'api_key': ...}}."
        ) from error
    return client


async def parsed(method: Any, request: Mapping[str, Any], schema: Mapping[str, Any]) -> Any:
    """Return the whole reply to a request for an answer that keeps to a schema.

    Args:
        method: The client's method.
        request: The arguments of a request for a stream.
        schema: The argument that brings the schema.

    Raises:
        StructuredOutputException: The reply ended before the answer did.
        ModelError: The request is refused, or the server cannot be reached.
    """
    given = {name: value for name, value in request.items() if name not in ("stream", "stream_options", *schema)}
    try:
        return await method(**given, **schema)
    except Exception as error:
        if type(error).__name__ in ("LengthFinishReasonError", "ContentFilterFinishReasonError"):
            raise StructuredOutputException(f"{PROVIDER} ended the reply before the answer was complete.") from error
        typed = from_client(PROVIDER, error, key=KEY)
        raise typed from (error if typed is not error else None)


async def close(client: AsyncOpenAI) -> None:
    """Close a client's connections."""
    await client.close()


if not TYPE_CHECKING:
    __getattr__ = names_of(__name__)
