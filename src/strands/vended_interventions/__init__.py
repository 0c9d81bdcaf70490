"""Interventions ready to use."""

from .hitl import HumanInTheLoop

__all__ = ["HumanInTheLoop"]
