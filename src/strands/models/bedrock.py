"""Amazon Bedrock's Converse API."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import AsyncGenerator, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal, cast

from strands._elsewhere import names_of
from strands._event import LazyEvent

from ._bedrock_format import format_request
from ._bedrock_native import is_wanted, with_schema
from ._bedrock_refusals import Refusals
from ._bedrock_reply import BedrockReply, from_response
from ._both import of_both
from ._clients import CONNECT_TIMEOUT, READ_TIMEOUT, require
from ._errors import from_status, is_transport, is_unreachable
from ._threads import in_thread
from .model import BaseModelConfig, CacheConfig, CacheToolsConfig, ConfiguredModel

if TYPE_CHECKING:
    from pydantic import BaseModel
    from typing_extensions import Unpack

    from strands.types.content import Messages, SystemContentBlock
    from strands.types.exceptions import ModelError
    from strands.types.streaming import StreamEvent
    from strands.types.tools import ToolChoice, ToolSpec

__all__ = ["DEFAULT_BEDROCK_MODEL_ID", "DEFAULT_BEDROCK_REGION", "BedrockModel", "CacheConfig", "CacheToolsConfig"]

PROVIDER = "Bedrock"
DEFAULT_BEDROCK_MODEL_ID = "global.anthropic.claude-sonnet-4-6"
DEFAULT_BEDROCK_REGION = "us-west-2"
DEFAULT_READ_TIMEOUT = READ_TIMEOUT
_USER_AGENT = "strands-agents"
_KEY = "the AWS credentials (environment, profile or role) and the access to this model"
_STATUS = {
    "throttlingexception": 429,
    "toomanyrequestsexception": 429,
    "servicequotaexceededexception": 429,
    "accessdeniedexception": 403,
    "unrecognizedclientexception": 403,
    "expiredtokenexception": 403,
    "invalidsignatureexception": 403,
    "validationexception": 400,
    "resourcenotfoundexception": 404,
    "modelnotreadyexception": 503,
    "modeltimeoutexception": 503,
    "modelerrorexception": 502,
    "modelstreamerrorexception": 502,
    "internalserverexception": 500,
    "serviceunavailableexception": 503,
}


class BedrockModel(ConfiguredModel):
    """A model behind Amazon Bedrock's Converse API.

    Args:
        boto_session: A boto3 session of your own; not together with `region_name`.
        boto_client_config: A botocore `Config`; it wins over the defaults here (no retries, 300 s to read).
        region_name: The AWS region; None takes the session's or AWS_REGION, else us-west-2.
        endpoint_url: Another endpoint, for a VPC or a test.
        api_key: A Bedrock API key, in place of AWS credentials.
        client: A bedrock-runtime client of your own; it stays open.
        **model_config: `model_id`, `max_tokens`, `temperature`, `top_p`, `stop_sequences`, `streaming`, `cache_config`,
            `cache_prompt`, `cache_tools`, `guardrail_id`, `guardrail_version`, `guardrail_trace` and the other
            `guardrail_...` settings, `strict_tools`, `service_tier`, `include_tool_result_status`,
            `use_native_token_count`, `additional_request_fields`, `additional_response_field_paths`, `additional_args`.

    Nothing is retried here: the agent and the workflow own retrying.
    """

    class BedrockConfig(BaseModelConfig, total=False):
        """The settings of a `BedrockModel`; None leaves one to the model."""

        model_id: str
        max_tokens: int | None
        temperature: float | None
        top_p: float | None
        stop_sequences: list[str] | None
        streaming: bool | None
        strict_tools: bool | None
        include_tool_result_status: Literal["auto"] | bool | None
        service_tier: str | None
        cache_config: CacheConfig | None
        cache_prompt: str | None
        cache_tools: str | CacheToolsConfig | None
        guardrail_id: str | None
        guardrail_version: str | None
        guardrail_trace: Literal["enabled", "disabled", "enabled_full"] | None
        guardrail_stream_processing_mode: Literal["sync", "async"] | None
        guardrail_latest_message: bool | None
        guardrail_redact_input: bool | None
        guardrail_redact_input_message: str | None
        guardrail_redact_output: bool | None
        guardrail_redact_output_message: str | None
        additional_args: dict[str, Any] | None
        additional_request_fields: dict[str, Any] | None
        additional_response_field_paths: list[str] | None
        use_native_token_count: bool

    _known = frozenset(BedrockConfig.__optional_keys__)
    _windows_known = True

    def __init__(
        self,
        *,
        boto_session: Any = None,
        boto_client_config: Any = None,
        region_name: str | None = None,
        endpoint_url: str | None = None,
        api_key: str | None = None,
        client: Any = None,
        **model_config: Unpack[BedrockConfig],
    ) -> None:
        if boto_session is not None and region_name:
            raise ValueError("give BedrockModel either boto_session or region_name, not both")
        self._configure({"model_id": DEFAULT_BEDROCK_MODEL_ID, "include_tool_result_status": "auto"}, model_config)
        self._session = boto_session
        self._client_config = boto_client_config
        self._region = region_name
        self._endpoint = endpoint_url
        self._api_key = api_key
        self._given = client
        self._client: Any = None
        self._lock = threading.Lock()
        self._refusals = Refusals()
        if client is None and _is_loaded(boto_session):
            self._client = self._new_client()

    async def stream(
        self,
        messages: Messages,
        tool_specs: list[ToolSpec] | None = None,
        system_prompt: str | None = None,
        *,
        tool_choice: ToolChoice | None = None,
        system_prompt_content: list[SystemContentBlock] | None = None,
        cancel_signal: threading.Event | None = None,
        structured_output_model: type[BaseModel] | None = None,
        **kwargs: Any,
    ) -> AsyncGenerator[StreamEvent, None]:
        """Yield the reply's events; see `Model.stream`. They end early when `cancel_signal` is set.

        With `structured_output_model` a model that refuses to be made to use its tool is given its schema.
        """
        system = system_prompt_content or ([{"text": system_prompt}] if system_prompt else [])
        model_id, streaming = str(self.config["model_id"]), self.config.get("streaming") is not False
        if isinstance(cancel_signal, LazyEvent):
            cancel_signal = None  # an agent's own: the agent itself ends what it reads
        while True:
            request = self.format_request(messages, tool_specs, system, tool_choice)
            if structured_output_model is not None and is_wanted(tool_choice, self._refusals.of(model_id)):
                client, chosen = await asyncio.to_thread(self._open_client), cast("Any", tool_choice)["tool"]["name"]
                request = with_schema(request, chosen, tool_specs, client)
            whole = not streaming or ("streamed_tools" in self._refusals.of(model_id) and "toolConfig" in request)
            reply = BedrockReply(self.config, messages, PROVIDER, whole=whole)
            convert = self.convert_non_streaming_to_streaming if whole else None
            exchange = _Exchange(self._open_client, request, convert)
            begun = False
            try:
                async for event in in_thread(exchange.read, exchange.stop, cancel_signal):
                    begun = True
                    for passed in reply.feed(event):
                        yield passed
                break
            except Exception as error:
                if not begun and self._refusals.learn(request, error):
                    continue  # what the model refuses is left out, now and from now on
                typed = typed_error(error)
                raise typed from (error if typed is not error else None)
        if cancel_signal is None or not cancel_signal.is_set():
            for passed in reply.finish():
                yield passed

    def format_request(
        self,
        messages: Messages,
        tool_specs: list[ToolSpec] | None = None,
        system_prompt_content: list[SystemContentBlock] | None = None,
        tool_choice: ToolChoice | None = None,
    ) -> dict[str, Any]:
        """Return the arguments of `converse` and `converse_stream`.

        What the model has refused before is left out.
        """
        refused = self._refusals.of(str(self.config["model_id"]))
        return format_request(self.config, messages, tool_specs, system_prompt_content or [], tool_choice, refused)

    def convert_non_streaming_to_streaming(self, response: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the events of a reply of `converse`, which comes in one piece."""
        yield from from_response(response)

    async def _count_natively(
        self, messages: Messages, tool_specs: list[ToolSpec] | None, system: str | list[SystemContentBlock] | None
    ) -> int | None:
        blocks: list[SystemContentBlock] = [{"text": system}] if isinstance(system, str) else system or []
        request = self.format_request(messages, tool_specs, blocks)
        prompt = {name: request[name] for name in ("messages", "system", "toolConfig") if name in request}
        client = await asyncio.to_thread(self._open_client)
        counted = await asyncio.to_thread(
            client.count_tokens, modelId=self.config["model_id"], input={"converse": prompt}
        )
        return int(counted["inputTokens"])

    def _open_client(self) -> Any:
        if self._given is not None:
            return self._given
        with self._lock:
            if self._client is None:
                self._client = self._new_client()
            return self._client

    def _new_client(self) -> Any:
        boto3 = require("boto3", "", type(self).__name__)
        from botocore import UNSIGNED
        from botocore.config import Config

        config = Config(
            retries={"total_max_attempts": 1},
            connect_timeout=CONNECT_TIMEOUT,
            read_timeout=DEFAULT_READ_TIMEOUT,
            max_pool_connections=50,
        )
        if self._client_config is not None:
            config = config.merge(self._client_config)
        agent = getattr(config, "user_agent_extra", None)
        config = config.merge(Config(user_agent_extra=f"{agent} {_USER_AGENT}" if agent else _USER_AGENT))
        if self._api_key:
            config = config.merge(Config(signature_version=UNSIGNED))
        session = self._session or boto3.Session()
        region = self._region or session.region_name or os.environ.get("AWS_REGION") or DEFAULT_BEDROCK_REGION
        client = session.client(
            service_name="bedrock-runtime", region_name=region, endpoint_url=self._endpoint, config=config
        )
        if self._api_key:
            bearer = f"Bearer {self._api_key}"
            client.meta.events.register(
                "before-send.bedrock-runtime.*",
                lambda request, **_: request.headers.__setitem__("Authorization", bearer),
            )
        return client

    @property
    def client(self) -> Any:
        """The bedrock-runtime client, opened on first use; one that you set stays open."""
        return self._open_client()

    @client.setter
    def client(self, client: Any) -> None:
        self._given = client

    async def aclose(self) -> None:
        """Close the connections; a client that you brought stays open."""
        client, self._client = self._client, None
        if client is not None:
            await asyncio.to_thread(client.close)


