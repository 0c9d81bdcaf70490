"""Agents that stop and ask a person, and never lose the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strands._lazy import lazy

from ._version import __version__ as __version__

if TYPE_CHECKING:
    from strands_cli.api import ChainBuilder as ChainBuilder
    from strands_cli.api import DagBuilder as DagBuilder
    from strands_cli.api import EvaluatorOptimizerBuilder as EvaluatorOptimizerBuilder
    from strands_cli.api import FluentBuilder as FluentBuilder
    from strands_cli.api import OrchestratorWorkersBuilder as OrchestratorWorkersBuilder
    from strands_cli.api import ParallelBuilder as ParallelBuilder
    from strands_cli.api import RoutingBuilder as RoutingBuilder
    from strands_cli.api import SessionManager as SessionManager
    from strands_cli.api import Workflow as Workflow
    from strands_cli.api import WorkflowBuilder as WorkflowBuilder

    from . import agent as agent
    from . import event_loop as event_loop
    from . import handlers as handlers
    from . import hooks as hooks
    from . import interrupt as interrupt
    from . import interventions as interventions
    from . import models as models
    from . import multiagent as multiagent
    from . import plugins as plugins
    from . import session as session
    from . import storage as storage
    from . import telemetry as telemetry
    from . import tools as tools
    from . import types as types
    from . import vended_plugins as vended_plugins
    from . import vended_tools as vended_tools
    from .agent.agent import Agent as Agent
    from .agent.base import AgentBase as AgentBase
    from .agent.result import AgentResult as AgentResult
    from .agent.snapshot import Snapshot as Snapshot
    from .event_loop.retry import ModelRetryStrategy as ModelRetryStrategy
    from .interventions.handler import InterventionHandler as InterventionHandler
    from .plugins.multiagent_plugin import MultiAgentPlugin as MultiAgentPlugin
    from .plugins.plugin import Plugin as Plugin
    from .tools.decorator import tool as tool
    from .types.agent import LocalAgent as LocalAgent
    from .types.tools import ToolContext as ToolContext
    from .vended_plugins.skills import AgentSkills as AgentSkills
    from .vended_plugins.skills import Skill as Skill
else:
    __getattr__, __dir__ = lazy(__name__)
