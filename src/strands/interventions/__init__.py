"""Interventions: policies that deny, change or ask about what an agent is about to do."""

from .actions import Confirm, Deny, Guide, Proceed, Transform, default_evaluate
from .handler import InterventionHandler
from .registry import register

__all__ = [
    "Confirm",
    "Deny",
    "Guide",
    "InterventionHandler",
    "Proceed",
    "Transform",
    "default_evaluate",
    "register",
]
