"""tavily_search and duckduckgo_search, on the official clients of these services."""

from __future__ import annotations

import json
import os
from typing import Any, Literal

from strands.tools.decorator import tool
from strands_cli.builtin import ToolAccess

MOST_RESULTS = 20


def make(name: str, place: ToolAccess) -> Any:
    """Return the tool `name` for a place."""
    return {"tavily_search": _tavily_search, "duckduckgo_search": _duckduckgo_search}[name](place)


def _tavily_search(place: ToolAccess) -> Any:
    @tool
    def tavily_search(
        query: str,
        max_results: int = 5,
        search_depth: Literal["basic", "advanced"] = "basic",
        topic: Literal["general", "news", "finance"] = "general",
        include_answer: bool = False,
    ) -> str:
        """Search the web with Tavily; returns JSON with `results` (title, url, content, score) and perhaps `answer`.

        Args:
            query: What to look for.
            max_results: Results at most, 1 to 20.
            search_depth: "advanced" looks further and costs more.
            topic: What kind of pages.
            include_answer: Whether Tavily shall answer the question itself, too.
        """
        if place.rehearsal:
            return f"Rehearsal: Tavily was not asked for {query!r}."
        place.network.check_allowed()
        options = {"search_depth": search_depth, "topic": topic, "include_answer": include_answer}
        return _shown(_tavily_client().search(query, max_results=_bounded(max_results), **options))

    return tavily_search


def _duckduckgo_search(place: ToolAccess) -> Any:
    @tool
    def duckduckgo_search(
        query: str,
        max_results: int = 5,
        search_type: Literal["text", "news"] = "text",
        timelimit: Literal["d", "w", "m", "y"] | None = None,
        region: str = "us-en",
    ) -> str:
        """Search the web with DuckDuckGo; returns JSON: title, href and body of pages, or of news also date and source.

        Args:
            query: What to look for.
            max_results: Results at most, 1 to 20.
            search_type: Pages or news.
            timelimit: Only what is as new as a day, week, month or year.
            region: Country and language, as "de-de".
        """
        if place.rehearsal:
            return f"Rehearsal: DuckDuckGo was not asked for {query!r}."
        place.network.check_allowed()
        client = _ddgs_client()
        look_up = client.news if search_type == "news" else client.text
        return _shown(look_up(query, region=region, timelimit=timelimit, max_results=_bounded(max_results)))

    return duckduckgo_search


def _tavily_client() -> Any:
    try:
        from tavily import TavilyClient
    except ImportError as error:
        raise _not_installed("tavily_search", "tavily", error) from error
    key = os.environ.get("TAVILY_API_KEY")
    if not key:
        raise ValueError("tavily_search needs the environment variable TAVILY_API_KEY; it is not set")
    address = os.environ.get("TAVILY_API_BASE_URL")
    return TavilyClient(api_key=key, **({"api_base_url": address} if address else {}))


def _ddgs_client() -> Any:
    try:
        from ddgs import DDGS
    except ImportError as error:
        raise _not_installed("duckduckgo_search", "duckduckgo", error) from error
    return DDGS()


def _not_installed(name: str, extra: str, error: ImportError) -> ValueError:
    return ValueError(f"{name} needs a package that is not installed ({error}): pip install 'strands-cli[{extra}]'")


def _bounded(count: int) -> int:
    return min(max(count, 1), MOST_RESULTS)


def _shown(found: Any) -> str:
    return json.dumps(found, ensure_ascii=False, indent=2, default=str)[:100_000]
