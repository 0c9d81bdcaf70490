"""What models cost: a small table, and what users say over it."""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from strands._home import expanded, home
from strands_cli.errors import InputError
from strands_cli.types import Json

AS_OF = "2026-11-30"
"""The day on which the table below was looked up. Prices change: what users say comes first."""
VARIABLE = "STRANDS_PRICES"
"""Names the file with a user's own prices; without it: `prices.yaml` in STRANDS_HOME or ~/.strands."""


class ModelPrice(NamedTuple):
    """US dollars for a million tokens; what is cached costs as input where it has no price of its own."""

    input: float
    output: float
    cache_read: float | None = None
    cache_write: float | None = None


_CLAUDE = {
    "claude-opus-4-7": ModelPrice(5, 25, 0.5, 6.25),
    "claude-opus-4-6": ModelPrice(5, 25, 0.5, 6.25),
    "claude-opus-4-5": ModelPrice(5, 25, 0.5, 6.25),
    "claude-sonnet-4-6": ModelPrice(3, 15, 0.3, 3.75),
    "claude-sonnet-4-5": ModelPrice(3, 15, 0.3, 3.75),
    "claude-haiku-4-5": ModelPrice(1, 5, 0.1, 1.25),
}
_TABLE = {
    "gpt-5.5": ModelPrice(5, 30, 0.5),
    "gpt-5.4": ModelPrice(2.5, 15, 0.25),
    "gpt-5.4-mini": ModelPrice(0.75, 4.5, 0.075),
    "gpt-5.2": ModelPrice(1.75, 14, 0.175),
    "gpt-5.1": ModelPrice(1.25, 10, 0.125),
    "gpt-5": ModelPrice(1.25, 10, 0.125),
    "gpt-5-mini": ModelPrice(0.25, 2, 0.025),
    "gpt-5-nano": ModelPrice(0.05, 0.4, 0.005),
    "gpt-4.1": ModelPrice(2, 8, 0.5),
    "gpt-4.1-mini": ModelPrice(0.4, 1.6, 0.1),
    "gpt-4.1-nano": ModelPrice(0.1, 0.4, 0.025),
    "gpt-4o": ModelPrice(2.5, 10, 1.25),
    "gpt-4o-mini": ModelPrice(0.15, 0.6, 0.075),
    "o1": ModelPrice(15, 60, 7.5),
    "o3": ModelPrice(2, 8, 0.5),
    "o3-mini": ModelPrice(1.1, 4.4, 0.55),
    "o4-mini": ModelPrice(1.1, 4.4, 0.275),
    "gemini-3.1-pro-preview": ModelPrice(2, 12, 0.2),
    "gemini-3-flash-preview": ModelPrice(0.5, 3, 0.05),
    "gemini-2.5-pro": ModelPrice(1.25, 10, 0.125),
    "gemini-2.5-flash": ModelPrice(0.3, 2.5, 0.03),
    "gemini-2.5-flash-lite": ModelPrice(0.1, 0.4, 0.01),
    "amazon.nova-premier": ModelPrice(2.5, 12.5, 0.625),
    "amazon.nova-pro": ModelPrice(0.8, 3.2, 0.2),
    "amazon.nova-lite": ModelPrice(0.06, 0.24, 0.015),
    "amazon.nova-micro": ModelPrice(0.035, 0.14, 0.00875),
    **_CLAUDE,
}
_REGIONS = {"": 1.0, "global.": 1.0, "us.": 1.1, "eu.": 1.1}
"""Bedrock: how an id of Claude begins, and its price there as a share of what it costs everywhere."""
_EDITION = re.compile(r"-v\d+(:\d+)*$|:\d+$")
_DAY = re.compile(r"-(\d{8}|\d{4}-\d\d-\d\d)$")


class Prices:
    """Model id to what it costs.

    Args:
        own: What a workflow says; it comes before the user's file, and that before the table.

    Raises:
        InputError: The user's file cannot be read, or says what cannot be.
    """

    def __init__(self, own: Mapping[str, Json] | None = None) -> None:
        self._said = _from_user()
        if own:
            self._said = {**self._said, **{name: ModelPrice(**told) for name, told in own.items()}}

    def get(self, model: str) -> ModelPrice | None:
        """Return what a model costs, or None where that is not known; a price is never guessed."""
        names = _names(model)
        if self._said:
            return next((self._said[name] for name in names if name in self._said), None) or _known(names)
        return _known(names)


@functools.lru_cache(maxsize=256)
def _names(model: str) -> tuple[str, ...]:
    """Return a model's id, then what it is called without its provider, its edition and its day."""
    bare = model.rpartition("/")[2]
    edition = _EDITION.sub("", bare)
    return tuple(dict.fromkeys((model, bare, edition, _DAY.sub("", edition))))


@functools.lru_cache(maxsize=256)
def _known(names: tuple[str, ...]) -> ModelPrice | None:
    for name in names:
        if name in _TABLE:
            return _TABLE[name]
        region, found, claude = name.rpartition("anthropic.")
        if found and claude in _CLAUDE and region in _REGIONS:
            share = _REGIONS[region]
            return ModelPrice(*(None if each is None else each * share for each in _CLAUDE[claude]))  # type: ignore[arg-type]
    return None


def _from_user() -> Mapping[str, ModelPrice]:
    """Return the prices of the user's file, which is read anew when it has changed."""
    named = os.environ.get(VARIABLE)
    path = expanded(named) if named else home() / "prices.yaml"
    try:
        found = os.stat(path)
    except OSError as error:
        if not named:
            return _NO_PRICES
        raise InputError(f"{path}: {error.strerror}", hint=f"Correct {VARIABLE}: it names a YAML file.") from error
    return _read(path, found.st_mtime_ns, found.st_size)


_NO_PRICES: Mapping[str, ModelPrice] = {}


@functools.lru_cache(maxsize=4)
def _read(path: Path, changed: int, size: int) -> Mapping[str, ModelPrice]:
    from pydantic import ValidationError

    from strands_cli.loader.errors import LoadError
    from strands_cli.loader.yaml_reader import read_yaml
    from strands_cli.spec.prices import Price

    hint = "Write MODEL: {input: 1.0, output: 2.0}, in US dollars for a million tokens."
    try:
        told, _ = read_yaml(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: {getattr(error, 'strerror', None) or error}", hint=hint) from error
    except LoadError as error:
        raise InputError(error.message, hint=error.hint or hint) from error
    if told is None:
        return {}
    if not isinstance(told, Mapping):
        raise InputError(f"{path}: it is not a mapping of models to prices", hint=hint)
    found = {}
    for model, price in told.items():
        try:
            found[str(model)] = ModelPrice(**Price.model_validate(price).model_dump())
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, (model, *first["loc"])))
            raise InputError(f"{path}: {where}: {first['msg']}", hint=hint) from None
    return found
