"""CapabilityError, and the check whether this build can run a spec."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strands_cli.capability.errors import CapabilityError as CapabilityError
from strands_cli.capability.providers import PROVIDERS, known
from strands_cli.schema.problems import Problem, did_you_mean, pointer
from strands_cli.spec.registry import pattern_record

if TYPE_CHECKING:
    from strands_cli.spec import Spec

Beyond = tuple[tuple[str | int, ...], str, str]


def check(spec: Spec) -> None:
    """Raise CapabilityError when this build cannot run the spec."""
    beyond = unsupported(spec)
    if beyond:
        raise CapabilityError([Problem(message, pointer(path), hint=hint) for path, message, hint in beyond])


def unsupported(spec: Spec) -> list[Beyond]:
    """Return what a spec asks for and this build does not do: where, what, and what to do instead."""
    of_pattern = pattern_record(spec.pattern.type).unsupported
    return [*_providers(spec), *(of_pattern(spec.pattern.config) if of_pattern is not None else ())]


def _providers(spec: Spec) -> list[Beyond]:
    named: list[tuple[tuple[str | int, ...], str]] = [(("runtime", "provider"), spec.runtime.provider)]
    named += [(("agents", id, "provider"), agent.provider) for id, agent in spec.agents.items() if agent.provider]
    strange = [(path, name) for path, name in named if name not in PROVIDERS]
    if not strange:
        return []
    names = known()
    return [
        (path, f"no package here provides models of {name!r}", did_you_mean(name, names))
        for path, name in strange
        if name not in names
    ]
