"""Where a workflow that was mended changed who may answer: said of the open questions, and of those to come."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from strands_cli.kernel.standing import in_force
from strands_cli.kernel.state import State
from strands_cli.kernel.types import Entry
from strands_cli.types import RIGHTS, Json

_WHERE = frozenset((*RIGHTS, "approvals"))


class RightsChange(NamedTuple):
    """Who may answer, before and after.

    Attributes:
        question: The open question; "" for those to come.
        before: Who might, as the workflow had it: ask, quorum, delegate.
        after: Who may from then on.
    """

    question: str
    before: Json
    after: Json

    def __str__(self) -> str:
        of = f"{self.question!r}" if self.question else "what is asked from now on"
        return f"a mended workflow changed who may answer {of}: {_words(self.before)} -> {_words(self.after)}"


def rights_changes(state: State, entry: Entry) -> Iterator[RightsChange]:
    """Yield what an entry that `state` does not know yet changes of who may answer.

    An answer by a mended workflow says itself by which rights it was taken: it is recorded before the drive is.
    """
    changed: Mapping[str, Any] = entry.data.get("changed") or {} if entry.kind == "leased" else {}
    told = dict(changed.get("rights") or {})
    if entry.kind in ("voted", "answered") and "rights" in entry.data:
        told = {entry.key: entry.data["rights"]}
    for key, after in told.items():
        if state.is_open(key) and (before := _rights(in_force(state, state.asked[key]))) != after:
            yield RightsChange(key, before, after)
    if "mended" in changed:
        was, is_now = Counter(_asking(state.origin.get("spec"))), Counter(_asking(changed.get("spec")))
        lost, more = was - is_now, is_now - was
        if lost or more:
            yield RightsChange("", *([json.loads(each) for each in some.elements()] for some in (lost, more)))


def _rights(rules: Mapping[str, Json]) -> dict[str, Json]:
    return {name: rules[name] for name in RIGHTS if name in rules}


def _asking(part: Json) -> Iterator[str]:
    """Yield each thing that a spec says of who has to be asked, wherever it stands."""
    if isinstance(part, Mapping):
        found = {name: value for name, value in part.items() if name in _WHERE and value}
        if found:
            yield json.dumps(found, sort_keys=True)
        for name, value in part.items():
            if name != "approvals":
                yield from _asking(value)
    elif isinstance(part, list):
        for each in part:
            yield from _asking(each)


def _words(rights: Json) -> str:
    return json.dumps(rights, ensure_ascii=False) if rights else "everybody"
