"""current_time."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any
from zoneinfo import ZoneInfo

from strands.tools.decorator import tool
from strands_cli.builtin import ToolAccess


def make(name: str, place: ToolAccess) -> Any:
    """Return the tool."""
    return tool(name=name)(current_time)


def current_time(timezone_name: str = "UTC") -> str:
    """Tell the current date and time in ISO 8601.

    Args:
        timezone_name: Name of a time zone such as "Europe/Berlin"; "UTC" by default.
    """
    if timezone_name.upper() in ("UTC", "GMT", "Z"):
        return datetime.now(timezone.utc).isoformat(timespec="seconds")
    try:
        zone = ZoneInfo(timezone_name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError(f"there is no time zone {timezone_name!r}; write one such as 'Europe/Berlin'") from error
    return datetime.now(zone).isoformat(timespec="seconds")
