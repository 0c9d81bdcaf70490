"""The names that strands-cli 0.3 has beside this build's own: programs written for it run unchanged.

What it has of a class that this build has, too, are members of that class.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

from strands_cli.types import RunResult

if TYPE_CHECKING:
    from strands_cli.spec.root import Spec as CheckedSpec


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
    """Yield what runs a workflow; nothing is left open at the end, and sessions stay."""
    yield Executor(workflow)


# -- the parts of a spec, put together in Python: builders check each call ---------------------------------------------


class SpecPart(dict[str, Any]):
    """A part of a spec: what a workflow file says there, as keyword arguments."""


Agent = SpecPart
Runtime = SpecPart
Pattern = SpecPart
PatternConfig = SpecPart
WorkflowTask = SpecPart


class PatternType(str, Enum):
    """The patterns."""

    CHAIN = "chain"
    WORKFLOW = "workflow"
    ROUTING = "routing"
    PARALLEL = "parallel"
    EVALUATOR_OPTIMIZER = "evaluator_optimizer"
    ORCHESTRATOR_WORKERS = "orchestrator_workers"
    GRAPH = "graph"


class ProviderType(str, Enum):
    """Some of the providers; any that `strands list-supported` lists may be given as text."""

    BEDROCK = "bedrock"
    OLLAMA = "ollama"
    OPENAI = "openai"
    GEMINI = "gemini"


def Spec(**parts: Any) -> CheckedSpec:
    """Return a checked spec.

    Args:
        parts: What a workflow file says, by its keys; without `version` it is 0.

    Raises:
        SchemaValidationError: Something is missing, unknown or does not fit.
        CapabilityError: It asks for what this build does not do.
    """
    from strands_cli.loader import load_dict

    return load_dict({"version": 0, **_plain(parts)})


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, (list, tuple)) else value
