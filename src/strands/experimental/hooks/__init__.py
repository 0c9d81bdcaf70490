"""Hook events under the names they had while they were experimental."""

from .events import (
    AfterModelInvocationEvent,
    AfterToolInvocationEvent,
    BeforeModelInvocationEvent,
    BeforeToolInvocationEvent,
)

__all__ = [
    "AfterModelInvocationEvent",
    "AfterToolInvocationEvent",
    "BeforeModelInvocationEvent",
    "BeforeToolInvocationEvent",
]
