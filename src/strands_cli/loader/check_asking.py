"""Who is asked: quorums of choices that there are, and steps that ask before they exclude anybody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from strands_cli.loader.check_times import check_times
from strands_cli.loader.finding import Finding
from strands_cli.loader.parts import parts
from strands_cli.loader.walk import CONFIG, Path, at, child, listed, mappings, pattern_of
from strands_cli.review_words import GATE
from strands_cli.schema.problems import did_you_mean
from strands_cli.spec.registry import find_pattern, pattern_code
from strands_cli.types import RULES

BUDGETS: Path = ("runtime", "budgets")
_APPROVAL = ("approve", "reject")
_BUDGET = ("extend", "stop")


def check_step(data: dict[str, Any], path: Path, step: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield what is wrong with who a step asks."""
    choices = step.get("choices")
    if step.get("on_reject") not in (None, "continue") and not any(map(step.get, ("choices", "schema", "validation"))):
        choices = list(GATE)
    if step.get("quorum") and not isinstance(choices, list):
        yield Finding(
            (*path, "quorum"), "a quorum counts votes for choices, and this question has none", "Add choices."
        )
    else:
        yield from _quorum(path, step, [str(each) for each in choices or ()])
    yield from _exclude(data, path, step)
    named = [str(each) for each in choices] if isinstance(choices, list) else []
    yield from check_times(path, step, named, has_default="default" in step)


def check_rules(data: dict[str, Any]) -> Iterator[Finding]:
    """Yield what is wrong with who approvals and budgets ask."""
    holders: list[tuple[Path, Any]] = [(("agents", id), agent) for id, agent in mappings(data.get("agents"))]
    holders += [((), data), *((part.path, part.value) for part in parts(data) if part.shape.step)]
    for holder, value in holders:
        for index, rule in listed(value.get("approvals")):
            path: Path = (*holder, "approvals", index)
            options = rule.get("options")
            yield from _quorum(path, rule, list(map(str, options)) if isinstance(options, list) else _APPROVAL)
            yield from _exclude(data, path, rule)
            yield from check_times(path, rule, _APPROVAL, has_default=True)
    budgets = at(data, BUDGETS)
    if isinstance(budgets, Mapping):
        yield from _quorum(BUDGETS, budgets, _BUDGET)
        yield from _exclude(data, BUDGETS, budgets)
        yield from check_times(BUDGETS, budgets, _BUDGET, has_default=False)
        if any(key in budgets for key in RULES) and budgets.get("on_exceed") != "ask":
            key = next(key for key in RULES if key in budgets)
            yield Finding((*BUDGETS, key), f"{key!r} is about a question, and nobody is asked", "Add on_exceed: ask.")


def _quorum(path: Path, asking: Mapping[str, Any], choices: list[str] | tuple[str, ...]) -> Iterator[Finding]:
    quorum = asking.get("quorum")
    for choice in quorum if isinstance(quorum, Mapping) else ():
        if str(choice) not in choices:
            cause = f"the quorum names {choice!r}, which is none of the choices"
            yield Finding((*path, "quorum", choice), cause, did_you_mean(choice, choices), key=True)


def _exclude(data: dict[str, Any], path: Path, asking: Mapping[str, Any]) -> Iterator[Finding]:
    exclude = child(asking.get("ask"), "exclude")
    named = [exclude] if isinstance(exclude, str) else exclude if isinstance(exclude, list) else []
    known: list[str] | None = None
    for index, each in enumerate(named):
        if each == "starter" or not isinstance(each, str):
            continue
        known = _asking_steps(data) if known is None else known
        if known is not None and each not in known:
            where: Path = (*path, "ask", "exclude", index) if isinstance(exclude, list) else (*path, "ask", "exclude")
            cause = f"there is no step {each!r} that asks somebody"
            yield Finding(where, cause, did_you_mean(each, ["starter", *known]))


def _asking_steps(data: dict[str, Any]) -> list[str] | None:
    """Return the keys of the steps that ask; None while the pattern itself is wrong."""
    record = find_pattern(pattern_of(data))
    if record is None:
        return None
    try:
        plan = pattern_code(record.name).plan(record.model.model_validate(at(data, CONFIG)))
    except ValueError:
        return None
    return [node.id for node in plan.nodes if node.kind == "hitl"]
