"""Interventions: policies that deny, change or ask about what an agent is about to do."""

from .actions import Confirm, Deny, Guide, InterventionAction, Proceed, Transform, default_evaluate
from .handler import InterventionHandler, OnError
from .registry import register

__all__ = [
    "Confirm",
    "Deny",
    "Guide",
    "InterventionAction",
    "InterventionHandler",
    "OnError",
    "Proceed",
    "Transform",
    "default_evaluate",
    "register",
]
