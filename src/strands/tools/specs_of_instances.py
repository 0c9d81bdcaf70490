"""A method as a tool: each instance of its class may describe it in its own words."""

from __future__ import annotations

import copy
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from strands.types.tools import ToolSpec


class SpecsOfInstances:
    """What models are told about one method, by the instance that it is called on.

    An instance is not kept alive. Those that cannot be referred to weakly, because of their `__slots__`, share one.
    """

    def __init__(self) -> None:
        self._specs: dict[int, tuple[Any, ToolSpec]] = {}

    def of(self, instance: Any, first: Callable[[], ToolSpec]) -> ToolSpec:
        """Return the instance's own; it begins as a copy of what `first` returns."""
        known = self._specs.get(id(instance)) or self._specs.get(0)
        return known[1] if known is not None else self.put(instance, copy.deepcopy(first()))

    def put(self, instance: Any, spec: ToolSpec) -> ToolSpec:
        """Let the instance have this one, and return it."""
        key, specs = id(instance), self._specs
        try:
            reference = weakref.ref(instance, lambda _: specs.pop(key, None))
        except TypeError:
            specs[0] = None, spec
        else:
            specs[key] = reference, spec
        return spec
