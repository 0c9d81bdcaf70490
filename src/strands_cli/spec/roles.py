"""What the parts of a pattern's model are to the rest: steps, agents that are called, templates, results."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Any, ClassVar, NamedTuple

from strands_cli.spec.base import Closed, Names


class Role(Enum):
    """What stands in a field. Whoever reads, checks, draws or records a workflow follows these marks."""

    AGENT = "the id of an agent that is called"
    TEMPLATE = "a template"
    EXPRESSION = "an expression that decides something"
    VARIABLES = "names that the templates beside it may use; its texts are templates"
    TOOLS = "ids of tools"
    EARLIER = "ids of the items of the same list that are done before"

    __hash__ = object.__hash__  # that of Enum is written in Python, and checks look marks up for every step


AgentId = Annotated[str, Role.AGENT]
Template = Annotated[str, Role.TEMPLATE]
Expression = Annotated[str, Role.EXPRESSION]
Variables = Annotated[dict[str, Any], Role.VARIABLES]
ToolIds = Annotated[list[str], Role.TOOLS]
Earlier = Annotated[Names, Role.EARLIER]


class StepModel(Closed):
    """Something that a run does in one go: it calls an agent or asks a person."""


class Group(Closed):
    """Steps under a name, which documents may write in short: a group of one step as that step."""

    steps_key: ClassVar[str]
    """The key of its steps."""


class Results(NamedTuple):
    """What templates find under one of the names of a pattern.

    Attributes:
        fields: What a result has.
        of: The key of the config whose items these are the results of, or "" when that is known only at run time.
        word: What messages call one of them, when they go by the ids of those items.
        single: Whether the name is one result itself.
        by_agent: Whether an agent's id stands for the newest of its results.
    """

    fields: tuple[str, ...]
    of: str = ""
    word: str = ""
    single: bool = False
    by_agent: bool = False


RESULT = ("agent", "response", "tokens", "duration", "stop_reason", "status")
"""What the result of every step has."""
