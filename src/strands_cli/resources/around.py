"""What a workflow says for all agents holds for those of the workflows that its steps run, too."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from strands_cli.resources import AgentResources
    from strands_cli.resources.decision_log import DecisionLog
    from strands_cli.resources.remembered import Remembering
    from strands_cli.spec.root import Spec
    from strands_cli.toolbox import Toolbox


class Around:
    """A part of `AgentResources`.

    Attributes:
        workflow: The name of the outermost one: an approval that is remembered is one of it.
        prefix: How the names of the agents begin on record; "" where no step of another workflow runs this one.
    """

    workflow: str
    prefix: str
    _spec: Spec
    _toolbox: Toolbox
    _remembering: Remembering | None
    _outer: AgentResources | None
    _within: dict[str, AgentResources]

    def _decisions(self) -> DecisionLog:
        raise NotImplementedError

    def hooks_below(self, agent: str, level: int = 1) -> list[Any]:
        """Return the hook providers of an agent of a workflow that a step runs: what it says for all holds there, too.

        Args:
            agent: What the agent is called on record.
            level: How many workflows further in it stands.
        """
        found: list[Any] = [] if self._outer is None else self._outer.hooks_below(agent, level + 1)
        found += self.allowing()
        if self._spec.approvals:
            from strands_cli.approvals import ApprovalHooks

            hooks = ApprovalHooks(agent, self._spec.approvals, self._decisions(), self._remembering, level=level)
            found.append(hooks)
        return found

    def allowing(self) -> list[Any]:
        """Return the hook provider that refuses tools, where the guardrails allow only some."""
        security = self._spec.security
        if security is None or security.guardrails is None or security.guardrails.allow_tools is None:
            return []
        from strands_cli.resources.guardrails import AllowedTools

        return [AllowedTools(self._toolbox.allowed)]

    def below(self, name: str) -> AgentResources:
        """Return what the agents have whose names begin so on record."""
        for path, each in self._within.items():
            if name.startswith(f"{path}/"):
                rest = name.removeprefix(f"{path}/")
                with suppress(KeyError):  # a path may begin as another does
                    return each.below(rest) if rest else each
        raise KeyError(name)
