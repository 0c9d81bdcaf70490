"""Hooks: code that is told of, and may change, what an agent does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strands._lazy import lazy

from .events import AfterInvocationEvent as AfterInvocationEvent
from .events import AfterModelCallEvent as AfterModelCallEvent
from .events import AfterToolCallEvent as AfterToolCallEvent
from .events import AfterToolsEvent as AfterToolsEvent
from .events import AgentInitializedEvent as AgentInitializedEvent
from .events import BeforeInvocationEvent as BeforeInvocationEvent
from .events import BeforeModelCallEvent as BeforeModelCallEvent
from .events import BeforeToolCallEvent as BeforeToolCallEvent
from .events import BeforeToolsEvent as BeforeToolsEvent
from .events import InsteadOfCall as InsteadOfCall
from .events import MessageAddedEvent as MessageAddedEvent
from .events import MessageUpdatedEvent as MessageUpdatedEvent
from .naming import qualified_name as qualified_name
from .registry import BaseHookEvent as BaseHookEvent
from .registry import HookCallback as HookCallback
from .registry import HookEvent as HookEvent
from .registry import HookOrder as HookOrder
from .registry import HookProvider as HookProvider
from .registry import HookRegistry as HookRegistry

if TYPE_CHECKING:
    from .multi_agent_events import AfterMultiAgentInvocationEvent as AfterMultiAgentInvocationEvent
    from .multi_agent_events import AfterNodeCallEvent as AfterNodeCallEvent
    from .multi_agent_events import BeforeMultiAgentInvocationEvent as BeforeMultiAgentInvocationEvent
    from .multi_agent_events import BeforeNodeCallEvent as BeforeNodeCallEvent
    from .multi_agent_events import MultiAgentInitializedEvent as MultiAgentInitializedEvent
else:
    __getattr__, __dir__ = lazy(__name__)
