"""pattern: which of the seven ways a workflow runs. Only the model of the one used is built."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast, get_args

from pydantic import BaseModel, Field, ValidationInfo, field_validator

from strands_cli.spec.base import Closed

if TYPE_CHECKING:
    from strands_cli.spec.chain import ChainConfig
    from strands_cli.spec.evaluator_optimizer import EvaluatorOptimizerConfig
    from strands_cli.spec.graph import GraphConfig
    from strands_cli.spec.orchestrator_workers import OrchestratorWorkersConfig
    from strands_cli.spec.parallel import ParallelConfig
    from strands_cli.spec.routing import RoutingConfig
    from strands_cli.spec.workflow import WorkflowConfig

    Config: TypeAlias = (
        ChainConfig
        | WorkflowConfig
        | RoutingConfig
        | ParallelConfig
        | EvaluatorOptimizerConfig
        | OrchestratorWorkersConfig
        | GraphConfig
    )
else:
    Config = Any

PatternType = Literal[
    "chain", "workflow", "routing", "parallel", "evaluator_optimizer", "orchestrator_workers", "graph"
]
PATTERNS: tuple[PatternType, ...] = get_args(PatternType)


def config_model(pattern: str) -> type[BaseModel]:
    """Return the model of a pattern's config."""
    module = import_module(f"strands_cli.spec.{pattern}")
    return cast("type[BaseModel]", getattr(module, config_name(pattern)))


def config_name(pattern: str) -> str:
    return "".join(word.title() for word in pattern.split("_")) + "Config"


class Pattern(Closed):
    """The pattern and what it runs."""

    type: PatternType
    config: Config = Field(description="What the pattern runs; its shape depends on the type.")

    @field_validator("config", mode="plain")
    @classmethod
    def _by_type(cls, value: Any, info: ValidationInfo) -> Any:
        chosen = info.data.get("type")
        return value if chosen is None else config_model(chosen).model_validate(value)

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> dict[str, Any]:
        def variant(name: str) -> dict[str, Any]:
            return {
                "type": "object",
                "title": name,
                "properties": {"type": {"const": name}, "config": {"$ref": f"#/$defs/{config_name(name)}"}},
                "required": ["type", "config"],
                "additionalProperties": False,
            }

        return {"description": cls.__doc__, "oneOf": [variant(name) for name in PATTERNS]}
