"""What a server offers beside tools: prompts and resources, as the MCP SDK has them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from . import sdk

if TYPE_CHECKING:
    from mcp import ClientSession
    from mcp.types import (
        GetPromptResult,
        ListPromptsResult,
        ListResourcesResult,
        ListResourceTemplatesResult,
        ReadResourceResult,
    )
    from pydantic import AnyUrl

T = TypeVar("T")


class PromptsAndResources(ABC):
    """The part of a client that asks for them."""

    @abstractmethod
    def _ask(self, work: Callable[[ClientSession], Coroutine[Any, Any, T]]) -> T:
        """Return what `work` comes to with the session."""

    def list_prompts_sync(self, pagination_token: str | None = None) -> ListPromptsResult:
        """Return one page of prompts, as the MCP SDK has them."""
        return self._ask(lambda session: session.list_prompts(**sdk.page(session.list_prompts, pagination_token)))

    def get_prompt_sync(self, prompt_id: str, args: dict[str, Any]) -> GetPromptResult:
        """Return a prompt, as the MCP SDK has it."""
        return self._ask(lambda session: session.get_prompt(prompt_id, arguments=args))

    def list_resources_sync(self, pagination_token: str | None = None) -> ListResourcesResult:
        """Return one page of resources, as the MCP SDK has them."""
        return self._ask(lambda session: session.list_resources(**sdk.page(session.list_resources, pagination_token)))

    def read_resource_sync(self, uri: str | AnyUrl) -> ReadResourceResult:
        """Return a resource, as the MCP SDK has it."""
        return self._ask(lambda session: session.read_resource(sdk.uri(session, uri)))

    def list_resource_templates_sync(self, pagination_token: str | None = None) -> ListResourceTemplatesResult:
        """Return one page of resource templates, as the MCP SDK has them."""
        return self._ask(
            lambda session: session.list_resource_templates(
                **sdk.page(session.list_resource_templates, pagination_token)
            )
        )
