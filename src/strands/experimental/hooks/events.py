"""Hook events under the names they had while they were experimental."""

from strands.hooks.events import AfterModelCallEvent as AfterModelInvocationEvent
from strands.hooks.events import AfterToolCallEvent as AfterToolInvocationEvent
from strands.hooks.events import BeforeModelCallEvent as BeforeModelInvocationEvent
from strands.hooks.events import BeforeToolCallEvent as BeforeToolInvocationEvent

__all__ = [
    "AfterModelInvocationEvent",
    "AfterToolInvocationEvent",
    "BeforeModelInvocationEvent",
    "BeforeToolInvocationEvent",
]
