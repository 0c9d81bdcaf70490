"""What is done of a run, for hooks, tools and handlers while it goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from strands_cli.types import Json

CONTEXT = "execution_context"
"""Where hooks and tools find it in their `invocation_state`."""


class ExecutionContext(Mapping[str, Json]):
    """What each part of the pattern has produced by now, in the form of `RunResult.execution_context`.

    It is worked out when somebody looks, so who never does pays nothing; each look is at what is done then.

    Args:
        look: Returns what is done.
    """

    def __init__(self, look: Callable[[], Mapping[str, Json]]) -> None:
        self._look = look

    def __getitem__(self, name: str) -> Json:
        return self._look()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._look())

    def __len__(self) -> int:
        return len(self._look())

    def __repr__(self) -> str:
        return repr(dict(self._look()))

    def __deepcopy__(self, memo: object) -> dict[str, Json]:
        """A copy of a state that holds it holds what was done then."""
        return dict(self._look())
