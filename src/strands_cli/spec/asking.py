"""Who is asked: who may answer a question, how many have to agree, and to whom it may be handed on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field

from strands_cli.spec.base import Closed, Lazy, Names
from strands_cli.spec.times import Times, times_of
from strands_cli.types import RULES, Json

_RULES = frozenset(RULES)


class Ask(Closed):
    """Who may answer: those with one of the roles, and the users; without either everybody who is not excluded."""

    roles: Names | None = Field(default=None, min_length=1, description="Roles; who has one of them may answer.")
    users: Names | None = Field(
        default=None,
        min_length=1,
        description="Persons of people.yaml, user names of this machine, or ids such as user:oidc:ISSUER#SUBJECT.",
    )
    exclude: Names | None = Field(
        default=None,
        min_length=1,
        description="Who may not: starter (who started the run), or keys of steps (who answered them).",
    )
    auth: Literal["asserted", "link", "token", "login"] | None = Field(
        default=None, description="How well it has to be known who answers: link, token or login; default: link."
    )


if TYPE_CHECKING:
    Asked = Ask
else:
    Asked = Annotated[Any, Lazy("strands_cli.spec.asking:Ask")]


class Rights(Times):
    """What asks people: a step, an approval, a budget."""

    ask: Asked | None = Field(default=None, description="Who may answer; left out: everybody who has access.")
    quorum: dict[str, Annotated[int, Field(ge=1, le=100)]] | None = Field(
        default=None, min_length=1, description="How many different persons a choice needs; 1 where it is left out."
    )
    delegate: Literal["never", "eligible", "anyone"] | None = Field(
        default=None, description="To whom somebody who may answer may hand that on; default: to who may answer, too."
    )


def rights_of(asking: Rights) -> dict[str, Json]:
    """Return what a question is asked with of who may answer it, and when; empty for one to everybody at any time."""
    found = times_of(asking)
    if asking.ask is not None:
        found["ask"] = asking.ask.model_dump(mode="json", exclude_none=True)
    if asking.quorum:
        found["quorum"] = dict(asking.quorum)
    if asking.delegate is not None:
        found["delegate"] = asking.delegate
    return found


def has_rules(spec: Mapping[str, Any]) -> bool:
    """Whether some question of a spec, as plain values, is not for everybody at any time."""
    asking = [(spec.get("runtime") or {}).get("budgets") or {}]
    asking += [rule for agent in spec.get("agents", {}).values() for rule in agent.get("approvals") or ()]
    asking += spec.get("approvals") or ()
    if any(map(has_rules, (spec.get("workflows") or {}).values())):
        return True
    remembers = any(each.get("remember") == "always" for each in asking)  # the first release meant the session by it
    return remembers or any(not _RULES.isdisjoint(each) for each in asking) or _has_rules(spec["pattern"].get("config"))


def _has_rules(value: Json) -> bool:
    """Look at all steps of a pattern's config, wherever they stand in it."""
    if isinstance(value, Mapping):
        rules = [value] if value.get("type") == "hitl" else value.get("approvals")
        asks = [each for each in rules if isinstance(each, Mapping)] if isinstance(rules, (list, tuple)) else ()
        ruled = any(not _RULES.isdisjoint(each) or each.get("remember") == "always" for each in asks)
        return ruled or any(_has_rules(each) for each in value.values())
    return isinstance(value, (list, tuple)) and any(_has_rules(each) for each in value)


def step_rules(value: Json, caller: str = "") -> Iterator[Mapping[str, Any]]:
    """Yield the approvals of steps without an agent, wherever they stand in a pattern's config.

    Args:
        value: The config, as plain values.
        caller: Only of steps that are called so in a journal: `tool:NAME`; "" for all.
    """
    if isinstance(value, Mapping):
        if ("tool" in value or "http" in value) and caller in ("", f"tool:{value.get('tool', 'http_request')}"):
            yield from (each for each in value.get("approvals") or () if isinstance(each, Mapping))
        for each in value.values():
            yield from step_rules(each, caller)
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from step_rules(each, caller)
