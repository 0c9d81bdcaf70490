"""The models of a workflow spec: the only source of its schema. Names are imported when first used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strands._lazy import lazy

if TYPE_CHECKING:
    from strands_cli.spec.acts import FailStep as FailStep
    from strands_cli.spec.acts import HttpStep as HttpStep
    from strands_cli.spec.acts import SetStep as SetStep
    from strands_cli.spec.acts import StepApproval as StepApproval
    from strands_cli.spec.acts import ToolStep as ToolStep
    from strands_cli.spec.agents import AgentSpec as AgentSpec
    from strands_cli.spec.agents import Approval as Approval
    from strands_cli.spec.agents import Inference as Inference
    from strands_cli.spec.chain import ChainConfig as ChainConfig
    from strands_cli.spec.context import ContextPolicy as ContextPolicy
    from strands_cli.spec.env import Env as Env
    from strands_cli.spec.evaluator_optimizer import Accept as Accept
    from strands_cli.spec.evaluator_optimizer import EvaluatorOptimizerConfig as EvaluatorOptimizerConfig
    from strands_cli.spec.flow import GoTo as GoTo
    from strands_cli.spec.graph import Choice as Choice
    from strands_cli.spec.graph import GraphConfig as GraphConfig
    from strands_cli.spec.graph import GraphEdge as GraphEdge
    from strands_cli.spec.inputs import Inputs as Inputs
    from strands_cli.spec.inputs import Parameter as Parameter
    from strands_cli.spec.metadata import Metadata as Metadata
    from strands_cli.spec.orchestrator_workers import Limits as Limits
    from strands_cli.spec.orchestrator_workers import Orchestrator as Orchestrator
    from strands_cli.spec.orchestrator_workers import OrchestratorWorkersConfig as OrchestratorWorkersConfig
    from strands_cli.spec.orchestrator_workers import WorkerTemplate as WorkerTemplate
    from strands_cli.spec.outputs import Artifact as Artifact
    from strands_cli.spec.outputs import Outputs as Outputs
    from strands_cli.spec.parallel import Branch as Branch
    from strands_cli.spec.parallel import ParallelConfig as ParallelConfig
    from strands_cli.spec.pattern import Pattern as Pattern
    from strands_cli.spec.registry import known_patterns as known_patterns
    from strands_cli.spec.root import Spec as Spec
    from strands_cli.spec.routing import Route as Route
    from strands_cli.spec.routing import Router as Router
    from strands_cli.spec.routing import RoutingConfig as RoutingConfig
    from strands_cli.spec.runtime import Budgets as Budgets
    from strands_cli.spec.runtime import FailurePolicy as FailurePolicy
    from strands_cli.spec.runtime import Runtime as Runtime
    from strands_cli.spec.security import Guardrails as Guardrails
    from strands_cli.spec.security import Security as Security
    from strands_cli.spec.skills import Skill as Skill
    from strands_cli.spec.steps import AgentCall as AgentCall
    from strands_cli.spec.steps import AgentStep as AgentStep
    from strands_cli.spec.steps import AgentTask as AgentTask
    from strands_cli.spec.steps import HitlStep as HitlStep
    from strands_cli.spec.steps import HitlTask as HitlTask
    from strands_cli.spec.steps import Review as Review
    from strands_cli.spec.steps import Step as Step
    from strands_cli.spec.steps import Task as Task
    from strands_cli.spec.steps import Validation as Validation
    from strands_cli.spec.telemetry import Telemetry as Telemetry
    from strands_cli.spec.tools import HttpExecutor as HttpExecutor
    from strands_cli.spec.tools import McpServer as McpServer
    from strands_cli.spec.tools import PythonTool as PythonTool
    from strands_cli.spec.tools import Tools as Tools
    from strands_cli.spec.workflow import WorkflowConfig as WorkflowConfig
else:
    __getattr__, __dir__ = lazy(__name__)
