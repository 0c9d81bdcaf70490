"""Other prompts in a fork: for which steps they may be, and which answers they would make worth something else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from strands_cli.errors import NotEntitledError, SessionError
from strands_cli.kernel.standing import has_rights, in_force
from strands_cli.kernel.state import State
from strands_cli.kernel.types import Entry
from strands_cli.plan.model import Plan


def check_prompts(state: State, kept: Sequence[Entry], prompts: Mapping[str, str], plan: Plan) -> None:
    """Check that steps of a fork may be told something else.

    Who answered a question that is not for everybody, answered for what the workflow says happens then. So none of
    these answers is kept where steps are told something else: it has to be asked again, and shows what was changed.

    Args:
        state: The session that is copied.
        kept: What the fork keeps of it.
        prompts: The key of a step to what it is told instead.
        plan: What the workflow does.

    Raises:
        SessionError: A prompt is for no agent's step, or for one that does not happen again.
        NotEntitledError: An answer to a question that is not for everybody is kept.
    """
    begun = {entry.key for entry in kept if entry.kind == "started"}
    for key in prompts:
        node = plan.owner(key)
        if key in begun or (node is None and key not in state.started):
            again = [each.id for each in plan.nodes if each.kind == "agent" and each.id not in begun]
            said = "does not happen again in this fork" if key in begun else "is not there"
            raise SessionError(
                f"the step {key!r} {said}, so another prompt says nothing",
                hint=f"Those that do: {', '.join(again) or 'none'}.",
            )
        within = node is not None and node.kind == "workflow" and key.count("/") > node.id.count("/")
        if node is not None and node.kind != "agent" and not within:
            raise SessionError(f"{key!r} is a step without an agent: it is told nothing", hint="Name an agent's step.")
    for entry in kept:
        if entry.kind == "answered" and has_rights(in_force(state, state.asked[entry.key])):
            raise NotEntitledError(
                f"{entry.key!r} is not for everybody, and was answered for what the workflow says happens then",
                hint=f"Fork it at that question, so that it is asked again: --at {entry.key}",
                code="not-eligible",
            )
