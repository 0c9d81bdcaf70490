"""The names that strands-cli 0.3 has for sessions, beside this build's own: programs written for it run unchanged."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple

from strands_cli.types import RunResult


class SessionStatus(str, Enum):
    """How a session stands; each is equal to the text that `Session.status` is."""

    RUNNING = "running"
    QUEUED = "queued"
    INTERRUPTED = "interrupted"
    PAUSED = "paused"
    ANSWERED = "answered"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class SessionMetadata:
    """What is known of a session beside what was said in it; times are ISO 8601, in UTC, without an offset."""

    session_id: str
    workflow_name: str
    pattern_type: str
    status: SessionStatus
    created_at: str
    updated_at: str


class Executor(NamedTuple):
    """What runs a workflow inside `Workflow.async_executor`."""

    workflow: Any

    async def run(self, variables: Mapping[str, Any] | None = None) -> RunResult:
        """Run it as `Workflow.run_async` does."""
        result: RunResult = await self.workflow.run_async(variables=variables)
        return result

    async def run_interactive(self, variables: Mapping[str, Any] | None = None, hitl_handler: Any = None) -> RunResult:
        """Run it as `Workflow.run_interactive_async` does."""
        result: RunResult = await self.workflow.run_interactive_async(hitl_handler=hitl_handler, variables=variables)
        return result


@asynccontextmanager
async def executor(workflow: Any) -> AsyncIterator[Executor]:
    """Yield what runs a workflow, and close its clients at the end; sessions stay."""
    yield Executor(workflow)
