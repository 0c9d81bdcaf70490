"""What the parts of a pattern's model are to the rest: steps, agents that are called, templates, results."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, NamedTuple

from strands_cli.spec.base import Closed, Names


class Role:
    """What stands in a field. Whoever reads, checks, draws or records a workflow follows these marks.

    Args:
        holds: What it is, in words.
    """

    def __init__(self, holds: str) -> None:
        self.holds: str = holds

    def __repr__(self) -> str:
        return f"<{self.holds}>"


AGENT = Role("the id of an agent that is called")
TEMPLATE = Role("a template")
EXPRESSION = Role("an expression that decides something")
VARIABLES = Role("names that the templates beside it may use; its texts are templates")
TOOL_IDS = Role("ids of tools")
TOOL = Role("the id of a tool that is called")
DATA = Role("data, whose texts are templates")
EARLIER = Role("ids of the items of the same list that are done before")

AgentId = Annotated[str, AGENT]
Template = Annotated[str, TEMPLATE]
Expression = Annotated[str, EXPRESSION]
Variables = Annotated[dict[str, Any], VARIABLES]
ToolIds = Annotated[list[str], TOOL_IDS]
ToolId = Annotated[str, TOOL]
Data = Annotated[dict[str, Any], DATA]
Earlier = Annotated[Names, EARLIER]


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


RESULT = ("agent", "response", "tokens", "duration", "stop_reason", "status", "error", "items", "timed_out")
"""What the result of every step has."""
