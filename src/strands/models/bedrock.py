"""Amazon Bedrock's Converse API."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal, cast

from strands._elsewhere import names_of
from strands._event import LazyEvent

from ._bedrock_client import DEFAULT_BEDROCK_REGION, DEFAULT_READ_TIMEOUT, BedrockClients, ClientArgs, Exchange
from ._bedrock_format import format_request
from ._bedrock_native import is_wanted, with_schema
from ._bedrock_refusals import Refusals
from ._bedrock_reply import BedrockReply, from_response
from ._both import of_both
from ._client_model import Asked, ClientModel, Sent
from ._errors import from_status, is_transport, is_unreachable
from ._threads import in_thread
from .model import BaseModelConfig, CacheConfig, CacheToolsConfig

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from strands.types.content import Messages, SystemContentBlock
    from strands.types.exceptions import ModelError
    from strands.types.tools import ToolChoice, ToolSpec

__all__ = [
    "DEFAULT_BEDROCK_MODEL_ID",
    "DEFAULT_BEDROCK_REGION",
    "DEFAULT_READ_TIMEOUT",
    "BedrockModel",
    "CacheConfig",
    "CacheToolsConfig",
]

PROVIDER = "Bedrock"
DEFAULT_BEDROCK_MODEL_ID = "global.anthropic.claude-sonnet-4-6"
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


class BedrockModel(ClientModel):
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

    Nothing is retried here: the agent and the workflow own retrying. Two more arguments of `stream`: a reply ends early
    when `cancel_signal`, a `threading.Event`, is set; with `structured_output_model` a model that refuses to be made to
    use its tool is given its schema.
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

    _provider, _key = PROVIDER, _KEY
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
        self._refusals = Refusals()
        args = ClientArgs(boto_session, boto_client_config, region_name, endpoint_url, api_key, type(self).__name__)
        self._clients = BedrockClients(args, client, typed_error)

    def _request(self, asked: Asked) -> dict[str, Any]:
        text = asked.system_prompt
        content = asked.system_content() or ([{"text": text}] if text else [])
        return self.format_request(asked.messages, asked.tool_specs, content, asked.tool_choice)

    async def _send(self, client: Any, request: dict[str, Any], asked: Asked) -> Sent:
        refused, signal = self._refused(), asked.more.get("cancel_signal")
        if isinstance(signal, LazyEvent):
            signal = None  # an agent's own: the agent itself ends what it reads
        whole = self.config.get("streaming") is False or ("streamed_tools" in refused and "toolConfig" in request)
        if asked.more.get("structured_output_model") is not None and is_wanted(asked.tool_choice, refused):
            chosen = cast("Any", asked.tool_choice)["tool"]["name"]
            request = with_schema(request, chosen, asked.tool_specs, client)
        exchange = Exchange(client, request, self.convert_non_streaming_to_streaming if whole else None)
        reply = BedrockReply(self.config, asked.messages, PROVIDER, whole=whole, stopped_by=signal)
        return reply, in_thread(exchange.read, exchange.stop, signal)

    def _typed(self, error: Exception) -> Exception:
        return typed_error(error)

    def _learn(self, asked: Asked, request: dict[str, Any], error: Exception, client: Any) -> bool:
        return self._refusals.learn(request, error)

    def _refused(self) -> frozenset[str]:
        return self._refusals.of(str(self.config["model_id"]))

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
        system = system_prompt_content or []
        return format_request(self.config, messages, tool_specs, system, tool_choice, self._refused())

    def convert_non_streaming_to_streaming(self, response: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Yield the events of a reply of `converse`, which comes in one piece."""
        yield from from_response(response)

    async def _count_natively(
        self, messages: Messages, tool_specs: list[ToolSpec] | None, system: str | list[SystemContentBlock] | None
    ) -> int | None:
        blocks: list[SystemContentBlock] = [{"text": system}] if isinstance(system, str) else system or []
        request = self.format_request(messages, tool_specs, blocks)
        prompt = {name: request[name] for name in ("messages", "system", "toolConfig") if name in request}
        client = await self._clients.get()
        counted = await asyncio.to_thread(
            client.count_tokens, modelId=self.config["model_id"], input={"converse": prompt}
        )
        return int(counted["inputTokens"])

    @property
    def client(self) -> Any:
        """The bedrock-runtime client, opened on first use; one that you set stays open."""
        return self._clients.open()

    @client.setter
    def client(self, client: Any) -> None:
        self._clients.given = client


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
