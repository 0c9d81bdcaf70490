"""References that lead nowhere: a misspelt task, a later step. Found before any model is called."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from strands_cli.loader.finding import Finding
from strands_cli.loader.parts import TemplateSite, templates
from strands_cli.loader.template import NamePath, sound_uses
from strands_cli.loader.walk import CONFIG, at, listed, pattern_of
from strands_cli.schema.problems import did_you_mean
from strands_cli.spec.registry import find_pattern
from strands_cli.spec.roles import Results


def check_references(data: dict[str, Any]) -> Iterator[Finding]:
    """Yield references of templates to results that there will not be: of items by id, of steps by number."""
    record = find_pattern(pattern_of(data))
    if record is None:
        return
    known = {name: _ids(data, results) for name, results in record.results.items() if results.word}
    numbered = {name: each for name, each in record.results.items() if not each.word and not each.single}
    inputs = data.get("inputs")
    groups = [inputs.get(group) for group in ("required", "optional", "values")] if isinstance(inputs, Mapping) else ()
    own = {str(name) for group in groups if isinstance(group, Mapping) for name in group}
    for site in [*templates(data)]:
        used = sound_uses(site.text, expression=site.expression)
        if not (used.references or used.paths):
            continue
        for root, key in sorted(used.references, key=str):
            if isinstance(key, str) and (ids := known.get(root)) is not None and key not in ids:
                cause = f"{site.path[-1]!r} uses {root}.{key}, and there is no {record.results[root].word} {key!r}"
                yield Finding(site.path, cause, did_you_mean(key, ids))
            if isinstance(key, int) and root in numbered:
                yield from _numbered(data, site, root, numbered[root], key)
        yield from _fields(own, record.results, site, used.paths)


def _fields(
    own: set[str], results: Mapping[str, Results], site: TemplateSite, paths: Iterable[NamePath]
) -> Iterator[Finding]:
    """Fields that no result has, in the templates of a pattern that has such results."""
    for path in sorted(paths, key=str):
        root = str(path[0])
        known = results.get(root)
        if known is None or root in own | site.own or len(path) <= (depth := 1 if known.single else 2):
            continue
        field = path[depth]
        if isinstance(field, str) and field not in known.fields:
            written = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
            cause = f"{site.path[-1]!r} uses {written}, and a result has no {field!r}"
            yield Finding(site.path, cause, did_you_mean(field, known.fields))


def _ids(data: dict[str, Any], results: Results) -> dict[str, None] | None:
    """Return the ids by which results will be found, in their order, or None when nobody can tell."""
    config = at(data, CONFIG)
    items = config.get(results.of) if isinstance(config, Mapping) else None
    if isinstance(items, Mapping):
        agents = [each["agent"] for each in items.values() if isinstance(each, Mapping) and "agent" in each]
        return dict.fromkeys([*map(str, items), *(map(str, agents) if results.by_agent else ())])
    found = (str(each["id"]) for _, each in listed(items) if "id" in each)
    return dict.fromkeys(found) if isinstance(items, list) else None


def _numbered(data: dict[str, Any], site: TemplateSite, name: str, results: Results, index: int) -> Iterator[Finding]:
    """A step sees the steps before it in its own list; artifacts see all, where it is known how many there are."""
    total = len(listed(at(data, (*CONFIG, results.of)))) if site.path[0] == "outputs" and results.of else None
    if total is not None and not -total <= index < total:
        cause = f"{site.path[-1]!r} uses {name}[{index}], and there are {total}"
        yield Finding(site.path, cause, f"{name} count from 0")
    here = site.number
    if here is not None and (index >= here or index < -here):
        cause = f"{site.path[-1]!r} of step {here} uses {name}[{index}], and only the steps before it are done"
        yield Finding(site.path, cause, f"{name} count from 0" if here else "it is the first")
