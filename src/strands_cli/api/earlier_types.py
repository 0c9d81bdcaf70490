"""The parts of a spec under the names of strands-cli 0.3, to be put together in Python; builders check each call."""

from __future__ import annotations

from enum import Enum
from typing import Any

from strands_cli.loader import load_dict
from strands_cli.spec.root import Spec as CheckedSpec


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
    return load_dict({"version": 0, **_plain(parts)})


def _plain(value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, (list, tuple)) else value
