"""How a provider's guardrail is asked for, and what it reports."""

from typing import Literal, TypedDict

from strands.types.pydantic_fields import for_pydantic

PIIType = Literal[
    "ADDRESS",
    "AGE",
    "AWS_ACCESS_KEY",
    "AWS_SECRET_KEY",
    "CA_HEALTH_NUMBER",
    "CA_SOCIAL_INSURANCE_NUMBER",
    "CREDIT_DEBIT_CARD_CVV",
    "CREDIT_DEBIT_CARD_EXPIRY",
    "CREDIT_DEBIT_CARD_NUMBER",
    "DRIVER_ID",
    "EMAIL",
    "INTERNATIONAL_BANK_ACCOUNT_NUMBER",
    "IP_ADDRESS",
    "LICENSE_PLATE",
    "MAC_ADDRESS",
    "NAME",
    "PASSWORD",
    "PHONE",
    "PIN",
    "SWIFT_CODE",
    "UK_NATIONAL_HEALTH_SERVICE_NUMBER",
    "UK_NATIONAL_INSURANCE_NUMBER",
    "UK_UNIQUE_TAXPAYER_REFERENCE_NUMBER",
    "URL",
    "USERNAME",
    "US_BANK_ACCOUNT_NUMBER",
    "US_BANK_ROUTING_NUMBER",
    "US_INDIVIDUAL_TAX_IDENTIFICATION_NUMBER",
    "US_PASSPORT_NUMBER",
    "US_SOCIAL_SECURITY_NUMBER",
    "VEHICLE_IDENTIFICATION_NUMBER",
]


class GuardrailConfig(TypedDict, total=False):
    """Which guardrail a model call goes through."""

    guardrailIdentifier: str
    guardrailVersion: str
    streamProcessingMode: Literal["sync", "async"] | None
    trace: Literal["enabled", "disabled"]


class Topic(TypedDict):
    """A topic that was found."""

    action: Literal["BLOCKED"]
    name: str
    type: Literal["DENY"]


class TopicPolicy(TypedDict):
    """What the rules about topics found."""

    topics: list[Topic]


class ContentFilter(TypedDict):
    """A kind of harmful content that was found."""

    action: Literal["BLOCKED"]
    confidence: Literal["NONE", "LOW", "MEDIUM", "HIGH"]
    type: Literal["INSULTS", "HATE", "SEXUAL", "VIOLENCE", "MISCONDUCT", "PROMPT_ATTACK"]


class ContentPolicy(TypedDict):
    """What the rules about harmful content found."""

    filters: list[ContentFilter]


class CustomWord(TypedDict):
    """A word of the guardrail's own list that was found."""

    action: Literal["BLOCKED"]
    match: str


class ManagedWord(TypedDict):
    """A word of a list the provider keeps that was found."""

    action: Literal["BLOCKED"]
    match: str
    type: Literal["PROFANITY"]


class WordPolicy(TypedDict):
    """What the rules about words found."""

    customWords: list[CustomWord]
    managedWordLists: list[ManagedWord]


class PIIEntity(TypedDict):
    """Personal data that was found."""

    action: Literal["ANONYMIZED", "BLOCKED"]
    match: str
    type: PIIType


class Regex(TypedDict):
    """Text that one of the guardrail's patterns found."""

    action: Literal["ANONYMIZED", "BLOCKED"]
    match: str
    name: str
    regex: str


class SensitiveInformationPolicy(TypedDict):
    """What the rules about sensitive data found."""

    piiEntities: list[PIIEntity]
    regexes: list[Regex]


class ContextualGroundingFilter(TypedDict):
    """How well an answer rests on its sources, from 0 to 1."""

    action: Literal["BLOCKED", "NONE"]
    score: float
    threshold: float
    type: Literal["GROUNDING", "RELEVANCE"]


class ContextualGroundingPolicy(TypedDict):
    """What the rules about grounding found."""

    filters: list[ContextualGroundingFilter]


class GuardrailAssessment(TypedDict):
    """What a guardrail found in one text."""

    contentPolicy: ContentPolicy
    contextualGroundingPolicy: ContextualGroundingPolicy
    sensitiveInformationPolicy: SensitiveInformationPolicy
    topicPolicy: TopicPolicy
    wordPolicy: WordPolicy


class GuardrailTrace(TypedDict):
    """What guardrails found in what was asked and answered, by guardrail id."""

    inputAssessment: dict[str, GuardrailAssessment]
    modelOutput: list[str]
    outputAssessments: dict[str, list[GuardrailAssessment]]


class Trace(TypedDict):
    """The guardrail's part of a stream's metadata."""

    guardrail: GuardrailTrace


for_pydantic(globals())
