"""Several models behind one agent: which of them answers, and which stands in when one fails."""

from .classifier_strategy import ClassifierStrategy
from .fallback_strategy import FallbackStrategy
from .router import CandidateInput, ModelRouter, RoutingCandidate
from .strategy import RoutingAttempt, RoutingContext, RoutingStrategy

__all__ = [
    "CandidateInput",
    "ClassifierStrategy",
    "FallbackStrategy",
    "ModelRouter",
    "RoutingAttempt",
    "RoutingCandidate",
    "RoutingContext",
    "RoutingStrategy",
]
