"""How a provider's guardrail is asked for."""

from typing import Literal, TypedDict


class GuardrailConfig(TypedDict, total=False):
    """Which guardrail a model call goes through."""

    guardrailIdentifier: str
    guardrailVersion: str
    streamProcessingMode: Literal["sync", "async"] | None
    trace: Literal["enabled", "disabled"]
