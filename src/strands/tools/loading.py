"""The tools of several providers, loaded side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from strands.types.tools import AgentTool

from .provider import ToolProvider


async def loaded(providers: Sequence[ToolProvider]) -> list[list[AgentTool]]:
    """Return the tools of each provider, in the time of the slowest; when one fails, the others are given up."""
    loading = [asyncio.ensure_future(_tools_of(provider)) for provider in providers]
    try:
        return await asyncio.gather(*loading)
    finally:
        for each in loading:
            each.cancel()
        await asyncio.wait(loading)


async def _tools_of(provider: ToolProvider) -> list[AgentTool]:
    return list(await provider.load_tools())
