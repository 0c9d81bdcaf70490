"""Items that are called by their ids: tasks, branches. Ids that are taken, items that wait for each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from strands_cli.loader.finding import Finding
from strands_cli.loader.parts import shape_of, templates
from strands_cli.loader.template import sound_uses
from strands_cli.loader.walk import CONFIG, Path, at, listed, pattern_of, texts
from strands_cli.schema.problems import did_you_mean
from strands_cli.spec.registry import find_pattern
from strands_cli.spec.roles import EARLIER


class _Items(NamedTuple):
    """A list of items with ids: its name in templates, its key, what one is called, the key of those before it."""

    name: str
    key: str
    word: str
    earlier: str


def check_items(data: dict[str, Any]) -> Iterator[Finding]:
    """Yield ids that are taken, and of items that wait for others: those that are none, and circles."""
    for items in _lists(data):
        yield from duplicates(data, (*CONFIG, items.key), items.word)
        if items.earlier:
            yield from _waiting(data, items)


def duplicates(data: dict[str, Any], path: Path, what: str) -> Iterator[Finding]:
    """Yield a finding for each id that an earlier item of the list has."""
    seen: set[str] = set()
    for index, each in listed(at(data, path)):
        id = each.get("id")
        if isinstance(id, str) and id in seen:
            yield Finding((*path, index, "id"), f"{what} {id!r} is declared twice", "Give each its own id.")
        elif isinstance(id, str):
            seen.add(id)


def with_implied_deps(data: dict[str, Any]) -> tuple[dict[str, Any], list[tuple[Path, str]]]:
    """Return the document with an item waiting for each item whose result it uses, and what was added where.

    Without that, what an item sees would depend on which items happen to be done.
    """
    notes: list[tuple[Path, str]] = []
    for items in _lists(data):
        found: Any = at(data, (*CONFIG, items.key))
        added = _implied(data, items, found) if items.earlier and isinstance(found, list) else {}
        if not added:
            continue
        fresh = [_with(item, items.earlier, added.get(index, [])) for index, item in enumerate(found)]
        config = {**data["pattern"]["config"], items.key: fresh}
        data = {**data, "pattern": {**data["pattern"], "config": config}}
        for index, names in added.items():
            used = ", ".join(map(repr, dict.fromkeys(names)))
            cause = f"{items.word} {fresh[index].get('id')!r} uses {used} without naming it under {items.earlier!r}"
            notes.append(((*CONFIG, items.key, index), f"{cause}; it waits for it all the same"))
    return data, notes


def _lists(data: object) -> Iterator[_Items]:
    """Yield the lists of items of a pattern that go by ids."""
    pattern = pattern_of(data)
    record, shape = find_pattern(pattern), shape_of(pattern)
    for name, results in record.results.items() if record is not None and shape is not None else ():
        for key, nesting, below in shape.below if shape is not None else ():
            if results.word and key == results.of and nesting == ("list",):
                yield _Items(name, key, results.word, next(iter(below.keys(EARLIER)), ""))


def _waiting(data: dict[str, Any], items: _Items) -> Iterator[Finding]:
    path, key, word = (*CONFIG, items.key), items.earlier, items.word
    found = {item["id"]: (index, item) for index, item in listed(at(data, path)) if isinstance(item.get("id"), str)}
    deps = {id: [dep for _, dep in texts(item.get(key))] for id, (_, item) in found.items()}
    for id, (index, item) in found.items():
        for number, dep in texts(item.get(key)):
            here = (*path, index, key, number) if isinstance(item[key], list) else (*path, index, key)
            if dep not in found:
                others = found if len(found) > 1 else ()
                cause = f"{word} {id!r} depends on {dep!r}, which is not a {word}"
                yield Finding(here, cause, did_you_mean(dep, others))
    cycle = find_cycle(deps)
    if cycle:
        first = found[cycle[0]][0]
        route = " -> ".join(repr(id) for id in [*cycle, cycle[0]])
        cause = f"these {items.name} wait for each other: {route}"
        yield Finding((*path, first, key), cause, f"Take one of these {key} away.")


def find_cycle(deps: dict[str, list[str]]) -> list[str]:
    """Return the ids of a cycle, in its order, or []."""
    done: set[str] = set()
    for start in deps:
        trail: dict[str, Iterator[str]] = {start: iter(deps[start])} if start not in done else {}
        while trail:
            current = next(reversed(trail))
            following = next((dep for dep in trail[current] if dep in deps and dep not in done), None)
            if following is None:
                done.add(current)
                del trail[current]
            elif following in trail:
                ids = list(trail)
                return ids[ids.index(following) :]
            else:
                trail[following] = iter(deps[following])
    return []


def _implied(data: dict[str, Any], items: _Items, tasks: list[Any]) -> dict[int, list[str]]:
    """Return the ids that each item uses in its templates without waiting for them, by its index."""
    path: Path = (*CONFIG, items.key)
    ids = {item["id"] for _, item in listed(tasks) if isinstance(item.get("id"), str)}
    above: dict[str, set[str]] = {}
    added: dict[int, list[str]] = {}
    for site in [*templates(data)]:
        index = site.path[3] if site.path[:3] == path and len(site.path) > 4 else None
        if not isinstance(index, int):
            continue
        item = tasks[index]
        written = {dep for _, dep in texts(item.get(items.earlier))}
        unseen = {
            str(key)
            for root, key in sound_uses(site.text).references
            if root == items.name and key in ids and key not in written
        }
        if unseen:
            above = above or _ancestors(tasks, items.earlier)
            added.setdefault(index, []).extend(sorted(unseen - above.get(str(item.get("id")), set())))
    return {index: names for index, names in added.items() if names}


def _with(item: Any, key: str, names: list[str]) -> Any:
    if not names:
        return item
    written = item.get(key) or []
    deps = [written] if isinstance(written, str) else written
    if not isinstance(deps, list):
        return item
    return {**item, key: [*deps, *(name for name in dict.fromkeys(names) if name not in deps)]}


def _ancestors(items: list[Any], key: str) -> dict[str, set[str]]:
    """Return for each item the items that are done before it starts."""
    deps: dict[str, list[str]] = {}
    for _, item in listed(items):
        deps[str(item.get("id"))] = [dep for _, dep in texts(item.get(key))]
    above: dict[str, set[str]] = {}
    for id in deps:
        seen: set[str] = set()
        waiting = list(deps[id])
        while waiting:
            one = waiting.pop()
            if one not in seen:
                seen.add(one)
                waiting += above[one] if one in above else deps.get(one, [])
        above[id] = seen
    return above
