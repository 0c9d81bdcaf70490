"""A person approves tool calls."""

from .classifier import ClassifierResult, HumanInTheLoopClassifier, LLMClassifierConfig
from .hitl import TRUSTED, HumanInTheLoop
from .hitl import AskCallback as AskCallback
from .hitl import EvaluateCallback as EvaluateCallback

__all__ = [
    "TRUSTED",
    "ClassifierResult",
    "HumanInTheLoop",
    "HumanInTheLoopClassifier",
    "LLMClassifierConfig",
]
