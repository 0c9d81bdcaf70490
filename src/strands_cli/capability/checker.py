"""CapabilityError, and the check whether this build can run a spec."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from strands_cli.capability.providers import PROVIDERS, known
from strands_cli.errors import UNSUPPORTED, StrandsError
from strands_cli.schema.problems import Problem, did_you_mean, pointer

if TYPE_CHECKING:
    from strands_cli.spec import GraphConfig, Spec

Beyond = tuple[tuple[str | int, ...], str, str]


class CapabilityError(StrandsError):
    """A spec is valid and asks for what this build does not do.

    Attributes:
        problems: All that is asked for and not done.
    """

    exit_code = UNSUPPORTED

    def __init__(self, problems: Sequence[Problem] | str, *, hint: str = "") -> None:
        self.problems: tuple[Problem, ...] = (
            (Problem(problems, hint=hint),) if isinstance(problems, str) else tuple(problems)
        )
        super().__init__("\n".join(str(problem) for problem in self.problems))


def check(spec: Spec) -> None:
    """Raise CapabilityError when this build cannot run the spec."""
    beyond = unsupported(spec)
    if beyond:
        raise CapabilityError([Problem(message, pointer(path), hint=hint) for path, message, hint in beyond])


def unsupported(spec: Spec) -> list[Beyond]:
    """Return what a spec asks for and this build does not do: where, what, and what to do instead."""
    beyond = [*_providers(spec)]
    if spec.pattern.type == "graph":
        beyond += _fan_out(spec.pattern.config)  # type: ignore[arg-type]
    return beyond


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


def _fan_out(config: GraphConfig) -> list[Beyond]:
    advice = "use the pattern 'parallel' or 'workflow' for steps that run side by side, or 'choose' for one of several"
    beyond: list[Beyond] = []
    for index, edge in enumerate(config.edges):
        if edge.to and len(edge.to) > 1:
            path = ("pattern", "config", "edges", index, "to")
            beyond.append(
                (path, f"the edge from {edge.from_!r} has {len(edge.to)} targets; a graph goes to one", advice)
            )
    sources = Counter(edge.from_ for edge in config.edges)
    for index, edge in enumerate(config.edges):
        if sources.pop(edge.from_, 0) > 1:
            path = ("pattern", "config", "edges", index, "from")
            beyond.append((path, f"several edges leave {edge.from_!r}; a graph goes to one target", advice))
    return beyond
