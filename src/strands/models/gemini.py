"""Google's Gemini API."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from strands._elsewhere import names_of
from strands.types.exceptions import ModelAuthenticationError, ModelThrottledException, ModelUnavailableError

from ._both import of_both
from ._client_model import Asked, Sent
from ._clients import READ_TIMEOUT, require
from ._content import metadata
from ._errors import from_client, from_status
from ._gemini_format import BLOCKED, MALFORMED, citations, format_config, format_messages, mixing, part_events
from ._native import NativelyStructured, T
from ._tokens import estimate
from ._tool_use_guard import ToolGuard
from .model import BaseModelConfig

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from strands.types.content import Messages, SystemContentBlock
    from strands.types.streaming import StreamEvent
    from strands.types.tools import ToolChoice, ToolSpec

PROVIDER = "Gemini"
DEFAULT_MODEL = "gemini-2.5-flash"
_KEY = "the API key in GEMINI_API_KEY"
_DELAY = re.compile(r"^(\d+(?:\.\d+)?)s$")


class GeminiModel(NativelyStructured):
    """A Gemini model behind Google's API. Needs `pip install 'strands-cli[gemini]'`.

    Args:
        client: A `google.genai.Client` of your own; it stays open.
        client_args: Arguments of `google.genai.Client`: api_key, vertexai, project, http_options (timeout in
            milliseconds) ... What is left out is taken from GEMINI_API_KEY or GOOGLE_API_KEY.
        **model_config: `model_id`; `params`, merged into the generation config (temperature, max_output_tokens,
            thinking_config, ...); `gemini_tools`, tools of Google's own; `use_native_token_count`.

    Nothing is retried here: the agent and the workflow own retrying.
    """

    class GeminiConfig(BaseModelConfig, total=False):
        """The settings of a `GeminiModel`."""

        model_id: str
        params: dict[str, Any]
        gemini_tools: list[Any]
        use_native_token_count: bool

    _provider, _key = PROVIDER, _KEY
    _known = frozenset(GeminiConfig.__optional_keys__)
    _windows_known = True

    def __init__(
        self, *, client: Any = None, client_args: Mapping[str, Any] | None = None, **model_config: Unpack[GeminiConfig]
    ) -> None:
        self._connect(_open, _close, client, client_args)
        self._configure({"model_id": DEFAULT_MODEL}, model_config)

    def _settled(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        for each in given.get("gemini_tools") or ():
            found = each.get("function_declarations") if isinstance(each, Mapping) else each.function_declarations
            if found:
                raise ValueError(
                    "gemini_tools are for tools of Google's own, and this one declares functions: "
                    "give them to the agent, in tools=[...]."
                )
        return given

    def format_request(
        self,
        messages: Messages,
        tool_specs: list[ToolSpec] | None = None,
        system_prompt: str | None = None,
        tool_choice: ToolChoice | None = None,
    ) -> dict[str, Any]:
        """Return the arguments of the request.

        Where functions stand beside tools of Google's own, `stream` adds to it that they may, unless the client is one
        of Vertex AI, which does not know the field.

        Raises:
            ModelRequestError: A message holds what the API has no place for.
        """
        return {
            "model": self.config["model_id"],
            "contents": format_messages(messages, self.config["model_id"], PROVIDER),
            "config": format_config(self.config, tool_specs, system_prompt, tool_choice),
        }

    async def _send(self, client: Any, request: dict[str, Any], asked: Asked) -> Sent:
        if asked.tool_specs and self.config.get("gemini_tools") and _may_mix(client):
            request = {**request, "config": mixing(request["config"])}
        reply = _Reply(asked.messages, self.config["model_id"])
        return reply, await client.aio.models.generate_content_stream(**request)

    def _typed(self, error: Exception) -> Exception:
        return typed_error(error)

    def _takes(self, output_model: type[T]) -> bool:
        from ._gemini_structure import is_sayable

        return is_sayable(output_model.model_json_schema())

    async def _parse(self, output_model: type[T], asked: Asked) -> T | None:
        from ._gemini_structure import text_of

        request = self.format_request(asked.messages, None, asked.system_text())
        config = {name: value for name, value in request["config"].items() if name not in ("tools", "tool_config")}
        form = {"response_mime_type": "application/json", "response_schema": output_model.model_json_schema()}
        client = await self._clients.get()
        try:
            reply = await client.aio.models.generate_content(**{**request, "config": {**config, **form}})
        except Exception as error:
            typed = self._typed(error)
            if typed is error:
                raise
            raise typed from error
        text = text_of(reply)
        return None if text is None else output_model.model_validate_json(text)

    async def _count_natively(
        self, messages: Messages, tool_specs: list[ToolSpec] | None, system: str | list[SystemContentBlock] | None
    ) -> int | None:
        client = await self._clients.get()
        model_id = self.config["model_id"]
        counted = await client.aio.models.count_tokens(
            model=model_id, contents=format_messages(messages, model_id, PROVIDER)
        )
        # Outside Vertex AI the API counts messages only.
        text, blocks = (system, None) if isinstance(system, str) else (None, system)
        return int(counted.total_tokens) + estimate((), tool_specs, text, blocks)


def _open(client_args: Mapping[str, Any], user: str) -> Any:
    genai = require("google.genai", "gemini", user)
    args = dict(client_args)
    options = args.pop("http_options", None) or {}
    if isinstance(options, Mapping):
        # Over aiohttp the timeout is for the whole reply, and a lost connection is retried unless told otherwise.
        once = {"retry_options": {"attempts": 1}} if hasattr(genai.types, "HttpRetryOptions") else {}
        options = {"timeout": int(2 * READ_TIMEOUT * 1000), **once, **options}
    try:
        return genai.Client(**args, http_options=options)
    except ValueError as error:
        if "key" not in str(error).lower():
            raise
        raise ModelAuthenticationError(
            f"{user} has no API key.\nSet GEMINI_API_KEY, or pass client_args={{'api_key': ...}}."
        ) from error


def _may_mix(client: Any) -> bool:
    """Whether a request must say that tools of Google's own may be used beside functions; Vertex AI knows no such word.

    Only a client with a field for it can say so.
    """
    if getattr(client, "vertexai", False) is True:
        return False
    from google.genai import types

    return "include_server_side_tool_invocations" in types.ToolConfig.model_fields


async def _close(client: Any) -> None:
    close = getattr(client.aio, "aclose", None)
    if close is not None:
        await close()
    if hasattr(client, "close"):
        client.close()


class _Reply:
    """Turns the chunks of one reply into events."""

    def __init__(self, messages: Messages, model_id: str) -> None:
        self._tool_use_guard = ToolGuard(messages, PROVIDER)
        self._model_id = model_id
        self._started = time.perf_counter()
        self._begun = False
        self._block = ""
        self._finish: str | None = None
        self._usage: Any = None
        self._refused = False

    def feed(self, chunk: Any) -> list[StreamEvent]:
        events: list[StreamEvent] = []
        if not self._begun:
            self._begun = True
            events.append({"messageStart": {"role": "assistant"}})
        self._usage = chunk.usage_metadata or self._usage
        feedback = chunk.prompt_feedback
        if feedback and feedback.block_reason:
            self._finish = feedback.block_reason.name
            self._refused = True
        for candidate in (chunk.candidates or ())[:1]:
            for part in (candidate.content.parts if candidate.content else None) or ():
                for block, found in part_events(part, self._tool_use_guard, self._model_id):
                    if block != self._block:
                        events += _turn(self._block, block)
                    self._block = block
                    events += found
            for citation in citations(candidate):
                events += [] if self._block == "text" else _turn(self._block, "text")
                self._block = "text"
                events.append({"contentBlockDelta": {"delta": cast("Any", {"citation": citation})}})
            if candidate.finish_reason:
                self._finish = candidate.finish_reason.name
        return events

    def finish(self) -> list[StreamEvent]:
        if self._finish is None:
            raise ModelUnavailableError(f"{PROVIDER} broke off in the middle of its reply.")
        stop = "max_tokens" if self._finish == "MAX_TOKENS" else "end_turn"
        if self._finish == "SAFETY":
            stop = "guardrail_intervened"
        elif self._refused or self._finish in BLOCKED:
            stop = "content_filtered"
        elif self._finish in MALFORMED:
            stop = "malformed_tool_use"
        events: list[StreamEvent] = [{"contentBlockStop": {}}] if self._block else []
        usage, took = self._usage, time.perf_counter() - self._started
        if usage is None:
            return [*events, *self._tool_use_guard.finish(stop)]
        tokens_in, total = getattr(usage, "prompt_token_count", 0) or 0, getattr(usage, "total_token_count", 0) or 0
        said, thought = getattr(usage, "candidates_token_count", 0), getattr(usage, "thoughts_token_count", 0)
        counted = metadata(
            tokens_in,
            (said or 0) + (thought or 0) or max(0, total - tokens_in),
            took,
            cached=getattr(usage, "cached_content_token_count", None),
            total=total,
        )
        return [*events, *self._tool_use_guard.finish(stop), counted]


def _turn(before: str, block: str) -> list[StreamEvent]:
    """Return the events between two blocks; a tool use ("") has its own."""
    events: list[StreamEvent] = [{"contentBlockStop": {}}] if before else []
    return [*events, {"contentBlockStart": {"start": {}}}] if block else events


def typed_error(error: Exception) -> Exception:
    """Return the typed error for what the client raised; an unknown one comes back as it is."""
    code = getattr(error, "code", None)
    ours = type(error).__module__ == "google.genai.errors"
    if ours and not isinstance(code, int):
        return ModelUnavailableError(f"{PROVIDER} sent what cannot be read: {error}")
    if not ours or not isinstance(code, int):
        return from_client(PROVIDER, error, key=_KEY)
    message = str(getattr(error, "message", None) or error)
    if "api key" in message.lower() and code == 400:
        code = 401
    headers = getattr(getattr(error, "response", None), "headers", None)
    typed = from_status(PROVIDER, code if code >= 400 else 500, message, headers=headers, key=_KEY)
    if isinstance(typed, ModelThrottledException) and typed.retry_after is None:
        typed.retry_after = _asked_to_wait(getattr(error, "details", None))
    return of_both(typed, error)


def _asked_to_wait(details: Any) -> float | None:
    """Return the seconds in Google's own `RetryInfo`."""
    said = details.get("error", details) if isinstance(details, Mapping) else {}
    for each in said.get("details") or () if isinstance(said, Mapping) else ():
        delay = _DELAY.match(str(each.get("retryDelay", ""))) if isinstance(each, Mapping) else None
        if delay:
            return float(delay[1])
    return None


if not TYPE_CHECKING:
    __getattr__ = names_of(__name__)