class _Exchange:
    """One request and its reply, read in a thread."""

    def __init__(self, open_client: Any, request: Mapping[str, Any], convert: Any) -> None:
        self._open_client = open_client
        self._request = request
        self._convert = convert  # makes events of a reply in one piece; None for a stream
        self._stream: Any = None

    def read(self) -> Iterator[Mapping[str, Any]]:
        client = self._open_client()
        if self._convert is not None:
            yield from self._convert(client.converse(**self._request))
            return
        self._stream = client.converse_stream(**self._request)["stream"]
        try:
            yield from self._stream
        finally:
            close = getattr(self._stream, "close", None)  # a program's stand-in may stream from a list
            if close is not None:
                close()

    def stop(self) -> None:
        # Closing a socket does not wake up a thread that reads from it; shutting it down does.
        shutdown = getattr(getattr(self._stream, "_raw_stream", None), "shutdown", None)
        if shutdown is None:
            return
        try:
            shutdown()
        except (OSError, RuntimeError, ValueError):
            return


def _is_loaded(session: Any) -> bool:
    """Whether a client can be made at once: of a session that is given, or of what stands in for boto3's."""
    boto3 = sys.modules.get("boto3")
    if boto3 is None:
        return False
    return session is not None or getattr(boto3.Session, "__module__", None) != "boto3.session"


