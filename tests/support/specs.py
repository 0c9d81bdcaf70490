"""Specs of one agent, for tests of what surrounds an agent."""

from __future__ import annotations

from typing import Any


def solo(steps: int = 1, agent: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """Return a chain in which the agent `worker` answers `steps` times."""
    return {
        "version": 0,
        "name": "solo",
        "runtime": {"provider": "scripted", "failure_policy": {"retries": 0}},
        "agents": {"worker": {"prompt": "You work.", **(agent or {})}},
        "pattern": {
            "type": "chain",
            "config": {"steps": [{"agent": "worker", "input": f"task {number}"} for number in range(1, steps + 1)]},
        },
        **more,
    }


PAUSING: dict[str, Any] = {
    "version": 0,
    "name": "kept",
    "runtime": {"provider": "scripted"},
    "agents": {"a": {"prompt": "p"}},
    "pattern": {
        "type": "chain",
        "config": {"steps": [{"agent": "a", "input": "one"}, {"type": "hitl", "prompt": "ok?"}]},
    },
}
"""A workflow of one reply, and one question behind it."""
