"""Workflows as agents that other agents call, over the protocol A2A (Agent2Agent)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from strands_cli.a2a_server.app import create_a2a_app as create_a2a_app

__all__ = ["create_a2a_app"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from strands_cli.a2a_server import app

    return getattr(app, name)
