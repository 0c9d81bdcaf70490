"""A person approves tool calls."""

from .classifier import ClassifierResult, HumanInTheLoopClassifier, LLMClassifierConfig
from .hitl import TRUSTED, AskCallback, EvaluateCallback, HumanInTheLoop

__all__ = [
    "TRUSTED",
    "AskCallback",
    "ClassifierResult",
    "EvaluateCallback",
    "HumanInTheLoop",
    "HumanInTheLoopClassifier",
    "LLMClassifierConfig",
]