def typed_error(error: Exception) -> Exception:
    """Return the typed error for what boto3 raised; an unknown one comes back as it is."""
    from strands.types.exceptions import (
        ModelAuthenticationError,
        ModelRequestError,
        ModelUnavailableError,
        ModelUnreachableError,
    )

    names = {each.__name__ for each in type(error).__mro__}
    if is_unreachable(error):
        return ModelUnreachableError(f"{PROVIDER} cannot be reached: {error}")
    if "ClientError" in names:
        return _from_client_error(error)
    if any("Credential" in name or "SSO" in name or "Token" in name for name in names):
        return ModelAuthenticationError(f"{PROVIDER} has no usable credentials: {error}\nCheck {_KEY}.")
    if names & {"ParamValidationError", "UnknownParameterError", "NoRegionError", "InvalidRegionError"}:
        return ModelRequestError(f"{PROVIDER} cannot be asked like this: {error}")
    if names & {"HTTPClientError", "ConnectionError", "EventStreamError", "ParserError", "ResponseStreamingError"}:
        return ModelUnavailableError(f"{PROVIDER} cannot be reached or broke off: {error}")
    if is_transport(error):
        return ModelUnavailableError(f"{PROVIDER} broke off: {error}")
    return error


def _from_client_error(error: Any) -> ModelError:
    said = error.response.get("Error", {})
    about = error.response.get("ResponseMetadata", {})
    code = str(said.get("Code", ""))
    status = _STATUS.get(code.lower()) or int(about.get("HTTPStatusCode") or 0)
    message = str(said.get("Message") or code or error)
    headers = about.get("HTTPHeaders")
    typed = from_status(PROVIDER, status if status >= 400 else 500, message, headers=headers, code=code, key=_KEY)
    return of_both(typed, error)


if not TYPE_CHECKING:
    __getattr__ = names_of(__name__)
